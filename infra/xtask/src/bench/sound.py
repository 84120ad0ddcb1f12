"""Speech into form, and PESQ (ITU-T P.862) of what came of it: for `cargo xtask bench sound`."""

import sys
import wave
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from pesq import pesq

PAUSE_S = 0.4
EDGE_S = 0.5
LISTENING_S = 4.0


def read(path):
    with wave.open(path) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2, f"{path}: 16 bit mono"
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def write(path, rate, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes())


def resampled(samples, rate, to):
    """All at once through the frequency domain: no better low pass is needed for a reference."""
    length = len(samples) * to // rate
    spectrum = np.fft.rfft(samples.astype(float))
    kept = np.zeros(length // 2 + 1, complex)
    band = min(len(spectrum), len(kept) - 1)
    kept[:band] = spectrum[:band]
    return np.fft.irfft(kept, length) * to / rate


def prepare(wide, narrow, *files):
    """One piece of speech of several files, at 16 and at 8 kHz."""
    pieces = [np.zeros(int(EDGE_S * 16000))]
    for path in files:
        rate, samples = read(path)
        pieces += [resampled(samples, rate, 16000), np.zeros(int(PAUSE_S * 16000))]
    pieces.append(np.zeros(int(EDGE_S * 16000)))
    speech = np.concatenate(pieces)
    write(wide, 16000, speech)
    write(narrow, 8000, resampled(speech, 16000, 8000))


def spectrum_of(colour, length, rate, chance):
    """Noise whose amplitude at each frequency is `colour` of it."""
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / rate), 1)
    return np.fft.irfft(np.fft.rfft(chance.standard_normal(length)) * colour(frequencies), length)


def babble(speech, chance):
    """Eight who talk backwards: as many as are heard in an office, and no word of theirs."""
    return sum(np.roll(speech[::-1], chance.integers(len(speech))) for _ in range(8))


def keys(length, rate, chance):
    """Five clicks a second of some 2 ms."""
    strokes = np.zeros(length)
    for second in np.arange(0.1, length / rate - 0.1, 0.2):
        at = int((second + chance.uniform(0, 0.1)) * rate)
        click = chance.standard_normal(rate // 100) * np.exp(-np.arange(rate // 100) / (0.002 * rate))
        strokes[at : at + len(click)] += click
    return strokes


def noise(kind, speech, rate):
    chance = np.random.default_rng(1)
    length = len(speech)
    if kind == "babble":
        return babble(speech, chance)
    if kind == "keys":
        return keys(length, rate, chance)
    colours = {
        "white": lambda hz: 1 + 0 * hz,
        "pink": lambda hz: (hz > 40) / np.sqrt(hz),
        # An engine and wheels below, wind above.
        "car": lambda hz: (hz > 30) * (1 / (1 + (hz / 120) ** 2) + 0.004),
    }
    return spectrum_of(colours[kind], length, rate, chance)


def level(samples, rate):
    """Root mean square of what is not silent."""
    blocks = samples[: len(samples) // (rate // 50) * (rate // 50)].reshape(-1, rate // 50)
    powers = (blocks.astype(float) ** 2).mean(1)
    return np.sqrt(powers[powers > powers.max() / 1000].mean())


def noisy(speech, out, kind, ratio_db):
    """The speech twice, over noise, and others' turn between: until then the noise is learnt."""
    rate, samples = read(speech)
    samples = samples.astype(float)
    twice = np.concatenate([samples, np.zeros(int(LISTENING_S * rate)), samples])
    sound = noise(kind, twice, rate)
    sound *= level(samples, rate) / np.sqrt((sound**2).mean()) * 10 ** (-float(ratio_db) / 20)
    write(out, rate, twice + sound)


def second(speech, *files):
    """Keeps of each of the files what was heard the second time."""
    _, samples = read(speech)
    for path in files:
        rate, heard = read(path)
        write(path, rate, heard[len(samples) + int(LISTENING_S * rate) :])


def pauses(speech, before, after):
    """By how many dB there is less noise in the pauses."""
    rate, samples = read(speech)
    block = rate // 50
    loud = np.abs(samples[: len(samples) // block * block].reshape(-1, block)).max(1) > 16
    # What was said rings on and comes a little later.
    near = np.convolve(loud, np.ones(31), "same") > 0.5
    quiet = np.repeat(~near, block)

    def power(path):
        _, heard = read(path)
        return (heard[: len(quiet)][quiet].astype(float) ** 2).mean()

    print(f"{10 * np.log10(power(before) / power(after)):.4f}")


def scored(pair):
    (rate, reference), (_, heard) = map(read, pair)
    return pesq(rate, reference, heard, "wb" if rate == 16000 else "nb")


def score():
    """A score for each line of standard input that names a reference and what was heard."""
    pairs = [line.split("\t") for line in sys.stdin.read().splitlines()]
    with ProcessPoolExecutor() as pool:
        for value in pool.map(scored, pairs):
            print(f"{value:.4f}")


TASKS = {"prepare": prepare, "noisy": noisy, "second": second, "pauses": pauses, "score": score}
TASKS[sys.argv[1]](*sys.argv[2:])

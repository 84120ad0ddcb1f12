"""Speech into form, and PESQ (ITU-T P.862) of what came of it: for `cargo xtask bench sound`."""

import sys
import wave
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from pesq import pesq

PAUSE_S = 0.4
EDGE_S = 0.5


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


def scored(pair):
    (rate, reference), (_, heard) = map(read, pair)
    return pesq(rate, reference, heard, "wb" if rate == 16000 else "nb")


def score():
    """A score for each line of standard input that names a reference and what was heard."""
    pairs = [line.split("\t") for line in sys.stdin.read().splitlines()]
    with ProcessPoolExecutor() as pool:
        for value in pool.map(scored, pairs):
            print(f"{value:.4f}")


if sys.argv[1] == "prepare":
    prepare(*sys.argv[2:])
else:
    score()

//! Noise that somebody speaks in.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::*;

/// White, pink, and as in a car: steeper and without anything below 30 Hz.
const COLOURS: [fn(f32) -> f32; 3] = [
    |_| 1.0,
    |hz| hz.max(30.0).sqrt().recip(),
    |hz| if hz < 30.0 { 0.0 } else { (1.0 + (hz / 150.0).powi(2)).recip() + 0.01 },
];

/// Noise whose spectrum is `colour`, at `rate`.
fn coloured(seed: u64, dbov: f32, length: usize, rate: f32, colour: fn(f32) -> f32) -> Vec<i16> {
    let mut samples: Vec<f32> = noise(seed, -20.0, length).into_iter().map(f32::from).collect();
    let mut planner = RealFftPlanner::new();
    let forward = planner.plan_fft_forward(length);
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut samples, &mut spectrum).unwrap();
    let step = rate / length as f32;
    spectrum.iter_mut().enumerate().for_each(|(k, bin)| *bin *= colour(k as f32 * step));
    spectrum[0].im = 0.0;
    spectrum[length / 2].im = 0.0;
    planner.plan_fft_inverse(length).process(&mut spectrum, &mut samples).unwrap();
    let power = samples.iter().map(|s| s * s).sum::<f32>() / length as f32;
    let factor = (power_of(dbov) / power).sqrt();
    samples.iter().map(|s| (s * factor).round() as i16).collect()
}

/// A voice with pauses of two seconds, a whole number of ticks.
fn talk(language: Language, dbov: f32, times: usize) -> Vec<i16> {
    let mut talk = speech(language, dbov);
    talk.extend([0; 16_000]);
    talk.truncate(talk.len() / FRAME * FRAME);
    talk.repeat(times)
}

fn heard(voice: &mut Voice, samples: &[i16]) -> Vec<i16> {
    let mut out = samples.to_vec();
    for frame in out.chunks_exact_mut(FRAME) {
        voice.listen(frame, false, false);
    }
    out
}

fn suppressed(voice: &Voice) -> Option<u8> {
    let mut stats = LegStats::default();
    voice.report(&mut stats);
    stats.suppressed_db
}

/// Whose noise is being taken out, and what was said meanwhile.
fn noisy(level: f32, noise_level: f32) -> Voice {
    let mut voice = Voice::new();
    let said = talk(Language::En, level, 2);
    heard(&mut voice, &sum(&said, &noise(1, noise_level, said.len())));
    assert_eq!(suppressed(&voice), Some(15));
    voice
}

/// By how much `out` has `clean` in it within `band`, in dB, and how much else is in `noisy`.
fn kept(clean: &[i16], noisy: &[i16], out: &[i16], band: std::ops::Range<f32>) -> (f32, f32) {
    let spectrum = |samples: &[i16]| -> Vec<Complex<f32>> {
        let mut samples: Vec<f32> = samples.iter().copied().map(f32::from).collect();
        let plan = RealFftPlanner::new().plan_fft_forward(samples.len());
        let mut spectrum = plan.make_output_vec();
        plan.process(&mut samples, &mut spectrum).unwrap();
        let step = 8_000.0 / samples.len() as f32;
        let [from, to] = [band.start, band.end].map(|hz| (hz / step) as usize);
        spectrum[from..to].to_vec()
    };
    let [clean, noisy, out] = [clean, noisy, out].map(spectrum);
    let power = |spectrum: &[Complex<f32>]| spectrum.iter().map(Complex::norm_sqr).sum::<f32>();
    let alike: f32 = out.iter().zip(&clean).map(|(out, clean)| (out * clean.conj()).re).sum();
    let loss = -20.0 * (alike / power(&clean)).log10();
    let rest: Vec<_> = noisy.iter().zip(&clean).map(|(noisy, clean)| noisy - clean).collect();
    (loss, 10.0 * (power(&clean) / power(&rest)).log10())
}

#[test]
fn noise_is_taken_out_from_under_a_voice_which_stays() {
    for (seed, colour) in (1..).zip(COLOURS) {
        for (language, ratio) in [(Language::Cs, 15.0), (Language::En, 15.0), (Language::Cs, 8.0)] {
            let clean = talk(language, -26.0, 4);
            let background = coloured(seed, -26.0 - ratio, clean.len(), 8_000.0, colour);
            let noisy = sum(&clean, &background);
            let out = heard(&mut Voice::new(), &noisy);
            // The last time, brought 10 ms back. Its end is a pause.
            let last = clean.len() * 3 / 4..clean.len() - 80;
            let out = &out[last.start + 80..last.end + 80];
            let (clean, noisy) = (&clean[last.clone()], &noisy[last]);
            let pause = noisy.len() - 14_000..noisy.len() - 1_000;
            let down = decibels(power_in(&noisy[pause.clone()])) - decibels(power_in(&out[pause]));
            assert!((10.0..15.5).contains(&down), "noise {seed}, {ratio} dB: {down:.1} dB less");
            for band in [200.0..600.0, 600.0..1_200.0, 1_200.0..2_000.0, 2_000.0..3_400.0] {
                let (loss, above) = kept(clean, noisy, out, band.clone());
                println!("noise {seed}, {ratio} dB, {band:?}: {above:.1} dB, loses {loss:.2} dB");
                let most = if ratio < 15.0 { 1.5 } else { 1.0 };
                assert!(above < 10.0 || loss < most, "noise {seed}, {ratio} dB, {band:?}: {loss}");
            }
        }
    }
}

#[test]
fn a_leg_without_noise_is_exactly_what_it_was_and_not_delayed() {
    for level in [-80.0, -66.0, -59.0] {
        let clean = talk(Language::Cs, -26.0, 6);
        let samples = sum(&clean, &noise(3, level, clean.len()));
        let mut voice = Voice::new();
        assert!(heard(&mut voice, &samples) == samples, "{level}");
        assert_eq!(suppressed(&voice), None);
    }
}

#[test]
fn a_line_whose_noise_is_taken_out_is_not_named_as_noisy() {
    let voice = noisy(-26.0, -42.0);
    assert_eq!((voice.noise(), dbov(voice.noise.power)), (None, -42));
}

#[test]
fn a_tone_stays_on_a_line_whose_noise_is_taken_out() {
    for hz in [305.0, 440.0, 1_000.0, 2_730.0] {
        for level in [-20.0, -30.0] {
            let mut voice = noisy(-24.0, -42.0);
            let tone = tone(hz, level, 8_000 * 60);
            let out = heard(&mut voice, &sum(&tone, &noise(4, -42.0, tone.len())));
            // Whatever is left of the noise counts little.
            let gains = out[8_000..].chunks(8_000).map(|second| decibels(power_in(second)) - level);
            let (least, most) = gains.fold((0f32, 0f32), |(a, b), db| (a.min(db), b.max(db)));
            assert!(least > -0.7 && most < 0.5, "{hz} Hz at {level}: {least:.2} to {most:.2} dB");
        }
    }
}

#[test]
fn it_begins_and_ends_unheard() {
    // In a car, where a step would stand out: what is steep.
    let steep = |samples: &[i16]| -> Vec<f32> {
        let seconds =
            samples.windows(3).map(|w| f32::from(w[0]) - 2.0 * f32::from(w[1]) + f32::from(w[2]));
        let seconds: Vec<f32> = seconds.collect();
        seconds.chunks(80).map(|c| c.iter().fold(0f32, |most, s| most.max(s.abs()))).collect()
    };
    let rumble: fn(f32) -> f32 =
        |hz| if hz < 30.0 { 0.0 } else { (1.0 + (hz / 90.0).powi(4)).recip() };
    let said = talk(Language::En, -26.0, 2);
    let mut samples = sum(&said, &coloured(5, -40.0, said.len(), 8_000.0, rumble));
    samples.extend(coloured(6, -40.0, 8_000 * 4, 8_000.0, rumble));
    samples.extend(coloured(7, -70.0, 8_000 * 30, 8_000.0, rumble));
    let mut voice = Voice::new();
    let mut states = Vec::new();
    let mut out = samples.clone();
    for frame in out.chunks_exact_mut(FRAME) {
        voice.listen(frame, false, false);
        states.push(suppressed(&voice).is_some());
    }
    assert!(states.iter().filter(|&&on| on).count() > 200);
    assert_eq!(
        states.windows(2).filter(|pair| pair[0] != pair[1]).count(),
        2,
        "on once and off once"
    );
    // Pauses only: a voice is as steep as it likes, 10 ms later.
    let edges = states.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]);
    for (tick, _) in edges {
        let around = (tick - 3) * FRAME..(tick + 6) * FRAME;
        let (before, after) = (steep(&samples[around.clone()]), steep(&out[around]));
        let most = |all: &[f32]| all.iter().fold(0f32, |most, &s| most.max(s));
        assert!(most(&after) <= most(&before) * 1.5 + 3.0, "{before:?} became {after:?}");
    }
    let end = samples.len() - 8_000;
    assert!(out[end..] == samples[end..], "as it was, and not delayed");
}

#[test]
fn ten_minutes_of_noise_stay_the_same_and_ten_of_silence_end_it() {
    let mut voice = noisy(-26.0, -42.0);
    let minutes = noise(8, -42.0, 8_000 * 600);
    let out = heard(&mut voice, &minutes);
    for (before, after) in minutes.chunks(80_000).zip(out.chunks(80_000)) {
        let down = decibels(power_in(before)) - decibels(power_in(after));
        assert!((12.0..15.5).contains(&down), "{down:.1} dB");
    }
    let out = heard(&mut voice, &vec![0; 8_000 * 600]);
    // A window of 32 ms looks back.
    assert!(out[480..].iter().all(|&sample| sample == 0));
    assert_eq!(suppressed(&voice), None);
}

#[test]
fn what_a_key_sounds_like_does_not_come_after_it() {
    let mut voice = noisy(-26.0, -42.0);
    for frame in tone(941.0, -6.0, 16_000).chunks_exact(FRAME) {
        voice.listen(&mut frame.to_vec(), true, false);
    }
    let out = heard(&mut voice, &noise(9, -42.0, 1_600));
    assert!(power_in(&out) < power_of(-44.0));
}

#[test]
fn what_comes_and_goes_is_left_as_it_is() {
    // Keys over a little hiss: without the hiss they would stand out more.
    let clean = talk(Language::Cs, -26.0, 6);
    let mut samples = sum(&clean, &noise(10, -48.0, clean.len()));
    for at in (0..samples.len() - 400).step_by(1_500) {
        let click = noise(at as u64, -16.0, 80);
        samples[at..at + 80].iter_mut().zip(click).for_each(|(s, c)| *s = s.saturating_add(c));
    }
    assert!(heard(&mut Voice::new(), &samples) == samples);
}

#[test]
fn music_on_a_noisy_line_is_not_taken_for_noise() {
    let mut voice = noisy(-26.0, -44.0);
    let music = Catalogue::built_in().samples_8k(Language::En, Phrase::Music).repeat(6);
    heard(&mut voice, &music);
    assert!(suppressed(&voice).is_none());
    let out = heard(&mut voice, &music[..16_000]);
    assert!(out == music[..16_000]);
}

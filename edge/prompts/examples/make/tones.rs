//! Sounds without words, made from sines.

use std::f32::consts::TAU;

use konf_prompts::{Phrase, RATE};

use crate::polish::to_peak;

/// Chimes and tones come through a conversation without hurting: peak at -9 dB.
const TONE_PEAK: f32 = 0.355 * 32_768.0;
/// Music is for waiting beside it: -20 dB (RMS).
const MUSIC_RMS: f32 = 0.1 * 32_768.0;

pub(crate) fn tone(phrase: Phrase) -> Vec<i16> {
    match phrase {
        Phrase::RecordTone => to_peak(&beeps(&[(1_000.0, 0.30)]), TONE_PEAK),
        Phrase::WarningTone => {
            let beep = (950.0, 0.18);
            let pause = (0.0, 0.12);
            to_peak(&beeps(&[beep, pause, beep, pause, beep]), TONE_PEAK)
        }
        // A third up for coming, down for going.
        Phrase::EntryChime => to_peak(&chime(&[523.25, 659.26]), TONE_PEAK),
        Phrase::LeaveChime => to_peak(&chime(&[659.26, 523.25]), TONE_PEAK),
        _ => music(),
    }
}

/// Frequency in Hz (0: silence) and seconds, one after the other, each faded in and out over 10 ms.
fn beeps(parts: &[(f32, f32)]) -> Vec<f32> {
    let fade = RATE as f32 * 0.01;
    let mut sound = Vec::new();
    for (frequency, seconds) in parts {
        let length = (seconds * RATE as f32) as usize;
        for i in 0..length {
            let edge = (i.min(length - 1 - i) as f32 / fade).min(1.0);
            sound.push((TAU * frequency * i as f32 / RATE as f32).sin() * edge);
        }
    }
    sound
}

/// Struck notes 150 ms apart, ringing out.
fn chime(notes: &[f32]) -> Vec<f32> {
    let mut sound = vec![0.0; (RATE as f32 * 0.75) as usize];
    for (i, frequency) in notes.iter().enumerate() {
        strike(&mut sound, *frequency, i as f32 * 0.15, 0.16, 1.0, false);
    }
    let length = sound.len();
    for (i, sample) in sound.iter_mut().rev().take(800).enumerate() {
        *sample *= i as f32 / 800.0;
    }
    debug_assert_eq!(length, sound.len());
    sound
}

/// 24 seconds in C: eight bars of 3 s over I, vi, IV, V, each a soft chord under a broken one. Whatever still rings at
/// the end rings on into the beginning, so the loop has no seam.
fn music() -> Vec<i16> {
    const BAR_S: f32 = 3.0;
    // MIDI note numbers: bass, then the chord that is broken.
    const BARS: [(u8, [u8; 4]); 8] = [
        (48, [64, 67, 71, 76]),
        (45, [64, 67, 72, 76]),
        (41, [65, 69, 72, 76]),
        (43, [62, 67, 71, 74]),
        (48, [67, 72, 76, 79]),
        (45, [67, 72, 76, 81]),
        (41, [65, 69, 72, 77]),
        (43, [65, 67, 71, 74]),
    ];
    // Which note of the chord sounds in each eighth, and how strongly.
    const PATTERN: [(usize, f32); 8] =
        [(0, 0.9), (1, 0.6), (2, 0.7), (3, 0.8), (2, 0.55), (1, 0.6), (3, 0.65), (2, 0.5)];

    let mut sound = vec![0.0; (BAR_S * BARS.len() as f32) as usize * RATE as usize];
    for (bar, (bass, chord)) in BARS.iter().enumerate() {
        let start = bar as f32 * BAR_S;
        strike(&mut sound, pitch(bass + 12), start, 1.3, 0.7, true);
        for note in chord {
            swell(&mut sound, pitch(*note), start, BAR_S, 0.12);
        }
        for (eighth, (note, strength)) in PATTERN.iter().enumerate() {
            let at = start + eighth as f32 * BAR_S / 8.0;
            strike(&mut sound, pitch(chord[*note]), at, 0.55, *strength, true);
        }
    }
    let rms = (sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32).sqrt();
    sound.iter().map(|s| (s * MUSIC_RMS / rms).round() as i16).collect()
}

fn pitch(note: u8) -> f32 {
    440.0 * ((f32::from(note) - 69.0) / 12.0).exp2()
}

/// Adds a struck note that decays with the time constant `ring` (s); the end goes on at the beginning when `round`.
fn strike(sound: &mut [f32], frequency: f32, at_s: f32, ring: f32, strength: f32, round: bool) {
    let start = (at_s * RATE as f32) as usize;
    for i in 0..(ring * 7.0 * RATE as f32) as usize {
        let t = i as f32 / RATE as f32;
        let place = start + i;
        if place >= sound.len() && !round {
            break;
        }
        let attack = (t / 0.006).min(1.0);
        // Overtones die sooner: what a vibraphone does.
        let wave = (TAU * frequency * t).sin() * (-t / ring).exp()
            + 0.22 * (TAU * 2.0 * frequency * t).sin() * (-t / (ring * 0.5)).exp()
            + 0.08 * (TAU * 4.0 * frequency * t).sin() * (-t / (ring * 0.15)).exp();
        let length = sound.len();
        sound[place % length] += strength * attack * wave;
    }
}

/// Adds a note that comes and goes like a breath, reaching half a bar into the next.
fn swell(sound: &mut [f32], frequency: f32, at_s: f32, bar_s: f32, strength: f32) {
    let (start, length) = ((at_s * RATE as f32) as usize, (bar_s * 1.5 * RATE as f32) as usize);
    let around = sound.len();
    for i in 0..length {
        let t = i as f32 / RATE as f32;
        let breath = (std::f32::consts::PI * i as f32 / length as f32).sin().powi(2);
        sound[(start + i) % around] += strength * breath * (TAU * frequency * t).sin();
    }
}

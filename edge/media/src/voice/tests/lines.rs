//! Echoes and music.

use super::*;

/// Far from each other two people speak and sometimes talk over each other; what the near one says, and what the far one
/// does, of the same length.
fn conversation(seed: u64, seconds: usize) -> (Vec<i16>, Vec<i16>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut say = |language, level| {
        let said = speech(language, level);
        let mut samples = Vec::new();
        while samples.len() < seconds * 8_000 {
            let from = rng.random_range(0..said.len() / 2);
            let length = rng.random_range(8_000..40_000);
            samples.extend(&said[from..said.len().min(from + length)]);
            samples.extend(vec![0; rng.random_range(8_000..48_000)]);
        }
        samples.truncate(seconds * 8_000);
        samples
    };
    (say(Language::Cs, -26.0), say(Language::En, -26.0))
}

/// `said` comes back `ms` later, softer by `loss_db`, with a second way that is a little longer.
fn echo(said: &[i16], ms: usize, loss_db: f32) -> Vec<i16> {
    let factor = 10f32.powf(-loss_db / 20.0);
    let at = |n: usize, delay: usize| n.checked_sub(delay).map_or(0.0, |n| f32::from(said[n]));
    (0..said.len()).map(|n| (factor * (at(n, ms * 8) + 0.5 * at(n, ms * 8 + 133))) as i16).collect()
}

/// What comes of a line that says `near` and is sent `far`; when and with what delay an echo was known, if any; the most
/// alike that it ever was.
fn line(near: &[i16], far: &[i16]) -> (Vec<i16>, Option<(usize, u16)>, f32) {
    let mut voice = Voice::new();
    let (mut out, mut found, mut most) = (near.to_vec(), None, 0f32);
    let ticks = out.chunks_exact_mut(FRAME).zip(far.chunks_exact(FRAME));
    for (tick, (said, sent)) in ticks.enumerate() {
        voice.listen(said, false, false);
        voice.send(envelope(sent));
        most = most.max(voice.echo.likeness());
        if let Some(delay) = voice.echo.delay_ms() {
            found.get_or_insert((tick / 50, delay));
        }
    }
    (out, found, most)
}

#[test]
fn an_echo_is_found_with_its_delay() {
    for (seed, ms, loss_db) in [(1, 120, 10.0), (2, 230, 20.0), (3, 400, 25.0), (4, 790, 15.0)] {
        let (_, far) = conversation(seed, 60);
        let back = sum(&echo(&far, ms, loss_db), &noise(seed, -62.0, far.len()));
        let (_, found, most) = line(&back, &far);
        println!("echo of {ms} ms: {found:?}, {most:.2} alike");
        let (second, delay) = found.expect("an echo");
        assert!(delay.abs_diff(ms as u16) <= 20 && second < 25, "{delay} ms after {second} s");
    }
}

#[test]
fn an_echo_is_found_although_somebody_speaks_too_who_is_left_as_they_are() {
    for seed in 5..8 {
        let (near, far) = conversation(seed, 120);
        let both = sum(&near, &echo(&far, 250, 18.0));
        let (out, found, most) = line(&both, &far);
        println!("{found:?}, {most:.2} alike");
        let (second, delay) = found.expect("an echo");
        assert!(second < 60 && delay.abs_diff(250) <= 20, "{delay} ms after {second} s");
        assert!(out == both, "seed {seed}: a voice was changed");
    }
}

#[test]
fn what_comes_back_is_nobody_who_speaks_while_muted() {
    let (_, far) = conversation(9, 120);
    let back = echo(&far, 180, 15.0);
    let mut voice = Voice::new();
    let mut told = Vec::new();
    for (tick, (said, sent)) in back.chunks(FRAME).zip(far.chunks(FRAME)).enumerate() {
        if voice.listen(&mut said.to_vec(), false, false) == Some(News::Speaking(true)) {
            told.push(tick / 50);
        }
        voice.send(envelope(sent));
    }
    assert!(told.iter().all(|&second| second < 25), "{told:?}");
}

#[test]
fn who_merely_speaks_tones_and_noise_are_no_echo() {
    for seed in 10..16 {
        let (near, far) = conversation(seed, 120);
        let near = sum(&near, &noise(seed, -60.0, near.len()));
        let (out, found, most) = line(&near, &far);
        println!("seed {seed}: {most:.2} alike");
        assert_eq!(found, None, "seed {seed}");
        assert!(out == near, "seed {seed}: a voice was changed");
    }
    let (_, far) = conversation(20, 60);
    for samples in [tone(440.0, -26.0, far.len()), noise(1, -30.0, far.len())] {
        assert_eq!(line(&samples, &far).1, None);
        assert_eq!(line(&samples, &samples).1, None);
    }
}

/// When music was told, in seconds.
fn music_in(samples: &[i16]) -> Vec<usize> {
    let mut voice = Voice::new();
    let mut told = Vec::new();
    for (tick, frame) in samples.chunks_exact(FRAME).enumerate() {
        if voice.listen(&mut frame.to_vec(), false, false) == Some(News::Music) {
            told.push(tick / 50);
        }
    }
    told
}

#[test]
fn music_is_told_once_and_neither_speech_nor_noise_nor_tones_are() {
    let catalogue = Catalogue::built_in();
    let music = catalogue.samples_8k(Language::En, Phrase::Music).to_vec();
    let told = music_in(&music.repeat(5));
    assert!(told.len() == 1 && told[0] < 30, "{told:?}");
    for language in [Language::Cs, Language::En] {
        for level in [-90.0, -50.0, -42.0, -36.0] {
            let said = speech(language, -26.0).repeat(6);
            let noisy = sum(&said, &noise(2, level, said.len()));
            assert_eq!(music_in(&noisy).len(), 0, "{language:?} in noise of {level} dBov");
        }
    }
    for level in [-60.0, -30.0] {
        assert_eq!(music_in(&noise(3, level, 8_000 * 60)).len(), 0);
        assert_eq!(music_in(&tone(440.0, level, 8_000 * 60)).len(), 0);
    }
}

//! Whether a line plays music: it goes on without the pauses of speech, has pitch nearly all the time, and does not stay
//! as it is, as a tone does.
//!
//! Rather misses music with much percussion than takes a voice for it: somebody is told.

/// Judged every 8 s: whoever speaks has paused by then, even in a long sentence.
const WINDOW_TICKS: u16 = 400;

/// So many windows in a row are music: 16 s, longer than anybody sings by accident.
const WINDOWS: u8 = 2;

/// 20 dB below what is usual is a pause: between words and before plosives speech has them in a fifth of all ticks, music
/// has hardly any.
const PAUSE: f32 = 0.01;
const PAUSES_PER_CENT_MAX: u16 = 2;

/// Of looked at ticks. Speech has pitch in about half.
const PITCHED_PER_CENT_MIN: u16 = 80;

/// A tone is steady; music is now and then.
const STEADY_PER_CENT_MAX: u16 = 30;

/// What is quieter (-45 dBov) disturbs nobody.
const QUIETEST: f32 = 33_954.0;

/// The usual power is that of the last 3 s.
const SHARE: f32 = 0.0067;

/// Pitch is looked for each fourth tick.
const LOOK_TICKS: u16 = 4;

#[derive(Default)]
pub(super) struct Music {
    usual: f32,
    ticks: u16,
    pauses: u16,
    steady: u16,
    looks: u16,
    pitched: u16,
    windows: u8,
}

impl Music {
    pub(super) fn is_playing(&self) -> bool {
        self.windows >= WINDOWS
    }

    /// Returns whether it is found to begin in this tick.
    pub(super) fn hear(
        &mut self,
        power: f32,
        steady: bool,
        has_pitch: impl FnOnce() -> bool,
    ) -> bool {
        self.usual += (power - self.usual) * SHARE;
        self.ticks += 1;
        self.pauses += u16::from(power < self.usual * PAUSE);
        self.steady += u16::from(steady);
        let hopeless = self.pauses * 100 > WINDOW_TICKS * PAUSES_PER_CENT_MAX;
        if self.ticks.is_multiple_of(LOOK_TICKS) && self.usual > QUIETEST && !hopeless {
            self.looks += 1;
            self.pitched += u16::from(has_pitch());
        }
        if self.ticks < WINDOW_TICKS {
            return false;
        }
        let before = self.windows;
        self.windows = if self.is_like_music() { (before + 1).min(WINDOWS) } else { 0 };
        *self = Self { usual: self.usual, windows: self.windows, ..Self::default() };
        before < WINDOWS && self.is_playing()
    }

    fn is_like_music(&self) -> bool {
        self.pauses * 100 <= self.ticks * PAUSES_PER_CENT_MAX
            && self.steady * 100 <= self.ticks * STEADY_PER_CENT_MAX
            && self.looks * LOOK_TICKS * 2 > self.ticks
            && self.pitched * 100 >= self.looks * PITCHED_PER_CENT_MIN
    }
}

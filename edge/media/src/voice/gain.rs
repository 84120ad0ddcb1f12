//! Brings quiet and loud callers nearer to each other, slowly, and only by what they say.

use super::decibels;

/// Speech between these levels is left exactly as it is: telephones send it at -26 dBov (ITU-T P.56, G.111), and people
/// are used to some difference.
const LOW_DBOV: f32 = -32.0;
const HIGH_DBOV: f32 = -18.0;

/// Beyond them it is brought to these, or as near as [`MOST_DB`] allows.
const LOW_GOAL_DBOV: f32 = -28.0;
const HIGH_GOAL_DBOV: f32 = -22.0;

/// Four times as loud or as soft. More lifts noise and echo with the voice.
const MOST_DB: f32 = 12.0;

/// Noise is not lifted beyond what is heard as noise (-50 dBov).
const NOISE_DBOV: f32 = -50.0;

/// 1.5 dB in a second of speech: heard as somebody who turns to the telephone, not as a hand on a knob.
const STEP_DB: f32 = 0.03;

/// The level is that of the last five seconds of speech: a whisper or a cry in it moves little …
const TICKS: u16 = 250;

/// … and is acted on when two have been heard.
const LEAST_TICKS: u16 = 100;

/// A level of speech is known after 1 s, which a name and a greeting have.
const SPOKEN_TICKS: u16 = 50;

#[derive(Default)]
pub(super) struct Gain {
    db: f32,
    factor: Option<f32>,
    /// Mean of the squares of speech.
    level: f32,
    ticks: u16,
}

impl Gain {
    /// 1 until somebody spoke too softly or too loudly.
    pub(super) fn factor(&self) -> f32 {
        self.factor.unwrap_or(1.0)
    }

    /// Of what is spoken, once a second of it was heard: mean of the squares.
    pub(super) fn level(&self) -> Option<f32> {
        (self.ticks >= SPOKEN_TICKS).then_some(self.level)
    }

    /// A tick of speech, over noise of `floor` (means of squares).
    pub(super) fn learn(&mut self, power: f32, floor: f32) {
        self.ticks = (self.ticks + 1).min(TICKS);
        self.level += (power - self.level) / f32::from(self.ticks);
        if self.ticks < LEAST_TICKS {
            return;
        }
        let room_db = (NOISE_DBOV - decibels(floor)).max(0.0);
        let wanted = wanted_db(decibels(self.level)).min(room_db);
        if wanted == self.db {
            return;
        }
        self.db += (wanted - self.db).clamp(-STEP_DB, STEP_DB);
        self.factor = (self.db != 0.0).then(|| 10f32.powf(self.db / 20.0));
    }
}

/// Without a jump: beside the band twice as steep, until the goal is reached.
fn wanted_db(level_dbov: f32) -> f32 {
    let (below, above) = (LOW_DBOV - level_dbov, level_dbov - HIGH_DBOV);
    if below > 0.0 {
        (2.0 * below).min(LOW_GOAL_DBOV - level_dbov).min(MOST_DB)
    } else if above > 0.0 {
        -(2.0 * above).min(level_dbov - HIGH_GOAL_DBOV).min(MOST_DB)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_bounded_continuous_and_nothing_for_usual_speech() {
        let mut before = wanted_db(-100.0);
        for tenth in -1_000..0 {
            let level = tenth as f32 / 10.0;
            let wanted = wanted_db(level);
            assert!((-MOST_DB..=MOST_DB).contains(&wanted));
            assert!((wanted - before).abs() < 0.21, "{level}");
            assert_eq!(wanted == 0.0, (LOW_DBOV..=HIGH_DBOV).contains(&level), "{level}");
            before = wanted;
        }
        assert_eq!(wanted_db(-40.0), 12.0);
        assert_eq!(wanted_db(-37.0), 9.0);
        assert_eq!(wanted_db(-10.0), -12.0);
    }
}

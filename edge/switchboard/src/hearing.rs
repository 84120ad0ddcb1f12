//! What is heard of the legs: who speaks while muted, whose line makes noise or plays music.
//!
//! Nobody is muted by what is heard: a person decides, who is told privately.

use std::time::{Duration, Instant};

use konf_contract::{ConferenceNumber, LegId};
use konf_prompts::Phrase;

use crate::leg::{Leg, Muted};
use crate::timers::Timer;
use crate::{Now, Output, Switchboard};

/// Who speaks for so long means to be heard: longer than a cough or a word to somebody beside.
const MEANT: Duration = Duration::from_millis(1_500);

/// Between two words to a muted caller who speaks; twice as long each time, since who goes on is muted on purpose.
const REMINDER_PAUSE: Duration = Duration::from_secs(20);
const REMINDER_PAUSE_MAX: Duration = Duration::from_secs(320);

/// How often a muted caller was told that nobody hears.
#[derive(Debug, Default)]
pub(crate) struct Reminders {
    /// Not before this the next time, and how long it will be to the one after.
    next: Option<(Instant, Duration)>,
}

impl Reminders {
    fn due(&self, now: Instant) -> Instant {
        let meant = now + MEANT;
        self.next.map_or(meant, |(next, _)| meant.max(next))
    }

    fn note(&mut self, now: Instant) {
        let pause = self.next.map_or(REMINDER_PAUSE, |(_, pause)| pause);
        self.next = Some((now + pause, (2 * pause).min(REMINDER_PAUSE_MAX)));
    }
}

impl Switchboard {
    pub(crate) fn speaking(&mut self, now: Now, leg: LegId, speaking: bool) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.speaks = speaking;
        if speaking && call.muted != Muted::No && call.is_heard_of() {
            self.timers.set(Timer::SpeaksMuted(leg), call.reminders.due(now.mono));
        } else {
            self.timers.clear(Timer::SpeaksMuted(leg));
        }
    }

    /// The leg has spoken for a while since the timer was set.
    pub(crate) fn speaks_muted(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if !call.speaks || call.muted == Muted::No || !call.is_heard_of() {
            return;
        }
        call.reminders.note(now.mono);
        self.timers.set(Timer::SpeaksMuted(leg), call.reminders.due(now.mono));
        let mut phrases = vec![Phrase::NobodyHearsYou];
        phrases.push(self.way_to_be_heard(leg));
        self.play(leg, &phrases);
    }

    fn way_to_be_heard(&self, leg: LegId) -> Phrase {
        let why = self.conference_of(leg).and_then(|conference| self.why_muted(&conference));
        match why {
            Some(why) if !self.may_unmute(leg) => why,
            _ => Phrase::StarSixUnmutes,
        }
    }

    /// `*93`: the media knows, and answers with [`crate::Input::NoiseFound`].
    pub(crate) fn find_noise(&mut self, organiser: LegId, conference: &ConferenceNumber) {
        let conference = conference.clone();
        self.outputs.push_back(Output::FindNoise { asker: organiser, conference });
    }

    pub(crate) fn noise_found(&mut self, asker: LegId, noisy: Option<LegId>) {
        let Some(call) = self.legs.get(&asker) else { return };
        if !call.is_heard_of() || !call.is_organiser() {
            return;
        }
        // Who has left meanwhile makes no noise any more.
        let noisy = noisy.filter(|noisy| {
            let present = self.legs.get(noisy).is_some_and(Leg::is_heard_of);
            present && self.conference_of(*noisy) == self.conference_of(asker)
        });
        match noisy {
            None => self.tell(asker, &[Phrase::NoNoise]),
            Some(noisy) if noisy == asker => self.tell(asker, &[Phrase::NoiseFromYou]),
            Some(noisy) => match self.name_of(noisy) {
                name if name.is_empty() => self.tell(asker, &[Phrase::NoiseFromUnnamed]),
                name => self.tell_with(asker, &[Phrase::NoiseFrom], &name),
            },
        }
    }

    /// A line that is on hold elsewhere, mostly: organisers are told, once for each leg.
    pub(crate) fn plays_music(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if call.muted != Muted::No || !call.is_heard_of() {
            return;
        }
        if std::mem::replace(&mut call.music_told, true) {
            return;
        }
        let Some(conference) = self.conference_of(leg) else { return };
        let name = self.name_of(leg);
        let phrase = if name.is_empty() { Phrase::MusicFromUnnamed } else { Phrase::MusicFrom };
        for organiser in self.present(&conference) {
            let hears = |call: &Leg| call.is_organiser() && !call.is_leaving();
            if organiser != leg && self.legs.get(&organiser).is_some_and(hears) {
                self.play_with(organiser, &[phrase], &name);
            }
        }
    }
}

//! Who came and who left, told one after the other and never for minutes.
//!
//! Nobody reports when a room has heard something, so the pace is kept by how long announcements take.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use konf_contract::{Language, LegId};
use konf_prompts::Phrase;

use crate::Sound;

/// A word and a name, most of which are said within a second and a half, or a sentence.
pub(crate) const WORDS_LENGTH: Duration = Duration::from_millis(2800);
/// An [`Phrase::EntryChime`] or [`Phrase::LeaveChime`].
pub(crate) const CHIME_LENGTH: Duration = Duration::from_millis(800);
/// [`Phrase::ModeQuestions`] or [`Phrase::ModeLecture`].
pub(crate) const MODE_LENGTH: Duration = Duration::from_millis(4500);
/// When more comings and goings than this wait, chimes stand for them: 20 people who join within seconds must not give
/// minutes of announcements.
const WAITING_MAX: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// With the leg whose recorded name is said; without one, a chime.
    Came(Option<LegId>),
    Left(Option<LegId>),
    /// The state of the room has changed: locked, all muted.
    Changed(Phrase),
}

impl Announcement {
    pub(crate) fn sounds(self, language: Language) -> Vec<Sound> {
        let phrase = |phrase| Sound::Phrase(language, phrase);
        match self {
            Announcement::Came(Some(leg)) => vec![phrase(Phrase::Joining), Sound::NameOf(leg)],
            Announcement::Came(None) => vec![phrase(Phrase::EntryChime)],
            Announcement::Left(Some(leg)) => vec![phrase(Phrase::Leaving), Sound::NameOf(leg)],
            Announcement::Left(None) => vec![phrase(Phrase::LeaveChime)],
            Announcement::Changed(said) => vec![phrase(said)],
        }
    }

    fn length(self) -> Duration {
        match self {
            Announcement::Came(None) | Announcement::Left(None) => CHIME_LENGTH,
            Announcement::Changed(Phrase::ModeQuestions | Phrase::ModeLecture) => MODE_LENGTH,
            _ => WORDS_LENGTH,
        }
    }

    fn is_about_people(self) -> bool {
        !matches!(self, Announcement::Changed(_))
    }

    /// Whether `later` says how it is now, so that `self` need not be heard.
    fn is_overtaken_by(self, later: Announcement) -> bool {
        let topic = |announcement| match announcement {
            Announcement::Changed(Phrase::Locked | Phrase::Unlocked) => Some("lock"),
            Announcement::Changed(
                Phrase::AllMuted | Phrase::AllUnmuted | Phrase::ModeQuestions | Phrase::ModeLecture,
            ) => Some("mode"),
            _ => None,
        };
        topic(self).is_some() && topic(self) == topic(later)
    }
}

/// What a room still has to hear. Holds at most [`WAITING_MAX`] comings and goings and one change of each kind.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    waiting: VecDeque<Announcement>,
    busy_until: Option<Instant>,
}

impl Announcements {
    pub(crate) fn push(&mut self, announcement: Announcement) {
        self.waiting.retain(|earlier| !earlier.is_overtaken_by(announcement));
        self.waiting.push_back(announcement);
        if self.waiting.iter().filter(|waiting| waiting.is_about_people()).count() > WAITING_MAX {
            self.crowd();
        }
    }

    /// One chime for all who came, one for all who left.
    fn crowd(&mut self) {
        let came = self.waiting.iter().any(|a| matches!(a, Announcement::Came(_)));
        let left = self.waiting.iter().any(|a| matches!(a, Announcement::Left(_)));
        self.waiting.retain(|announcement| !announcement.is_about_people());
        self.waiting.extend(came.then_some(Announcement::Came(None)));
        self.waiting.extend(left.then_some(Announcement::Left(None)));
    }

    /// The next one, if what was told before has been heard.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Announcement> {
        if self.busy_until.is_some_and(|until| now < until) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.busy_until = Some(now + next.length());
        Some(next)
    }

    /// When [`Announcements::release`] has something.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.waiting.is_empty() { None } else { self.busy_until }
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(leg: u64) -> Announcement {
        Announcement::Came(Some(LegId(leg)))
    }

    #[test]
    fn names_are_told_one_after_the_other() {
        let start = crate::tests::start();
        let mut announcements = Announcements::default();
        announcements.push(name(1));
        assert_eq!(announcements.release(start), Some(name(1)));
        announcements.push(name(2));
        assert_eq!(announcements.release(start), None);
        let due = announcements.due().unwrap();
        assert_eq!(announcements.release(due), Some(name(2)));
        assert_eq!(announcements.due(), None);
    }

    #[test]
    fn a_crowd_is_one_chime() {
        let start = crate::tests::start();
        let mut announcements = Announcements::default();
        announcements.push(name(0));
        assert_eq!(announcements.release(start), Some(name(0)));
        for leg in 1..=4 {
            announcements.push(name(leg));
        }
        let due = announcements.due().unwrap();
        assert_eq!(announcements.release(due), Some(Announcement::Came(None)));
        assert_eq!(announcements.due(), None);
    }

    #[test]
    fn a_lock_that_was_opened_again_is_told_once() {
        let mut announcements = Announcements::default();
        announcements.push(Announcement::Changed(Phrase::Locked));
        announcements.push(Announcement::Changed(Phrase::AllMuted));
        announcements.push(Announcement::Changed(Phrase::Unlocked));
        assert_eq!(
            announcements.waiting,
            [Announcement::Changed(Phrase::AllMuted), Announcement::Changed(Phrase::Unlocked)]
        );
    }
}

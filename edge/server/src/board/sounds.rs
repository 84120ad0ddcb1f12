//! The sounds that calls and rooms hear, as good as they can hear them.

use konf_contract::{Language, LegId};
use konf_media::{Clip, Rate};
use konf_prompts::Phrase;
use konf_switchboard::Sound;
use tracing::debug;

use super::Board;

impl Board {
    /// What a leg hears.
    pub(super) fn rate_of(&self, leg: LegId) -> Rate {
        let stream = self.legs.get(&leg).and_then(|entry| entry.stream.as_ref());
        stream.map_or(Rate::Narrow, |stream| stream.codec.sampling())
    }

    /// What the best of all legs hears: a room brings it down for those who hear less.
    pub(super) fn best_rate(&self) -> Rate {
        let streams = self.legs.values().filter_map(|entry| entry.stream.as_ref());
        streams.map(|stream| stream.codec.sampling()).max().unwrap_or(Rate::Narrow)
    }

    /// Never empty: what is played has to end.
    pub(super) fn clips(&self, sounds: &[Sound], rate: Rate) -> Vec<Clip> {
        let mut clips: Vec<Clip> = sounds
            .iter()
            .filter_map(|sound| match sound {
                Sound::Phrase(language, phrase) => Some(self.phrase(*language, *phrase, rate)),
                Sound::NameOf(leg) => self.names.get(leg).cloned(),
            })
            .filter(|clip| !clip.samples.is_empty())
            .collect();
        if clips.is_empty() {
            clips.push(self.nothing.clone());
        }
        clips
    }

    /// For somebody who hears sound of `rate`.
    pub(super) fn phrase(&self, language: Language, phrase: Phrase, rate: Rate) -> Clip {
        let catalogue = &self.setup.catalogue;
        match rate {
            Rate::Narrow => Clip { samples: catalogue.samples_8k(language, phrase), rate },
            Rate::Wide | Rate::Full => {
                Clip { samples: catalogue.samples_16k(language, phrase), rate: Rate::Wide }
            }
        }
    }

    /// Whether there is a name now. Names of callers who are held a seat outlive their legs, so there may be more than
    /// seats; twice as many is enough.
    pub(super) fn keep_name(&mut self, leg: LegId, clip: Option<Clip>) -> bool {
        let Some(clip) = clip else { return false };
        if !self.legs.contains_key(&leg) || self.names.len() >= 2 * self.setup.capacity {
            debug!(%leg, names = self.names.len(), "a recorded name is not kept");
            return false;
        }
        self.names.insert(leg, clip);
        true
    }
}

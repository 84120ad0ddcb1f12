//! The stages of a call and the ways between them, as a table that can be printed.

use std::fmt;

use konf_contract::link::KeyedCredentials;

use crate::PlaybackId;
use crate::entry::Entry;
use crate::keys::Sequence;

/// The steps of a call, in the order in which most calls take them.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Answered by us, not yet heard by the caller.
    Ringing,
    /// Control is asked for a held seat.
    SeatCheck,
    Number(Entry),
    Code {
        number: Entry,
        entry: Entry,
    },
    /// Control is asked with what was keyed in.
    Admission {
        credentials: KeyedCredentials,
        retried: bool,
    },
    /// For the start; the music begins once `prompt` has been heard.
    Waiting {
        prompt: PlaybackId,
    },
    SayName {
        prompt: PlaybackId,
    },
    Recording {
        stopped: bool,
    },
    Talking(Sequence),
    /// Hears the last words.
    Farewell {
        last: PlaybackId,
    },
    HungUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Ringing,
    SeatCheck,
    Number,
    Code,
    Admission,
    Waiting,
    SayName,
    Recording,
    Talking,
    Farewell,
    HungUp,
}

/// Every way there is. Whatever the stage, the call may also end by itself.
const WAYS: [(Step, &[Step]); 11] = {
    use Step::*;
    [
        (Ringing, &[SeatCheck, Number, HungUp]),
        (SeatCheck, &[Number, Waiting, SayName, Talking, Farewell, HungUp]),
        (Number, &[Code, Farewell, HungUp]),
        (Code, &[Admission, Farewell, HungUp]),
        (Admission, &[Number, Waiting, SayName, Talking, Farewell, HungUp]),
        (Waiting, &[SayName, Talking, Farewell, HungUp]),
        (SayName, &[Recording, Talking, Farewell, HungUp]),
        (Recording, &[Talking, Farewell, HungUp]),
        (Talking, &[Farewell, HungUp]),
        (Farewell, &[HungUp]),
        (HungUp, &[]),
    ]
};

impl Step {
    pub(crate) fn leads_to(self, next: Step) -> bool {
        WAYS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }
}

impl Stage {
    pub(crate) fn step(&self) -> Step {
        match self {
            Stage::Ringing => Step::Ringing,
            Stage::SeatCheck => Step::SeatCheck,
            Stage::Number(_) => Step::Number,
            Stage::Code { .. } => Step::Code,
            Stage::Admission { .. } => Step::Admission,
            Stage::Waiting { .. } => Step::Waiting,
            Stage::SayName { .. } => Step::SayName,
            Stage::Recording { .. } => Step::Recording,
            Stage::Talking(_) => Step::Talking,
            Stage::Farewell { .. } => Step::Farewell,
            Stage::HungUp => Step::HungUp,
        }
    }
}

/// The stages of a call as a drawing in the language of Graphviz.
#[derive(Debug, Clone, Copy)]
pub struct CallDrawing;

impl fmt::Display for CallDrawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "digraph call {{")?;
        for (from, to) in &WAYS {
            for to in *to {
                writeln!(f, "  {from:?} -> {to:?};")?;
            }
        }
        writeln!(f, "}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_leads_to_the_end_and_none_back_from_it() {
        for (from, to) in &WAYS {
            assert_eq!(to.contains(&Step::HungUp), *from != Step::HungUp, "{from:?}");
        }
    }

    #[test]
    fn the_stages_can_be_drawn() {
        let drawing = CallDrawing.to_string();
        assert!(drawing.starts_with("digraph call {\n  Ringing -> SeatCheck;\n"), "{drawing}");
        assert_eq!(drawing.lines().count(), 2 + WAYS.iter().map(|(_, to)| to.len()).sum::<usize>());
    }
}

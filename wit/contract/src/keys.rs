//! What each key in the room does: the default table, and what makes a policy's table a good one (FIELD.md, section 3).
//!
//! To add an action: here, in `wit/policy.wit` as a new version of the interface `keys`, and in the switchboard's
//! `commands.rs`. An edge passes over actions that it does not know, so control may know them first.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Role;

/// A policy's rows at most: twice as many as anybody has actions for.
pub const KEYS_MAX: usize = 32;

/// Of a sequence: a star or a hash, and something behind it that one can remember.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=4;

/// Mute for everybody who ever was in a conference (FIELD.md, section 3).
const MUTE: &str = "*6";

/// The one action that may wait for another key.
const MAY_WAIT: KeyAction = KeyAction::Hand;

/// PRODUCT.md, section 4, "in the room".
const DEFAULT: [(&str, KeyAction); 13] = [
    (MUTE, KeyAction::Mute),
    ("*1", KeyAction::Help),
    ("*2", KeyAction::People),
    ("*3", KeyAction::Names),
    ("*8", KeyAction::Volume),
    ("*9", KeyAction::Hand),
    ("*5", KeyAction::Lock),
    ("##", KeyAction::MuteAll),
    ("*7", KeyAction::Mode),
    ("*92", KeyAction::DropLast),
    ("*93", KeyAction::FindNoise),
    ("*98", KeyAction::Extend),
    ("*99", KeyAction::EndForAll),
];

/// What a sequence of keys does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAction {
    Mute,
    Help,
    People,
    Names,
    Volume,
    /// A participant's own; an organiser lets the first one speak.
    Hand,
    Lock,
    MuteAll,
    Mode,
    DropLast,
    FindNoise,
    Extend,
    EndForAll,
}

impl KeyAction {
    /// As `wit/policy.wit` names it.
    pub fn name(self) -> &'static str {
        match self {
            KeyAction::Mute => "mute",
            KeyAction::Help => "help",
            KeyAction::People => "people",
            KeyAction::Names => "names",
            KeyAction::Volume => "volume",
            KeyAction::Hand => "hand",
            KeyAction::Lock => "lock",
            KeyAction::MuteAll => "mute-all",
            KeyAction::Mode => "mode",
            KeyAction::DropLast => "drop-last",
            KeyAction::FindNoise => "find-noise",
            KeyAction::Extend => "extend",
            KeyAction::EndForAll => "end-for-all",
        }
    }

    pub fn named(name: &str) -> Option<KeyAction> {
        DEFAULT.into_iter().map(|(_, action)| action).find(|action| action.name() == name)
    }

    /// Whose it is, whatever a table says: an organiser's does nothing for a participant but say so.
    pub fn who(self) -> Role {
        match self {
            KeyAction::Mute
            | KeyAction::Help
            | KeyAction::People
            | KeyAction::Names
            | KeyAction::Volume
            | KeyAction::Hand => Role::Participant,
            KeyAction::Lock
            | KeyAction::MuteAll
            | KeyAction::Mode
            | KeyAction::DropLast
            | KeyAction::FindNoise
            | KeyAction::Extend
            | KeyAction::EndForAll => Role::Organiser,
        }
    }

    fn what(self) -> &'static str {
        match self {
            KeyAction::Mute => "mute or unmute yourself",
            KeyAction::Help => "help",
            KeyAction::People => "how many are here",
            KeyAction::Names => "who is here",
            KeyAction::Volume => "louder, softer, normal",
            KeyAction::Hand => "raise or lower your hand; organiser: let the first speak",
            KeyAction::Lock => "lock or open the conference",
            KeyAction::MuteAll => "mute or unmute all others",
            KeyAction::Mode => "everybody, questions, lecture",
            KeyAction::DropLast => "disconnect the last who came",
            KeyAction::FindNoise => "who makes most noise",
            KeyAction::Extend => "ask for an extension",
            KeyAction::EndForAll => "end the conference for all",
        }
    }
}

/// A row of a table as the link has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBinding {
    /// Such as `*92`.
    pub keys: String,
    /// Such as `drop-last`; a text, so that an edge may meet one that it does not know.
    pub action: String,
}

/// Sequences and what they do: each begins with a star or a hash, none stands twice, none but the hand's waits for another
/// key, and somebody who wants to mute can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTable {
    rows: BTreeMap<String, KeyAction>,
}

/// What is wrong with a table, a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("it has {0} rows, and a table has at most {KEYS_MAX}")]
    TooMany(usize),
    #[error("{0:?} is no sequence of keys: a key is 0 to 9, * or #")]
    NoKeys(String),
    #[error("{0} alone does nothing: a sequence has 2 to 4 keys")]
    Alone(String),
    #[error("{0} is too long: a sequence has 2 to 4 keys")]
    TooLong(String),
    #[error(
        "{0} begins with a digit, and bare digits are pressed by accident: a sequence begins with * or #"
    )]
    BareDigit(String),
    #[error("{0} begins with two stars, and a star pressed twice begins anew")]
    TwoStars(String),
    #[error("{0} stands there twice")]
    Twice(String),
    #[error(
        "{short} ({action}) begins {long}, so that it would wait two seconds for another key: only the hand may",
        action = .action.name()
    )]
    Begins { short: String, action: KeyAction, long: String },
    #[error("*6 is taken by {action} and nothing mutes: everybody must be able to", action = .0.name())]
    NoMute(KeyAction),
}

impl Default for KeyTable {
    fn default() -> Self {
        let rows = DEFAULT.into_iter().map(|(keys, action)| (keys.to_owned(), action));
        KeyTable { rows: rows.collect() }
    }
}

impl KeyTable {
    /// A table of these rows. `*6` is mute where no row says what mutes.
    pub fn new(rows: impl IntoIterator<Item = (String, KeyAction)>) -> Result<KeyTable, KeyFault> {
        let mut table = BTreeMap::new();
        for (at, (keys, action)) in rows.into_iter().enumerate() {
            if at == KEYS_MAX {
                return Err(KeyFault::TooMany(at + 1));
            }
            check_sequence(&keys)?;
            if table.insert(keys.clone(), action).is_some() {
                return Err(KeyFault::Twice(keys));
            }
        }
        if !table.values().any(|action| *action == KeyAction::Mute)
            && let Some(other) = table.insert(MUTE.to_owned(), KeyAction::Mute)
        {
            return Err(KeyFault::NoMute(other));
        }
        check_beginnings(&table)?;
        Ok(KeyTable { rows: table })
    }

    /// A table as it came over the link. Rows whose action is not known here are passed over.
    pub fn of_bindings(bindings: &[KeyBinding]) -> Result<KeyTable, KeyFault> {
        let known = |row: &KeyBinding| Some((row.keys.clone(), KeyAction::named(&row.action)?));
        KeyTable::new(bindings.iter().filter_map(known))
    }

    /// For the link.
    pub fn bindings(&self) -> Vec<KeyBinding> {
        let binding = |(keys, action): (&String, &KeyAction)| KeyBinding {
            keys: keys.clone(),
            action: action.name().to_owned(),
        };
        self.rows.iter().map(binding).collect()
    }

    /// What these keys do.
    pub fn action(&self, keys: &str) -> Option<KeyAction> {
        self.rows.get(keys).copied()
    }

    /// Whether a longer sequence begins with these keys.
    pub fn goes_on(&self, keys: &str) -> bool {
        self.rows.keys().any(|row| row.len() > keys.len() && row.starts_with(keys))
    }

    /// Each sequence and what it does, in the order of the sequences.
    pub fn rows(&self) -> impl Iterator<Item = (&str, KeyAction)> {
        self.rows.iter().map(|(keys, action)| (keys.as_str(), *action))
    }
}

fn check_sequence(keys: &str) -> Result<(), KeyFault> {
    let shown = || keys.chars().take(2 * LENGTH.end()).collect::<String>();
    if keys.is_empty() || !keys.bytes().all(|key| matches!(key, b'0'..=b'9' | b'*' | b'#')) {
        return Err(KeyFault::NoKeys(shown()));
    }
    if keys.as_bytes()[0].is_ascii_digit() {
        return Err(KeyFault::BareDigit(shown()));
    }
    if keys.len() < *LENGTH.start() {
        return Err(KeyFault::Alone(shown()));
    }
    if keys.len() > *LENGTH.end() {
        return Err(KeyFault::TooLong(shown()));
    }
    if keys.starts_with("**") {
        return Err(KeyFault::TwoStars(shown()));
    }
    Ok(())
}

fn check_beginnings(table: &BTreeMap<String, KeyAction>) -> Result<(), KeyFault> {
    for (short, action) in table.iter().filter(|(_, action)| **action != MAY_WAIT) {
        let longer = |row: &&String| row.len() > short.len() && row.starts_with(short.as_str());
        if let Some(long) = table.keys().find(longer) {
            let (short, long) = (short.clone(), long.clone());
            return Err(KeyFault::Begins { short, action: *action, long });
        }
    }
    Ok(())
}

/// The table as text, one line per sequence.
impl fmt::Display for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (keys, action) in &self.rows {
            let who = match action.who() {
                Role::Participant => "everybody",
                Role::Organiser => "organiser",
            };
            writeln!(f, "{keys:<3} {who} {}", action.what())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

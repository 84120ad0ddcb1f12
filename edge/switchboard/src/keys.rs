//! The keys in the room. Never a bare digit: those happen by accident (FIELD.md, section 3).
//!
//! To add one: a row in [`TABLE`], a [`Command`], and what it does in `commands.rs`. A sequence that begins another
//! (`*9` before `*92`) waits for [`GAP`] before it counts.

use std::fmt;
use std::time::Duration;

use konf_contract::Role;

use crate::Key;

/// How long a half sequence waits for its next key: long enough to find a key on a touch screen, short enough that a
/// `*` pressed by accident is forgotten when the next one comes.
pub(crate) const GAP: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
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

pub(crate) struct Row {
    pub(crate) keys: &'static str,
    pub(crate) who: Role,
    pub(crate) command: Command,
    what: &'static str,
}

const fn row(keys: &'static str, who: Role, command: Command, what: &'static str) -> Row {
    Row { keys, who, command, what }
}

/// PRODUCT.md, section 4, "in the room".
pub(crate) const TABLE: [Row; 13] = [
    row("*6", Role::Participant, Command::Mute, "mute or unmute yourself"),
    row("*1", Role::Participant, Command::Help, "help"),
    row("*2", Role::Participant, Command::People, "how many are here"),
    row("*3", Role::Participant, Command::Names, "who is here"),
    row("*8", Role::Participant, Command::Volume, "louder, softer, normal"),
    row(
        "*9",
        Role::Participant,
        Command::Hand,
        "raise or lower your hand; organiser: let the first speak",
    ),
    row("*5", Role::Organiser, Command::Lock, "lock or open the conference"),
    row("##", Role::Organiser, Command::MuteAll, "mute or unmute all others"),
    row("*7", Role::Organiser, Command::Mode, "everybody, questions, lecture"),
    row("*92", Role::Organiser, Command::DropLast, "disconnect the last who came"),
    row("*93", Role::Organiser, Command::FindNoise, "who makes most noise"),
    row("*98", Role::Organiser, Command::Extend, "ask for an extension"),
    row("*99", Role::Organiser, Command::EndForAll, "end the conference for all"),
];

impl Row {
    fn pressed(&self, role: Role) -> Pressed {
        match (self.who, role) {
            (Role::Organiser, Role::Participant) => Pressed::OrganiserOnly,
            _ => Pressed::Command(self.command),
        }
    }
}

fn row_of(keys: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.keys == keys)
}

/// The table as text, one line per sequence.
#[derive(Debug, Clone, Copy)]
pub struct KeyTable;

impl fmt::Display for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { keys, who, what, .. } in &TABLE {
            let who = match who {
                Role::Participant => "everybody",
                Role::Organiser => "organiser",
            };
            writeln!(f, "{keys:<3} {who} {what}")?;
        }
        Ok(())
    }
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// A bare digit, or the sequence is not whole yet.
    Nothing,
    Command(Command),
    OrganiserOnly,
    Unknown,
}

/// The keys of a sequence so far: at most as long as the longest in the table.
///
/// A hash soon after a bare digit ends a number and begins nothing: a telephone that dials `100001#1234##` by itself
/// does so also when its caller is let back in without having to.
#[derive(Default)]
pub(crate) struct Sequence {
    keys: String,
    /// Bare digits were pressed.
    number: bool,
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sequence(…)")
    }
}

impl Sequence {
    pub(crate) fn press(&mut self, key: Key, role: Role) -> Pressed {
        if self.number && key == Key::Hash {
            return Pressed::Nothing;
        }
        self.number = false;
        let before = row_of(&self.keys);
        self.keys.push(letter(key));
        let begins = |row: &Row| row.keys.starts_with(&self.keys) && row.keys != self.keys;
        if TABLE.iter().any(begins) {
            return Pressed::Nothing;
        }
        if let Some(row) = row_of(&self.keys) {
            self.keys.clear();
            return row.pressed(role);
        }
        match (before, key) {
            // `*9` was whole, and something else begins.
            (Some(row), Key::Star | Key::Hash) => {
                self.keys.clear();
                self.keys.push(letter(key));
                row.pressed(role)
            }
            _ => self.begin_anew(key),
        }
    }

    /// No sequence begins with these keys: perhaps one begins with the last.
    fn begin_anew(&mut self, key: Key) -> Pressed {
        // A star pressed twice is begun anew; a hash alone or a bare digit means nothing.
        let unknown = self.keys.starts_with('*') && self.keys != "**";
        self.keys.clear();
        match key {
            Key::Star | Key::Hash => self.keys.push(letter(key)),
            Key::Number(_) => self.number = !unknown,
        }
        if unknown { Pressed::Unknown } else { Pressed::Nothing }
    }

    /// Whether the next key means something else if it comes within [`GAP`].
    pub(crate) fn is_half(&self) -> bool {
        self.number || !self.keys.is_empty()
    }

    /// No key came: `*9` counts. A star or a hash alone is forgotten.
    pub(crate) fn gap(&mut self, role: Role) -> Pressed {
        let whole = row_of(&self.keys);
        *self = Sequence::default();
        whole.map_or(Pressed::Nothing, |row| row.pressed(role))
    }
}

fn letter(key: Key) -> char {
    match key {
        Key::Number(digit) => char::from(b'0' + digit % 10),
        Key::Star => '*',
        Key::Hash => '#',
    }
}

#[cfg(test)]
mod tests;

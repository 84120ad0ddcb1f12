//! The keys in the room. Never a bare digit: those happen by accident (FIELD.md, section 3).
//!
//! Which sequence does what stands in the leg's [`KeyTable`]. One that begins another (`*9` before `*92`) waits for [`GAP`]
//! before it counts.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use konf_contract::Role;
use konf_contract::keys::{KeyAction, KeyBinding, KeyTable};

use crate::Key;

/// How long a half sequence waits for its next key: long enough to find a key on a touch screen, short enough that a
/// `*` pressed by accident is forgotten when the next one comes.
pub(crate) const GAP: Duration = Duration::from_secs(2);

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// A bare digit, or the sequence is not whole yet.
    Nothing,
    Action(KeyAction),
    OrganiserOnly,
    Unknown,
}

/// A leg's table, or the default one.
pub(crate) fn table(own: Option<&KeyTable>) -> &KeyTable {
    static DEFAULT: LazyLock<KeyTable> = LazyLock::new(KeyTable::default);
    own.unwrap_or(&DEFAULT)
}

/// The table of a grant. One that is no good one leaves the default: control has looked at it before.
pub(crate) fn granted(bindings: Option<&[KeyBinding]>) -> Option<Box<KeyTable>> {
    KeyTable::of_bindings(bindings?).ok().map(Box::new)
}

fn pressed(action: KeyAction, role: Role) -> Pressed {
    match (action.who(), role) {
        (Role::Organiser, Role::Participant) => Pressed::OrganiserOnly,
        _ => Pressed::Action(action),
    }
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
    pub(crate) fn press(&mut self, key: Key, role: Role, table: &KeyTable) -> Pressed {
        if self.number && key == Key::Hash {
            return Pressed::Nothing;
        }
        self.number = false;
        let before = table.action(&self.keys);
        self.keys.push(letter(key));
        if table.goes_on(&self.keys) {
            return Pressed::Nothing;
        }
        if let Some(action) = table.action(&self.keys) {
            self.keys.clear();
            return pressed(action, role);
        }
        match (before, key) {
            // `*9` was whole, and something else begins.
            (Some(action), Key::Star | Key::Hash) => {
                self.keys.clear();
                self.keys.push(letter(key));
                pressed(action, role)
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
    pub(crate) fn gap(&mut self, role: Role, table: &KeyTable) -> Pressed {
        let whole = table.action(&self.keys);
        *self = Sequence::default();
        whole.map_or(Pressed::Nothing, |action| pressed(action, role))
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

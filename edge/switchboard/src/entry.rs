//! The menu: a number and a code, each ended by the hash key. Both are always asked before anything is said to be wrong.

use std::fmt;
use std::time::Duration;

use konf_contract::LegId;
use konf_contract::link::{EndReason, KeyedCredentials, Party};
use konf_prompts::Phrase;

use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Key, Now, Switchboard};

/// Of a conference number (konf-contract understands 4 to 10) and of a code (a password has at most 12).
const NUMBER_MAX: usize = 10;
const CODE_MAX: usize = 12;
/// Longer than any prompt of a menu, for one whose end is not reported.
pub(crate) const PROMPT_LONGEST: Duration = Duration::from_secs(20);

/// Three tries of two entries, each with its prompt, twenty seconds of keys and thought, and control's answer, are less
/// than this; who is slower keeps a line busy.
pub(crate) const MENU_LONGEST: Duration = Duration::from_secs(5 * 60);

/// Digits of one entry, not printed. Keeps one digit more than is allowed: too many stay too many and are found wrong
/// where everything is found wrong.
#[derive(Default)]
pub(crate) struct Entry {
    digits: String,
    /// The prompt was repeated since: the caller starts over or ends what was keyed.
    stale: bool,
}

impl Entry {
    fn push(&mut self, digit: u8, max: usize) {
        if std::mem::take(&mut self.stale) {
            self.digits.clear();
        }
        if self.digits.len() <= max {
            self.digits.push(char::from(b'0' + digit % 10));
        }
    }

    fn erase(&mut self) {
        *self = Entry::default();
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(…)")
    }
}

impl Switchboard {
    /// What the caller hears is queued behind what plays, such as the welcome.
    pub(crate) fn enter_number(&mut self, now: Now, leg: LegId) {
        self.enter(now, leg, Stage::Number(Entry::default()));
    }

    fn enter(&mut self, now: Now, leg: LegId, stage: Stage) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.go(stage);
        call.repeats = 0;
        // Who types ahead needs no prompt; the patience repeats it for those who stop halfway.
        if call.typed.is_empty() {
            self.prompt(now, leg);
        } else {
            self.be_patient(now, leg);
        }
    }

    fn prompt(&mut self, now: Now, leg: LegId) {
        let phrase = match self.legs.get(&leg).map(|call| &call.stage) {
            Some(Stage::Number(_)) => Phrase::EnterNumber,
            Some(Stage::Code { .. }) => Phrase::EnterPin,
            _ => return,
        };
        self.play(leg, &[phrase]);
        self.timers.set(Timer::Patience(leg), now.mono + PROMPT_LONGEST + self.config.key_patience);
    }

    /// From now on the next key is waited for.
    pub(crate) fn be_patient(&mut self, now: Now, leg: LegId) {
        self.timers.set(Timer::Patience(leg), now.mono + self.config.key_patience);
    }

    pub(crate) fn menu_played(&mut self, now: Now, leg: LegId) {
        let in_menu = self.legs.get(&leg).is_some_and(|call| {
            call.playing.is_empty() && matches!(call.stage, Stage::Number(_) | Stage::Code { .. })
        });
        if in_menu {
            self.be_patient(now, leg);
        }
    }

    pub(crate) fn menu_key(&mut self, now: Now, leg: LegId, key: Key) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let (entry, max) = match &mut call.stage {
            Stage::Number(entry) => (entry, NUMBER_MAX),
            Stage::Code { entry, .. } => (entry, CODE_MAX),
            _ => return,
        };
        match key {
            Key::Number(digit) => entry.push(digit, max),
            Key::Star => entry.erase(),
            // A hash pressed twice, or in place of an answer.
            Key::Hash if entry.digits.is_empty() => return self.ask_again(now, leg),
            Key::Hash => return self.entered(now, leg),
        }
        self.be_patient(now, leg);
    }

    fn entered(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        match &mut call.stage {
            Stage::Number(entry) => {
                let number = std::mem::take(entry);
                self.enter(now, leg, Stage::Code { number, entry: Entry::default() });
            }
            Stage::Code { number, entry } => {
                let (number, code) = (std::mem::take(number), std::mem::take(entry));
                let credentials = KeyedCredentials { number: number.digits, code: code.digits };
                self.timers.clear(Timer::Patience(leg));
                self.request_admission(now, leg, credentials);
            }
            _ => {}
        }
    }

    /// Silence, or nothing before the hash key: the prompt again, a few times.
    pub(crate) fn ask_again(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let (Stage::Number(entry) | Stage::Code { entry, .. }) = &mut call.stage else { return };
        entry.stale = true;
        if call.repeats == self.config.repeats {
            return self.farewell(now, leg, &[Phrase::Goodbye], EndReason::Denied, Party::Konf);
        }
        call.repeats += 1;
        self.prompt(now, leg);
    }

    pub(crate) fn menu_is_long(&mut self, now: Now, leg: LegId) {
        self.farewell(now, leg, &[Phrase::Goodbye], EndReason::Denied, Party::Konf);
    }

    /// A wrong number, a wrong code and a conference long gone sound and last the same.
    pub(crate) fn wrong_credentials(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.wrong_tries += 1;
        if call.wrong_tries >= self.config.tries {
            let last = [Phrase::WrongCredentials, Phrase::Goodbye];
            return self.farewell(now, leg, &last, EndReason::Denied, Party::Konf);
        }
        // Hashes typed ahead belonged to the way in.
        while call.typed.peek() == Some(Key::Hash) {
            call.typed.pop();
        }
        self.play(leg, &[Phrase::WrongCredentials]);
        self.enter_number(now, leg);
    }
}

//! PRODUCT.md, section 4 (way in, early and late, full), and RELIABILITY.md, rows 10, 30 and 35 (no oracle, brute
//! force).

/// Wrong tries of one caller in an hour, on whatever conference (FIELD.md, section 4).
const WRONG_BY_CALLER_MAX: u32 = 10;
/// Wrong tries against one number in an hour, whether or not a conference has it (FIELD.md, section 4): 240 guesses a day at a PIN of six digits are
/// 0.024 % (RELIABILITY.md, row 35: below 0.1 %).
const WRONG_BY_CONFERENCE_MAX: u32 = 10;
/// Wrong tries through one trunk in an hour: twenty callers who each use up their own limit.
const WRONG_BY_TRUNK_MAX: u32 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Participant,
    Organiser,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Booked,
    Cancelled,
    Ended,
}

/// What the interface `admission` of `wit/policy.wit` says of a caller and a conference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Milliseconds since the epoch, as are all instants here.
    pub now_ms: i64,
    pub starts_ms: i64,
    /// With extensions.
    pub ends_ms: i64,
    pub state: State,
    pub grace_min: u32,
    pub seats: u32,
    pub seats_taken: u32,
    /// None when the code is wrong.
    pub matched: Option<Role>,
    /// The caller comes back to a held seat.
    pub returning: bool,
    /// In the last hour.
    pub wrong_by_caller: u32,
    pub wrong_by_trunk: u32,
    pub wrong_by_conference: u32,
    /// Has been in this conference before.
    pub known_caller: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Admit(Role),
    Unknown,
    NotYet,
    Ended,
    Full,
    TooManyTries,
}

/// Decides in an order that lets nobody learn by guessing:
///
/// 1. Too many wrong tries: told before the code is looked at, so that a caller over the limit hears the same for a
///    right and for a wrong code and can't go on guessing. Who comes back to a held seat keys no code and passes.
/// 2. A wrong code is `unknown`, whatever became of the conference. So is a right one of a cancelled conference.
/// 3. Only the right code learns that it came too late, too early, or to a full room. A held seat is nobody else's, so
///    its owner passes all but the end.
pub fn decide(facts: &Facts) -> Verdict {
    if !facts.returning && too_many_tries(facts) {
        return Verdict::TooManyTries;
    }
    let Some(role) = facts.matched else { return Verdict::Unknown };
    match facts.state {
        State::Cancelled => Verdict::Unknown,
        State::Ended => Verdict::Ended,
        State::Booked if facts.now_ms >= facts.ends_ms => Verdict::Ended,
        State::Booked if facts.returning => Verdict::Admit(role),
        State::Booked if facts.now_ms < opens_ms(facts) => Verdict::NotYet,
        State::Booked if facts.seats_taken >= facts.seats => Verdict::Full,
        State::Booked => Verdict::Admit(role),
    }
}

/// A caller answers for the own tries; those of strangers slow only who has not been inside before.
fn too_many_tries(facts: &Facts) -> bool {
    let strangers = facts.wrong_by_trunk >= WRONG_BY_TRUNK_MAX
        || facts.wrong_by_conference >= WRONG_BY_CONFERENCE_MAX;
    facts.wrong_by_caller >= WRONG_BY_CALLER_MAX || (strangers && !facts.known_caller)
}

/// From when on callers may wait inside.
fn opens_ms(facts: &Facts) -> i64 {
    facts.starts_ms.saturating_sub(i64::from(facts.grace_min) * 60_000)
}

#[cfg(test)]
mod tests;

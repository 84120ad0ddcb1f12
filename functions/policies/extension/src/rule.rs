//! PRODUCT.md, section 4, row "end": if the capacity allows, the conference is extended and nobody is disturbed; each
//! slice is decided again five minutes before it ends.

/// A slice is decided again five minutes before it ends, so a shorter one would end while it is being decided.
const SLICE_MIN_MIN: u32 = 5;

/// What the interface `extension` of `wit/policy.wit` says of a conference that is about to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Milliseconds since the epoch, as are all instants here.
    pub now_ms: i64,
    pub starts_ms: i64,
    pub booked_end_ms: i64,
    /// With earlier extensions.
    pub ends_ms: i64,
    pub seats: u32,
    pub seats_taken: u32,
    /// Minutes of one extension.
    pub slice_min: u32,
    /// Minutes after the end for which the seats are free.
    pub free_min: u32,
    /// The organiser asked, and not the clock.
    pub by_organiser: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// For so many minutes.
    Extend(u32),
    Refuse,
}

/// A whole slice, or as much of it as is free; who asks makes no difference.
pub fn decide(facts: &Facts) -> Verdict {
    match facts.slice_min.min(facts.free_min) {
        minutes if minutes >= SLICE_MIN_MIN => Verdict::Extend(minutes),
        _ => Verdict::Refuse,
    }
}

#[cfg(test)]
mod tests;

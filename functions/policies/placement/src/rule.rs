//! PRODUCT.md, section 2: all conferences share the seats of the edges, and each is on one of them as a whole.

/// What the interface `placement` of `wit/policy.wit` says of a conference that is to be booked or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Milliseconds since the epoch, as are all instants here.
    pub now_ms: i64,
    pub starts_ms: i64,
    pub ends_ms: i64,
    pub seats: u32,
    pub language: Language,
    /// It fits on each of them.
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Cs,
    En,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub id: String,
    /// From control's configuration.
    pub labels: Vec<String>,
    /// Seats in all.
    pub capacity: u32,
    /// Seats that are free from the start to the end.
    pub free: u32,
    /// Minutes after the end for which the conference's seats are free as well.
    pub free_after_min: u32,
}

/// The edge that is the least loaded at that time, in proportion to its capacity; of equal ones the first by name.
pub fn choose(facts: &Facts) -> &str {
    let taken = |edge: &Edge| u64::from(edge.capacity.saturating_sub(edge.free));
    // a/b < c/d as a·d < c·b: no fractions.
    let least = facts.edges.iter().min_by(|a, b| {
        let (left, right) = (taken(a) * u64::from(b.capacity), taken(b) * u64::from(a.capacity));
        left.cmp(&right).then_with(|| a.id.cmp(&b.id))
    });
    least.map_or("", |edge| &edge.id)
}

#[cfg(test)]
mod tests;

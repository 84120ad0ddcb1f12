//! Which edge gets a conference: the placement policy chooses among those on which it fits, and what it chooses is
//! checked.

use konf_contract::{Language, UnixMs, Window};

use crate::load::{Seats, least_loaded, window};

/// What the policy sees at most (`wit/policy.wit`).
const EDGES_MAX: usize = 64;

/// So far after the end it is told whether the seats stay free, in minutes: as long as a conference can be.
const AFTER_MIN_MAX: i64 = 120;

/// What is to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub now: UnixMs,
    pub window: Window,
    pub seats: u32,
    pub language: Language,
}

/// What the policy is asked: the record `facts` of the interface `placement` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementPolicyFacts {
    pub wanted: Wanted,
    pub edges: Vec<EdgeToPlaceOn>,
}

/// An edge on which it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeToPlaceOn {
    pub edge: String,
    pub labels: Vec<String>,
    pub capacity: u32,
    /// Through the whole window.
    pub free: u32,
    /// Minutes after the end for which the seats that are wanted stay free.
    pub free_after_min: u32,
}

/// The position in `edges` of the one that gets it; none when it fits nowhere.
///
/// The policy is asked where there is a choice. An edge that it makes up, or on which the conference does not fit, is no
/// answer: then the least loaded one gets it.
pub fn place(
    edges: &[Seats],
    wanted: Wanted,
    policy: impl Fn(&PlacementPolicyFacts) -> String,
) -> Option<usize> {
    let least = least_loaded(edges, wanted.window, wanted.seats)?;
    let fitting: Vec<&Seats> = edges.iter().filter(|edge| fits(edge, &wanted)).collect();
    if fitting.len() < 2 {
        return Some(least);
    }
    let seen = fitting.into_iter().take(EDGES_MAX).map(|edge| told(edge, &wanted)).collect();
    let chosen = policy(&PlacementPolicyFacts { wanted, edges: seen });
    let chosen = edges.iter().position(|edge| edge.edge() == chosen && fits(edge, &wanted));
    chosen.or(Some(least))
}

fn fits(edge: &Seats, wanted: &Wanted) -> bool {
    edge.free(wanted.window).is_some_and(|free| free >= wanted.seats)
}

fn told(edge: &Seats, wanted: &Wanted) -> EdgeToPlaceOn {
    let stays = |minutes: &i64| {
        let after = window(wanted.window.end, *minutes);
        edge.free(after).is_some_and(|free| free >= wanted.seats)
    };
    EdgeToPlaceOn {
        edge: edge.edge().to_owned(),
        labels: edge.labels().to_vec(),
        capacity: edge.capacity(),
        free: edge.free(wanted.window).unwrap_or(0),
        free_after_min: (1..=AFTER_MIN_MAX).take_while(stays).count() as u32,
    }
}

#[cfg(test)]
mod tests;

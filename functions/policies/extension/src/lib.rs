//! The default extension: whether a conference goes on past its end, and for how long.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own extension**: `konf policy new my-extension --world extension` makes a project of these files;
//! change `rule.rs` and its tests, keep `component` as it is. The contract is the interface `extension` in
//! `wit/policy.wit`. Then either `konf policy push` it, or name your file under `[component.schedule.dependencies]` in
//! `spin.toml`. A booked conference always wins: whatever a policy answers, the ledger reserves only what is free.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "extension-policy" });

    use self::exports::konf::policy::extension as wit;
    use crate::rule::{self, Verdict};

    struct Policy;

    impl wit::Guest for Policy {
        fn decide(facts: wit::Facts) -> wit::Verdict {
            match rule::decide(&read(&facts)) {
                Verdict::Extend(minutes) => wit::Verdict::Extend(minutes),
                Verdict::Refuse => wit::Verdict::Refuse,
            }
        }
    }

    fn read(facts: &wit::Facts) -> rule::Facts {
        rule::Facts {
            now_ms: facts.now_ms,
            starts_ms: facts.starts_ms,
            booked_end_ms: facts.booked_end_ms,
            ends_ms: facts.ends_ms,
            seats: facts.seats,
            seats_taken: facts.seats_taken,
            slice_min: facts.slice_min,
            free_min: facts.free_min,
            by_organiser: facts.by_organiser,
        }
    }

    export!(Policy);
}

//! The default admission: who may enter a conference.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own admission**: `konf policy new my-admission --world admission` makes a project of these files;
//! change `rule.rs` and its tests, keep `component` as it is. The contract is the interface `admission` in
//! `wit/policy.wit`. Then either `konf policy push` it, or name your file under `[component.schedule.dependencies]` in
//! `spin.toml`. Mind the order of the checks: whoever does not
//! know a code must learn nothing from the answers ([`rule::decide`] says how). The seats themselves are guarded by the
//! ledger, whatever a policy answers.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "admission-policy" });

    use self::exports::konf::policy::admission as wit;
    use crate::rule::{self, Role, State, Verdict};

    struct Policy;

    impl wit::Guest for Policy {
        fn decide(facts: wit::Facts) -> wit::Verdict {
            match rule::decide(&read(&facts)) {
                Verdict::Admit(Role::Participant) => wit::Verdict::Admit(wit::Role::Participant),
                Verdict::Admit(Role::Organiser) => wit::Verdict::Admit(wit::Role::Organiser),
                Verdict::Unknown => wit::Verdict::Unknown,
                Verdict::NotYet => wit::Verdict::NotYet,
                Verdict::Ended => wit::Verdict::Ended,
                Verdict::Full => wit::Verdict::Full,
                Verdict::TooManyTries => wit::Verdict::TooManyTries,
            }
        }
    }

    fn read(facts: &wit::Facts) -> rule::Facts {
        rule::Facts {
            now_ms: facts.now_ms,
            starts_ms: facts.starts_ms,
            ends_ms: facts.ends_ms,
            state: match facts.state {
                wit::BookingState::Booked => State::Booked,
                wit::BookingState::Cancelled => State::Cancelled,
                wit::BookingState::Ended => State::Ended,
            },
            grace_min: facts.grace_min,
            seats: facts.seats,
            seats_taken: facts.seats_taken,
            matched: facts.matched.map(|role| match role {
                wit::Role::Participant => Role::Participant,
                wit::Role::Organiser => Role::Organiser,
            }),
            returning: facts.returning,
            wrong_by_caller: facts.wrong_by_caller,
            wrong_by_trunk: facts.wrong_by_trunk,
            wrong_by_conference: facts.wrong_by_conference,
            known_caller: facts.known_caller,
        }
    }

    export!(Policy);
}

//! The default tariff: what a leg costs.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same leg always costs the same. The
//! rule is plain Rust in [`rule`], tested on the machine at hand; the few lines that make it a component are in the
//! private module `component` and exist only when compiling for wasm.
//!
//! **To write your own tariff**: `konf policy new my-tariff --world tariff` makes a project of these files; change
//! `rule.rs` and its tests, keep `component` as it is. The contract is the interface `tariff` in `wit/policy.wit`. Then
//! either `konf policy push` it, or name your file under `[component.billing.dependencies]` in `spin.toml`. Money is an
//! integer (see [`rule::PER_CZK`]); name each rule, since the name stands on the customer's statement.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "tariff-policy" });

    use self::exports::konf::policy::tariff::{Charge, Guest, Leg};
    use crate::rule;

    struct Policy;

    impl Guest for Policy {
        fn rate(leg: Leg) -> Charge {
            let charge = rule::rate(&leg.network, leg.mobile, leg.duration_ms);
            Charge { amount: charge.amount, billed_s: charge.billed_s, rule: charge.rule.into() }
        }
    }

    export!(Policy);
}

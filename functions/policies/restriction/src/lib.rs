//! The default restriction: whether a sender may order.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own restriction**: `konf policy new my-restriction --world restriction` makes a project of these
//! files; change `rule.rs` and its tests, keep `component` as it is. The contract is the interface `restriction` in
//! `wit/policy.wit`. Then either `konf policy push` it, or name your file under `[component.order.dependencies]` in
//! `spin.toml`. Whom an operator has restricted orders nothing, whatever a policy answers: the ledger sees to it.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "restriction-policy" });

    use self::exports::konf::policy::restriction as wit;
    use crate::rule::{self, Channel, Language, Verdict};

    struct Policy;

    impl wit::Guest for Policy {
        fn decide(facts: wit::Facts) -> wit::Verdict {
            match rule::decide(&read(facts)) {
                Verdict::Accept => wit::Verdict::Accept,
                Verdict::Refuse { rule, until_ms } => {
                    wit::Verdict::Refuse(wit::Refusal { rule: rule.into(), until_ms })
                }
                Verdict::AskOperator => wit::Verdict::AskOperator,
            }
        }
    }

    fn read(facts: wit::Facts) -> rule::Facts {
        let order = |order: wit::Order| rule::Order {
            starts_ms: order.starts_ms,
            minutes: order.minutes,
            seats: order.seats,
        };
        let restricted = |restricted: wit::Restricted| rule::Restricted {
            reason: restricted.reason,
            until_ms: restricted.until_ms,
        };
        rule::Facts {
            now_ms: facts.now_ms,
            sender: facts.sender,
            channel: match facts.channel {
                wit::Channel::Sms => Channel::Sms,
                wit::Channel::Mail => Channel::Mail,
            },
            abroad: facts.abroad,
            language: match facts.language {
                wit::Language::Cs => Language::Cs,
                wit::Language::En => Language::En,
            },
            order: facts.order.map(order),
            restricted: facts.restricted.map(restricted),
            messages_hour: facts.messages_hour,
            messages_day: facts.messages_day,
            booked_hour: facts.booked_hour,
            booked_day: facts.booked_day,
            booked_ahead: facts.booked_ahead,
        }
    }

    export!(Policy);
}

//! The default offers: what is proposed when an order does not fit.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own offers**: `konf policy new my-offers --world offers` makes a project of these files; change
//! `rule.rs` and its tests, keep `component` as it is. The contract is the interface `offers` in `wit/policy.wit`. Then
//! either `konf policy push` it, or name your file under `[component.schedule.dependencies]` in `spin.toml`. Whatever a
//! policy proposes, only what is free is offered, and it is held until it is taken or ten minutes are over.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "offers-policy" });

    use self::exports::konf::policy::offers as wit;
    use crate::rule;

    struct Policy;

    impl wit::Guest for Policy {
        fn propose(facts: wit::Facts) -> Vec<wit::Alternative> {
            let found = rule::propose(&read(facts));
            let answer = |found: rule::Alternative| wit::Alternative {
                starts_ms: found.starts_ms,
                minutes: found.minutes,
                seats: found.seats,
            };
            found.into_iter().map(answer).collect()
        }
    }

    fn read(facts: wit::Facts) -> rule::Facts {
        rule::Facts {
            now_ms: facts.now_ms,
            order: rule::Alternative {
                starts_ms: facts.order.starts_ms,
                minutes: facts.order.minutes,
                seats: facts.order.seats,
            },
            day_starts_ms: facts.day_starts_ms,
            day_ends_ms: facts.day_ends_ms,
            from_ms: facts.from_ms,
            until_ms: facts.until_ms,
            edges: facts.edges.into_iter().map(edge).collect(),
            pass_over: facts.pass_over,
        }
    }

    fn edge(edge: wit::Edge) -> rule::Edge {
        let step = |step: wit::Step| rule::Step { from_ms: step.from_ms, free: step.free };
        let steps = edge.steps.into_iter().map(step).collect();
        rule::Edge { id: edge.id, capacity: edge.capacity, steps }
    }

    export!(Policy);
}

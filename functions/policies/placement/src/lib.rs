//! The default placement: which edge gets a conference.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own placement**: `konf policy new my-placement --world placement` makes a project of these files;
//! change `rule.rs` and its tests, keep `component` as it is. The contract is the interface `placement` in
//! `wit/policy.wit`. Then either `konf policy push` it, or name your file under `[component.schedule.dependencies]` in
//! `spin.toml`. Labels of edges are in control's configuration; what they mean is yours. A conference is only ever booked
//! where it fits, whatever a policy answers.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "placement-policy" });

    use self::exports::konf::policy::placement as wit;
    use crate::rule::{self, Language};

    struct Policy;

    impl wit::Guest for Policy {
        fn choose(facts: wit::Facts) -> String {
            rule::choose(&read(facts)).to_owned()
        }
    }

    fn read(facts: wit::Facts) -> rule::Facts {
        let edge = |edge: wit::Edge| rule::Edge {
            id: edge.id,
            labels: edge.labels,
            capacity: edge.capacity,
            free: edge.free,
            free_after_min: edge.free_after_min,
        };
        rule::Facts {
            now_ms: facts.now_ms,
            starts_ms: facts.starts_ms,
            ends_ms: facts.ends_ms,
            seats: facts.seats,
            language: match facts.language {
                wit::Language::Cs => Language::Cs,
                wit::Language::En => Language::En,
            },
            edges: facts.edges.into_iter().map(edge).collect(),
        }
    }

    export!(Policy);
}

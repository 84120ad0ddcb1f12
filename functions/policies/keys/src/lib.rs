//! The default keys: what each key in the room does.
//!
//! A policy is one function over records: no clock, no randomness, no I/O, so the same facts always give the same
//! answer. The rule is plain Rust in [`rule`], tested on the machine at hand; the private module `component` makes it a
//! component and exists only when compiling for wasm.
//!
//! **To write your own keys**: `konf policy new my-keys --world keys` makes a project of these files; change `rule.rs` and
//! its tests, keep `component` as it is. The contract is the interface `keys` in `wit/policy.wit`, which also says what a
//! good table is; `konf policy check` and a push say in a sentence what is wrong with one. Then either `konf policy push`
//! it, or name your file under `[component.schedule.dependencies]` in `spin.toml`.

pub mod rule;

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod component {
    wit_bindgen::generate!({ path: "../../../wit/policy.wit", world: "keys-policy" });

    use self::exports::konf::policy::keys as wit;
    use crate::rule::{self, Action, Language, Role};

    struct Policy;

    impl wit::Guest for Policy {
        fn table(facts: wit::Facts) -> Vec<wit::Binding> {
            let binding = |(keys, does): &(&str, Action)| wit::Binding {
                keys: (*keys).to_owned(),
                does: action(*does),
            };
            rule::table(&read(&facts)).iter().map(binding).collect()
        }
    }

    fn read(facts: &wit::Facts) -> rule::Facts {
        rule::Facts {
            language: match facts.language {
                wit::Language::Cs => Language::Cs,
                wit::Language::En => Language::En,
            },
            role: match facts.role {
                wit::Role::Participant => Role::Participant,
                wit::Role::Organiser => Role::Organiser,
            },
        }
    }

    fn action(action: Action) -> wit::Action {
        match action {
            Action::Mute => wit::Action::Mute,
            Action::Help => wit::Action::Help,
            Action::People => wit::Action::People,
            Action::Names => wit::Action::Names,
            Action::Volume => wit::Action::Volume,
            Action::Hand => wit::Action::Hand,
            Action::Lock => wit::Action::Lock,
            Action::MuteAll => wit::Action::MuteAll,
            Action::Mode => wit::Action::Mode,
            Action::DropLast => wit::Action::DropLast,
            Action::FindNoise => wit::Action::FindNoise,
            Action::Extend => wit::Action::Extend,
            Action::EndForAll => wit::Action::EndForAll,
        }
    }

    export!(Policy);
}

//! What the tests of this crate share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use konf_api::ledger::{BookingState, EdgeLoad, LoadStep, OutboxMessage, Sender};
use konf_api::render::RenderRequest;
use konf_contract::keys::KeyAction;
use konf_contract::{Caller, Language, Msisdn, Role, UnixMs};
use konf_policy_admission::rule;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admit::{PolicyFacts, Verdict};
use crate::extend::ExtensionPolicyFacts;
use crate::keys::KeysPolicyFacts;
use crate::load::{SPAN_MIN_MAX, window};
use crate::offers::{Alternative, FreeSeats, OffersPolicyFacts};
use crate::outside::{CallError, Outside};
use crate::place::PlacementPolicyFacts;

/// 2027-07-09T12:00:00Z, 14:00 in Prague, a Friday.
pub(crate) const START: UnixMs = UnixMs(1_815_134_400_000);
/// Three days earlier.
pub(crate) const NOW: UnixMs = UnixMs(START.0 - 3 * 24 * 60 * UnixMs::MINUTE);

/// `START` and so many minutes.
pub(crate) fn at(minutes: i64) -> UnixMs {
    START.plus_ms(minutes * UnixMs::MINUTE)
}

pub(crate) fn sender() -> Sender {
    Sender::Sms(Msisdn::parse("+420606123456").unwrap())
}

pub(crate) fn caller() -> Caller {
    Caller {
        number: Some(Msisdn::parse("+420606123456").unwrap()),
        network: "o2-mobile".into(),
        trunk: "test".into(),
        mobile: true,
    }
}

/// `taken` seats from each of the minutes (after `START`) on.
pub(crate) fn edge(name: &str, capacity: u32, steps: &[(i64, u32)]) -> EdgeLoad {
    let first = LoadStep { minute: START.minutes() - SPAN_MIN_MAX, taken: 0 };
    let steps = steps.iter().map(|&(at, taken)| LoadStep { minute: START.minutes() + at, taken });
    let steps = std::iter::once(first).chain(steps).collect();
    EdgeLoad { edge: name.into(), labels: vec![], capacity, steps }
}

/// The search around an hour at `START`.
pub(crate) fn span() -> konf_contract::Window {
    window(at(-720), 720 + 60 + 720)
}

/// A world whose answers are written down beforehand: each call must be the next of the script.
pub(crate) struct Script {
    answers: RefCell<VecDeque<(&'static str, Value)>>,
    /// What was asked: the path, or `render`, and the request.
    pub(crate) asked: RefCell<Vec<(&'static str, Value)>>,
    random: Cell<u64>,
    /// What the keys policy says; nothing: the default.
    pub(crate) keys: Vec<(&'static str, KeyAction)>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Script {
            answers: RefCell::new(answers.into_iter().collect()),
            asked: RefCell::default(),
            random: Cell::new(42),
            keys: Vec::new(),
        }
    }

    /// What was asked at the last call of `path`.
    pub(crate) fn last(&self, path: &str) -> Value {
        let asked = self.asked.borrow();
        asked.iter().rev().find(|(at, _)| *at == path).expect("asked").1.clone()
    }

    /// Who was written to, in that order, and which message.
    pub(crate) fn written(&self) -> Vec<(Value, Value)> {
        let asked = self.asked.borrow();
        let written = asked.iter().filter(|(path, _)| *path == "render");
        written.map(|(_, it)| (it["recipient"].clone(), it["message"].clone())).collect()
    }

    pub(crate) fn paths(&self) -> Vec<&'static str> {
        self.asked.borrow().iter().map(|(path, _)| *path).collect()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.answers.borrow().is_empty()
    }
}

impl Outside for Script {
    async fn ledger<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        question: &Q,
    ) -> Result<A, CallError> {
        self.asked.borrow_mut().push((path, serde_json::to_value(question).unwrap()));
        let (expected, answer) = self.answers.borrow_mut().pop_front().expect("no call expected");
        assert_eq!(path, expected);
        if answer == "unreachable" {
            return Err(CallError::Unreachable(path.into()));
        }
        Ok(serde_json::from_value(answer).unwrap())
    }

    async fn render(&self, request: &RenderRequest) -> Result<Vec<OutboxMessage>, CallError> {
        self.asked.borrow_mut().push(("render", serde_json::to_value(request).unwrap()));
        Ok(vec![])
    }

    fn admission_policy(&self, facts: &PolicyFacts) -> Verdict {
        default_policy(facts)
    }

    fn extension_policy(&self, facts: &ExtensionPolicyFacts) -> Option<u32> {
        default_extension(facts)
    }

    fn offers_policy(&self, facts: &OffersPolicyFacts) -> Vec<Alternative> {
        default_offers(facts)
    }

    fn placement_policy(&self, facts: &PlacementPolicyFacts) -> String {
        default_placement(facts)
    }

    fn keys_policy(&self, facts: &KeysPolicyFacts) -> Vec<(String, KeyAction)> {
        if self.keys.is_empty() {
            return default_keys(facts);
        }
        self.keys.iter().map(|(keys, action)| ((*keys).to_owned(), *action)).collect()
    }

    fn warn(&self, what: &str) {
        self.asked.borrow_mut().push(("warn", what.into()));
    }

    fn random(&self) -> u64 {
        let mut random = SplitMix(self.random.get());
        let word = random.next();
        self.random.set(random.0);
        word
    }
}

/// The default policy, as the component would be given it.
pub(crate) fn default_policy(facts: &PolicyFacts) -> Verdict {
    let verdict = rule::decide(&rule::Facts {
        now_ms: facts.now.0,
        starts_ms: facts.window.start.0,
        ends_ms: facts.window.end.0,
        state: match facts.state {
            BookingState::Booked => rule::State::Booked,
            BookingState::Cancelled => rule::State::Cancelled,
            BookingState::Ended => rule::State::Ended,
        },
        grace_min: facts.grace_min,
        seats: facts.seats,
        seats_taken: facts.seats_taken,
        matched: facts.matched.map(|role| match role {
            Role::Participant => rule::Role::Participant,
            Role::Organiser => rule::Role::Organiser,
        }),
        returning: facts.returning,
        wrong_by_caller: facts.wrong_by_caller,
        wrong_by_trunk: facts.wrong_by_trunk,
        wrong_by_conference: facts.wrong_by_conference,
        known_caller: facts.known_caller,
    });
    match verdict {
        rule::Verdict::Admit(rule::Role::Participant) => Verdict::Admit(Role::Participant),
        rule::Verdict::Admit(rule::Role::Organiser) => Verdict::Admit(Role::Organiser),
        rule::Verdict::Unknown => Verdict::Unknown,
        rule::Verdict::NotYet => Verdict::NotYet,
        rule::Verdict::Ended => Verdict::Ended,
        rule::Verdict::Full => Verdict::Full,
        rule::Verdict::TooManyTries => Verdict::TooManyTries,
    }
}

/// The default extension, as the component would be given it.
pub(crate) fn default_extension(facts: &ExtensionPolicyFacts) -> Option<u32> {
    use konf_policy_extension::rule;
    let verdict = rule::decide(&rule::Facts {
        now_ms: facts.now.0,
        starts_ms: facts.window.start.0,
        booked_end_ms: facts.booked_end.0,
        ends_ms: facts.window.end.0,
        seats: facts.seats,
        seats_taken: facts.seats_taken,
        slice_min: facts.slice_min,
        free_min: facts.free_min,
        by_organiser: facts.by_organiser,
    });
    match verdict {
        rule::Verdict::Extend(minutes) => Some(minutes),
        rule::Verdict::Refuse => None,
    }
}

/// The default offers, as the component would be given them.
pub(crate) fn default_offers(facts: &OffersPolicyFacts) -> Vec<Alternative> {
    use konf_policy_offers::rule;
    let edge = |edge: &FreeSeats| rule::Edge {
        id: edge.edge.clone(),
        capacity: edge.capacity,
        steps: edge
            .steps
            .iter()
            .map(|&(from, free)| rule::Step { from_ms: from.0, free })
            .collect(),
    };
    let proposed = rule::propose(&rule::Facts {
        now_ms: facts.now.0,
        order: rule::Alternative {
            starts_ms: facts.order.start.0,
            minutes: facts.order.minutes,
            seats: facts.order.seats,
        },
        day_starts_ms: facts.day.start.0,
        day_ends_ms: facts.day.end.0,
        from_ms: facts.span.start.0,
        until_ms: facts.span.end.0,
        edges: facts.edges.iter().map(edge).collect(),
        pass_over: facts.pass_over,
    });
    let read = |found: rule::Alternative| Alternative {
        start: UnixMs(found.starts_ms),
        minutes: found.minutes,
        seats: found.seats,
    };
    proposed.into_iter().map(read).collect()
}

/// The default placement, as the component would be given it.
pub(crate) fn default_placement(facts: &PlacementPolicyFacts) -> String {
    use konf_policy_placement::rule;
    let edge = |edge: &crate::place::EdgeToPlaceOn| rule::Edge {
        id: edge.edge.clone(),
        labels: edge.labels.clone(),
        capacity: edge.capacity,
        free: edge.free,
        free_after_min: edge.free_after_min,
    };
    let facts = rule::Facts {
        now_ms: facts.wanted.now.0,
        starts_ms: facts.wanted.window.start.0,
        ends_ms: facts.wanted.window.end.0,
        seats: facts.wanted.seats,
        language: match facts.wanted.language {
            Language::Cs => rule::Language::Cs,
            Language::En => rule::Language::En,
        },
        edges: facts.edges.iter().map(edge).collect(),
    };
    rule::choose(&facts).to_owned()
}

/// The default keys, as the component would be given them.
pub(crate) fn default_keys(facts: &KeysPolicyFacts) -> Vec<(String, KeyAction)> {
    use konf_policy_keys::rule::{self, Action};
    let facts = rule::Facts {
        language: match facts.language {
            Language::Cs => rule::Language::Cs,
            Language::En => rule::Language::En,
        },
        role: match facts.role {
            Role::Participant => rule::Role::Participant,
            Role::Organiser => rule::Role::Organiser,
        },
    };
    let action = |action: Action| match action {
        Action::Mute => KeyAction::Mute,
        Action::Help => KeyAction::Help,
        Action::People => KeyAction::People,
        Action::Names => KeyAction::Names,
        Action::Volume => KeyAction::Volume,
        Action::Hand => KeyAction::Hand,
        Action::Lock => KeyAction::Lock,
        Action::MuteAll => KeyAction::MuteAll,
        Action::Mode => KeyAction::Mode,
        Action::DropLast => KeyAction::DropLast,
        Action::FindNoise => KeyAction::FindNoise,
        Action::Extend => KeyAction::Extend,
        Action::EndForAll => KeyAction::EndForAll,
    };
    rule::table(&facts).iter().map(|(keys, does)| ((*keys).to_owned(), action(*does))).collect()
}

/// Repeatable randomness.
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Runs a future that never has to wait.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in a test waits"),
    }
}

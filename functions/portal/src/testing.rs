//! A world of values: what each call is answered, and what was asked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use konf_api::ledger::Sender;
use konf_contract::{Msisdn, UnixMs, WebToken};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::Answer;
use crate::asked::{Asked, Method, Raw};
use crate::cookie::{Cookies, csrf};
use crate::outside::{CallError, Callee, Outside};
use crate::site::{Settings, Site};

/// 2027-07-09T11:10Z, a Friday, 13:10 in Prague.
pub(crate) const NOW: UnixMs = UnixMs(1_815_131_400_000);

#[derive(Default)]
pub(crate) struct World {
    answers: RefCell<BTreeMap<String, Value>>,
    pub(crate) asked: RefCell<Vec<(String, Value)>>,
    drawn: Cell<u8>,
}

impl World {
    pub(crate) fn new() -> World {
        let world = World::default();
        world.answer("/v1/sessions", &serde_json::json!({ "now": NOW, "contact": null }));
        world.answer("/v1/facts/free", &serde_json::json!({ "now": NOW, "edges": [] }));
        world.answer("/v1/facts/guests", &serde_json::json!({ "now": NOW, "guests": [] }));
        world
    }

    pub(crate) fn signed_in(contact: &Sender) -> World {
        let world = World::new();
        world.answer("/v1/sessions", &serde_json::json!({ "now": NOW, "contact": contact }));
        world
    }

    pub(crate) fn answer(&self, path: &str, answer: &impl Serialize) {
        let answer = serde_json::to_value(answer).unwrap();
        self.answers.borrow_mut().insert(path.to_owned(), answer);
    }

    /// What was asked of `path`, the latest.
    pub(crate) fn told(&self, path: &str) -> Option<Value> {
        let asked = self.asked.borrow();
        asked.iter().rev().find(|(known, _)| known == path).map(|(_, value)| value.clone())
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.visit(Method::Get, target, "", true)
    }

    /// A form of a page that this browser was shown.
    pub(crate) fn post(&self, target: &str, form: &str) -> Answer {
        let form = format!("csrf={}&{form}", csrf(&token()));
        self.visit(Method::Post, target, &form, true)
    }

    pub(crate) fn visit(&self, method: Method, target: &str, body: &str, known: bool) -> Answer {
        let cookie = format!("__Host-konf={}", token().expose());
        let raw = Raw {
            method,
            target,
            cookie: if known { &cookie } else { "" },
            accept_language: "en",
            fetch_site: "same-origin",
            client: "203.0.113.7:51000",
            body: body.as_bytes(),
            now: NOW,
        };
        let asked = Asked::read(&raw, &Cookies::Secure).expect("a request of a page");
        let settings = Settings {
            cookies: Cookies::Secure,
            public_url: "https://konf.example".into(),
            order_number: "+420720002233".into(),
            access_number: "+420606000600".into(),
        };
        let site = Site { outside: self, settings: &settings };
        let mut answering = pin!(site.answer(&asked));
        match answering.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("values are there at once"),
        }
    }
}

pub(crate) fn token() -> WebToken {
    WebToken::new("c".repeat(64)).unwrap()
}

pub(crate) fn jana() -> Sender {
    Sender::Sms(Msisdn::parse("606123456").unwrap())
}

impl Outside for World {
    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        callee: Callee,
        path: &str,
        question: &Q,
    ) -> Result<A, CallError> {
        let question = serde_json::to_value(question).unwrap();
        self.asked.borrow_mut().push((path.to_owned(), question));
        let answer = self.answers.borrow().get(path).cloned();
        let answer = answer.ok_or(CallError::Unreachable(callee))?;
        serde_json::from_value(answer).map_err(|_| CallError::Malformed(callee))
    }

    fn random(&self) -> [u8; 32] {
        self.drawn.set(self.drawn.get() + 1);
        [self.drawn.get(); 32]
    }
}

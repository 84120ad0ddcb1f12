//! The component: HTTP in, HTTP and the policy out.
#![allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]

use konf_api::ledger::{BookingState, OutboxMessage};
use konf_api::render::RenderRequest;
use konf_api::schedule::{
    ApproveRequest, CancelRequest, ChangeRequest, DedicateRequest, OrderRequest, TakeOfferRequest,
};
use konf_contract::keys::KeyAction;
use konf_contract::{Language, Role, UnixMs};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{Method, Request, Response, send};
use spin_sdk::{http_component, variables};

use crate::admit::{PolicyFacts, Verdict};
use crate::extend::ExtensionPolicyFacts;
use crate::keys::KeysPolicyFacts;
use crate::offers::{Alternative, FreeSeats, OffersPolicyFacts};
use crate::outside::{CallError, Outside};
use crate::place::{EdgeToPlaceOn, PlacementPolicyFacts};
use crate::{admit, approve, change, dedicate, extend, order};

mod policy {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "admission-user" });
    pub(super) use self::konf::policy::admission::*;
}

mod extension {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "extension-user" });
    pub(super) use self::konf::policy::extension::*;
}

mod offers {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "offers-user" });
    pub(super) use self::konf::policy::offers::*;
}

mod placement {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "placement-user" });
    pub(super) use self::konf::policy::placement::*;
}

mod keys {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "keys-user" });
    pub(super) use self::konf::policy::keys::*;
}

/// PRODUCT.md, section 4: minutes of grace before the start; minutes of one extension.
const GRACE_MIN: u32 = 15;
const EXTENSION_MIN: i64 = 15;

#[http_component]
async fn handle(request: Request) -> Response {
    let world = World;
    match (request.method(), request.path()) {
        (Method::Post, "/orders") => match read::<OrderRequest>(&request) {
            Ok(asked) if order::is_standard(&asked.order) => {
                answer(order::order(&world, &asked).await)
            }
            Ok(_) => failure(400, "not a standard order on whole minutes"),
            Err(refused) => refused,
        },
        (Method::Post, "/offers/take") => match read::<TakeOfferRequest>(&request) {
            Ok(asked) => answer(order::take_offer(&world, &asked).await),
            Err(refused) => refused,
        },
        (Method::Post, "/cancel") => match read::<CancelRequest>(&request) {
            Ok(asked) => answer(order::cancel(&world, &asked).await),
            Err(refused) => refused,
        },
        (Method::Post, "/requests/approve") => match read::<ApproveRequest>(&request) {
            Ok(asked) if approve::may_be_approved(&asked) => {
                answer(approve::approve(&world, &asked).await)
            }
            Ok(_) => failure(400, "at most a day and 500 people, on whole minutes"),
            Err(refused) => refused,
        },
        (Method::Post, "/change") => match read::<ChangeRequest>(&request) {
            Ok(asked) if order::is_standard(&asked.order) => {
                answer(change::change(&world, &asked).await)
            }
            Ok(_) => failure(400, "not a standard order on whole minutes"),
            Err(refused) => refused,
        },
        (Method::Post, "/dedicated") => match read::<DedicateRequest>(&request) {
            Ok(asked) if dedicate::may_be_dedicated(&asked) => {
                answer(dedicate::dedicate(&world, &asked).await)
            }
            Ok(_) => failure(400, "2 to 500 people, on whole minutes"),
            Err(refused) => refused,
        },
        (Method::Post, "/admit") => match read(&request) {
            Ok(asked) => {
                let grace_min = setting("grace_minutes", GRACE_MIN);
                answer(admit::admit(&world, &asked, grace_min).await)
            }
            Err(refused) => refused,
        },
        (Method::Post, "/extend") => match read(&request) {
            Ok(asked) => {
                let slice_min = setting("extension_minutes", EXTENSION_MIN);
                answer(extend::extend(&world, &asked, slice_min).await)
            }
            Err(refused) => refused,
        },
        (
            _,
            "/orders" | "/offers/take" | "/cancel" | "/change" | "/requests/approve" | "/dedicated"
            | "/admit" | "/extend",
        ) => failure(405, "only POST is understood here"),
        _ => failure(404, "no such route"),
    }
}

fn read<M: DeserializeOwned>(request: &Request) -> Result<M, Response> {
    // The cause may quote the request, which may hold a code: only its place is told.
    serde_json::from_slice(request.body()).map_err(|cause| {
        failure(400, &format!("not understood at line {}, column {}", cause.line(), cause.column()))
    })
}

fn answer(answered: Result<impl Serialize, CallError>) -> Response {
    match answered {
        Ok(value) => json(200, &value),
        Err(cause) => {
            eprintln!("schedule: {cause}");
            failure(503, &cause.to_string())
        }
    }
}

fn failure(status: u16, error: &str) -> Response {
    json(status, &serde_json::json!({ "error": error }))
}

fn json(status: u16, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(body)
            .build(),
        Err(_) => Response::new(500, ()),
    }
}

/// A number from `spin.toml`; one that is no number is a mistake of the deployment, told once a request.
fn setting<N: std::str::FromStr>(name: &str, default: N) -> N {
    match variables::get(name).map(|text| text.trim().parse()) {
        Ok(Ok(number)) => number,
        _ => {
            eprintln!("schedule: the variable {name} is no number, the default is used");
            default
        }
    }
}

/// [`Outside`] as the component has it.
struct World;

impl Outside for World {
    async fn ledger<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        question: &Q,
    ) -> Result<A, CallError> {
        let url = variable("ledger_url")?;
        let token = variable("ledger_token")?;
        post(&format!("{}{path}", url.trim_end_matches('/')), Some(&token), path, question).await
    }

    async fn render(&self, request: &RenderRequest) -> Result<Vec<OutboxMessage>, CallError> {
        post("http://credentials.spin.internal/render", None, "credentials", request).await
    }

    fn admission_policy(&self, facts: &PolicyFacts) -> Verdict {
        match policy::decide(to_wit(facts)) {
            policy::Verdict::Admit(policy::Role::Participant) => Verdict::Admit(Role::Participant),
            policy::Verdict::Admit(policy::Role::Organiser) => Verdict::Admit(Role::Organiser),
            policy::Verdict::Unknown => Verdict::Unknown,
            policy::Verdict::NotYet => Verdict::NotYet,
            policy::Verdict::Ended => Verdict::Ended,
            policy::Verdict::Full => Verdict::Full,
            policy::Verdict::TooManyTries => Verdict::TooManyTries,
        }
    }

    fn extension_policy(&self, facts: &ExtensionPolicyFacts) -> Option<u32> {
        let verdict = extension::decide(extension::Facts {
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
            extension::Verdict::Extend(minutes) => Some(minutes),
            extension::Verdict::Refuse => None,
        }
    }

    fn offers_policy(&self, facts: &OffersPolicyFacts) -> Vec<Alternative> {
        let proposed = offers::propose(&offers_facts(facts));
        let read = |found: offers::Alternative| Alternative {
            start: UnixMs(found.starts_ms),
            minutes: found.minutes,
            seats: found.seats,
        };
        proposed.into_iter().map(read).collect()
    }

    fn placement_policy(&self, facts: &PlacementPolicyFacts) -> String {
        placement::choose(&placement_facts(facts))
    }

    fn keys_policy(&self, facts: &KeysPolicyFacts) -> Vec<(String, KeyAction)> {
        let table = keys::table(keys::Facts {
            language: match facts.language {
                Language::Cs => keys::Language::Cs,
                Language::En => keys::Language::En,
            },
            role: match facts.role {
                Role::Participant => keys::Role::Participant,
                Role::Organiser => keys::Role::Organiser,
            },
        });
        table.into_iter().map(|row| (row.keys, action(row.does))).collect()
    }

    fn warn(&self, what: &str) {
        eprintln!("schedule: {what}");
    }

    fn random(&self) -> u64 {
        wasi::random::random::get_random_u64()
    }
}

fn to_wit(facts: &PolicyFacts) -> policy::Facts {
    policy::Facts {
        now_ms: facts.now.0,
        starts_ms: facts.window.start.0,
        ends_ms: facts.window.end.0,
        state: match facts.state {
            BookingState::Booked => policy::BookingState::Booked,
            BookingState::Cancelled => policy::BookingState::Cancelled,
            BookingState::Ended => policy::BookingState::Ended,
        },
        grace_min: facts.grace_min,
        seats: facts.seats,
        seats_taken: facts.seats_taken,
        matched: facts.matched.map(|role| match role {
            Role::Participant => policy::Role::Participant,
            Role::Organiser => policy::Role::Organiser,
        }),
        returning: facts.returning,
        wrong_by_caller: facts.wrong_by_caller,
        wrong_by_trunk: facts.wrong_by_trunk,
        wrong_by_conference: facts.wrong_by_conference,
        known_caller: facts.known_caller,
    }
}

fn offers_facts(facts: &OffersPolicyFacts) -> offers::Facts {
    let edge = |edge: &FreeSeats| offers::Edge {
        id: edge.edge.clone(),
        capacity: edge.capacity,
        steps: edge
            .steps
            .iter()
            .map(|&(from, free)| offers::Step { from_ms: from.0, free })
            .collect(),
    };
    offers::Facts {
        now_ms: facts.now.0,
        order: offers::Order {
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
    }
}

fn placement_facts(facts: &PlacementPolicyFacts) -> placement::Facts {
    let edge = |edge: &EdgeToPlaceOn| placement::Edge {
        id: edge.edge.clone(),
        labels: edge.labels.clone(),
        capacity: edge.capacity,
        free: edge.free,
        free_after_min: edge.free_after_min,
    };
    placement::Facts {
        now_ms: facts.wanted.now.0,
        starts_ms: facts.wanted.window.start.0,
        ends_ms: facts.wanted.window.end.0,
        seats: facts.wanted.seats,
        language: match facts.wanted.language {
            Language::Cs => placement::Language::Cs,
            Language::En => placement::Language::En,
        },
        edges: facts.edges.iter().map(edge).collect(),
    }
}

fn action(action: keys::Action) -> KeyAction {
    match action {
        keys::Action::Mute => KeyAction::Mute,
        keys::Action::Help => KeyAction::Help,
        keys::Action::People => KeyAction::People,
        keys::Action::Names => KeyAction::Names,
        keys::Action::Volume => KeyAction::Volume,
        keys::Action::Hand => KeyAction::Hand,
        keys::Action::Lock => KeyAction::Lock,
        keys::Action::MuteAll => KeyAction::MuteAll,
        keys::Action::Mode => KeyAction::Mode,
        keys::Action::DropLast => KeyAction::DropLast,
        keys::Action::FindNoise => KeyAction::FindNoise,
        keys::Action::Extend => KeyAction::Extend,
        keys::Action::EndForAll => KeyAction::EndForAll,
    }
}

fn variable(name: &str) -> Result<String, CallError> {
    variables::get(name).map_err(|_| CallError::Unreachable(format!("the variable {name}")))
}

/// One JSON call. `callee` names it in an error.
async fn post<Q: Serialize, A: DeserializeOwned>(
    url: &str,
    token: Option<&str>,
    callee: &str,
    question: &Q,
) -> Result<A, CallError> {
    let body = serde_json::to_vec(question).map_err(|_| CallError::Malformed(callee.to_owned()))?;
    let mut request = Request::post(url, body);
    request.header("content-type", "application/json");
    if let Some(token) = token {
        request.header("authorization", format!("Bearer {token}"));
    }
    let response: Response =
        send(request.build()).await.map_err(|_| CallError::Unreachable(callee.to_owned()))?;
    match *response.status() {
        200 => serde_json::from_slice(response.body())
            .map_err(|_| CallError::Malformed(callee.to_owned())),
        status => Err(CallError::Refused { callee: callee.to_owned(), status }),
    }
}

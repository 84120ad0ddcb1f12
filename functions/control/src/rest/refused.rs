//! What the desk and the functions refuse, as problems.

use http::StatusCode;

use super::problem::{Fault, Kind, Problem};
use crate::{operator, policies};

pub(crate) fn desk(refusal: &operator::Refusal) -> Problem {
    use operator::Refusal;
    let kind = match refusal {
        Refusal::NothingFits => Kind::Full,
        Refusal::Restricted => Kind::Restricted,
        Refusal::Past => Kind::Past,
        Refusal::OverBudget => Kind::OverBudget,
        _ => of_status(refusal.status()),
    };
    Problem::new(kind, refusal.to_string())
}

pub(crate) fn policy(refusal: &policies::Refusal) -> Problem {
    Problem::new(of_status(refusal.status()), refusal.to_string())
}

fn of_status(status: StatusCode) -> Kind {
    match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::CONFLICT => Kind::Conflict,
        StatusCode::FORBIDDEN => Kind::Forbidden,
        _ => Kind::Invalid,
    }
}

/// By the reasons of `schedule`.
pub(crate) fn order(reason: &str) -> Problem {
    match reason {
        "restricted" => Problem::new(Kind::Restricted, "ordering is restricted for this orderer"),
        // Its minute went by on the way.
        "past" | "not an order" => past(),
        "over budget" => Problem::new(
            Kind::OverBudget,
            "no more messages may go to this orderer, or at all, in this hour",
        )
        .retry_after(3_600),
        "nothing to change" | "nothing to cancel" => Problem::new(
            Kind::NotOpen,
            "the conference has begun, is over, was cancelled or somebody is inside",
        ),
        "offer gone" | "no such offer" => {
            Problem::new(Kind::NotFound, "this offer is no longer held: order again")
        }
        _ => Problem::new(
            Kind::Full,
            "there is no room then, nor near it: choose another day, fewer people or a shorter one",
        ),
    }
}

pub(crate) fn past() -> Problem {
    Problem::new(Kind::Past, "start is over: choose one to come")
        .with_errors(vec![Fault::at("/start", "this is over")])
}

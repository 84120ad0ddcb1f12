//! Admission: may this caller come in?
//!
//! The ledger compares the code and holds the seats, the admission policy decides, and this module joins the two. What
//! a wrong number, a wrong code and a conference long gone are answered takes the same steps, so that it also takes the
//! same time (RELIABILITY.md, row 30).

use konf_api::ledger::{
    AdmissionBooking, AdmissionFacts, AdmissionOutcome, AdmissionProposal, AdmissionQuestion,
    AdmissionVerdict, BookingState,
};
use konf_api::schedule::AdmitRequest;
use konf_contract::link::{Admission, Denial, Grant};
use konf_contract::{ConferenceNumber, Role, UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::keys::{KeysPolicyFacts, keys};
use crate::outside::{CallError, Outside};

/// A mobile network ends a leg after 70 minutes (PRODUCT.md, section 4).
pub const MOBILE_LEG_LIMIT_S: u32 = 70 * 60;

/// What the policy is asked: the record `facts` of the interface `admission` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFacts {
    pub now: UnixMs,
    pub window: Window,
    pub state: BookingState,
    pub grace_min: u32,
    pub seats: u32,
    pub seats_taken: u32,
    pub matched: Option<Role>,
    pub returning: bool,
    pub wrong_by_caller: u32,
    pub wrong_by_trunk: u32,
    pub wrong_by_conference: u32,
    pub known_caller: bool,
}

/// What the policy answers: the variant `verdict` there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Admit(Role),
    Unknown,
    NotYet,
    Ended,
    Full,
    TooManyTries,
}

/// Decides on a caller and, when the verdict is good, takes the seat. `grace_min` are the minutes before the start from
/// which callers may wait inside.
pub async fn admit(
    outside: &impl Outside,
    request: &AdmitRequest,
    grace_min: u32,
) -> Result<Admission, CallError> {
    let asked = &request.request;
    let question = AdmissionQuestion {
        edge: request.edge.clone(),
        boot: request.boot.clone(),
        leg: asked.leg,
        caller: asked.caller.clone(),
        credentials: asked.credentials.clone(),
    };
    for _ in 0..ROUNDS_MAX {
        let facts = outside.ledger("/v1/facts/admission", &question).await?;
        if let Some(admission) = decide(outside, request, &facts, grace_min).await? {
            return Ok(admission);
        }
    }
    Err(CallError::Moving)
}

/// None when somebody else was admitted meanwhile by other policies, on which the conference stays: this caller is to be
/// decided on by those.
async fn decide(
    outside: &impl Outside,
    request: &AdmitRequest,
    facts: &AdmissionFacts,
    grace_min: u32,
) -> Result<Option<Admission>, CallError> {
    let asked = &request.request;
    if asked.credentials.is_none() && facts.held.is_none() {
        return Ok(Some(Admission::NoSeatHeld));
    }
    let keyed = asked.credentials.is_some();
    let verdict = outside.admission_policy(&policy_facts(facts, keyed, grace_min));
    Ok(Some(match (verdict, &facts.booking) {
        // A conference has one room: whoever came in elsewhere would talk to nobody, on seats that another edge counts.
        // Only who knows the code hears that, so it tells nothing to those who guess.
        (Verdict::Admit(_), Some(booking)) if booking.edge != request.edge => {
            Admission::Denied(Denial::Unavailable)
        }
        (Verdict::Admit(role), Some(booking)) => {
            return seat(outside, request, facts, booking, role).await;
        }
        (Verdict::Unknown, _) if !keyed => Admission::NoSeatHeld,
        // A policy that admits to nothing is wrong; nobody gets in by it.
        (Verdict::Admit(_) | Verdict::Unknown, _) => {
            note_wrong_try(outside, request).await?;
            Admission::Denied(Denial::Unknown)
        }
        (verdict, booking) => Admission::Denied(denial(verdict, booking.as_ref())),
    }))
}

/// The facts as the policy sees them. A number that nobody has looks like an ended conference with a wrong code.
///
/// Whoever has `keyed` a code is taken at it: a held seat lends a wrong one nothing, and a right one gives its own role.
pub fn policy_facts(facts: &AdmissionFacts, keyed: bool, grace_min: u32) -> PolicyFacts {
    let booking = facts.booking.as_ref();
    let now = facts.now;
    let held = facts.held.as_ref();
    let matched = if keyed { facts.matched } else { held.map(|held| held.role) };
    PolicyFacts {
        now,
        window: booking.map_or(Window { start: now, end: now }, |booking| booking.window),
        state: booking.map_or(BookingState::Ended, |booking| booking.state),
        grace_min,
        seats: booking.map_or(0, |booking| booking.seats),
        seats_taken: booking.map_or(0, |booking| booking.seats_taken),
        matched,
        returning: held.is_some() && matched.is_some(),
        wrong_by_caller: facts.wrong_by_caller,
        wrong_by_trunk: facts.wrong_by_trunk,
        wrong_by_conference: facts.wrong_by_conference,
        known_caller: facts.known_caller,
    }
}

/// Only who knows a code learns more than `unknown`, and hears it in the conference's language.
fn denial(verdict: Verdict, booking: Option<&AdmissionBooking>) -> Denial {
    match (verdict, booking) {
        (Verdict::TooManyTries, _) => Denial::TooManyTries,
        (Verdict::NotYet, Some(booking)) => {
            Denial::NotYet { starts: booking.window.start, language: booking.language }
        }
        (Verdict::Ended, Some(booking)) => Denial::Ended { language: booking.language },
        (Verdict::Full, Some(booking)) => Denial::Full { language: booking.language },
        _ => Denial::Unknown,
    }
}

/// None as in [`decide`].
async fn seat(
    outside: &impl Outside,
    request: &AdmitRequest,
    facts: &AdmissionFacts,
    booking: &AdmissionBooking,
    role: Role,
) -> Result<Option<Admission>, CallError> {
    let held = facts.held.as_ref().map(|held| held.grant.clone());
    let verdict = AdmissionVerdict::Admit { booking: booking.booking.clone(), role, held };
    let outcome = propose(outside, request, verdict, facts.unpinned).await?;
    Ok(Some(match outcome {
        AdmissionOutcome::Admitted { grant, returning, former_leg, policy } => {
            let mobile = request.request.caller.mobile;
            Admission::Granted(Grant {
                grant,
                booking: booking.booking.clone(),
                conference: booking.number.clone(),
                seats: booking.seats,
                window: booking.window,
                language: booking.language,
                role,
                leg_limit_s: mobile.then_some(MOBILE_LEG_LIMIT_S),
                returning,
                former_leg,
                policy,
                keys: keys(outside, KeysPolicyFacts { language: booking.language, role }),
            })
        }
        AdmissionOutcome::Full => Admission::Denied(Denial::Full { language: booking.language }),
        AdmissionOutcome::Gone if request.request.credentials.is_none() => Admission::NoSeatHeld,
        AdmissionOutcome::Gone | AdmissionOutcome::Noted => {
            Admission::Denied(Denial::Ended { language: booking.language })
        }
        AdmissionOutcome::Moved => return Ok(None),
    }))
}

/// Noted against the number that was keyed, whether or not a conference has it: otherwise the limit would tell.
async fn note_wrong_try(outside: &impl Outside, request: &AdmitRequest) -> Result<(), CallError> {
    let keyed = request.request.credentials.as_ref();
    let conference = keyed.and_then(|keyed| ConferenceNumber::new(keyed.number.as_str()).ok());
    let verdict = AdmissionVerdict::WrongTry { conference };
    propose(outside, request, verdict, false).await.map(|_| ())
}

async fn propose(
    outside: &impl Outside,
    request: &AdmitRequest,
    verdict: AdmissionVerdict,
    unpinned: bool,
) -> Result<AdmissionOutcome, CallError> {
    let proposal = AdmissionProposal {
        edge: request.edge.clone(),
        boot: request.boot.clone(),
        leg: request.request.leg,
        caller: request.request.caller.clone(),
        verdict,
        unpinned,
    };
    outside.ledger("/v1/admissions", &proposal).await
}

#[cfg(test)]
mod tests;

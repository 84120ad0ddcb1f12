//! What the log of decisions says of a commit.

use konf_api::ledger::{BookingProposal, Effect, Proposal};
use serde_json::{Value, json};

use crate::decision::Decision;

pub(super) fn decided<'a>(
    proposal: &Proposal,
    subject: &'a str,
    policies: &'a str,
    outcome: &str,
) -> Decision<'a> {
    let kinds: Vec<&str> = proposal.messages.iter().map(|message| message.kind.as_str()).collect();
    Decision {
        kind: "order",
        subject,
        policies,
        input: effect_in_short(&proposal.effect),
        output: json!({ "outcome": outcome, "messages": kinds }),
    }
}

/// An effect without secrets and without what people wrote.
fn effect_in_short(effect: &Effect) -> Value {
    let booking = |name, booking: &BookingProposal| {
        json!({ "effect": name, "edge": booking.edge, "window": booking.window,
                "seats": booking.seats, "language": booking.language, "zone": booking.zone })
    };
    match effect {
        Effect::Answer => json!({ "effect": "answer" }),
        Effect::Book(proposal) => booking("book", proposal),
        Effect::TakeOffer { booking: proposal, .. } => booking("take-offer", proposal),
        Effect::HoldOffers { offers, until } => {
            json!({ "effect": "hold-offers", "offers": offers, "until": until })
        }
        Effect::Cancel { .. } => json!({ "effect": "cancel" }),
        Effect::Change { to, .. } => json!({ "effect": "change", "to": to }),
        Effect::Enqueue { received, due, order, .. } => {
            json!({ "effect": "enqueue", "received": received, "due": due, "order": order })
        }
        Effect::Approve { booking: proposal, .. } => booking("approve", proposal),
        Effect::Dedicate(proposal) => {
            json!({ "effect": "dedicate", "edge": proposal.edge, "seats": proposal.seats,
                    "occurrences": proposal.occurrences.len(), "weekly": proposal.weekly })
        }
        Effect::CancelDedicated { .. } => json!({ "effect": "cancel-dedicated" }),
        Effect::Settle { result, .. } => json!({ "effect": "settle", "result": result }),
    }
}

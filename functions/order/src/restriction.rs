//! May this sender order? The restriction policy is asked, and what it answers is checked before it counts.
//!
//! An operator's restriction is not the policy's: whoever answers the order reads it from the ledger, and the ledger
//! commits no order against it.

use konf_api::ledger::{Effect, InboundMessage, InboundStored, Restriction, Sender, SenderFacts};
use konf_api::render::Message;
use konf_api::schedule::Order;
use konf_contract::{Language, UnixMs};

use crate::calendar::ZONE;
use crate::work::{self, Work};

/// As `wit/policy.wit` says: what an operator wrote is for people, and the log has none of their numbers.
const REASON_CHARACTERS_MAX: usize = 100;

/// The longest name of a rule, there.
const RULE_BYTES_MAX: usize = 64;

/// What the policy is asked: the record `facts` of the interface `restriction` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFacts {
    pub by_mail: bool,
    /// A number of another country.
    pub abroad: bool,
    pub language: Language,
    /// None: for an operator to read.
    pub order: Option<Order>,
    pub sender: SenderFacts,
}

/// What the policy answers: the variant `verdict` there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Refuse { rule: String, until: Option<UnixMs> },
    AskOperator,
}

/// What is asked about this work; nothing where nobody orders.
pub fn question(work: &Work, message: &InboundMessage, sender: SenderFacts) -> Option<PolicyFacts> {
    let (language, order) = ordered(work)?;
    let restriction = sender
        .restriction
        .map(|restriction| Restriction { reason: readable(&restriction.reason), ..restriction });
    Some(PolicyFacts {
        by_mail: matches!(message.sender, Sender::Email(_)),
        abroad: is_abroad(&message.sender),
        language,
        order: order.cloned(),
        sender: SenderFacts { restriction, ..sender },
    })
}

/// Whether the policy is to be asked, before anything is known of the sender.
pub fn orders(work: &Work) -> bool {
    ordered(work).is_some()
}

fn ordered(work: &Work) -> Option<(Language, Option<&Order>)> {
    match work {
        Work::Order(asked) => Some((asked.order.language, Some(&asked.order))),
        Work::Answer(answer) if matches!(answer.effect, Effect::Enqueue { .. }) => {
            Some((answer.render.language, None))
        }
        Work::Answer(_) | Work::TakeOffer(_) | Work::Cancel(_) => None,
    }
}

/// The work that the verdict leaves. Whom an operator has restricted is answered as ever.
pub fn judged(
    work: Work,
    verdict: &Verdict,
    facts: &PolicyFacts,
    stored: &InboundStored,
    message: &InboundMessage,
) -> Work {
    match verdict {
        _ if facts.sender.restriction.is_some() => work,
        Verdict::Accept => work,
        Verdict::Refuse { until, .. } => {
            let until = until.filter(|until| *until > facts.sender.now);
            let told = Message::Restricted { until, zone: ZONE.to_owned() };
            work::answer(stored, message, facts.language, Effect::Answer, told)
        }
        Verdict::AskOperator => match work {
            Work::Order(asked) => work::enqueue(stored, message, facts.language, Some(asked.order)),
            already_asked => already_asked,
        },
    }
}

/// A rule's name for a line of the log; anything else could say what it likes there.
pub fn rule_name(rule: &str) -> &str {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = !rule.is_empty() && rule.len() <= RULE_BYTES_MAX && rule.bytes().all(good);
    if is_name { rule } else { "(no proper name)" }
}

/// A number of another country than the Czech Republic.
fn is_abroad(sender: &Sender) -> bool {
    match sender {
        Sender::Sms(number) => !number.expose().starts_with(work::CZECH),
        Sender::Email(_) => false,
    }
}

fn readable(reason: &str) -> String {
    let hidden = |c: char| if c.is_numeric() { '#' } else { c };
    reason.chars().take(REASON_CHARACTERS_MAX).map(hidden).collect()
}

#[cfg(test)]
mod tests;

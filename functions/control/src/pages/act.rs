//! What forms do: each deed has a role that it needs, is noted before it is done, and ends on a page that says so.

use anyhow::Result;
use konf_contract::{ConferenceNumber, Language};
use konf_ledger::{OperatorRole, masked};

use super::form::Fields;
use super::markup::Tongue;
use super::restrictions;
use crate::config::Secret;
use crate::operator::dedicated::DedicatedOrder;
use crate::operator::requests::{Approval, TEMPLATES};
use crate::operator::{Desk, Refusal};

/// What is to be done, by where the form went.
pub(super) enum Deed {
    Request { id: String, way: RequestWay },
    PutOperator,
    RemoveOperator,
    Restrict,
    Lift,
    Retry,
    Drop,
    Dedicate,
    CancelDedicated,
}

#[derive(Clone, Copy)]
pub(super) enum RequestWay {
    Approve,
    Answer,
    Decline,
    Close,
    Show,
}

impl Deed {
    pub(super) fn of(path: &str) -> Option<Deed> {
        match path {
            "/desk/operators" => return Some(Deed::PutOperator),
            "/desk/operators/remove" => return Some(Deed::RemoveOperator),
            "/desk/restrictions" => return Some(Deed::Restrict),
            "/desk/restrictions/lift" => return Some(Deed::Lift),
            "/desk/messages/retry" => return Some(Deed::Retry),
            "/desk/dedicated" => return Some(Deed::Dedicate),
            "/desk/dedicated/cancel" => return Some(Deed::CancelDedicated),
            "/desk/messages/drop" => return Some(Deed::Drop),
            _ => {}
        }
        let (id, way) = path.strip_prefix("/desk/requests/")?.split_once('/')?;
        let way = match way {
            "approve" => RequestWay::Approve,
            "answer" => RequestWay::Answer,
            "decline" => RequestWay::Decline,
            "close" => RequestWay::Close,
            "show" => RequestWay::Show,
            _ => return None,
        };
        Some(Deed::Request { id: id.to_owned(), way })
    }

    pub(super) fn role(&self) -> OperatorRole {
        match self {
            Deed::PutOperator | Deed::RemoveOperator => OperatorRole::Admin,
            _ => OperatorRole::Operator,
        }
    }

    /// The page with its form, for when it was not done.
    pub(super) fn page(&self) -> String {
        match self {
            Deed::Request { id, .. } => format!("/desk/requests/{id}"),
            Deed::PutOperator | Deed::RemoveOperator => "/desk/operators".to_owned(),
            Deed::Restrict | Deed::Lift => "/desk/restrictions".to_owned(),
            Deed::Retry | Deed::Drop => "/desk/messages".to_owned(),
            Deed::Dedicate | Deed::CancelDedicated => "/desk/dedicated".to_owned(),
        }
    }

    /// The page on which it shows that it was done.
    fn after(&self) -> String {
        match self {
            Deed::Request { .. } => "/desk/requests".to_owned(),
            other => other.page(),
        }
    }
}

/// What was done.
pub(super) enum Done {
    Approved(ConferenceNumber),
    Answered,
    Declined,
    Closed,
    Saved,
    Removed,
    Restricted,
    Lifted,
    Retried,
    Dropped,
    Dedicated(ConferenceNumber),
    Undedicated,
    /// A sender in full: shown at once, kept in no address.
    Shown(String),
}

impl Done {
    const PLAIN: [(&'static str, Done); 10] = [
        ("answered", Done::Answered),
        ("declined", Done::Declined),
        ("closed", Done::Closed),
        ("saved", Done::Saved),
        ("removed", Done::Removed),
        ("restricted", Done::Restricted),
        ("lifted", Done::Lifted),
        ("retried", Done::Retried),
        ("dropped", Done::Dropped),
        ("cancelled", Done::Undedicated),
    ];

    pub(super) fn place(&self, deed: &Deed) -> String {
        let page = deed.after();
        match self {
            Done::Approved(number) | Done::Dedicated(number) => {
                format!("{page}?done={}&number={number}", self.name())
            }
            other => format!("{page}?done={}", other.name()),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Done::Approved(_) => "approved",
            Done::Answered => "answered",
            Done::Declined => "declined",
            Done::Closed => "closed",
            Done::Saved => "saved",
            Done::Removed => "removed",
            Done::Restricted => "restricted",
            Done::Lifted => "lifted",
            Done::Retried => "retried",
            Done::Dropped => "dropped",
            Done::Dedicated(_) => "dedicated",
            Done::Undedicated => "cancelled",
            Done::Shown(_) => "shown",
        }
    }

    /// Of the address that [`Done::place`] made; anything else says nothing.
    pub(super) fn read(query: &Fields) -> Option<Done> {
        let name = query.given("done")?;
        if name == "approved" {
            return ConferenceNumber::new(query.text("number")).ok().map(Done::Approved);
        }
        if name == "dedicated" {
            return ConferenceNumber::new(query.text("number")).ok().map(Done::Dedicated);
        }
        Done::PLAIN.into_iter().find(|(this, _)| *this == name).map(|(_, done)| done)
    }

    pub(super) fn said(&self, tongue: Tongue) -> String {
        match self {
            Done::Approved(number) => match tongue {
                Tongue::Cs => format!("Objednáno jako konference {number}; údaje se odesílají."),
                Tongue::En => {
                    format!("Booked as conference {number}; the credentials are on their way.")
                }
            },
            Done::Answered => {
                tongue.say("Odpověď se odesílá.", "The answer is on its way.").to_owned()
            }
            Done::Declined => tongue
                .say("Odmítnuto; zpráva se odesílá.", "Declined; the message is on its way.")
                .to_owned(),
            Done::Closed => tongue.say("Uzavřeno.", "Closed.").to_owned(),
            Done::Saved => tongue.say("Uloženo.", "Saved.").to_owned(),
            Done::Removed => tongue.say("Odebráno.", "Removed.").to_owned(),
            Done::Restricted => tongue.say("Omezeno.", "Restricted.").to_owned(),
            Done::Lifted => {
                tongue.say("Omezení je zrušeno.", "The restriction is lifted.").to_owned()
            }
            Done::Retried => {
                tongue.say("Zpráva se zkusí znovu.", "The message will be tried again.").to_owned()
            }
            Done::Dropped => {
                tongue.say("Zpráva je zahozena.", "The message is dropped.").to_owned()
            }
            Done::Dedicated(number) => match tongue {
                Tongue::Cs => format!("Vyhrazeno jako konference {number}; údaje se odesílají."),
                Tongue::En => {
                    format!("Reserved as conference {number}; the credentials are on their way.")
                }
            },
            Done::Undedicated => tongue
                .say("Zrušeno; zpráva se odesílá.", "Cancelled; the message is on its way.")
                .to_owned(),
            Done::Shown(_) => String::new(),
        }
    }
}

/// # Errors
///
/// A refusal that an operator can mend, or that a part of Konf did not answer.
pub(super) async fn act(desk: &Desk, by: &str, deed: &Deed, fields: &Fields) -> Result<Done> {
    match deed {
        Deed::Request { id, way } => request(desk, by, id, *way, fields).await,
        Deed::PutOperator => {
            let (name, role) = (fields.text("name"), role_named(fields.text("role")));
            let password = Secret::new(fields.as_it_is("password"));
            desk.put_account(name, role, &password, by).await?;
            Ok(Done::Saved)
        }
        Deed::Restrict => {
            let days = fields.number("days").map_err(Refusal::NoNumber)?;
            desk.restrict(fields.text("sender"), fields.text("reason"), days, by).await?;
            Ok(Done::Restricted)
        }
        Deed::Lift => {
            let lines = desk.ledger.restrictions().await?;
            let found = lines.iter().find(|line| restrictions::mark(line) == fields.text("mark"));
            let line = found.ok_or(Refusal::NotRestricted)?;
            desk.lift(&crate::operator::whole(&line.sender), by).await?;
            Ok(Done::Lifted)
        }
        Deed::Retry => {
            desk.retry(fields.text("id"), by).await?;
            Ok(Done::Retried)
        }
        Deed::Drop => {
            desk.drop_message(fields.text("id"), by).await?;
            Ok(Done::Dropped)
        }
        Deed::Dedicate => {
            let number = desk.dedicate(&dedicated_order(fields)?, by).await?;
            Ok(Done::Dedicated(number))
        }
        Deed::CancelDedicated => {
            desk.cancel_dedicated(fields.text("id"), by).await?;
            Ok(Done::Undedicated)
        }
        Deed::RemoveOperator => {
            desk.remove_account(fields.text("name"), by).await?;
            Ok(Done::Removed)
        }
    }
}

async fn request(
    desk: &Desk,
    by: &str,
    id: &str,
    way: RequestWay,
    fields: &Fields,
) -> Result<Done> {
    match way {
        RequestWay::Approve => {
            let approval = Approval {
                id: id.to_owned(),
                at: fields.given("at").map(str::to_owned),
                minutes: fields.number("minutes").map_err(Refusal::NoNumber)?,
                people: fields.number("people").map_err(Refusal::NoNumber)?,
            };
            Ok(Done::Approved(desk.approve_request(&approval, by).await?))
        }
        RequestWay::Answer => {
            let request = desk.open_request(id).await?;
            let template = TEMPLATES.iter().find(|known| known.name == fields.text("template"));
            let text = template.map_or(fields.text("text"), |known| known.text(request.language));
            desk.answer_request(id, text, by).await?;
            Ok(Done::Answered)
        }
        RequestWay::Decline => {
            desk.decline_request(id, fields.text("reason"), by).await?;
            Ok(Done::Declined)
        }
        RequestWay::Close => {
            desk.close_request(id, fields.text("note"), by).await?;
            Ok(Done::Closed)
        }
        RequestWay::Show => {
            let request = desk.ledger.request(id).await?;
            let request = request.ok_or_else(|| Refusal::NoRequest(id.to_owned()))?;
            desk.ledger.note(by, "show sender", id, &masked(&request.sender)).await?;
            Ok(Done::Shown(crate::operator::whole(&request.sender)))
        }
    }
}

fn dedicated_order(fields: &Fields) -> Result<DedicatedOrder, Refusal> {
    let language = if fields.text("language") == "en" { Language::En } else { Language::Cs };
    let days = (1..=7).filter(|day| fields.given(&format!("day{day}")).is_some()).collect();
    Ok(DedicatedOrder {
        customer: fields.text("customer").to_owned(),
        sender: fields.text("sender").to_owned(),
        language,
        people: fields.number("people").map_err(Refusal::NoNumber)?.unwrap_or(0),
        from: fields.text("from").to_owned(),
        to: fields.text("to").to_owned(),
        days,
        at: fields.given("at").map(str::to_owned),
        minutes: fields.number("minutes").map_err(Refusal::NoNumber)?,
    })
}

/// What is unknown may do least.
fn role_named(name: &str) -> OperatorRole {
    let all = [OperatorRole::Viewer, OperatorRole::Operator, OperatorRole::Admin];
    all.into_iter().find(|role| role.name() == name).unwrap_or(OperatorRole::Viewer)
}

//! What operators do with requests: answer, approve, decline, close.
//!
//! The request's sender is told in the language of the request, by the way that the request came; the answer and the end of
//! the request are one commit. Approving goes through `schedule`, which takes the seats as for every booking.

use anyhow::{Context, Result, ensure};
use jiff::civil::DateTime;
use konf_api::ledger::{Effect, OutboxMessage, Outcome, Proposal, RequestedOrder, Sender, Settled};
use konf_api::render::{Message, RenderRequest};
use konf_api::schedule::{ApproveRequest, OrderAnswer};
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};
use konf_ledger::{RequestLine, masked};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, Refusal, text};
use crate::clock;
use crate::functions::ask;

/// Two SMS hold it with the sentence around it.
pub const ANSWER_CHARACTERS_MAX: usize = 250;

/// What an operator lets through; what is absent is as the request said it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub id: String,
    /// Wall time in Prague: `2027-07-09T14:00`, or with a space.
    pub at: Option<String>,
    pub minutes: Option<u32>,
    pub people: Option<u32>,
}

/// Answers that are asked for again and again. To add one: a line here, in both languages.
pub const TEMPLATES: [Template; 4] = [
    Template {
        name: "when",
        cs: "Napište prosím den, hodinu začátku, délku a počet osob, třeba: konf 0907 1400 180 30",
        en: "Please write the day, the time, the length and how many people, such as: conf 0907 1400 180 30",
    },
    Template {
        name: "split",
        cs: "V té době máme místo jen pro část účastníků. Stačí Vám 20 osob, nebo jiný den?",
        en: "At that time we have room for some of you only. Would 20 people do, or another day?",
    },
    Template {
        name: "call",
        cs: "Zavoláme Vám dnes a domluvíme podrobnosti.",
        en: "We will call you today and agree on the details.",
    },
    Template {
        name: "standing",
        cs: "Na pravidelná setkání máme vyhrazenou konferenci se stálým číslem. Máte o ni zájem?",
        en: "For regular meetings we have a dedicated conference with a number that stays. Would you like one?",
    },
];

pub struct Template {
    pub name: &'static str,
    cs: &'static str,
    en: &'static str,
}

impl Template {
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Cs => self.cs,
            Language::En => self.en,
        }
    }
}

/// A request as others see it: whose it is shows only in part.
pub fn line(request: &RequestLine, now: UnixMs) -> Value {
    let mut line = json!(request);
    line["sender"] = json!(masked(&request.sender));
    line["late"] = json!(request.closed.unwrap_or(now) > request.due);
    line
}

impl Desk {
    /// # Errors
    ///
    /// A [`Refusal`], or that a part of Konf did not answer. The request is open then.
    pub async fn answer_request(&self, id: &str, said: &str, by: &str) -> Result<()> {
        let said = answer_text("text", said)?;
        let message = Message::Reply { text: said.to_owned() };
        self.settle(id, Settled::Answered, said, Some(message), by).await
    }

    /// # Errors
    ///
    /// As [`Desk::answer_request`].
    pub async fn decline_request(&self, id: &str, reason: &str, by: &str) -> Result<()> {
        let reason = answer_text("reason", reason)?;
        let message = Message::Declined { reason: reason.to_owned() };
        self.settle(id, Settled::Declined, reason, Some(message), by).await
    }

    /// Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Desk::answer_request`].
    pub async fn close_request(&self, id: &str, note: &str, by: &str) -> Result<()> {
        let note = text("note", note)?;
        self.settle(id, Settled::Closed, note, None, by).await
    }

    /// Books it beyond the limits of an order, and sends the credentials.
    ///
    /// # Errors
    ///
    /// As [`Desk::answer_request`].
    pub async fn approve_request(&self, approval: &Approval, by: &str) -> Result<ConferenceNumber> {
        let request = self.open_request(&approval.id).await?;
        let RequestedOrder { window, seats } = approval.order(request.order)?;
        let detail = format!("{} min, {seats} people", window.minutes());
        self.ledger.note(by, "approve request", &request.id, &detail).await?;
        let asked = ApproveRequest {
            request: request.id,
            by: by.to_owned(),
            sender: request.sender,
            now: clock::now(),
            language: request.language,
            window,
            seats,
        };
        let host = self.host.as_ref().context("no functions run here")?;
        let answer = ask(host, "schedule", "/requests/approve", &asked).await?;
        self.outbox.notify_one();
        match answer {
            OrderAnswer::Booked { number } => Ok(number),
            OrderAnswer::Repeated => Err(Refusal::NoRequest(approval.id.clone()).into()),
            OrderAnswer::Refused { reason } => Err(Refusal::not_approved(&reason).into()),
            other => anyhow::bail!("schedule answered an approval with {other:?}"),
        }
    }

    /// # Errors
    ///
    /// [`Refusal::NoRequest`] where there is none or it is closed.
    pub async fn open_request(&self, id: &str) -> Result<RequestLine> {
        let found = self.ledger.request(id).await?;
        let open = found.filter(|request| request.closed.is_none());
        Ok(open.ok_or_else(|| Refusal::NoRequest(id.to_owned()))?)
    }

    async fn settle(
        &self,
        id: &str,
        result: Settled,
        note: &str,
        message: Option<Message>,
        by: &str,
    ) -> Result<()> {
        let request = self.open_request(id).await?;
        let RequestLine { id: request, sender, language, .. } = request;
        let action = match result {
            Settled::Answered => "answer request",
            Settled::Declined => "decline request",
            Settled::Closed => "close request",
        };
        self.ledger.note(by, action, &request, "").await?;
        let messages = match message {
            Some(message) => self.render(&sender, language, message).await?,
            None => Vec::new(),
        };
        let (by, note) = (by.to_owned(), note.to_owned());
        let effect = Effect::Settle { request, by, result, note };
        let proposal = Proposal { inbound: None, sender, effect, messages };
        match self.ledger.commit(&proposal, "").await? {
            Outcome::Committed { .. } => {}
            Outcome::OverBudget => return Err(Refusal::OverBudget.into()),
            Outcome::Repeated | Outcome::Moved(_) => {
                return Err(Refusal::NoRequest(id.to_owned()).into());
            }
        }
        self.outbox.notify_one();
        Ok(())
    }

    pub(super) async fn render(
        &self,
        recipient: &Sender,
        language: Language,
        message: Message,
    ) -> Result<Vec<OutboxMessage>> {
        let recipient = recipient.clone();
        let request = RenderRequest { recipient, language, now: clock::now(), message };
        let host = self.host.as_ref().context("no functions run here")?;
        ask(host, "credentials", "/render", &request).await
    }
}

impl Approval {
    fn order(&self, asked: Option<RequestedOrder>) -> Result<RequestedOrder, Refusal> {
        let start = match (&self.at, asked) {
            (Some(at), _) => instant(at).ok_or_else(|| Refusal::At(at.clone()))?,
            (None, Some(asked)) => asked.window.start,
            (None, None) => return Err(Refusal::NoOrder),
        };
        let minutes = self.minutes.map(i64::from).or(asked.map(|asked| asked.window.minutes()));
        let seats = self.people.or(asked.map(|asked| asked.seats));
        let (Some(minutes), Some(seats)) = (minutes, seats) else { return Err(Refusal::NoOrder) };
        if !(1..=1_440).contains(&minutes) || !(2..=500).contains(&seats) {
            return Err(Refusal::TooMuch);
        }
        let end = start.plus_ms(minutes * UnixMs::MINUTE);
        Ok(RequestedOrder { window: Window { start, end }, seats })
    }
}

/// A wall time of Prague that exists once.
pub(super) fn instant(text: &str) -> Option<UnixMs> {
    let wall: DateTime = text.trim().replacen(' ', "T", 1).parse().ok()?;
    let wall = wall.round(jiff::Unit::Minute).ok()?;
    let zone = jiff::tz::get!("Europe/Prague");
    let zoned = zone.to_ambiguous_zoned(wall).unambiguous().ok()?;
    Some(UnixMs(zoned.timestamp().as_millisecond()))
}

fn answer_text<'a>(field: &'static str, said: &'a str) -> Result<&'a str> {
    let said = text(field, said)?;
    let length = said.chars().count();
    ensure!(length <= ANSWER_CHARACTERS_MAX, Refusal::Long(field));
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_what_was_asked_for_but_for_what_the_operator_changes() {
        // 2027-07-09T12:00:00Z.
        let start = UnixMs(1_815_134_400_000);
        let window = |minutes: i64| Window { start, end: start.plus_ms(minutes * UnixMs::MINUTE) };
        let long = RequestedOrder { window: window(180), seats: 30 };
        let asked = Some(long);
        assert_eq!(Approval::default().order(asked).unwrap(), long);
        let changed = Approval {
            at: Some("2027-07-09 14:00".to_owned()),
            minutes: Some(90),
            people: Some(25),
            ..Approval::default()
        };
        let expected = RequestedOrder { window: window(90), seats: 25 };
        assert_eq!(changed.order(None).unwrap(), expected);
        assert!(matches!(Approval::default().order(None), Err(Refusal::NoOrder)));
        let long = Approval { minutes: Some(1_441), ..Approval::default() };
        assert!(matches!(long.order(asked), Err(Refusal::TooMuch)));
        // The night when the clock goes back has 2:30 twice, the one when it goes forward never.
        for at in ["2027-10-31 02:30", "2027-03-28 02:30", "tomorrow", ""] {
            let approval = Approval { at: Some(at.to_owned()), ..Approval::default() };
            assert!(matches!(approval.order(asked), Err(Refusal::At(_))), "{at}");
        }
    }

    #[test]
    fn templates_fit_an_answer() {
        for template in TEMPLATES {
            for language in [Language::Cs, Language::En] {
                assert!(answer_text("text", template.text(language)).is_ok(), "{}", template.name);
            }
        }
    }
}

//! The own conferences.

use konf_api::ledger::{BookingFacts, BookingQuestion, OwnBooking, Sender, StatementQuestion};
use konf_api::ordering::Reading;
use konf_api::portal::{
    CredentialsFacts, Guest, GuestOutcome, GuestProposal, GuestRevocation, GuestRevoked,
    GuestsFacts, OwnFacts, OwnQuestion,
};
use konf_api::render::{Message, RenderRequest};
use konf_api::schedule::{ChangeRequest, OrderAnswer};
use konf_contract::{ConferenceNumber, Pin};

use super::Visit;
use super::ordering::refused;
use crate::answer::Answer;
use crate::asked::Method;
use crate::contact;
use crate::order_form::OrderForm;
use crate::outside::{CallError, Callee, Outside};
use crate::pages::conference::{self, Note, Shown};
use crate::pages::order::{sentence, unreadable};
use crate::pages::statement::Statement;
use crate::pages::{conferences, note};
use crate::when;
use crate::when::ZONE;

/// Of a million PINs forty are taken at most.
const PIN_DRAWS_MAX: usize = 5;

/// Each week sends its own credentials, of two SMS; the budget lets a recipient have 60 within an hour.
const WEEKS_MAX: u32 = 8;

impl<O: Outside> Visit<'_, O> {
    pub(super) fn number(&self, text: &str) -> Option<ConferenceNumber> {
        ConferenceNumber::new(text).ok()
    }

    /// What stands below `/conferences`. Somebody else's conference and none at all are the same.
    pub(super) async fn conferences(
        &self,
        method: Method,
        rest: &[&str],
    ) -> Result<Answer, CallError> {
        let Some(contact) = &self.contact else { return Ok(self.sign_in_first()) };
        let [number, action @ ..] = rest else { return self.own(contact).await };
        let Some(number) = self.number(number) else { return Ok(note::not_found(&self.shell())) };
        let question = BookingQuestion { number, sender: contact.clone() };
        let facts: BookingFacts = self.ledger("/v1/facts/booking", &question).await?;
        let Some(booking) = facts.booking else { return Ok(note::not_found(&self.shell())) };
        match (method, action) {
            (Method::Get, []) => self.one(&booking, self.note()).await,
            (Method::Post, ["codes"]) => self.codes(&question).await,
            (Method::Post, ["cancel"]) => self.cancel(contact, &booking).await,
            (Method::Post, ["invite"]) => self.invite(&question, &booking).await,
            (Method::Post, ["revoke"]) => self.revoke(&question, &booking).await,
            (Method::Post, ["change"]) => self.change(contact, &booking).await,
            (Method::Post, ["weekly"]) => self.weekly(contact, &booking).await,
            (Method::Get, ["live"]) => self.live(&question, &booking).await,
            (Method::Get, ["events"]) => self.events(&question, &booking).await,
            (Method::Post, ["act"]) => self.act(&question, &booking).await,
            _ => Ok(note::not_found(&self.shell())),
        }
    }

    async fn own(&self, contact: &Sender) -> Result<Answer, CallError> {
        let question = OwnQuestion { sender: contact.clone() };
        let own: OwnFacts = self.ledger("/v1/facts/own", &question).await?;
        let asked = self.asked.query.get("asked").map(|_| {
            self.tongue().say(
                "Požadavek jsme předali operátorovi. Kdy ho vyřídí, píšeme ve zprávě.",
                "An operator has your request. The message that we sent says by when.",
            )
        });
        Ok(conferences::page(&self.shell(), &own, asked))
    }

    /// After an order or a change.
    fn note(&self) -> Note<'static> {
        let tongue = self.tongue();
        if self.asked.query.get("changed").is_some() {
            return Note::Good(tongue.say(
                "Změněno. Číslo, PIN a heslo zůstávají.",
                "Changed. Number, PIN and password stay.",
            ));
        }
        if self.asked.query.get("invited").is_some() {
            return Note::Good(
                tongue.say("Pozvánka je na cestě.", "The invitation is on its way."),
            );
        }
        match self.asked.query.get("ordered") {
            Some(_) => Note::Good(tongue.say(
                "Objednáno. Přístupové údaje jsou na cestě.",
                "Booked. The access codes are on their way.",
            )),
            None => Note::None,
        }
    }

    async fn one(&self, booking: &OwnBooking, note: Note<'_>) -> Result<Answer, CallError> {
        let statement = match booking.window.start <= self.now {
            true => Some(self.statement(&booking.number).await?),
            false => None,
        };
        let guests = self.guests(booking).await?;
        let shown =
            Shown { statement: statement.as_ref(), guests: &guests, ..self.shown(booking, note) };
        Ok(conference::page(&self.shell(), &shown))
    }

    async fn guests(&self, booking: &OwnBooking) -> Result<Vec<Guest>, CallError> {
        let Some(sender) = self.contact.clone() else { return Ok(Vec::new()) };
        let question = BookingQuestion { number: booking.number.clone(), sender };
        let facts: GuestsFacts = self.ledger("/v1/facts/guests", &question).await?;
        Ok(facts.guests)
    }

    /// Sends somebody an invitation with a PIN of their own.
    async fn invite(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
    ) -> Result<Answer, CallError> {
        let tongue = self.tongue();
        let typed = self.asked.form.text("contact");
        let Some(contact) = contact::either(&typed) else {
            let fault = match typed.contains('@') {
                true => contact::no_email(tongue),
                false => contact::no_phone(tongue),
            };
            return self.one(booking, Note::Bad(fault)).await;
        };
        for _ in 0..PIN_DRAWS_MAX {
            let pin = draw_pin(self.outside);
            let render = RenderRequest {
                recipient: contact.clone(),
                language: booking.language,
                now: self.now,
                message: Message::Invited {
                    number: booking.number.clone(),
                    pin: pin.clone(),
                    window: booking.window,
                    zone: ZONE.to_owned(),
                    event: booking.event,
                },
            };
            let proposal = GuestProposal {
                number: question.number.clone(),
                sender: question.sender.clone(),
                contact: contact.clone(),
                pin,
                messages: self.outside.call(Callee::Credentials, "/render", &render).await?,
            };
            let why = match self.ledger("/v1/guests", &proposal).await? {
                GuestOutcome::PinTaken => continue,
                GuestOutcome::Invited => {
                    return Ok(Answer::see(&format!("/conferences/{}?invited=1", booking.number)));
                }
                GuestOutcome::TooMany => tongue.say(
                    "Víc lidí už pozvat nejde: nejvýš 40 na konferenci a 80 za den.",
                    "No more can be invited: at most 40 to a conference, and 80 within a day.",
                ),
                GuestOutcome::OverBudget => refused("over budget", tongue),
                GuestOutcome::Gone => tongue.say(
                    "Na tuto konferenci už zvát nejde.",
                    "Nobody can be invited to this conference any more.",
                ),
            };
            return self.one(booking, Note::Bad(why)).await;
        }
        Ok(note::unavailable(&self.shell()))
    }

    async fn revoke(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
    ) -> Result<Answer, CallError> {
        let revocation = GuestRevocation {
            number: question.number.clone(),
            sender: question.sender.clone(),
            guest: self.asked.form.text("guest"),
        };
        let _: GuestRevoked = self.ledger("/v1/guests/revoke", &revocation).await?;
        Ok(Answer::see(&format!("/conferences/{}", booking.number)))
    }

    async fn statement(&self, number: &ConferenceNumber) -> Result<Statement, CallError> {
        let question = StatementQuestion { number: number.clone() };
        self.outside.call(Callee::Billing, "/statement", &question).await
    }

    fn shown<'b>(&'b self, booking: &'b OwnBooking, note: Note<'b>) -> Shown<'b> {
        Shown {
            booking,
            now: self.now,
            access_number: &self.settings.access_number,
            secrets: None,
            note,
            statement: None,
            form: None,
            guests: &[],
            weeks: &[],
        }
    }

    async fn codes(&self, question: &BookingQuestion) -> Result<Answer, CallError> {
        let facts: CredentialsFacts = self.ledger("/v1/facts/credentials", question).await?;
        let Some(booking) = &facts.booking else { return Ok(note::not_found(&self.shell())) };
        let secrets = facts.pin.as_ref().zip(facts.password.as_ref());
        let guests = self.guests(booking).await?;
        let shown = Shown { secrets, guests: &guests, ..self.shown(booking, Note::None) };
        Ok(conference::page(&self.shell(), &shown))
    }

    /// Another time, length or number of people.
    async fn change(&self, contact: &Sender, booking: &OwnBooking) -> Result<Answer, CallError> {
        let tongue = self.tongue();
        let form = OrderForm::of(&self.asked.form);
        let order = match form.text() {
            Ok(text) => self.reading(&text).await?,
            Err(item) => return self.unchanged(booking, &form, unreadable(item, tongue)).await,
        };
        let order = match order {
            Reading::Order(order) => order,
            Reading::Fault(fault) => {
                return self.unchanged(booking, &form, sentence(fault, tongue)).await;
            }
            Reading::NonStandard { .. } => {
                let larger = tongue.say(
                    "Delší než 120 minut nebo pro víc než 20 lidí je jen na objednávku u operátora.",
                    "Longer than 120 minutes or for more than 20 people has to be ordered from an operator.",
                );
                return self.unchanged(booking, &form, larger).await;
            }
            Reading::Question { .. } | Reading::Other => {
                let never = tongue.say(
                    "Ten čas kvůli změně času neexistuje, nebo nastane dvakrát. Zvolte prosím jiný.",
                    "The clocks change then: that time does not exist or comes twice. Please choose another.",
                );
                return self.unchanged(booking, &form, never).await;
            }
        };
        let request =
            ChangeRequest { sender: contact.clone(), number: booking.number.clone(), order };
        let answer: OrderAnswer = self.outside.call(Callee::Schedule, "/change", &request).await?;
        match answer {
            OrderAnswer::Refused { reason } => {
                let why = match reason.as_str() {
                    "nothing fits" => tongue.say(
                        "V tu dobu pro tolik lidí volno není. Konference zůstává, jak byla.",
                        "There is no room for so many then. The conference stays as it was.",
                    ),
                    reason => refused(reason, tongue),
                };
                self.unchanged(booking, &form, why).await
            }
            _ => Ok(Answer::see(&format!("/conferences/{}?changed=1", booking.number))),
        }
    }

    async fn unchanged(
        &self,
        booking: &OwnBooking,
        form: &OrderForm,
        why: &str,
    ) -> Result<Answer, CallError> {
        let guests = self.guests(booking).await?;
        let shown =
            Shown { form: Some(form), guests: &guests, ..self.shown(booking, Note::Bad(why)) };
        Ok(conference::page(&self.shell(), &shown))
    }

    /// The same again, the next weeks. Each week is an order of its own; asked twice it is one.
    async fn weekly(&self, contact: &Sender, booking: &OwnBooking) -> Result<Answer, CallError> {
        let tongue = self.tongue();
        let weeks = self.asked.form.number("weeks").unwrap_or(0).min(WEEKS_MAX);
        let wall = when::wall(booking.window.start);
        let mut told = Vec::new();
        for week in 1..=weeks {
            let Ok(date) = wall.date().checked_add(jiff::Span::new().weeks(i64::from(week))) else {
                break;
            };
            let form = OrderForm::again(booking, date, wall.time());
            let Ok(text) = form.text() else { break };
            // A night when the clocks change is asked about, never guessed.
            let answer = match self.reading(&text).await? {
                Reading::Order(_) => {
                    let once = format!("{} week {week}", booking.booking);
                    self.process(contact, &once, &text, &[]).await?
                }
                _ => None,
            };
            let word = match answer {
                Some(OrderAnswer::Booked { .. }) => tongue.say("objednáno", "booked"),
                Some(OrderAnswer::Repeated) => tongue.say("objednáno už dřív", "booked before"),
                Some(OrderAnswer::Offered { .. }) => tongue.say("plno", "full"),
                Some(OrderAnswer::Refused { reason }) if reason == "nothing fits" => {
                    tongue.say("plno", "full")
                }
                _ => tongue.say("nejde", "not possible"),
            };
            told.push(format!("{} – {word}", when::day(date, tongue)));
        }
        let guests = self.guests(booking).await?;
        let shown = Shown { weeks: &told, guests: &guests, ..self.shown(booking, Note::None) };
        Ok(conference::page(&self.shell(), &shown))
    }

    /// As the SMS `storno`. One booking is cancelled once.
    async fn cancel(&self, contact: &Sender, booking: &OwnBooking) -> Result<Answer, CallError> {
        let text = format!("storno {}", booking.number);
        let answer = self.process(contact, &booking.booking, &text, &[]).await?;
        Ok(match answer {
            Some(OrderAnswer::Cancelled | OrderAnswer::Repeated) => {
                Answer::see(&format!("/conferences/{}", booking.number))
            }
            _ => {
                let sentence = self.tongue().say(
                    "Tuto konferenci už zrušit nejde.",
                    "This conference can no longer be cancelled.",
                );
                return self.one(booking, Note::Bad(sentence)).await;
            }
        })
    }
}

/// Uniform over a million, near enough: of 2^64 the part that favours the low ones is a 10^-13th. Neither all the same
/// digit nor a run, which people try first.
fn draw_pin(outside: &impl Outside) -> Pin {
    loop {
        let [a, b, c, d, e, f, g, h, ..] = outside.random();
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1_000_000;
        let text = format!("{number:06}");
        let steps = |step: u8| {
            text.as_bytes()
                .windows(2)
                .all(|pair| (pair[0] + step - b'0') % 10 == (pair[1] - b'0') % 10)
        };
        if !steps(0) && !steps(1) && !steps(9) {
            return Pin::new(text).expect("six digits are a PIN");
        }
    }
}

//! Ordering: a form, read by the grammar of SMS, booked as a message of the web.

use konf_api::ledger::{
    HeldOffer, InboundMessage, InboundState, InboundStored, OffersFacts, OffersQuestion, Sender,
};
use konf_api::ordering::{ProcessRequest, Processed, ReadRequest, Reading};
use konf_api::portal::{FreeFacts, FreeQuestion, WEB_GATEWAY};
use konf_api::schedule::OrderAnswer;

use super::{Visit, draw};
use crate::answer::Answer;
use crate::contact;
use crate::free::{self, Slot};
use crate::order_form::{Item, OrderForm, item};
use crate::outside::{CallError, Callee, Outside};
use crate::pages::note;
use crate::pages::order::{self, Form, Said, sentence, unreadable};
use crate::pending::{CONFERENCES, Pending};
use crate::tongue::Tongue;
use crate::when;

/// What a form of the web is signed with when it is stored as a message.
const ONCE_CHARACTERS_MAX: usize = 64;

impl<O: Outside> Visit<'_, O> {
    pub(super) async fn order_page(&self) -> Result<Answer, CallError> {
        let once = draw(self.outside).expose().to_owned();
        let form = OrderForm::blank(self.now, self.tongue().0, once);
        self.show(200, &form, Said::default()).await
    }

    pub(super) async fn order(&self) -> Result<Answer, CallError> {
        let mut form = OrderForm::of(&self.asked.form);
        let pressed = self.asked.form.get("do").unwrap_or("order");
        if let Some(at) = pressed.strip_prefix("at:") {
            (form.day, form.time) =
                at.split_once(' ').map(|(d, t)| (d.to_owned(), t.to_owned())).unwrap_or_default();
            return self.show(200, &form, Said::default()).await;
        }
        if pressed == "look" {
            return self.show(200, &form, Said::default()).await;
        }
        let chosen = pressed.strip_prefix("choice:").and_then(|at| at.parse().ok());
        let (contacts, mut faults) = self.contacts(&form);
        let text = match self.read(&form, chosen).await? {
            Ok(text) => text,
            Err(mut said) => {
                said.faults.append(&mut faults);
                return self.show(422, &form, said).await;
            }
        };
        if !faults.is_empty() {
            return self.show(422, &form, Said { faults, ..Said::default() }).await;
        }
        match (&self.contact, contacts.split_first()) {
            (Some(contact), _) => self.place(contact, &form.once, &form, &text, &contacts).await,
            (None, Some((contact, copies))) => {
                let pending =
                    Pending::Order { text, form: Box::new(form.clone()), copies: copies.to_vec() };
                match self.ask_for_proof(contact, &pending).await? {
                    Ok(answer) => Ok(answer),
                    Err(why) => {
                        self.show(429, &form, Said { note: Some(why), ..Said::default() }).await
                    }
                }
            }
            (None, None) => Ok(note::unavailable(&self.shell())),
        }
    }

    /// The contacts that the form names, the telephone first, or what is wrong with them. Who is not signed in needs one.
    fn contacts(&self, form: &OrderForm) -> (Vec<Sender>, Vec<(Item, String)>) {
        let tongue = self.tongue();
        let (mut contacts, mut faults) = (Vec::new(), Vec::new());
        let mut take = |item, text: &str, read: fn(&str) -> Option<Sender>| match read(text) {
            _ if text.is_empty() => {}
            Some(contact) => contacts.push(contact),
            None => faults.push((item, unreadable(item, tongue).to_owned())),
        };
        take(Item::Phone, &form.phone, contact::phone);
        take(Item::Email, &form.email, contact::email);
        if self.contact.is_none() && contacts.is_empty() && faults.is_empty() {
            let needed = tongue.say(
                "Napište telefon nebo e-mail, na který údaje pošleme.",
                "Write a telephone number or an e-mail address that we send the codes to.",
            );
            faults.push((Item::Phone, needed.to_owned()));
        }
        (contacts, faults)
    }

    /// The order as a text that is understood, or what is said about it.
    async fn read(
        &self,
        form: &OrderForm,
        chosen: Option<usize>,
    ) -> Result<Result<String, Said>, CallError> {
        let tongue = self.tongue();
        let at =
            |item, text: &str| Said { faults: vec![(item, text.to_owned())], ..Said::default() };
        let text = match form.text() {
            Ok(text) => text,
            Err(item) => return Ok(Err(at(item, unreadable(item, tongue)))),
        };
        Ok(match self.reading(&text).await? {
            Reading::Order(_) | Reading::NonStandard { .. } => Ok(text),
            Reading::Question { choices } => match chosen.and_then(|at| choices.get(at)) {
                Some(choice) => Ok(choice.text.clone()),
                None => Err(Said { choices, ..Said::default() }),
            },
            Reading::Fault(fault) => Err(at(item(fault), sentence(fault, tongue))),
            Reading::Other => Err(at(Item::Day, unreadable(Item::Day, tongue))),
        })
    }

    /// What the grammar makes of a text.
    pub(super) async fn reading(&self, text: &str) -> Result<Reading, CallError> {
        let question = ReadRequest { text: text.to_owned(), now: self.now };
        self.outside.call(Callee::Order, "/read", &question).await
    }

    /// Books for one who is known to read what is sent to `contact`. `once` makes it one order, however often it comes.
    pub(super) async fn place(
        &self,
        contact: &Sender,
        once: &str,
        form: &OrderForm,
        text: &str,
        copies: &[Sender],
    ) -> Result<Answer, CallError> {
        let tongue = self.tongue();
        Ok(match self.process(contact, once, text, copies).await? {
            None => Answer::see("/conferences?asked=1"),
            Some(OrderAnswer::Booked { number }) => {
                Answer::see(&format!("/conferences/{number}?ordered=1"))
            }
            Some(OrderAnswer::Offered { .. }) => Answer::see("/offers"),
            Some(OrderAnswer::Cancelled | OrderAnswer::Changed | OrderAnswer::Repeated) => {
                Answer::see(CONFERENCES)
            }
            Some(OrderAnswer::Refused { reason }) => {
                let note = Some(refused(&reason, tongue).to_owned());
                return self.show(409, form, Said { note, ..Said::default() }).await;
            }
        })
    }

    /// Works on an e-mail that its sender has confirmed, once, however often it was sent. Its answer goes out by e-mail.
    pub(super) async fn confirmed(
        &self,
        contact: &Sender,
        mail: InboundMessage,
    ) -> Result<Answer, CallError> {
        if mail.sender != *contact {
            return Ok(note::not_found(&self.shell()));
        }
        Ok(match self.work_on(mail, &[]).await? {
            Some(OrderAnswer::Booked { number }) => {
                Answer::see(&format!("/conferences/{number}?ordered=1"))
            }
            Some(OrderAnswer::Offered { .. }) => Answer::see("/offers"),
            Some(OrderAnswer::Refused { reason }) => {
                note::fault(&self.shell(), 409, refused(&reason, self.tongue()))
            }
            Some(OrderAnswer::Cancelled | OrderAnswer::Changed | OrderAnswer::Repeated) => {
                Answer::see(CONFERENCES)
            }
            None => Answer::see("/conferences?asked=1"),
        })
    }

    /// A message of the web: stored, then worked on as every other. None: answered by an operator.
    pub(super) async fn process(
        &self,
        contact: &Sender,
        once: &str,
        text: &str,
        copies: &[Sender],
    ) -> Result<Option<OrderAnswer>, CallError> {
        let once: String = once.chars().take(ONCE_CHARACTERS_MAX).collect();
        let message = InboundMessage {
            gateway: WEB_GATEWAY.to_owned(),
            // Nobody's order is taken for another's copy.
            gateway_id: Some(format!("{} {once}", contact.key())),
            sender: contact.clone(),
            recipient: WEB_GATEWAY.to_owned(),
            text: text.to_owned(),
            mail: None,
        };
        self.work_on(message, copies).await
    }

    async fn work_on(
        &self,
        message: InboundMessage,
        copies: &[Sender],
    ) -> Result<Option<OrderAnswer>, CallError> {
        let stored: InboundStored = self.ledger("/v1/inbound", &message).await?;
        if stored.state == InboundState::Answered {
            return Ok(Some(OrderAnswer::Repeated));
        }
        let request = ProcessRequest { stored, message, copies: copies.to_vec() };
        let processed: Processed = self.outside.call(Callee::Order, "/process", &request).await?;
        Ok(processed.answer)
    }

    pub(super) async fn offers_page(&self, note: Option<&str>) -> Result<Answer, CallError> {
        let Some(contact) = &self.contact else { return Ok(self.sign_in_first()) };
        Ok(order::offers(&self.shell(), &self.held(contact).await?, note))
    }

    async fn held(&self, contact: &Sender) -> Result<Vec<HeldOffer>, CallError> {
        let question = OffersQuestion { sender: contact.clone() };
        let facts: OffersFacts = self.ledger("/v1/facts/offers", &question).await?;
        Ok(facts.offers)
    }

    /// As the reply `2` to an SMS. One offer is taken once, whoever presses how often.
    pub(super) async fn take_offer(&self) -> Result<Answer, CallError> {
        let Some(contact) = &self.contact else { return Ok(self.sign_in_first()) };
        let gone = self.tongue().say("Tato nabídka už neplatí.", "This offer is no longer held.");
        let index = self.asked.form.number("index").unwrap_or(0);
        let held = self.held(contact).await?;
        let Some(offer) = held.iter().find(|offer| offer.index == index) else {
            return self.offers_page(Some(gone)).await;
        };
        match self.process(contact, &offer.offer, &index.to_string(), &[]).await? {
            Some(OrderAnswer::Booked { number }) => {
                Ok(Answer::see(&format!("/conferences/{number}?ordered=1")))
            }
            Some(OrderAnswer::Repeated) => Ok(Answer::see(CONFERENCES)),
            Some(OrderAnswer::Refused { reason }) if reason != "offer gone" => {
                self.offers_page(Some(refused(&reason, self.tongue()))).await
            }
            _ => self.offers_page(Some(gone)).await,
        }
    }

    pub(super) async fn free_fragment(&self) -> Result<Answer, CallError> {
        let form = OrderForm::of(&self.asked.form);
        let slots = self.slots(&form).await?;
        let said = Said::default();
        let shown = Form { form: &form, said, slots, order_number: &self.settings.order_number };
        Ok(Answer::fragment(order::free(self.tongue(), &shown)))
    }

    pub(super) async fn show(
        &self,
        status: u16,
        form: &OrderForm,
        said: Said,
    ) -> Result<Answer, CallError> {
        let slots = self.slots(form).await?;
        let shown = Form { form, said, slots, order_number: &self.settings.order_number };
        Ok(order::page(&self.shell(), status, &shown))
    }

    /// None while the form says no time and size that could be looked at.
    async fn slots(&self, form: &OrderForm) -> Result<Option<Vec<Slot>>, CallError> {
        let Ok((date, time, minutes, people)) = form.items() else { return Ok(None) };
        let around = date.to_datetime(time);
        let Some(around) = when::instant(around).filter(|_| minutes <= LOOKED_AT_MINUTES_MAX)
        else {
            return Ok(None);
        };
        let span = free::span(around, minutes);
        if span.end <= self.now || span.start.0 < 0 {
            return Ok(Some(Vec::new()));
        }
        let facts: FreeFacts = self.ledger("/v1/facts/free", &FreeQuestion { span }).await?;
        Ok(Some(free::slots(&facts.edges, around, minutes, people, facts.now)))
    }
}

/// With the slots around it, a day stays below the 48 hours that the ledger tells at once.
const LOOKED_AT_MINUTES_MAX: u32 = 24 * 60;

pub(super) fn refused(reason: &str, tongue: Tongue) -> &'static str {
    match reason {
        "restricted" => tongue.say(
            "Objednávání konferencí je pro Vás omezeno.",
            "Ordering conferences is restricted for you.",
        ),
        "nothing fits" => tongue.say(
            "V tu dobu ani kolem ní nemáme volno. Zkuste prosím jiný den nebo méně lidí.",
            "We have no room at that time or near it. Please try another day or fewer people.",
        ),
        "over budget" => tongue.say(
            "V této hodině Vám už nemůžeme poslat další zprávu, proto jsme nic neobjednali. Zkuste to prosím za hodinu.",
            "We cannot send you another message within this hour, so nothing was booked. Please try again in an hour.",
        ),
        "past" => tongue.say("Tento čas už minul.", "This time is past."),
        _ => tongue.say("Objednat to nešlo. Zkuste to prosím jinak.", "This could not be ordered. Please try it another way."),
    }
}

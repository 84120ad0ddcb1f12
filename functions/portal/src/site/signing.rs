//! Signing in and out.

use konf_api::ledger::{OutboxMessage, Sender};
use konf_api::portal::{
    ConfirmOutcome, Confirmation, Proof, SessionEnded, SessionQuestion, SignInOutcome,
    SignInProposal,
};
use konf_api::render::{Message, RenderRequest};
use konf_contract::{OneTimeCode, WebToken};

use super::{Visit, draw};
use crate::answer::Answer;
use crate::contact;
use crate::outside::{CallError, Callee, Outside};
use crate::pages::{note, sign_in};
use crate::pending::{CONFERENCES, Pending, own_path};

/// As the ledger lets them count (`functions/ledger/src/sign_in.rs`).
const CODE_MINUTES: u32 = 10;
const LINK_MINUTES: u32 = 30;

impl<O: Outside> Visit<'_, O> {
    pub(super) fn sign_in_page(&self) -> Answer {
        match &self.contact {
            Some(contact) => sign_in::signed_in(&self.shell(), contact),
            None => {
                let next = self.asked.query.get("next").and_then(own_path).unwrap_or_default();
                sign_in::ask(&self.shell(), 200, "", &next, None)
            }
        }
    }

    /// To sign in, and then back to where it was needed.
    pub(super) fn sign_in_first(&self) -> Answer {
        match own_path(&self.asked.path) {
            Some(next) => Answer::see(&format!("/sign-in?next={next}")),
            None => Answer::see("/sign-in"),
        }
    }

    pub(super) async fn sign_in(&self) -> Result<Answer, CallError> {
        let typed = self.asked.form.text("contact");
        let next = self.asked.form.get("next").and_then(own_path);
        let ask = |status, fault: &str| {
            let next = next.clone().unwrap_or_default();
            sign_in::ask(&self.shell(), status, &typed, &next, Some(fault))
        };
        let Some(contact) = contact::either(&typed) else {
            let fault = match typed.contains('@') {
                true => contact::no_email(self.tongue()),
                false => contact::no_phone(self.tongue()),
            };
            return Ok(ask(422, fault));
        };
        let see = next.clone().unwrap_or_else(|| CONFERENCES.to_owned());
        Ok(match self.ask_for_proof(&contact, &Pending::See(see)).await? {
            Ok(answer) => answer,
            Err(why) => ask(429, &why),
        })
    }

    /// Sends a code or a link. The answer is the same whoever it is; the other case is a sentence about why nothing was
    /// sent.
    pub(super) async fn ask_for_proof(
        &self,
        contact: &Sender,
        pending: &Pending,
    ) -> Result<Result<Answer, String>, CallError> {
        let tongue = self.tongue();
        let (proof, message, path) = match contact {
            Sender::Sms(_) => {
                let code = draw_code(self.outside);
                let message = Message::SignInCode { code: code.clone(), minutes: CODE_MINUTES };
                (Proof::Code(code), message, "/sign-in/code")
            }
            Sender::Email(_) => {
                let token = draw(self.outside);
                let base = self.settings.public_url.clone();
                let minutes = LINK_MINUTES;
                let message = Message::SignInLink { base, token: token.clone(), minutes };
                (Proof::Link(token), message, "/sign-in/sent")
            }
        };
        let render = RenderRequest {
            recipient: contact.clone(),
            language: tongue.0,
            now: self.now,
            message,
        };
        let messages: Vec<OutboxMessage> =
            self.outside.call(Callee::Credentials, "/render", &render).await?;
        let proposal = SignInProposal {
            contact: contact.clone(),
            browser: self.token.clone(),
            proof,
            pending: pending.write(),
            messages,
            client: self.asked.client.clone(),
        };
        Ok(match self.ledger("/v1/sign-ins", &proposal).await? {
            SignInOutcome::Sent { .. } => Ok(Answer::see(path)),
            SignInOutcome::TooMany | SignInOutcome::OverBudget => Err(tongue
                .say(
                    "Teď už další kód poslat nemůžeme. Zkuste to prosím za hodinu.",
                    "We cannot send another code now. Please try again in an hour.",
                )
                .to_owned()),
        })
    }

    pub(super) fn code_page(&self) -> Answer {
        sign_in::code(&self.shell(), 200, None)
    }

    pub(super) fn sent_page(&self) -> Answer {
        sign_in::sent(&self.shell())
    }

    pub(super) fn link_page(&self, token: &str) -> Answer {
        match WebToken::new(token) {
            Ok(token) => sign_in::link(&self.shell(), token.expose()),
            Err(_) => note::not_found(&self.shell()),
        }
    }

    pub(super) fn confirm_mail_page(&self, token: &str) -> Answer {
        match WebToken::new(token) {
            Ok(token) => sign_in::confirm_mail(&self.shell(), token.expose()),
            Err(_) => note::not_found(&self.shell()),
        }
    }

    pub(super) async fn confirm_code(&self) -> Result<Answer, CallError> {
        let typed: String =
            self.asked.form.text("code").chars().filter(|c| !c.is_whitespace()).collect();
        let tongue = self.tongue();
        match OneTimeCode::new(typed) {
            Ok(code) => self.confirm(Proof::Code(code)).await,
            Err(_) => {
                let fault = tongue.say("Kód má 6 číslic.", "A code has 6 digits.");
                Ok(sign_in::code(&self.shell(), 422, Some(fault)))
            }
        }
    }

    pub(super) async fn confirm_link(&self, token: &str) -> Result<Answer, CallError> {
        match WebToken::new(token) {
            Ok(token) => self.confirm(Proof::Link(token)).await,
            Err(_) => Ok(note::not_found(&self.shell())),
        }
    }

    async fn confirm(&self, proof: Proof) -> Result<Answer, CallError> {
        let session = draw(self.outside);
        let confirmation =
            Confirmation { browser: self.token.clone(), proof, session: session.clone() };
        match self.ledger("/v1/sign-ins/confirm", &confirmation).await? {
            ConfirmOutcome::SignedIn { sign_in, contact, pending } => {
                self.begin(session, &sign_in, contact, pending.as_deref()).await
            }
            ConfirmOutcome::Wrong { tries } => {
                let fault = self.tongue().say(
                    format!("Tento kód to není. Zbývá pokusů: {tries}."),
                    format!("That is not the code. Tries left: {tries}."),
                );
                Ok(sign_in::code(&self.shell(), 422, Some(&fault)))
            }
            ConfirmOutcome::Gone => Ok(sign_in::gone(&self.shell())),
        }
    }

    /// Does what was pending as the one who is signed in now, under a cookie that nobody has seen before.
    async fn begin(
        &self,
        session: WebToken,
        sign_in: &str,
        contact: Sender,
        pending: Option<&str>,
    ) -> Result<Answer, CallError> {
        let cookie = self.settings.cookies.set_token(&session);
        let signed_in = Visit {
            outside: self.outside,
            settings: self.settings,
            asked: self.asked,
            token: session,
            contact: Some(contact.clone()),
            now: self.now,
        };
        let done = match Pending::read(pending) {
            Pending::See(path) => Ok(Answer::see(&path)),
            Pending::Order { text, form, copies } => {
                signed_in.place(&contact, sign_in, &form, &text, &copies).await
            }
            Pending::Mail(mail) => signed_in.confirmed(&contact, *mail).await,
        };
        // The session has begun whether or not the order could be placed.
        let answer = done.unwrap_or_else(|_| note::unavailable(&signed_in.shell()));
        Ok(self.set(answer, cookie))
    }

    pub(super) async fn sign_out(&self) -> Result<Answer, CallError> {
        let question = SessionQuestion { session: self.token.clone() };
        let _: SessionEnded = self.ledger("/v1/sessions/end", &question).await?;
        let fresh = draw(self.outside);
        Ok(self.set(Answer::see("/"), self.settings.cookies.set_token(&fresh)))
    }
}

/// Uniform over a million: of 2^64 the part that favours the low ones is a 10^-13th.
fn draw_code(outside: &impl Outside) -> OneTimeCode {
    let [a, b, c, d, e, f, g, h, ..] = outside.random();
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1_000_000;
    OneTimeCode::new(format!("{number:06}")).expect("six digits are a code")
}

//! `POST /message`: an e-mail from whoever took it by SMTP. Private.

use konf_api::ledger::{
    InboundMessage, InboundState, InboundStored, MessageBody, OutboxMessage, SenderFacts,
    SenderQuestion,
};
use konf_api::mail::{Asked, Confirmation, MailMessage, MailOutcome, PendingMail};
use konf_api::portal::{Proof, SignInOutcome, SignInProposal};
use konf_api::render::{Message, RenderRequest};
use konf_contract::WebToken;
use spin_sdk::http::{IncomingRequest, Response};

use super::{
    Failure, RENDER, answer, bounded_body, clock, json, ledger, post, retry_later, variable,
    with_error,
};
use crate::gateway::Delivery;
use crate::mail::webhook::{self, Webhook, WebhookSecrets};
use crate::mail::{self, MailSettings, Unwanted};
use crate::work;

/// 256 kB in base64, with what stands around it.
const BODY_BYTES_MAX: usize = 400 * 1024;

/// Answers to a sender whom nobody has proven, within an hour. FIELD.md, section 2, asks for a limit; a person who tries
/// it out needs fewer.
const UNPROVEN_HOUR_MAX: u32 = 5;

/// As the ledger lets a link count (`functions/ledger/src/sign_in.rs`).
const LINK_MINUTES: u32 = 30;

pub(super) async fn receive(request: IncomingRequest) -> Response {
    let body = match bounded_body(request, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let Ok(message) = serde_json::from_slice::<MailMessage>(&body) else {
        return with_error(400, "expected an e-mail");
    };
    match take(&message).await {
        Ok(outcome) => json(200, &outcome),
        Err(failure) => retry_later(&failure),
    }
}

/// What a service hands on.
pub(super) async fn hand_on(webhook: Webhook, path: &str, request: IncomingRequest) -> Response {
    let headers = request.headers().entries();
    let header = |name: &str| {
        let (_, value) = headers.iter().find(|(this, _)| this.eq_ignore_ascii_case(name))?;
        String::from_utf8(value.clone()).ok()
    };
    let body = match bounded_body(request, webhook::BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let delivery = Delivery { path, query: "", headers: &header, body: &body, now: clock() };
    let secrets = WebhookSecrets {
        mailgun_signing_key: variable("mailgun_signing_key"),
        postmark_auth: variable("postmark_auth"),
        sendgrid_secret: variable("sendgrid_secret"),
    };
    let message = match webhook.receive(&delivery, &secrets) {
        Ok(message) => message,
        Err(rejected) => return with_error(rejected.status(), &rejected.to_string()),
    };
    match take(&message).await {
        Ok(MailOutcome::Refused { why }) => with_error(webhook.refusal_status(), &why),
        Ok(outcome) => json(200, &outcome),
        Err(failure) => retry_later(&failure),
    }
}

async fn take(message: &MailMessage) -> Result<MailOutcome, Failure> {
    let settings = MailSettings::new(
        &variable("mail_subject"),
        &variable("order_address"),
        &variable("mail_from"),
    );
    let mail = match mail::read(message, &settings) {
        Ok(mail) => mail,
        Err(Unwanted::Automatic(why)) => return Ok(MailOutcome::Dropped { why: why.to_owned() }),
        Err(Unwanted::Unreadable(why)) => return Ok(MailOutcome::Refused { why: why.to_owned() }),
    };
    if mail.is_proven {
        return store(&mail.message).await;
    }
    match mail::asked(&mail.message, clock()) {
        Some(what) => ask(mail.message, what).await,
        None => {
            let question = SenderQuestion { sender: mail.message.sender.clone() };
            let facts: SenderFacts = ledger("/v1/facts/sender", &question).await?;
            if facts.messages_hour >= UNPROVEN_HOUR_MAX {
                return Ok(too_many());
            }
            store(&mail.message).await
        }
    }
}

/// What is stored is taken: if it cannot be answered now, the reconciler takes it up.
async fn store(message: &InboundMessage) -> Result<MailOutcome, Failure> {
    let stored: InboundStored = ledger("/v1/inbound", message).await?;
    if stored.state == InboundState::Received
        && let Err(failure) = answer(&stored, message, &[]).await
    {
        eprintln!("order: a mail waits for another try: {}", failure.0);
    }
    Ok(MailOutcome::Taken)
}

/// Nothing is stored but what is done once whoever reads that address has said so.
async fn ask(message: InboundMessage, what: Asked) -> Result<MailOutcome, Failure> {
    let token = draw()?;
    let thread = message.mail.as_ref().map(|mail| mail.thread.clone());
    let render = RenderRequest {
        recipient: message.sender.clone(),
        language: work::language(&message, clock()),
        now: clock(),
        message: Message::Confirm(Confirmation {
            base: variable("public_url").trim_end_matches('/').to_owned(),
            token: token.clone(),
            minutes: LINK_MINUTES,
            what,
        }),
    };
    let mut messages: Vec<OutboxMessage> = post(RENDER, None, &render).await?;
    for message in &mut messages {
        if let MessageBody::Email { thread: of, .. } = &mut message.body {
            of.clone_from(&thread);
        }
    }
    let contact = message.sender.clone();
    let pending = serde_json::to_string(&PendingMail::Mail(Box::new(message)))
        .map_err(|_| Failure("a mail can't be written"))?;
    let proposal = SignInProposal {
        contact,
        // Nobody's: the link counts at any browser.
        browser: draw()?,
        proof: Proof::Link(token),
        pending: Some(pending),
        messages,
        client: None,
    };
    Ok(match ledger("/v1/sign-ins", &proposal).await? {
        SignInOutcome::Sent { .. } => MailOutcome::Asked,
        SignInOutcome::TooMany | SignInOutcome::OverBudget => too_many(),
    })
}

fn too_many() -> MailOutcome {
    MailOutcome::Dropped { why: "too many answers to this address within the hour".to_owned() }
}

fn draw() -> Result<WebToken, Failure> {
    let bits = wasi::random::random::get_random_bytes(32);
    let text: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    WebToken::new(text).map_err(|_| Failure("no randomness"))
}

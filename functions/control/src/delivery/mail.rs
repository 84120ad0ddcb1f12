//! Outgoing e-mail by SMTP: text, HTML and, with credentials, an invitation.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use konf_api::mail::Thread;
use konf_contract::UnixMs;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::Failure;
use crate::config::{Mail, MailTls};
use crate::dkim::Signer;

/// A server that takes longer to take a message over is down.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Mailer {
    from: Mailbox,
    /// Where replies go, when that is another address.
    orders: Option<Mailbox>,
    signer: Option<Signer>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// The server's code. Its words often repeat the recipient's address, which is not for logs.
fn plain(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answers {code}"),
        None => error.to_string(),
    }
}

/// What `[mail.dkim]` signs with, if it is there.
pub fn signer(mail: &Mail) -> Result<Option<Signer>> {
    let Some(dkim) = &mail.dkim else { return Ok(None) };
    let from = mail.from_address()?;
    let (_, domain) = from.rsplit_once('@').unwrap_or_default();
    Signer::new(domain, &dkim.selector, &dkim.key).map(Some)
}

/// Mail programs keep a thread together by its subject as well.
fn subject(letter: &Letter<'_>) -> String {
    match letter.thread {
        Some(thread) if !thread.subject.is_empty() => format!("Re: {}", thread.subject),
        _ => letter.subject.to_owned(),
    }
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What an e-mail says.
pub struct Letter<'a> {
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// An invitation (RFC 5545).
    pub calendar: Option<&'a str>,
    /// What it answers.
    pub thread: Option<&'a Thread>,
}

impl Mailer {
    pub fn new(mail: &Mail) -> Result<Self> {
        let from: Mailbox = mail
            .from
            .parse()
            .with_context(|| format!("mail.from = {:?} is no e-mail address", mail.from))?;
        let builder = match mail.tls {
            MailTls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host),
            MailTls::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&mail.host)?,
            MailTls::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&mail.host)?,
        };
        let mut builder = builder.port(mail.port).timeout(Some(PATIENCE));
        if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        let orders = match &mail.inbound {
            Some(inbound) => Some(inbound.address.parse().context("mail.inbound.address")?),
            None => None,
        };
        let signer = signer(mail)?;
        Ok(Mailer { from, orders, signer, transport: builder.build() })
    }

    /// `id` becomes the Message-ID, the same for each attempt.
    pub async fn send(
        &self,
        id: &str,
        to: &str,
        letter: &Letter<'_>,
        now: UnixMs,
    ) -> Result<(), Failure> {
        let refused = |error: anyhow::Error| Failure::Refused(format!("{error:#}"));
        let message = self.compose(id, to, letter, now).map_err(refused)?;
        let octets = match &self.signer {
            Some(signer) => signer.sign(&message.formatted(), now).map_err(refused)?,
            None => message.formatted(),
        };
        match self.transport.send_raw(message.envelope(), &octets).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Failure::Refused(plain(&error))),
            Err(error) if error.is_timeout() => Err(Failure::Unknown(plain(&error))),
            Err(error) => Err(Failure::NotReached(plain(&error))),
        }
    }

    fn compose(&self, id: &str, to: &str, letter: &Letter<'_>, now: UnixMs) -> Result<Message> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().context("the recipient is no e-mail address")?)
            .subject(subject(letter))
            .message_id(Some(format!("<{id}@{domain}>")))
            // RFC 3834: so that no robot answers.
            .raw_header(plain_header("Auto-Submitted", "auto-replied"))
            // What comes back with it has been here before (`functions/order/src/mail/automatic.rs`).
            .raw_header(plain_header("X-Loop", self.from.email.as_ref()));
        if let Some(orders) = self.orders.as_ref().filter(|orders| orders.email != self.from.email)
        {
            message = message.reply_to(orders.clone());
        }
        if let Some(thread) = letter.thread.filter(|thread| !thread.message_id.is_empty()) {
            let mut references = thread.references.clone();
            references.push(thread.message_id.clone());
            message =
                message.in_reply_to(thread.message_id.clone()).references(references.join(" "));
        }
        let at = Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        message = message.date(UNIX_EPOCH + at);
        // Told apart by the id, which nobody can know who writes into a message.
        let mut alternatives = MultiPart::alternative()
            .boundary(format!("{id}-2"))
            .singlepart(SinglePart::plain(letter.text.to_owned()))
            .singlepart(SinglePart::html(letter.html.to_owned()));
        let Some(calendar) = letter.calendar else { return Ok(message.multipart(alternatives)?) };
        // RFC 6047, section 2.4: the same method as in the calendar.
        let method = calendar.lines().find_map(|line| line.strip_prefix("METHOD:"));
        let method = method.unwrap_or("PUBLISH");
        let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}"))?;
        alternatives = alternatives
            .singlepart(SinglePart::builder().header(kind.clone()).body(calendar.to_owned()));
        let file = Attachment::new("konference.ics".to_owned()).body(calendar.to_owned(), kind);
        let whole = MultiPart::mixed().boundary(format!("{id}-1"));
        Ok(message.multipart(whole.multipart(alternatives).singlepart(file))?)
    }
}

#[cfg(test)]
mod tests;

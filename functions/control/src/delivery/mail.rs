//! Outgoing e-mail by SMTP: text, HTML and, with credentials, an invitation.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::Failure;
use crate::config::{Mail, MailTls};

/// A server that takes longer to take a message over is down.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Mailer {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// The server's code. Its words often repeat the recipient's address, which is not for logs.
fn plain(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answers {code}"),
        None => error.to_string(),
    }
}

/// What an e-mail says.
pub struct Letter<'a> {
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// An invitation (RFC 5545).
    pub calendar: Option<&'a str>,
}

impl Mailer {
    pub fn new(mail: &Mail) -> Result<Self> {
        let from = mail
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
        Ok(Mailer { from, transport: builder.build() })
    }

    /// `id` becomes the Message-ID, the same for each attempt.
    pub async fn send(&self, id: &str, to: &str, letter: &Letter<'_>) -> Result<(), Failure> {
        let message =
            self.compose(id, to, letter).map_err(|error| Failure::Refused(format!("{error:#}")))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Failure::Refused(plain(&error))),
            Err(error) if error.is_timeout() => Err(Failure::Unknown(plain(&error))),
            Err(error) => Err(Failure::NotReached(plain(&error))),
        }
    }

    fn compose(&self, id: &str, to: &str, letter: &Letter<'_>) -> Result<Message> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().context("the recipient is no e-mail address")?)
            .subject(letter.subject)
            .message_id(Some(format!("<{id}@{domain}>")))
            // RFC 3834: so that no robot answers.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-replied".to_owned(),
            ));
        message = message.date_now();
        let mut alternatives = MultiPart::alternative()
            .singlepart(SinglePart::plain(letter.text.to_owned()))
            .singlepart(SinglePart::html(letter.html.to_owned()));
        let Some(calendar) = letter.calendar else { return Ok(message.multipart(alternatives)?) };
        let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH")?;
        alternatives = alternatives
            .singlepart(SinglePart::builder().header(kind.clone()).body(calendar.to_owned()));
        let file = Attachment::new("konference.ics".to_owned()).body(calendar.to_owned(), kind);
        Ok(message.multipart(MultiPart::mixed().multipart(alternatives).singlepart(file))?)
    }
}

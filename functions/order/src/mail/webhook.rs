//! E-mail that a service has taken for the order address and hands on by HTTP.
//!
//! | service | path | proof of origin | variable |
//! |---|---|---|---|
//! | [`mailgun`] | `/mail/mailgun` | HMAC-SHA256 over time stamp and token | `mailgun_signing_key` |
//! | [`postmark`] | `/mail/postmark` | Basic authentication | `postmark_auth` |
//! | [`sendgrid`] | `/mail/sendgrid/SECRET` | a secret in the address | `sendgrid_secret` |
//!
//! Each makes a whole message of what came, so that it is read as every other ([`super::read`]). Amazon's SES is not among
//! them: its notifications are signed by a certificate that has to be fetched, and a function reaches nobody outside, so
//! that control takes them (`functions/control/src/ses.rs`).

pub mod mailgun;
pub mod postmark;
pub mod sendgrid;

mod form;

use konf_api::mail::MailMessage;

use crate::gateway::{Delivery, Rejected};

/// The services that Konf understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    Mailgun,
    Postmark,
    SendGrid,
}

/// What the deployment says; read from Spin variables. Empty: not configured.
#[derive(Clone, Default)]
pub struct WebhookSecrets {
    pub mailgun_signing_key: String,
    /// `USER:PASSWORD`.
    pub postmark_auth: String,
    pub sendgrid_secret: String,
}

/// A message of 256 kB, encoded, with what a service adds. Bytes.
pub const BODY_BYTES_MAX: usize = 400 * 1024;

impl Webhook {
    /// By what follows `/mail/`.
    pub fn at(path: &str) -> Option<Self> {
        match path.split_once('/') {
            None if path == mailgun::NAME => Some(Webhook::Mailgun),
            None if path == postmark::NAME => Some(Webhook::Postmark),
            Some((sendgrid::NAME, _)) => Some(Webhook::SendGrid),
            _ => None,
        }
    }

    /// The message, if the service proves that it is its own.
    pub fn receive(
        self,
        delivery: &Delivery<'_>,
        secrets: &WebhookSecrets,
    ) -> Result<MailMessage, Rejected> {
        if delivery.body.len() > BODY_BYTES_MAX {
            return Err(Rejected::TooLarge(BODY_BYTES_MAX));
        }
        match self {
            Webhook::Mailgun => mailgun::receive(delivery, &secrets.mailgun_signing_key),
            Webhook::Postmark => postmark::receive(delivery, &secrets.postmark_auth),
            Webhook::SendGrid => sendgrid::receive(delivery, &secrets.sendgrid_secret),
        }
    }

    /// What makes the service never send this again (FIELD.md, section 2).
    pub fn refusal_status(self) -> u16 {
        match self {
            Webhook::Mailgun => 406,
            Webhook::Postmark => 403,
            // It knows none: anything but success comes again.
            Webhook::SendGrid => 200,
        }
    }
}

/// A whole message of header fields and a text. What stands in them stays in them.
fn compose(fields: &[(String, String)], charset: &str, text: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(text.len() + 1_024);
    for (name, value) in fields {
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        let lower = name.to_ascii_lowercase();
        if !is_name || lower == "mime-version" || lower.starts_with("content-") {
            continue;
        }
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        raw.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let is_charset = charset.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let charset = if is_charset && !charset.is_empty() { charset } else { "utf-8" };
    raw.extend_from_slice(
        format!(
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n"
        )
        .as_bytes(),
    );
    raw.extend_from_slice(text);
    raw
}

/// Empty for what nobody is to hear of: a return path that is empty, or a report.
fn envelope_sender(fields: &[(String, String)], given: &str) -> String {
    let of = |name: &str| {
        let (_, value) = fields.iter().find(|(this, _)| this.eq_ignore_ascii_case(name))?;
        Some(value.trim().to_ascii_lowercase())
    };
    let is_report = of("content-type").is_some_and(|kind| kind.starts_with("multipart/report"));
    let is_empty = of("return-path").is_some_and(|path| path == "<>");
    if is_report || is_empty { String::new() } else { given.trim().to_owned() }
}

#[cfg(test)]
mod tests;

//! SendGrid's inbound parse: a form with the parsed message, or, where that is switched on, with the whole one in `email`.
//!
//! Nothing is signed: the address holds a secret, `/mail/sendgrid/SECRET`. `dkim` and `SPF` say what SendGrid has verified,
//! and which domain that proves.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::mail::MailMessage;
use serde::Deserialize;

use super::form::Form;
use super::{compose, envelope_sender};
use crate::gateway::{Delivery, Rejected, proof};

pub(super) const NAME: &str = "sendgrid";

/// A message has at most 256 header fields.
const FIELDS_MAX: usize = 300;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: Vec<String>,
}

/// Of the fields; those that are not named are in UTF-8.
#[derive(Default, Deserialize)]
struct Charsets {
    #[serde(default)]
    text: String,
}

pub(super) fn receive(delivery: &Delivery<'_>, secret: &str) -> Result<MailMessage, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(unusable("`sendgrid_secret` is empty"));
    }
    if secret.len() < proof::WORD_BYTES_MIN || !secret.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(unusable("`sendgrid_secret` is not 16 letters and digits or more"));
    }
    let (_, given) = delivery.path.rsplit_once('/').ok_or(Rejected::Credentials)?;
    if !proof::same(given, secret) {
        return Err(Rejected::Credentials);
    }
    let form = Form::of(delivery)?;
    let envelope: Envelope = serde_json::from_str(&form.need("envelope")?)
        .map_err(|_| Rejected::Unreadable("field `envelope` is not JSON"))?;
    let fields = fields(&form.text("headers").unwrap_or_default());
    let raw = match form.octets("email") {
        Some(whole) => whole.to_vec(),
        None => {
            let charsets: Charsets = form
                .text("charsets")
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            compose(&fields, &charsets.text, form.octets("text").unwrap_or_default())
        }
    };
    Ok(MailMessage {
        proven: proven(&form, &envelope),
        from: envelope_sender(&fields, &envelope.from),
        to: envelope.to.into_iter().next().unwrap_or_default(),
        raw: BASE64_STANDARD.encode(raw),
        authserv_id: None,
    })
}

/// Of a header as it stood in the message, unfolded.
fn fields(headers: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in headers.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push_str(line);
            }
        } else if fields.len() < FIELDS_MAX {
            let field = line.split_once(':');
            fields.extend(field.map(|(name, value)| (name.to_owned(), value.trim().to_owned())));
        }
    }
    fields
}

/// `dkim` is `{@example.com : pass, @other.example : fail}`, `SPF` is `pass` for the domain of the envelope.
fn proven(form: &Form, envelope: &Envelope) -> Vec<String> {
    let dkim = form.text("dkim").unwrap_or_default();
    let signed = dkim.trim_matches(['{', '}']).split(',').filter_map(|result| {
        let (domain, result) = result.split_once(':')?;
        (result.trim() == "pass").then(|| domain.trim().trim_start_matches('@').to_lowercase())
    });
    let spf = form.text("SPF").filter(|result| result.trim() == "pass");
    let from = spf.and_then(|_| Some(envelope.from.rsplit_once('@')?.1.to_lowercase()));
    signed.chain(from).filter(|domain| !domain.is_empty()).take(16).collect()
}

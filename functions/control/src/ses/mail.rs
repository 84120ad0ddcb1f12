//! What SES says of an e-mail that it has received. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::mail::MailMessage;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    notification_type: String,
    mail: Option<Mail>,
    receipt: Option<Receipt>,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    /// The envelope's sender.
    source: String,
    #[serde(default)]
    common_headers: CommonHeaders,
}

#[derive(Default, Deserialize)]
struct CommonHeaders {
    #[serde(default)]
    from: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    #[serde(default)]
    recipients: Vec<String>,
    #[serde(default)]
    spf_verdict: Verdict,
    #[serde(default)]
    dmarc_verdict: Verdict,
    #[serde(default)]
    spam_verdict: Verdict,
    #[serde(default)]
    virus_verdict: Verdict,
    #[serde(default)]
    action: Action,
}

#[derive(Default, Deserialize)]
struct Verdict {
    #[serde(default)]
    status: String,
}

#[derive(Default, Deserialize)]
struct Action {
    #[serde(default)]
    encoding: String,
}

impl Verdict {
    fn is(&self, status: &str) -> bool {
        self.status.eq_ignore_ascii_case(status)
    }
}

/// The message; `None` where SES tells of something else, as it does when a topic is set up.
///
/// # Errors
///
/// What is to be set up otherwise at SES.
pub(super) fn read(message: &str) -> Result<Option<MailMessage>, &'static str> {
    let Ok(told) = serde_json::from_str::<Told>(message) else {
        // "Successfully validated SNS topic for Amazon SES event publishing." and the like.
        return Ok(None);
    };
    if told.notification_type != "Received" {
        return Ok(None);
    }
    let (Some(mail), Some(receipt)) = (told.mail, told.receipt) else {
        return Err("SES tells of an e-mail without `mail` and `receipt`");
    };
    if receipt.virus_verdict.is("FAIL") {
        return Err("SES has found a virus in it");
    }
    let content = told.content.ok_or(
        "the e-mail itself is not there: give the receipt rule an SNS action, not one of S3",
    )?;
    let raw = match receipt.action.encoding.to_ascii_uppercase().as_str() {
        "BASE64" => content.split_ascii_whitespace().collect(),
        _ => BASE64_STANDARD.encode(content),
    };
    Ok(Some(MailMessage {
        proven: proven(&mail, &receipt),
        from: mail.source.trim_matches(['<', '>']).to_owned(),
        to: receipt.recipients.into_iter().next().unwrap_or_default(),
        raw,
        authserv_id: None,
    }))
}

/// The domains that SES has verified. A signature alone is not among them: SES does not say whose it is.
fn proven(mail: &Mail, receipt: &Receipt) -> Vec<String> {
    // Whose mail looks like refuse may have been robbed of an account: it is asked.
    if receipt.spam_verdict.is("FAIL") || receipt.dmarc_verdict.is("FAIL") {
        return Vec::new();
    }
    let mut proven = Vec::new();
    if receipt.dmarc_verdict.is("PASS")
        && let [from] = &mail.common_headers.from[..]
    {
        proven.extend(domain(from));
    }
    if receipt.spf_verdict.is("PASS") {
        proven.extend(domain(&mail.source));
    }
    proven
}

/// Of `Jana <jana@example.com>` or of the address alone, in lower case.
fn domain(mailbox: &str) -> Option<String> {
    let address = mailbox.trim().trim_end_matches('>');
    let (_, domain) = address.rsplit_once('@')?;
    let is_domain = !domain.is_empty()
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    is_domain.then(|| domain.to_ascii_lowercase())
}

//! What each gateway says to a message that it answers with a 2xx: its id, or after all a refusal.
//!
//! Words that cannot be read are no failure: the gateway has taken the message, and to send it again would double it.

use serde_json::Value;

use super::Failure;
use crate::config::{Secret, SmsKind};

/// The gateway's id for the message.
pub(super) fn read(kind: SmsKind, body: &[u8]) -> Result<Option<String>, Failure> {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = match kind {
        SmsKind::Generic => &said["id"],
        SmsKind::Twilio => &said["sid"],
        SmsKind::Telnyx => &said["data"]["id"],
        SmsKind::Infobip => {
            let message = &said["messages"][0];
            if message["status"]["groupName"] == "REJECTED" {
                return Err(refused(&message["status"]["name"]));
            }
            &message["messageId"]
        }
        SmsKind::BulkGate => {
            if !said["error"].is_null() {
                return Err(refused(&said["error"]));
            }
            &said["data"]["sms_id"]
        }
        SmsKind::GoSms => {
            if said["recipients"]["invalid"].as_array().is_some_and(|list| !list.is_empty()) {
                return Err(Failure::Refused("the gateway takes no such recipient".to_owned()));
            }
            return Ok(said["link"].as_str().and_then(last_segment).map(str::to_owned));
        }
        SmsKind::Vonage => {
            vonage_status(&said["messages"][0])?;
            &said["messages"][0]["message-id"]
        }
    };
    Ok(id.as_str().filter(|id| !id.is_empty()).map(str::to_owned))
}

/// `messages/123`.
fn last_segment(link: &str) -> Option<&str> {
    link.rsplit('/').next().filter(|id| !id.is_empty())
}

/// Vonage answers 200 whatever has happened; 1 is "throttled", 5 "internal error".
fn vonage_status(message: &Value) -> Result<(), Failure> {
    match message["status"].as_str() {
        Some("1" | "5") => {
            let status = &message["status"];
            Err(Failure::NotReached(format!("the gateway answers status {status}")))
        }
        Some("0") | None => Ok(()),
        Some(_) => Err(refused(&message["status"])),
    }
}

fn refused(why: &Value) -> Failure {
    Failure::Refused(format!("the gateway answers {}", fit_to_log(&why.to_string())))
}

/// Some gateways say the recipient's number back, and a failure is logged: of more than five digits in a row, spaces
/// among them or not, none is left. Status codes are shorter.
fn fit_to_log(said: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 200;
    const DIGITS_MAX: usize = 5;
    let mut out = String::new();
    let mut rest = said;
    while let Some(character) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ' ').unwrap_or(rest.len());
        let run = &rest[..end];
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        if digits > DIGITS_MAX {
            out.push('…');
        } else {
            out += run;
        }
        rest = &rest[end..];
        if run.is_empty() {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    out.chars().take(SHOWN_CHARACTERS_MAX).collect()
}

/// A token (OAuth 2) and its lifetime.
pub(super) fn token(body: &[u8]) -> Option<(Secret, i64)> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let token = said["access_token"].as_str().filter(|token| !token.is_empty())?;
    let lifetime_s = said["expires_in"].as_i64().unwrap_or(0);
    Some((Secret::new(token), lifetime_s.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_says_of_a_recipient_reaches_no_log() {
        let body =
            br#"{"error": {"code": 400, "say": "invalid +420 606 123 456 or 00420606123456"}}"#;
        let Err(Failure::Refused(why)) = read(SmsKind::BulkGate, body) else {
            panic!("it is taken")
        };
        assert!(!why.contains("606") && why.contains("400") && why.contains("invalid"), "{why}");
    }
}

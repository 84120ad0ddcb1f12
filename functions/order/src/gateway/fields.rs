//! Named fields of a body, from JSON or from a form.

use konf_api::ledger::Sender;
use konf_contract::Msisdn;

use super::{Delivery, Rejected};
use crate::mail;

/// Pairs of name and value in the order of the body.
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    pub(super) fn form(body: &[u8]) -> Self {
        Fields(form_urlencoded::parse(body).into_owned().collect())
    }

    /// An object whose values are texts, numbers, flags or absent. Deeper values are no fields of a message.
    fn json(body: &[u8]) -> Result<Self, Rejected> {
        let value: serde_json::Value = serde_json::from_slice(body)
            .map_err(|_| Rejected::Unreadable("the body is not JSON"))?;
        let serde_json::Value::Object(object) = value else {
            return Err(Rejected::Unreadable("the body is not a JSON object"));
        };
        let pairs = object.into_iter().filter_map(|(name, value)| match value {
            serde_json::Value::String(text) => Some((name, text)),
            serde_json::Value::Number(number) => Some((name, number.to_string())),
            serde_json::Value::Bool(flag) => Some((name, flag.to_string())),
            _ => None,
        });
        Ok(Fields(pairs.collect()))
    }

    /// By the content type; without one a body that opens with a brace is JSON.
    pub(super) fn of(delivery: &Delivery<'_>) -> Result<Self, Rejected> {
        let content_type = delivery.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let looks_like_json = delivery.body.trim_ascii_start().starts_with(b"{");
        if content_type.contains("json") {
            Fields::json(delivery.body)
        } else if is_form(&content_type) {
            Ok(Fields::form(delivery.body))
        } else if content_type.is_empty() && looks_like_json {
            Fields::json(delivery.body)
        } else {
            Err(Rejected::Unreadable("expected JSON or a form by the content type"))
        }
    }

    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(this, _)| this == name)?;
        Some(value.as_str())
    }

    /// A field that must be there and not be blank.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, Rejected> {
        self.get(name).filter(|value| !value.trim().is_empty()).ok_or(Rejected::MissingField(name))
    }

    /// The sender's number.
    pub(super) fn sender(&self, name: &'static str) -> Result<Sender, Rejected> {
        let number = self.need(name)?;
        Msisdn::parse(number).map(Sender::Sms).map_err(|_| Rejected::NotANumber(name))
    }

    /// The sender's number from a gateway that writes all of them internationally, with or without a plus.
    pub(super) fn international_sender(&self, name: &'static str) -> Result<Sender, Rejected> {
        international(self.need(name)?).ok_or(Rejected::NotANumber(name))
    }

    /// The sender's address, without a name before it and in lower case.
    pub(super) fn address(&self, name: &'static str) -> Result<Sender, Rejected> {
        let address = mail::plain_address(self.need(name)?);
        address.map(Sender::Email).ok_or(Rejected::NotAnAddress(name))
    }
}

/// Nine digits without a plus are no Czech number here, but one of a country with short ones.
pub(super) fn international(number: &str) -> Option<Sender> {
    let digits = number.trim().trim_start_matches('+');
    Msisdn::parse(&format!("+{digits}")).ok().map(Sender::Sms)
}

pub(super) fn is_form(content_type: &str) -> bool {
    content_type.starts_with("application/x-www-form-urlencoded")
}

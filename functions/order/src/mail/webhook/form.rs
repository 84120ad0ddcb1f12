//! Forms, encoded either way: `application/x-www-form-urlencoded` or `multipart/form-data` (RFC 7578).

use mail_parser::{MessageParser, MimeHeaders};

use crate::gateway::{Delivery, Rejected};

/// The services send some 30, and one for each attachment.
const FIELDS_MAX: usize = 200;

pub(super) struct Form(Vec<(String, Vec<u8>)>);

impl Form {
    pub(super) fn of(delivery: &Delivery<'_>) -> Result<Form, Rejected> {
        let kind = (delivery.headers)("content-type").unwrap_or_default();
        let lower = kind.to_ascii_lowercase();
        if lower.starts_with("application/x-www-form-urlencoded") {
            let pairs = form_urlencoded::parse(delivery.body).take(FIELDS_MAX);
            let own = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
                (name.into_owned(), value.into_owned().into_bytes())
            };
            return Ok(Form(pairs.map(own).collect()));
        }
        if !lower.starts_with("multipart/form-data") || kind.contains(['\r', '\n']) {
            return Err(Rejected::Unreadable("expected a form by the content type"));
        }
        Self::multipart(&kind, delivery.body)
    }

    /// A multipart body is one of MIME with the header in front.
    fn multipart(kind: &str, body: &[u8]) -> Result<Form, Rejected> {
        let raw = [format!("Content-Type: {kind}\r\n\r\n").as_bytes(), body].concat();
        let message = MessageParser::default()
            .parse(&raw)
            .ok_or(Rejected::Unreadable("the form can't be read"))?;
        let mut fields = Vec::new();
        for part in message.parts.iter().skip(1).take(FIELDS_MAX) {
            let name = part.content_disposition().and_then(|it| it.attribute("name"));
            let octets = (usize::try_from(part.offset_body), usize::try_from(part.offset_end));
            if let (Some(name), (Ok(start), Ok(end))) = (name, octets)
                && let Some(octets) = raw.get(start..end)
            {
                fields.push((name.to_owned(), octets.to_vec()));
            }
        }
        Ok(Form(fields))
    }

    pub(super) fn octets(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.0.iter().find(|(this, _)| this == name)?;
        Some(value)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.octets(name).map(|octets| String::from_utf8_lossy(octets).into_owned())
    }

    pub(super) fn need(&self, name: &'static str) -> Result<String, Rejected> {
        self.text(name).filter(|text| !text.trim().is_empty()).ok_or(Rejected::MissingField(name))
    }
}

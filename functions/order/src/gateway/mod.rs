//! What gateways send, proven and decoded.
//!
//! | gateway | proof of origin | variables |
//! |---|---|---|
//! | [`generic`] | HMAC-SHA256 over id, time and body | `sms_secrets` |
//! | [`twilio`] | HMAC-SHA1 over address and parameters | `twilio_auth_token`, `public_url` |
//! | [`infobip`] | a header that was agreed on | `infobip_auth` |
//! | [`bulkgate`] | a secret in the address | `bulkgate_secret` |
//! | [`gosms`] | Basic authentication; reports alone | `gosms_auth` |
//! | [`telnyx`] | Ed25519 over time and body | `telnyx_public_key` |
//! | [`vonage`] | MD5 or HMAC over the parameters | `vonage_signature_secret`, `vonage_signature_method` |
//!
//! # How to add a gateway
//!
//! 1. A module with a function from [`Delivery`] and its secrets to [`Received`]: messages, parts of long ones, reports
//!    of what became of messages out. Verify the raw bytes before you decode them, compare in constant time
//!    (`hmac::Mac::verify_slice`, `subtle`), take a request's own time stamp into account where it is signed, and let
//!    no error say anything that the message held. A gateway that repeats must repeat an id.
//! 2. A variant of [`Gateway`] with its name, its secrets in [`Secrets`], read by the trigger from variables that
//!    `spin.toml` declares and passes on.
//! 3. A page of tests beside it: the body that the gateway's documentation shows, then signature right, wrong and missing,
//!    stale, repeated, in a batch, oversized, and what cannot be read.
//! 4. The way out: a request and the reading of its answer in control's `delivery/sms`.

pub mod bulkgate;
pub mod generic;
pub mod gosms;
pub mod infobip;
pub mod telnyx;
pub mod twilio;
pub mod vonage;

mod fields;
pub(crate) mod proof;
#[cfg(test)]
mod testing;

use konf_api::ledger::{DeliveryReport, InboundMessage, InboundPart};
use konf_contract::UnixMs;

/// A body beyond this is no SMS: ten parts of UCS-2, percent-encoded, have 12 kB. Bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Infobip sends 100 reports at once unless it is told otherwise, each with up to 1 kB. Bytes.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// A request as it came. Header names are in lower case.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Such as `/sms/twilio`, as the sender wrote it.
    pub path: &'a str,
    /// Without the question mark; empty when there is none.
    pub query: &'a str,
    pub headers: &'a dyn Fn(&str) -> Option<String>,
    pub body: &'a [u8],
    /// By the clock of this machine.
    pub now: UnixMs,
}

impl Delivery<'_> {
    fn header(&self, name: &str) -> Option<String> {
        (self.headers)(name)
    }
}

/// What the deployment says; read from Spin variables.
#[derive(Clone, Default)]
pub struct Secrets {
    /// One or two `whsec_…`, separated by commas (two while they are rotated).
    pub sms_secrets: String,
    pub twilio_auth_token: String,
    /// See [`infobip`].
    pub infobip_auth: String,
    /// See [`bulkgate`].
    pub bulkgate_secret: String,
    /// `USER:PASSWORD`.
    pub gosms_auth: String,
    /// Base64; no secret.
    pub telnyx_public_key: String,
    pub vonage_signature_secret: String,
    /// `md5hash`, `md5`, `sha1`, `sha256` or `sha512`.
    pub vonage_signature_method: String,
    /// Such as `https://konf.example.com`; what gateways were told to call.
    pub public_url: String,
}

/// What one request delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// In the order of the request.
    pub items: Vec<Item>,
    /// Why something in a batch was left out, while the rest of it was taken. One that asks for it again would get the
    /// same again.
    pub left_out: Vec<Rejected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Message(InboundMessage),
    Part(InboundPart),
    Report(DeliveryReport),
}

impl Received {
    fn one(item: Item) -> Self {
        Received { items: vec![item], left_out: Vec::new() }
    }

    /// What can be read counts, unless nothing can: then why the first could not.
    fn batch(
        items: impl Iterator<Item = Result<Option<Item>, Rejected>>,
    ) -> Result<Self, Rejected> {
        let mut received = Received::default();
        for item in items {
            match item {
                Ok(item) => received.items.extend(item),
                Err(rejected) => received.left_out.push(rejected),
            }
        }
        match received.left_out.first() {
            Some(rejected) if received.items.is_empty() => Err(rejected.clone()),
            _ => Ok(received),
        }
    }
}

/// Why a delivery was not taken. The text goes to the gateway's log: nothing of the message is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("no such gateway here; the known ones are {}", Gateway::names())]
    UnknownGateway,
    #[error("gateway `{gateway}` is not configured: {what}")]
    NotConfigured { gateway: &'static str, what: &'static str },
    #[error("the signature is missing or wrong")]
    Signature,
    #[error("the time stamp is too far off")]
    Stale,
    #[error("the credentials are missing or wrong")]
    Credentials,
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    #[error("the message can't be read: {0}")]
    Unreadable(&'static str),
    #[error("field `{0}` is missing")]
    MissingField(&'static str),
    #[error("field `{0}` is not a telephone number")]
    NotANumber(&'static str),
    #[error("field `{0}` is not an e-mail address")]
    NotAnAddress(&'static str),
}

impl Rejected {
    /// The HTTP status that makes gateways do the right thing: 5xx is tried again, 4xx is not.
    pub fn status(&self) -> u16 {
        match self {
            Rejected::UnknownGateway => 404,
            Rejected::NotConfigured { .. } => 503,
            Rejected::Signature | Rejected::Credentials | Rejected::Stale => 401,
            Rejected::TooLarge(_) => 413,
            Rejected::Unreadable(_)
            | Rejected::MissingField(_)
            | Rejected::NotANumber(_)
            | Rejected::NotAnAddress(_) => 400,
        }
    }
}

/// The gateways that Konf understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    Generic,
    Twilio,
    Infobip,
    BulkGate,
    GoSms,
    Telnyx,
    Vonage,
    /// `/mail/generic`: e-mail that a mail server has taken, verified and passed on in the generic form.
    Mail,
}

impl Gateway {
    /// Those under `/sms/`.
    pub const ALL: [Gateway; 7] = [
        Gateway::Generic,
        Gateway::Twilio,
        Gateway::Infobip,
        Gateway::BulkGate,
        Gateway::GoSms,
        Gateway::Telnyx,
        Gateway::Vonage,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Gateway::Generic => generic::NAME,
            Gateway::Twilio => twilio::NAME,
            Gateway::Infobip => infobip::NAME,
            Gateway::BulkGate => bulkgate::NAME,
            Gateway::GoSms => gosms::NAME,
            Gateway::Telnyx => telnyx::NAME,
            Gateway::Vonage => vonage::NAME,
            Gateway::Mail => generic::MAIL_NAME,
        }
    }

    /// By what follows `/sms/`: a name, and for a gateway that keeps its secret there, the secret.
    pub fn at(path: &str) -> Result<Self, Rejected> {
        let (name, secret) = match path.split_once('/') {
            Some((name, secret)) => (name, Some(secret)),
            None => (path, None),
        };
        let gateway = Self::ALL.into_iter().find(|gateway| gateway.name() == name);
        gateway
            .filter(|gateway| secret.is_none() || *gateway == Gateway::BulkGate)
            .ok_or(Rejected::UnknownGateway)
    }

    fn names() -> String {
        Self::ALL.map(|gateway| format!("`{}`", gateway.name())).join(", ")
    }

    /// Whether a message may come in the address alone, by GET.
    pub fn takes_get(self) -> bool {
        self == Gateway::Vonage
    }

    /// The longest body. Bytes.
    pub fn body_bytes_max(self) -> usize {
        match self {
            Gateway::Infobip | Gateway::BulkGate => BATCH_BYTES_MAX,
            Gateway::Generic
            | Gateway::Twilio
            | Gateway::GoSms
            | Gateway::Telnyx
            | Gateway::Vonage
            | Gateway::Mail => BODY_BYTES_MAX,
        }
    }

    /// What came, if the gateway proves that it is its own.
    pub fn receive(self, delivery: &Delivery<'_>, secrets: &Secrets) -> Result<Received, Rejected> {
        let bytes_max = self.body_bytes_max();
        if delivery.body.len() > bytes_max {
            return Err(Rejected::TooLarge(bytes_max));
        }
        let one = |message| Received::one(Item::Message(message));
        match self {
            Gateway::Generic => generic::receive(delivery, &secrets.sms_secrets).map(one),
            Gateway::Mail => generic::receive_mail(delivery, &secrets.sms_secrets).map(one),
            Gateway::Twilio => {
                twilio::receive(delivery, &secrets.twilio_auth_token, &secrets.public_url)
            }
            Gateway::Infobip => infobip::receive(delivery, &secrets.infobip_auth),
            Gateway::BulkGate => bulkgate::receive(delivery, &secrets.bulkgate_secret),
            Gateway::GoSms => gosms::receive(delivery, &secrets.gosms_auth),
            Gateway::Telnyx => telnyx::receive(delivery, &secrets.telnyx_public_key),
            Gateway::Vonage => vonage::receive(
                delivery,
                &secrets.vonage_signature_secret,
                &secrets.vonage_signature_method,
            ),
        }
    }
}

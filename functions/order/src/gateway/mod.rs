//! What gateways send, proven and decoded.
//!
//! To add a gateway: a module with a function from [`Delivery`] and its secrets to [`InboundMessage`], a variant of
//! [`Gateway`] with its name, and a row in its tests with a request that the gateway's documentation signs. Verify the
//! raw bytes before you decode them, compare in constant time (`hmac::Mac::verify_slice`), and let no error say
//! anything that the message held.

pub mod generic;
pub mod twilio;

mod fields;

use konf_api::ledger::InboundMessage;
use konf_contract::UnixMs;

/// A body beyond this is no SMS: ten parts of UCS-2, percent-encoded, have 12 kB. Bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

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
    /// Such as `https://konf.example.com`; what gateways were told to call.
    pub public_url: String,
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
    #[error("the time stamp is more than 5 minutes off")]
    Stale,
    #[error("the body has more than {BODY_BYTES_MAX} bytes")]
    TooLarge,
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
            Rejected::Signature | Rejected::Stale => 401,
            Rejected::TooLarge => 413,
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
    /// `/mail/generic`: e-mail that a mail server has taken, verified and passed on in the generic form.
    Mail,
}

impl Gateway {
    /// Those under `/sms/`.
    pub const ALL: [Gateway; 2] = [Gateway::Generic, Gateway::Twilio];

    pub fn name(self) -> &'static str {
        match self {
            Gateway::Generic => generic::NAME,
            Gateway::Twilio => twilio::NAME,
            Gateway::Mail => generic::MAIL_NAME,
        }
    }

    pub fn by_name(name: &str) -> Result<Self, Rejected> {
        Self::ALL.into_iter().find(|gateway| gateway.name() == name).ok_or(Rejected::UnknownGateway)
    }

    fn names() -> String {
        Self::ALL.map(|gateway| format!("`{}`", gateway.name())).join(", ")
    }

    /// The message, if the gateway proves that it is its own.
    pub fn receive(
        self,
        delivery: &Delivery<'_>,
        secrets: &Secrets,
    ) -> Result<InboundMessage, Rejected> {
        if delivery.body.len() > BODY_BYTES_MAX {
            return Err(Rejected::TooLarge);
        }
        match self {
            Gateway::Generic => generic::receive(delivery, &secrets.sms_secrets),
            Gateway::Mail => generic::receive_mail(delivery, &secrets.sms_secrets),
            Gateway::Twilio => {
                twilio::receive(delivery, &secrets.twilio_auth_token, &secrets.public_url)
            }
        }
    }
}

//! E-mail: read, kept apart from what robots send, and proven as far as the servers before us can.
//!
//! [`read`] makes of a whole message what a gateway would hand on, and says whether its sender is proven. Whoever is not
//! is asked to confirm before anything is done ([`asked`]), since anybody can write anything after `From:`.
//!
//! A subject that names the service, or a reply to a message of ours, orders; any other mail is for an operator to read
//! (PRODUCT.md, section 1).

mod automatic;
mod body;
mod head;
mod results;

pub mod webhook;

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::ledger::{InboundMessage, MailHead, Sender};
use konf_api::mail::{Asked, MAIL_GATEWAY, MailMessage, Thread};
use konf_contract::UnixMs;
use mail_parser::{Message, MessageParser, PartType};
use sha2::{Digest, Sha256};

use crate::grammar::{self, Understood};
use crate::text;

/// FIELD.md, section 2. Bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// FIELD.md, section 2.
const PARTS_MAX: usize = 50;
const DEPTH_MAX: usize = 10;
/// RELIABILITY.md, rules from published faults.
const HEADERS_MAX: usize = 256;

/// What the deployment says; read from Spin variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSettings {
    /// What a subject has to name; empty: any subject orders.
    pub subject: String,
    /// Where orders are sent to, and what our own mail comes from: in lower case.
    pub own: Vec<String>,
}

impl MailSettings {
    /// From the variables `mail_subject`, `order_address` and `mail_from`; the addresses may be empty.
    pub fn new(subject: &str, order_address: &str, mail_from: &str) -> Self {
        let own = [order_address, mail_from]
            .iter()
            .map(|address| address.trim().to_lowercase())
            .filter(|address| !address.is_empty())
            .collect();
        MailSettings { subject: subject.to_owned(), own }
    }

    fn is_subject(&self, subject: &str) -> bool {
        let words = |text: &str| {
            let folded = text::fold(text);
            folded.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        words(subject).contains(&words(&self.subject))
    }

    /// `<out…@DOMAIN>` of an address of ours.
    fn is_our_id(&self, id: &str) -> bool {
        let Some((_, domain)) = id.trim_end_matches('>').rsplit_once('@') else { return false };
        id.starts_with("<out")
            && self
                .own
                .iter()
                .any(|own| own.rsplit_once('@').is_some_and(|(_, ours)| ours == domain))
    }
}

/// A mail that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub message: InboundMessage,
    /// Whether its sender is who it says.
    pub is_proven: bool,
}

/// A mail that nothing is done about. Nothing of the mail is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// Nobody hears of it: an answer could begin a loop.
    #[error("{0}")]
    Automatic(&'static str),
    /// The server that brought it hears why.
    #[error("{0}")]
    Unreadable(&'static str),
}

/// The longest text that is kept of a mail. As many characters an operator reads of it.
const TEXT_CHARACTERS_MAX: usize = 4_000;

/// Reads a whole message.
pub fn read(mail: &MailMessage, settings: &MailSettings) -> Result<Mail, Unwanted> {
    let raw = BASE64_STANDARD.decode(&mail.raw).map_err(|_| Unwanted::Unreadable("not base64"))?;
    if raw.len() > MESSAGE_BYTES_MAX {
        return Err(Unwanted::Unreadable("the message has more than 256 kB"));
    }
    let message = MessageParser::default()
        .parse(&raw)
        .ok_or(Unwanted::Unreadable("the message has no header"))?;
    check_shape(&message)?;
    automatic::check(mail, &message)?;
    let from = head::sender(&message).ok_or(Unwanted::Unreadable(
        "expected one sender with a plain address, as in From: jana@example.com",
    ))?;
    if settings.own.contains(&from) {
        return Err(Unwanted::Automatic("it comes from ourselves"));
    }
    let thread = head::thread(&message);
    let is_reply = thread.references.iter().any(|id| settings.is_our_id(id));
    let is_proven = results::prove(&message, mail.authserv_id.as_deref(), &from)
        || is_signed(mail, &message, &from);
    let text: String = body::own_text(&message).chars().take(TEXT_CHARACTERS_MAX).collect();
    let sender = Sender::Email(from);
    let orders = is_reply || settings.is_subject(&head::subject(&message));
    Ok(Mail {
        message: InboundMessage {
            gateway: MAIL_GATEWAY.to_owned(),
            gateway_id: gateway_id(&sender, &thread),
            sender,
            recipient: mail.to.clone(),
            text,
            mail: Some(Box::new(MailHead { thread, orders })),
        },
        is_proven,
    })
}

/// Whether the domain that is seen has sent it, and to here: what it has signed for others anybody could send on.
fn is_signed(mail: &MailMessage, message: &Message<'_>, from: &str) -> bool {
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_here = |address: &mail_parser::Addr<'_>| {
        address.address().is_some_and(|address| address.eq_ignore_ascii_case(&mail.to))
    };
    let to = message.to().into_iter().chain(message.cc()).flat_map(|list| list.iter());
    mail.proven.iter().any(|proven| proven == domain) && to.into_iter().any(is_here)
}

/// The same message by the same sender is one, however often it comes; nobody's message is taken for another's.
fn gateway_id(sender: &Sender, thread: &Thread) -> Option<String> {
    if thread.message_id.is_empty() {
        return None;
    }
    let hash = Sha256::new()
        .chain_update(sender.key())
        .chain_update(" ")
        .chain_update(&thread.message_id)
        .finalize();
    Some(format!("{hash:x}"))
}

fn check_shape(message: &Message<'_>) -> Result<(), Unwanted> {
    if message.parts.len() > PARTS_MAX {
        return Err(Unwanted::Unreadable("the message has more than 50 parts"));
    }
    if message.headers().len() > HEADERS_MAX {
        return Err(Unwanted::Unreadable("the message has more than 256 header fields"));
    }
    if depth(message, 0) > DEPTH_MAX {
        return Err(Unwanted::Unreadable("the message's parts lie more than 10 deep"));
    }
    Ok(())
}

/// Names and values in their order, as they stand. Octets that are no UTF-8 hide no field: the topmost one stays topmost.
fn raw_fields<'a>(message: &'a Message<'_>) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
    message.headers().iter().map(|field| {
        let place = usize::try_from(field.offset_start).ok().zip(field.offset_end.try_into().ok());
        let octets =
            place.and_then(|(start, end): (usize, usize)| message.raw_message.get(start..end));
        (field.name.as_str(), String::from_utf8_lossy(octets.unwrap_or_default()))
    })
}

/// How deep parts lie within each other. The parser numbers a part's children after it, so that this ends.
fn depth(message: &Message<'_>, part: u32) -> usize {
    let Some(body) = message.part(part).map(|part| &part.body) else { return 0 };
    let inner = match body {
        PartType::Multipart(children) => children
            .iter()
            .filter(|child| **child > part)
            .map(|child| depth(message, *child))
            .max()
            .unwrap_or(0),
        PartType::Message(nested) => depth(nested, 0),
        _ => 0,
    };
    1 + inner
}

/// What a sender who is not proven is asked to confirm; none for what is only ever answered with a sentence.
pub fn asked(message: &InboundMessage, now: UnixMs) -> Option<Asked> {
    let orders = message.mail.as_ref().is_none_or(|mail| mail.orders);
    if !orders {
        return Some(Asked::Request);
    }
    match grammar::understand(&message.text, now) {
        Understood::Order(order) => Some(Asked::Order { window: order.window, seats: order.seats }),
        Understood::TakeOffer(index) => Some(Asked::TakeOffer { index }),
        Understood::Cancel { number, .. } => Some(Asked::Cancel { number }),
        Understood::NonStandard { .. } | Understood::NotAnOrder => Some(Asked::Request),
        Understood::Question { .. } | Understood::Refusal { .. } => None,
    }
}

pub(crate) use head::plain_address;

#[cfg(test)]
mod tests;

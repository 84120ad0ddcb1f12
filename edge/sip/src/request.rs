//! A request: a message whose indispensable headers are there and make sense.

use crate::limits::ID_MAX;
use crate::message::{Fault, Message, Name, Start, bad};
use crate::value::{self, Address, Uri, ValueError, Via};

/// The methods that are served; the others are refused by name or as unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Info,
    Update,
    /// RFC 3262: nothing that we send can be acknowledged so.
    Prack,
    /// From phones that prove who they are; otherwise refused like the following.
    Register,
    /// A method of the IANA registry that a conference bridge has no use for: 405.
    Refused,
    /// 501.
    Unknown,
}

/// `Allow`.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK";

impl Method {
    fn parse(name: &str) -> Self {
        match name {
            "INVITE" => Method::Invite,
            "ACK" => Method::Ack,
            "BYE" => Method::Bye,
            "CANCEL" => Method::Cancel,
            "OPTIONS" => Method::Options,
            "INFO" => Method::Info,
            "UPDATE" => Method::Update,
            "PRACK" => Method::Prack,
            "REGISTER" => Method::Register,
            "SUBSCRIBE" | "NOTIFY" | "PUBLISH" | "MESSAGE" | "REFER" => Method::Refused,
            _ => Method::Unknown,
        }
    }
}

/// A request whose indispensable headers are there and make sense.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) via: &'a Via,
    pub(crate) from: Address,
    pub(crate) from_tag: Option<String>,
    pub(crate) to_tag: Option<String>,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) message: &'a Message,
}

impl<'a> Request<'a> {
    /// Checks a message; what is wrong with it decides the refusal.
    pub(crate) fn read(message: &'a Message, via: &'a Via) -> Result<Self, Fault> {
        let Parts { method, uri, from, from_tag, to_tag, call_id, cseq } = Parts::of(message)?;
        Ok(Request { method, uri, via, from, from_tag, to_tag, call_id, cseq, message })
    }
}

struct Parts {
    method: Method,
    uri: Uri,
    from: Address,
    from_tag: Option<String>,
    to_tag: Option<String>,
    call_id: String,
    cseq: u32,
}

impl Parts {
    fn of(message: &Message) -> Result<Self, Fault> {
        if let Some(fault) = message.fault {
            return Err(fault);
        }
        let Start::Request { method: name, uri } = &message.start else {
            return Err(bad("Not a Request"));
        };
        let call_id = message.one(Name::CallId, bad("Missing Call-ID"))?.into_owned();
        if call_id.is_empty() || call_id.len() > ID_MAX || call_id.contains(char::is_whitespace) {
            return Err(bad("Malformed Call-ID"));
        }
        let cseq = message.one(Name::CSeq, bad("Missing CSeq"))?;
        let (cseq, cseq_method) = value::cseq(&cseq).map_err(|_| bad("Malformed CSeq"))?;
        if cseq_method != *name {
            return Err(bad("CSeq Method Differs"));
        }
        let from = message.one(Name::From, bad("Missing From"))?;
        let from = Address::parse(&from).map_err(|_| bad("Malformed From"))?;
        let from_tag = from.tag().map_err(|_| bad("Malformed From Tag"))?;
        let to = message.one(Name::To, bad("Missing To"))?;
        let to = Address::parse(&to).map_err(|_| bad("Malformed To"))?;
        let to_tag = to.tag().map_err(|_| bad("Malformed To Tag"))?;
        message.list(Name::Via).map_err(|_| bad("Malformed Via"))?;
        let forwards = message.text(Name::MaxForwards).unwrap_or("70".into());
        value::number::<u8>(&forwards).map_err(|_| bad("Malformed Max-Forwards"))?;
        let uri = Uri::parse(uri).map_err(|wrong| match wrong {
            ValueError::Scheme => Fault { status: 416, reason: "Unsupported URI Scheme" },
            ValueError::TooLong => Fault { status: 414, reason: "Request-URI Too Long" },
            ValueError::Malformed => bad("Malformed Request-URI"),
        })?;
        if uri.headers {
            return Err(bad("Headers in Request-URI"));
        }
        Ok(Parts { method: Method::parse(name), uri, from, from_tag, to_tag, call_id, cseq })
    }
}

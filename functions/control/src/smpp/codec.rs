//! PDUs of SMPP 3.4 as bytes (SMPP Developers Forum, "Short Message Peer to Peer Protocol Specification v3.4").
//!
//! Only what a client needs that binds as a transceiver. Another command is kept by its number, so that it can be
//! refused; an optional parameter that means nothing here is passed over.

use crate::config::Secret;

/// The longest PDU that is taken. A message has 254 bytes, or in `message_payload` what ten parts hold.
pub const PDU_BYTES_MAX: usize = 8 * 1024;

const HEADER_BYTES: usize = 16;
/// Set in the command of an answer.
const RESPONSE: u32 = 0x8000_0000;

/// Section 5.1.3, `command_status`.
pub mod status {
    pub const OK: u32 = 0;
    pub const INVALID_COMMAND: u32 = 0x03;
    pub const QUEUE_FULL: u32 = 0x14;
    pub const SYSTEM_ERROR: u32 = 0x08;
    pub const THROTTLED: u32 = 0x58;
    /// The receiver cannot take it now; come again.
    pub const TEMPORARY: u32 = 0x64;
    /// The receiver will never take it.
    pub const REJECTED: u32 = 0x66;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub status: u32,
    pub sequence: u32,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    BindTransceiver { system_id: String, password: Secret },
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    SubmitSm(Message),
    SubmitSmResp { message_id: String },
    DeliverSm(Message),
    DeliverSmResp,
    Other(u32),
}

/// `submit_sm` and `deliver_sm` have the same fields.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Message {
    pub source: Address,
    pub destination: Address,
    pub esm_class: u8,
    pub registered_delivery: u8,
    pub data_coding: u8,
    /// With the header of user data, where `esm_class` says so.
    pub payload: Vec<u8>,
    /// Reference, how many parts, which.
    pub sar: Option<(u32, u32, u32)>,
    /// Of a receipt.
    pub receipted_message_id: Option<String>,
    pub message_state: Option<u8>,
}

/// Neither numbers nor words are printed.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({} bytes, coding {})", self.payload.len(), self.data_coding)
    }
}

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of number: 1 international, 5 alphanumeric.
    pub ton: u8,
    /// Numbering plan: 1 is E.164.
    pub npi: u8,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("a PDU says that it has {0} bytes")]
    Length(u32),
    #[error("a PDU ends too early")]
    Short,
}

/// `bind_transceiver`'s `interface_version`.
const VERSION: u8 = 0x34;

/// Section 5.3.2.
mod tag {
    pub(super) const RECEIPTED_MESSAGE_ID: u16 = 0x001e;
    pub(super) const SAR_REFERENCE: u16 = 0x020c;
    pub(super) const SAR_TOTAL: u16 = 0x020e;
    pub(super) const SAR_PART: u16 = 0x020f;
    pub(super) const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub(super) const MESSAGE_STATE: u16 = 0x0427;
}

/// The first PDU of `bytes` and its length; none while it is not all there.
pub fn decode(bytes: &[u8]) -> Result<Option<(Pdu, usize)>, CodecError> {
    let Some(said) = bytes.first_chunk::<4>() else { return Ok(None) };
    let said = u32::from_be_bytes(*said);
    let length = usize::try_from(said).map_err(|_| CodecError::Length(said))?;
    if !(HEADER_BYTES..=PDU_BYTES_MAX).contains(&length) {
        return Err(CodecError::Length(said));
    }
    let Some(bytes) = bytes.get(4..length) else { return Ok(None) };
    let mut reader = Reader(bytes);
    let (command, status, sequence) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let body = body(command, status, &mut reader)?;
    Ok(Some((Pdu { status, sequence, body }, length)))
}

fn body(command: u32, status: u32, reader: &mut Reader<'_>) -> Result<Body, CodecError> {
    Ok(match command {
        0x8000_0000 => Body::GenericNack,
        4 => Body::SubmitSm(message(reader)?),
        // An answer with an error may have no body.
        0x8000_0004 if status != status::OK => Body::SubmitSmResp { message_id: String::new() },
        0x8000_0004 => Body::SubmitSmResp { message_id: reader.text()? },
        5 => Body::DeliverSm(message(reader)?),
        0x8000_0005 => Body::DeliverSmResp,
        6 => Body::Unbind,
        0x8000_0006 => Body::UnbindResp,
        9 => Body::BindTransceiver {
            system_id: reader.text()?,
            password: Secret::new(&reader.text()?),
        },
        0x8000_0009 => Body::BindTransceiverResp,
        0x15 => Body::EnquireLink,
        0x8000_0015 => Body::EnquireLinkResp,
        other => Body::Other(other),
    })
}

fn message(reader: &mut Reader<'_>) -> Result<Message, CodecError> {
    let _service_type = reader.text()?;
    let (source, destination) = (reader.address()?, reader.address()?);
    let esm_class = reader.u8()?;
    let (_protocol_id, _priority) = (reader.u8()?, reader.u8()?);
    let (_schedule, _validity) = (reader.text()?, reader.text()?);
    let registered_delivery = reader.u8()?;
    let _replace = reader.u8()?;
    let data_coding = reader.u8()?;
    let _default_message = reader.u8()?;
    let length = usize::from(reader.u8()?);
    let payload = reader.take(length)?.to_vec();
    let mut message = Message {
        source,
        destination,
        esm_class,
        registered_delivery,
        data_coding,
        payload,
        ..Message::default()
    };
    options(reader, &mut message)?;
    Ok(message)
}

/// Some senders pad a PDU: what is no parameter any more ends them.
fn options(reader: &mut Reader<'_>, message: &mut Message) -> Result<(), CodecError> {
    let (mut reference, mut total, mut part) = (None, None, None);
    while reader.0.len() >= 4 {
        let (tag, length) = (reader.u16()?, reader.u16()?);
        let value = reader.take(usize::from(length))?;
        match tag {
            tag::SAR_REFERENCE => reference = Some(number(value)),
            tag::SAR_TOTAL => total = Some(number(value)),
            tag::SAR_PART => part = Some(number(value)),
            tag::MESSAGE_PAYLOAD => message.payload = value.to_vec(),
            tag::MESSAGE_STATE => message.message_state = value.first().copied(),
            tag::RECEIPTED_MESSAGE_ID => {
                let text = value.strip_suffix(&[0]).unwrap_or(value);
                message.receipted_message_id = Some(String::from_utf8_lossy(text).into_owned());
            }
            _ => {}
        }
    }
    message.sar =
        reference.zip(total).zip(part).map(|((reference, total), part)| (reference, total, part));
    Ok(())
}

fn number(value: &[u8]) -> u32 {
    value.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (this, rest) = self.0.split_at_checked(length).ok_or(CodecError::Short)?;
        self.0 = rest;
        Ok(this)
    }

    fn u8(&mut self) -> Result<u8, CodecError> {
        self.take(1)?.first().copied().ok_or(CodecError::Short)
    }

    fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from(self.u8()?) << 8 | u16::from(self.u8()?))
    }

    fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from(self.u16()?) << 16 | u32::from(self.u16()?))
    }

    /// Up to a zero byte, which is a part of it.
    fn text(&mut self) -> Result<String, CodecError> {
        let length = self.0.iter().position(|byte| *byte == 0).ok_or(CodecError::Short)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.u8()?;
        Ok(text)
    }

    fn address(&mut self) -> Result<Address, CodecError> {
        Ok(Address { ton: self.u8()?, npi: self.u8()?, text: self.text()? })
    }
}

/// The bytes of a PDU. A payload too long for `short_message` goes into `message_payload`.
pub fn encode(pdu: &Pdu) -> Vec<u8> {
    let mut body = Vec::new();
    let command = match &pdu.body {
        Body::GenericNack => RESPONSE,
        Body::SubmitSm(message) => put_message(&mut body, message, 4),
        Body::SubmitSmResp { message_id } => {
            put_text(&mut body, message_id);
            RESPONSE | 4
        }
        Body::DeliverSm(message) => put_message(&mut body, message, 5),
        Body::DeliverSmResp => {
            body.push(0);
            RESPONSE | 5
        }
        Body::Unbind => 6,
        Body::UnbindResp => RESPONSE | 6,
        Body::BindTransceiver { system_id, password } => {
            put_text(&mut body, system_id);
            put_text(&mut body, password.expose());
            // No system_type, our version, and whatever addresses the account has.
            body.extend([0, VERSION, 0, 0, 0]);
            9
        }
        Body::BindTransceiverResp => {
            body.push(0);
            RESPONSE | 9
        }
        Body::EnquireLink => 0x15,
        Body::EnquireLinkResp => RESPONSE | 0x15,
        Body::Other(command) => *command,
    };
    let length = u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    for word in [length, command, pdu.status, pdu.sequence] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

fn put_message(body: &mut Vec<u8>, message: &Message, command: u32) -> u32 {
    body.push(0);
    for address in [&message.source, &message.destination] {
        body.extend([address.ton, address.npi]);
        put_text(body, &address.text);
    }
    body.extend([message.esm_class, 0, 0, 0, 0, message.registered_delivery, 0]);
    body.extend([message.data_coding, 0]);
    match u8::try_from(message.payload.len()) {
        Ok(length) if length < u8::MAX => {
            body.push(length);
            body.extend(&message.payload);
        }
        _ => {
            body.push(0);
            put_option(body, tag::MESSAGE_PAYLOAD, &message.payload);
        }
    }
    if let Some((reference, total, part)) = message.sar {
        let low = |number: u32| number.to_be_bytes()[3];
        put_option(body, tag::SAR_REFERENCE, &reference.to_be_bytes()[2..]);
        put_option(body, tag::SAR_TOTAL, &[low(total)]);
        put_option(body, tag::SAR_PART, &[low(part)]);
    }
    if let Some(id) = &message.receipted_message_id {
        put_option(body, tag::RECEIPTED_MESSAGE_ID, &[id.as_bytes(), &[0]].concat());
    }
    if let Some(state) = message.message_state {
        put_option(body, tag::MESSAGE_STATE, &[state]);
    }
    command
}

fn put_option(body: &mut Vec<u8>, tag: u16, value: &[u8]) {
    body.extend(tag.to_be_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    body.extend(value);
}

/// A zero byte would end the field early.
fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes().filter(|byte| *byte != 0));
    body.push(0);
}

#[cfg(test)]
mod tests;

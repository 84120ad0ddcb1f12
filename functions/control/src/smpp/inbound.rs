//! What a `deliver_sm` means to Konf.

use konf_api::ledger::{DeliveryReport, Fate, InboundMessage, InboundPart, Sender};
use konf_contract::{Msisdn, UnixMs};
use sha2::{Digest, Sha256};

use super::codec::{Address, Message};
use super::text;

/// The gateway's name with which messages are stored.
const NAME: &str = "smpp";

/// `esm_class`: the kind of message; 1 is a receipt (section 5.2.12).
const KIND: u8 = 0x3c;
const RECEIPT: u8 = 0x04;

/// Type of number (section 5.2.5).
const INTERNATIONAL: u8 = 1;

/// A part has no id, and a telephone numbers its long messages round and round: within this time the same part is the
/// same. As long as the ledger takes two equal messages for one.
const BUCKET_MS: i64 = 600_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    Message(InboundMessage),
    Part(InboundPart),
    Report(DeliveryReport),
    /// A receipt of something that is no end.
    Nothing,
    /// Why it will never be taken.
    Unreadable(&'static str),
}

pub fn understand(message: &Message, now: UnixMs) -> Inbound {
    if message.esm_class & KIND == RECEIPT {
        return receipt(message).map_or(Inbound::Nothing, Inbound::Report);
    }
    let Some(sender) = sender(&message.source) else {
        return Inbound::Unreadable("its sender is no telephone number");
    };
    let Some(words) = text::read(message) else {
        return Inbound::Unreadable("its alphabet or its header is not understood");
    };
    let whole = InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: None,
        sender,
        recipient: message.destination.text.clone(),
        text: words.text,
        mail: None,
    };
    match words.part {
        None => Inbound::Message(whole),
        Some((reference, total, part)) => {
            let gateway_id = Some(part_id(&whole, (reference, total, part), now));
            let message = InboundMessage { gateway_id, ..whole };
            Inbound::Part(InboundPart { message, reference, total, part })
        }
    }
}

fn sender(address: &Address) -> Option<Sender> {
    let digits = address.text.trim_start_matches('+');
    let number = match address.ton {
        INTERNATIONAL => Msisdn::parse(&format!("+{digits}")),
        _ => Msisdn::parse(&address.text),
    };
    number.ok().map(Sender::Sms)
}

fn part_id(message: &InboundMessage, part: (u32, u32, u32), now: UnixMs) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {part:?} {} ", message.sender.key(), now.0.div_euclid(BUCKET_MS)));
    hash.update(&message.text);
    format!("part-{:x}", hash.finalize())
}

/// By the optional parameters, else by the words that everybody writes (appendix B): `id:… stat:DELIVRD err:000 …`.
fn receipt(message: &Message) -> Option<DeliveryReport> {
    let words = text::read(message).map(|words| words.text).unwrap_or_default();
    let field = |name: &str| {
        let after = words.split(name).nth(1)?;
        after.split_ascii_whitespace().next().map(str::to_owned)
    };
    let stat = field("stat:").unwrap_or_default();
    let fate = match (message.message_state, stat.as_str()) {
        (Some(2), _) | (None, "DELIVRD") => Fate::Delivered,
        (Some(3 | 4 | 5 | 8), _) | (None, "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD") => {
            let code = field("err:").unwrap_or_else(|| "none".to_owned());
            Fate::Undelivered { reason: format!("{stat}, error {code}") }
        }
        _ => return None,
    };
    let gateway_id = message.receipted_message_id.clone().or(field("id:"));
    Some(DeliveryReport { reference: None, gateway_id: Some(gateway_id?), fate })
}

#[cfg(test)]
mod tests;

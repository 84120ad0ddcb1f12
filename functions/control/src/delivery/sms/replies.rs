//! Replies that a gateway keeps until it is asked, as GoSMS does: to each message by itself.
//!
//! Whoever answers an offer does so within minutes, so that young messages are asked about often and old ones seldom.

use std::collections::BTreeMap;

use konf_api::ledger::{InboundMessage, Sender};
use konf_contract::{Msisdn, UnixMs};
use konf_ledger::Answerable;
use serde_json::Value;

/// Nobody answers after a day, or orders anew by a message of their own.
pub const ANSWERABLE_MS: i64 = 24 * 60 * UnixMs::MINUTE;

/// Asked about in one round; the rest comes in the next.
const ROUND: usize = 20;

/// How long after a message how often its replies are asked for.
const EVERY_MS: [(i64, i64); 2] =
    [(15 * UnixMs::MINUTE, 15_000), (2 * 60 * UnixMs::MINUTE, 2 * UnixMs::MINUTE)];
const SELDOM_MS: i64 = 15 * UnixMs::MINUTE;

/// When each message was asked about last.
#[derive(Default)]
pub struct Asked(BTreeMap<String, UnixMs>);

impl Asked {
    /// Which of `answerable` are to be asked about now; those that have waited longest first.
    pub fn next(&mut self, answerable: &[Answerable], now: UnixMs) -> Vec<String> {
        self.0.retain(|id, _| answerable.iter().any(|message| message.gateway_id == *id));
        let mut due: Vec<(UnixMs, &str)> = answerable
            .iter()
            .filter_map(|message| {
                let asked = self.0.get(&message.gateway_id).copied().unwrap_or(message.sent);
                let due = now.since(asked) >= every_ms(now.since(message.sent));
                due.then_some((asked, &message.gateway_id[..]))
            })
            .collect();
        due.sort_unstable();
        due.truncate(ROUND);
        let next: Vec<String> = due.into_iter().map(|(_, id)| id.to_owned()).collect();
        self.0.extend(next.iter().map(|id| (id.clone(), now)));
        next
    }
}

fn every_ms(age_ms: i64) -> i64 {
    let young = EVERY_MS.iter().find(|(until, _)| age_ms < *until);
    young.map_or(SELDOM_MS, |(_, every)| *every)
}

/// What GoSMS says of one message: under each number what came from it. What cannot be read is left out.
pub(super) fn read(gateway: &str, body: &[u8]) -> Vec<InboundMessage> {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(recipients) = said["reply"]["recipients"].as_object() else { return Vec::new() };
    let replies = recipients.iter().flat_map(|(number, replies)| {
        let sender = Msisdn::parse(number).ok().map(Sender::Sms);
        let replies = replies.as_array().into_iter().flatten();
        replies.filter_map(move |reply| message(gateway, sender.clone()?, reply))
    });
    replies.collect()
}

fn message(gateway: &str, sender: Sender, reply: &Value) -> Option<InboundMessage> {
    let id = match &reply["id"] {
        Value::Number(id) => id.to_string(),
        Value::String(id) => id.clone(),
        _ => return None,
    };
    Some(InboundMessage {
        gateway: gateway.to_owned(),
        gateway_id: Some(id),
        sender,
        recipient: reply["sourceNumber"].as_str().unwrap_or_default().to_owned(),
        text: reply["message"].as_str()?.to_owned(),
        mail: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: UnixMs = UnixMs(1_900_000_000_000);

    /// The example of GoSMS's documentation.
    const DOCUMENTED: &str = r#"{
        "reply": { "hasReplies": true, "repliesCount": 1, "recipients": {
            "+420111222333": [{
                "id": 1, "message": "odpoved", "sourceNumber": "+420799507467",
                "received": "2016-05-04T21:23:00+02:00"
            }]
        } },
        "links": { "message": "api/v1/messages/1", "replies": "api/v1/messages/1/replies" }
    }"#;

    #[test]
    fn the_documented_reply_is_a_message_with_an_id_of_its_own() {
        let [reply] = &read("gosms", DOCUMENTED.as_bytes())[..] else { panic!("one reply") };
        assert_eq!(reply.sender.key(), "sms:+420111222333");
        assert_eq!((&reply.text[..], reply.gateway_id.as_deref()), ("odpoved", Some("1")));
        assert_eq!(reply.recipient, "+420799507467");
    }

    #[test]
    fn what_cannot_be_read_is_no_reply() {
        for body in [
            "",
            "[]",
            r#"{"reply":{"hasReplies":false,"repliesCount":0,"recipients":[]}}"#,
            r#"{"reply":{"recipients":{"+420606123456":[{"id":1},{"message":"2"},7]}}}"#,
            r#"{"reply":{"recipients":{"O2":[{"id":1,"message":"2"}]}}}"#,
            r#"{"reply":{"recipients":{"+420606123456":{"id":1,"message":"2"}}}}"#,
        ] {
            assert_eq!(read("gosms", body.as_bytes()), [], "{body}");
        }
    }

    #[test]
    fn young_messages_are_asked_about_often_and_old_ones_seldom() {
        let message = Answerable { gateway_id: "1".to_owned(), sent: BEGIN };
        let mut asked = Asked::default();
        let mut times = |from_min: i64, to_min: i64| {
            let seconds = from_min * 60..to_min * 60;
            let now = |second: i64| BEGIN.plus_ms(second * 1_000);
            let asks = |s: &i64| !asked.next(std::slice::from_ref(&message), now(*s)).is_empty();
            seconds.filter(asks).count()
        };
        assert_eq!(times(0, 15), 59);
        assert_eq!(times(15, 120), 52);
        assert_eq!(times(120, 24 * 60), 88);
    }

    #[test]
    fn many_messages_take_turns_and_those_that_are_over_are_forgotten() {
        let messages: Vec<Answerable> = (0..50)
            .map(|n| Answerable { gateway_id: n.to_string(), sent: BEGIN.plus_ms(n) })
            .collect();
        let mut asked = Asked::default();
        let now = |second: i64| BEGIN.plus_ms(second * 1_000);
        let rounds: Vec<Vec<String>> =
            [20, 21, 22, 23].map(|second| asked.next(&messages, now(second))).into();
        assert_eq!(rounds.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 10, 0]);
        assert_eq!((&rounds[0][0][..], &rounds[2][9][..]), ("0", "49"));
        asked.next(&messages[..1], now(24));
        assert_eq!(asked.0.len(), 1);
    }
}

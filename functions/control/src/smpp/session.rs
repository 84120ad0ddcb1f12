//! One bind as a transceiver, without a socket: bytes and time in, bytes and events out.
//!
//! The law of use: after every `handle_*`, [`Session::submit`], [`Session::acknowledge`] and [`Session::unbind`] write
//! what [`Session::poll_transmit`] gives, act on [`Session::poll_event`], and call [`Session::handle_timeout`] no later
//! than [`Session::poll_timeout`] says. After [`Event::Closed`] only a new session and a new connection help.

use std::collections::{BTreeMap, VecDeque};

use konf_contract::UnixMs;

use super::codec::{self, Body, CodecError, Message, Pdu, status};
use crate::config::Secret;

/// An SMSC answers a bind and a message within moments; as long as other gateways are waited for.
const ANSWER_MS: i64 = 15_000;
/// Silence after which the link is tried: below the idle time-outs that carriers set (60 s and up).
const IDLE_MS: i64 = 30_000;
/// Messages out without an answer yet: what SMSCs allow at least without a word (commonly 10).
const WINDOW: usize = 10;
/// How long nothing is submitted after "throttled" or "queue full".
const PAUSE_MS: i64 = 1_000;
/// Messages that wait for their turn; each is one of those that the outbox sends at once, so this is never reached.
const QUEUE_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Bound,
    /// A message or a receipt, to be stored and then acknowledged.
    Delivered {
        sequence: u32,
        message: Message,
    },
    /// What became of a message that was submitted.
    Settled {
        token: u64,
        outcome: Outcome,
    },
    Closed(Reason),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Taken {
        message_id: String,
    },
    /// It will never be taken; the status.
    Refused(u32),
    /// It was not taken; come again.
    Later,
    /// It was sent and no answer came.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the bind was refused with status {0:#x}")]
    BindRefused(u32),
    #[error("no answer to {0} in time")]
    Silent(&'static str),
    #[error("the other side has unbound")]
    Unbound,
    #[error("the connection broke")]
    Broken,
    #[error(transparent)]
    Codec(#[from] CodecError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Binding,
    Bound,
    /// We have unbound and wait for the answer.
    Leaving,
    Closed,
}

/// A message out that has been sent.
struct Pending {
    token: u64,
    until: UnixMs,
}

/// A message out that has not.
struct Queued {
    token: u64,
    message: Message,
    until: UnixMs,
}

pub struct Session {
    state: State,
    sequence: u32,
    received: Vec<u8>,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    pending: BTreeMap<u32, Pending>,
    queue: VecDeque<Queued>,
    /// Nothing is submitted before.
    paused: UnixMs,
    /// When the link is to be tried, if nothing is heard until then.
    idle: UnixMs,
    /// Until when the answer to the bind, to an enquiry or to the unbind may come.
    answer: Option<(UnixMs, &'static str)>,
}

impl Session {
    /// On a connection that has just been made: binds.
    pub fn new(system_id: &str, password: &Secret, now: UnixMs) -> Self {
        let mut session = Session {
            state: State::Binding,
            sequence: 0,
            received: Vec::new(),
            transmit: VecDeque::new(),
            events: VecDeque::new(),
            pending: BTreeMap::new(),
            queue: VecDeque::new(),
            paused: now,
            idle: now.plus_ms(IDLE_MS),
            answer: None,
        };
        let (system_id, password) = (system_id.to_owned(), password.clone());
        session.ask(Body::BindTransceiver { system_id, password }, "the bind", now);
        session
    }

    pub fn handle_bytes(&mut self, bytes: &[u8], now: UnixMs) {
        self.received.extend(bytes);
        while self.state != State::Closed {
            match codec::decode(&self.received) {
                Ok(None) => return,
                Ok(Some((pdu, length))) => {
                    self.received.drain(..length);
                    self.idle = now.plus_ms(IDLE_MS);
                    self.handle_pdu(pdu, now);
                }
                Err(error) => self.close(Reason::Codec(error)),
            }
        }
    }

    /// The socket is gone.
    pub fn handle_broken(&mut self) {
        let reason = if self.state == State::Leaving { Reason::Unbound } else { Reason::Broken };
        self.close(reason);
    }

    pub fn handle_timeout(&mut self, now: UnixMs) {
        if let Some((until, what)) = self.answer
            && until <= now
        {
            return self.close(Reason::Silent(what));
        }
        for (sequence, _) in self.overdue(now) {
            if let Some(pending) = self.pending.remove(&sequence) {
                self.settle(pending.token, Outcome::Unknown);
            }
        }
        while self.queue.front().is_some_and(|queued| queued.until <= now) {
            if let Some(queued) = self.queue.pop_front() {
                self.settle(queued.token, Outcome::Later);
            }
        }
        if self.state == State::Bound && self.idle <= now && self.answer.is_none() {
            self.ask(Body::EnquireLink, "an enquiry", now);
        }
        self.submit_queued(now);
    }

    /// One message; `token` comes back in [`Event::Settled`].
    pub fn submit(&mut self, token: u64, message: Message, now: UnixMs) {
        let goes = matches!(self.state, State::Binding | State::Bound);
        if !goes || self.queue.len() >= QUEUE_MAX {
            return self.settle(token, Outcome::Later);
        }
        self.queue.push_back(Queued { token, message, until: now.plus_ms(ANSWER_MS) });
        self.submit_queued(now);
    }

    /// The answer to [`Event::Delivered`].
    pub fn acknowledge(&mut self, sequence: u32, status: u32) {
        if self.state != State::Closed {
            self.send(Pdu { status, sequence, body: Body::DeliverSmResp });
        }
    }

    pub fn unbind(&mut self, now: UnixMs) {
        if self.state == State::Bound {
            self.state = State::Leaving;
            self.ask(Body::Unbind, "the unbind", now);
        }
    }

    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When something is to be done without a word from outside, and what; none once closed.
    pub fn poll_timeout(&self) -> Option<(UnixMs, &'static str)> {
        if self.state == State::Closed {
            return None;
        }
        let submit =
            self.pending.values().map(|pending| (pending.until, "a message's answer")).min();
        let queued = self.queue.front().map(|queued| (queued.until, "a message's turn"));
        let resume = (self.state == State::Bound && !self.queue.is_empty() && self.has_room())
            .then_some((self.paused, "the end of a pause"));
        let idle =
            (self.state == State::Bound && self.answer.is_none()).then_some((self.idle, "silence"));
        [self.answer, submit, queued, resume, idle].into_iter().flatten().min()
    }

    fn handle_pdu(&mut self, pdu: Pdu, now: UnixMs) {
        let Pdu { status, sequence, body } = pdu;
        match body {
            Body::BindTransceiverResp if self.state == State::Binding => self.bound(status, now),
            Body::EnquireLinkResp => self.answer = None,
            Body::EnquireLink => self.reply(sequence, Body::EnquireLinkResp),
            Body::Unbind => {
                self.reply(sequence, Body::UnbindResp);
                self.close(Reason::Unbound);
            }
            Body::UnbindResp => self.close(Reason::Unbound),
            Body::DeliverSm(message) => {
                self.events.push_back(Event::Delivered { sequence, message })
            }
            Body::SubmitSmResp { message_id } => self.answered(sequence, status, message_id, now),
            Body::GenericNack => self.answered(sequence, status, String::new(), now),
            Body::BindTransceiverResp | Body::DeliverSmResp => {}
            Body::BindTransceiver { .. } | Body::SubmitSm(_) => self.refuse(sequence),
            // An answer that we never asked for needs none.
            Body::Other(command) if command >> 31 == 0 => self.refuse(sequence),
            Body::Other(_) => {}
        }
    }

    fn bound(&mut self, status: u32, now: UnixMs) {
        if status != status::OK {
            return self.close(Reason::BindRefused(status));
        }
        self.state = State::Bound;
        self.answer = None;
        self.events.push_back(Event::Bound);
        self.submit_queued(now);
    }

    fn answered(&mut self, sequence: u32, status: u32, message_id: String, now: UnixMs) {
        let Some(Pending { token, .. }) = self.pending.remove(&sequence) else { return };
        let outcome = match status {
            status::OK => Outcome::Taken { message_id },
            status::THROTTLED | status::QUEUE_FULL => {
                self.paused = now.plus_ms(PAUSE_MS);
                Outcome::Later
            }
            status::SYSTEM_ERROR => Outcome::Later,
            refused => Outcome::Refused(refused),
        };
        self.settle(token, outcome);
        self.submit_queued(now);
    }

    fn submit_queued(&mut self, now: UnixMs) {
        while self.state == State::Bound && self.has_room() && self.paused <= now {
            let Some(Queued { token, message, .. }) = self.queue.pop_front() else { return };
            let sequence = self.next_sequence();
            self.pending.insert(sequence, Pending { token, until: now.plus_ms(ANSWER_MS) });
            self.send(Pdu { status: status::OK, sequence, body: Body::SubmitSm(message) });
        }
    }

    fn has_room(&self) -> bool {
        self.pending.len() < WINDOW
    }

    fn overdue(&self, now: UnixMs) -> Vec<(u32, u64)> {
        let all = self.pending.iter().filter(|(_, pending)| pending.until <= now);
        all.map(|(sequence, pending)| (*sequence, pending.token)).collect()
    }

    /// What was sent may have been taken; what was not, was not.
    fn close(&mut self, reason: Reason) {
        if self.state == State::Closed {
            return;
        }
        self.state = State::Closed;
        self.answer = None;
        for pending in std::mem::take(&mut self.pending).into_values() {
            self.settle(pending.token, Outcome::Unknown);
        }
        for queued in std::mem::take(&mut self.queue) {
            self.settle(queued.token, Outcome::Later);
        }
        self.events.push_back(Event::Closed(reason));
    }

    fn settle(&mut self, token: u64, outcome: Outcome) {
        self.events.push_back(Event::Settled { token, outcome });
    }

    fn ask(&mut self, body: Body, what: &'static str, now: UnixMs) {
        self.answer = Some((now.plus_ms(ANSWER_MS), what));
        let sequence = self.next_sequence();
        self.send(Pdu { status: status::OK, sequence, body });
    }

    fn reply(&mut self, sequence: u32, body: Body) {
        self.send(Pdu { status: status::OK, sequence, body });
    }

    fn refuse(&mut self, sequence: u32) {
        self.send(Pdu { status: status::INVALID_COMMAND, sequence, body: Body::GenericNack });
    }

    fn send(&mut self, pdu: Pdu) {
        self.transmit.push_back(codec::encode(&pdu));
    }

    /// From 1 to 0x7fffffff (section 5.1.4), then from the start.
    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence % 0x7fff_ffff + 1;
        self.sequence
    }
}

#[cfg(test)]
mod tests;

//! Accepted connections: framing, keep-alive, patience.

use std::time::Instant;

use crate::endpoint::Endpoint;
use crate::frame::{Frame, Framer};
use crate::limits::{CONNECTION_IDLE, CONNECTIONS_SPARE, MESSAGE_PATIENCE};
use crate::message::{Framing, Message};
use crate::timer::Timer;
use crate::words::{ConnectionId, Flow, Protocol};

#[derive(Debug)]
pub(crate) struct Connection {
    flow: Flow,
    framer: Framer,
    /// When the message began whose end has not come.
    began: Option<Instant>,
}

impl Endpoint {
    /// A connection was accepted; `flow.protocol` names it. With too many of them it is closed at once.
    pub fn handle_connected(&mut self, now: Instant, flow: Flow) {
        let Protocol::Tcp(id) = flow.protocol else { return };
        if self.connections.len() >= self.config.calls_max + CONNECTIONS_SPARE {
            return self.close(id);
        }
        self.connections.insert(id, Connection { flow, framer: Framer::default(), began: None });
        self.timers.set(Timer::Connection(id), now + CONNECTION_IDLE);
    }

    /// Takes octets of a connection, split anywhere.
    pub fn handle_stream(&mut self, now: Instant, connection: ConnectionId, bytes: &[u8]) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        state.framer.push(bytes);
        while let Some(state) = self.connections.get_mut(&connection) {
            let flow = state.flow;
            let frame = state.framer.next();
            if matches!(frame, Some(Frame::Message(_))) {
                state.began = None;
            }
            match frame {
                // A peer repeats nothing over a stream: what is not read would be lost, so the stream ends.
                Some(Frame::Message(_) | Frame::Ping) if !self.admits(now, flow) => {
                    return self.drop_connection(now, connection);
                }
                Some(Frame::Message(bytes)) => {
                    if let Ok(message) = Message::parse(&bytes, Framing::Stream) {
                        self.handle_message(now, flow, &message);
                    }
                }
                Some(Frame::Ping) => self.send(flow, b"\r\n".to_vec()),
                Some(Frame::Broken { head, fault }) => {
                    self.refuse_head(flow, &head, fault);
                    return self.drop_connection(now, connection);
                }
                None => break,
            }
        }
        self.wait_for_more(now, connection);
    }

    /// The connection is gone. Calls that were not answered end with it; others wait for a request on a new one.
    pub fn handle_disconnected(&mut self, now: Instant, connection: ConnectionId) {
        if self.connections.remove(&connection).is_some() {
            self.timers.cancel(Timer::Connection(connection));
            self.orphan(now, connection);
        }
    }

    /// Each message has its own patience from its first octet, so that nobody holds a connection by single octets.
    fn wait_for_more(&mut self, now: Instant, id: ConnectionId) {
        let Some(state) = self.connections.get_mut(&id) else { return };
        let until = if state.framer.is_inside() {
            *state.began.get_or_insert(now) + MESSAGE_PATIENCE
        } else {
            state.began = None;
            now + CONNECTION_IDLE
        };
        self.timers.set(Timer::Connection(id), until);
    }

    pub(crate) fn connection_timeout(&mut self, now: Instant, id: ConnectionId) {
        let Some(state) = self.connections.get(&id) else { return };
        let busy = || self.calls.values().any(|c| c.flow.protocol == Protocol::Tcp(id));
        if state.began.is_none() && busy() {
            return self.timers.set(Timer::Connection(id), now + CONNECTION_IDLE);
        }
        self.drop_connection(now, id);
    }

    fn drop_connection(&mut self, now: Instant, id: ConnectionId) {
        self.close(id);
        self.handle_disconnected(now, id);
    }
}

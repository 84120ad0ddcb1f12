//! Accepted connections: framing, keep-alive, patience.

use std::time::Instant;

use crate::call::{Call, Phase};
use crate::endpoint::Endpoint;
use crate::frame::{Frame, Framer};
use crate::guard::Source;
use crate::identity::trunk_of;
use crate::limits::{
    CONNECTION_IDLE, CONNECTIONS_LEAST, CONNECTIONS_SHARE, CONNECTIONS_SPARE, MESSAGE_PATIENCE,
    STRANGER_IDLE,
};
use crate::message::{Framing, Message};
use crate::timer::Timer;
use crate::words::{ConnectionId, Flow};

#[derive(Debug)]
pub(crate) struct Connection {
    flow: Flow,
    framer: Framer,
    /// When the message began whose end has not come; of a stranger's first one, when the connection did.
    began: Option<Instant>,
    /// From a trunk, or a phone that has proved who it is.
    pub(crate) known: bool,
    /// A whole message has come, or the peer is known.
    spoke: bool,
}

impl Endpoint {
    /// A connection was accepted; `flow.protocol` names it. With too many of them it is closed at once.
    pub fn handle_connected(&mut self, now: Instant, flow: Flow) {
        let Some(id) = flow.protocol.connection() else { return };
        let known = trunk_of(&self.config.trunks, flow.remote.ip()).is_some();
        let most = self.config.calls_max + CONNECTIONS_SPARE;
        if self.connections.len() >= most || !(known || self.admits_connection(flow)) {
            return self.close(id);
        }
        let began = (!known).then_some(now);
        let patience = if known { CONNECTION_IDLE } else { MESSAGE_PATIENCE };
        let framer = Framer::default();
        self.connections.insert(id, Connection { flow, framer, began, known, spoke: known });
        self.timers.set(Timer::Connection(id), now + patience);
    }

    /// Strangers may have all but half of the spare ones, each address its share of them.
    fn admits_connection(&self, flow: Flow) -> bool {
        let all = self.config.calls_max + CONNECTIONS_SPARE / 2;
        let share = (all / CONNECTIONS_SHARE).max(CONNECTIONS_LEAST);
        let source = Source::of(flow.remote.ip());
        let of_it = |c: &&Connection| Source::of(c.flow.remote.ip()) == source;
        self.connections.len() < all && self.connections.values().filter(of_it).count() < share
    }

    /// Takes octets of a connection, split anywhere.
    pub fn handle_stream(&mut self, now: Instant, connection: ConnectionId, bytes: &[u8]) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        state.framer.push(bytes);
        while let Some(state) = self.connections.get_mut(&connection) {
            let flow = state.flow;
            let frame = state.framer.next();
            if matches!(frame, Some(Frame::Message(_))) {
                (state.began, state.spoke) = (None, true);
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
        if state.spoke && !state.framer.is_inside() {
            state.began = None;
        }
        let until = match state.began {
            Some(began) => began + MESSAGE_PATIENCE,
            None if state.framer.is_inside() => *state.began.insert(now) + MESSAGE_PATIENCE,
            None if state.known => now + CONNECTION_IDLE,
            None => now + STRANGER_IDLE,
        };
        self.timers.set(Timer::Connection(id), until);
    }

    pub(crate) fn connection_timeout(&mut self, now: Instant, id: ConnectionId) {
        let Some(state) = self.connections.get(&id) else { return };
        let busy = || {
            let on_it = |c: &Call| c.flow.protocol.connection() == Some(id);
            self.calls.values().any(|c| c.phase != Phase::Leaving && on_it(c))
        };
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

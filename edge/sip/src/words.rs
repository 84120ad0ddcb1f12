//! What goes into an endpoint and what comes out.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use konf_contract::Msisdn;

use crate::digest::Phone;
use crate::media::{Codec, MediaOffer, Srtp};

/// One call (a dialog, early or confirmed), unique within the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// One accepted TCP or TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    Udp,
    Tcp(ConnectionId),
    Tls(ConnectionId),
}

impl Protocol {
    /// Nothing for datagrams.
    pub fn connection(self) -> Option<ConnectionId> {
        match self {
            Protocol::Udp => None,
            Protocol::Tcp(connection) | Protocol::Tls(connection) => Some(connection),
        }
    }
}

/// Where a message came from and where its answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

#[derive(Debug, Clone)]
pub struct Config {
    /// What stands in Contact and Via, for peers to reach us.
    pub advertised: SocketAddr,
    /// The same for what comes by TLS.
    pub advertised_tls: SocketAddr,
    /// The value of `Server`.
    pub product: String,
    /// User parts of the Request-URI that are served; others get 404. Empty: all.
    pub served_users: Vec<String>,
    pub trunks: Vec<Trunk>,
    /// Calls in all, half-open ones included; beyond it 503 with Retry-After.
    pub calls_max: usize,
    /// Calls per second that one address may begin that is no trunk's (of IPv6: one /64); five seconds' worth at once,
    /// and five messages for each of them.
    pub stranger_calls_per_second: u32,
    /// Who may prove by a password who they are; they may also register, which changes nothing but what they show.
    pub phones: Vec<Phone>,
    /// INVITEs that come from no trunk have to.
    pub phones_required: bool,
    /// Old phones give up when they are offered more than MD5: then offer that alone.
    pub phones_md5_only: bool,
    /// Of the passwords; the one that [`Phone::new`] was given.
    pub realm: String,
    /// Seals challenges; new in each process.
    pub nonce_key: Seed,
    /// What is agreed to, the best first. A trunk's own order counts before ours.
    pub codecs: Vec<Codec>,
    pub srtp: Srtp,
    /// All our SRTP keys come from it, so it has to come from a generator fit for keys; new in each process.
    pub srtp_seed: Seed,
    /// Seeds tags and branches.
    pub seed: u64,
}

/// Octets that nobody may guess or print.
#[derive(Clone, Default)]
pub struct Seed([u8; 32]);

impl From<[u8; 32]> for Seed {
    fn from(octets: [u8; 32]) -> Self {
        Seed(octets)
    }
}

impl Seed {
    pub(crate) fn octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// A peer whose identity headers count.
#[derive(Debug, Clone)]
pub struct Trunk {
    pub name: String,
    pub address: IpAddr,
    /// The network that calls from it come from when no header says so.
    pub network: String,
    pub mobile: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub call: CallId,
    pub source: SocketAddr,
    /// The trunk's name, when the source is one.
    pub trunk: Option<String>,
    /// P-Asserted-Identity from a trunk, otherwise From; normalised; absent when anonymous or no number.
    pub number: Option<Msisdn>,
    pub network: String,
    pub mobile: bool,
    /// User part of the Request-URI.
    pub dialled: String,
    /// Port 0 and [`Direction::Inactive`] when the INVITE has no SDP: then [`Event::MediaChanged`] brings it with the
    /// ACK, before [`Event::Confirmed`].
    pub offer: MediaOffer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call waits; answer with [`Command::Answer`] or [`Command::Reject`].
    Incoming(Incoming),
    /// The ACK has come.
    Confirmed { call: CallId },
    /// A re-INVITE or UPDATE changed the media; it has been answered with the local address of the first answer.
    MediaChanged { call: CallId, offer: MediaOffer },
    /// A key by SIP INFO (application/dtmf-relay or application/dtmf): `0`-`9`, `*`, `#`, `A`-`D`.
    Key { call: CallId, key: char },
    /// The call is over: BYE, CANCEL, no ACK, a dead connection or a transaction time-out. Said once for each
    /// [`Event::Incoming`], also after [`Command::HangUp`] and [`Command::Reject`].
    Ended { call: CallId, how: Hangup },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hangup {
    /// True when the peer ended it.
    pub by_peer: bool,
    /// Such as `BYE`, `CANCEL`, `no ACK`, `BYE Q.850;cause=16`.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// 200 with an SDP answer that names `media` as where we want ours.
    Answer {
        call: CallId,
        media: SocketAddr,
    },
    Reject {
        call: CallId,
        status: u16,
        retry_after: Option<Duration>,
    },
    /// BYE, or before the answer 480. `reason` goes into a Reason header.
    HangUp {
        call: CallId,
        reason: String,
    },
    /// From now on new calls get 503 with Retry-After.
    Drain,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    Send {
        flow: Flow,
        bytes: Vec<u8>,
    },
    /// The peer broke the framing or is idle too long.
    Close {
        connection: ConnectionId,
    },
    Event(Event),
}

/// Without the octets: keys stand among them.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Send { flow, bytes } => write!(f, "Send({} octets to {flow:?})", bytes.len()),
            Output::Close { connection } => write!(f, "Close({connection:?})"),
            Output::Event(event) => event.fmt(f),
        }
    }
}

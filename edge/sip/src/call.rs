//! One call: its dialog, its INVITE transactions, and what is left of it after its end.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::client::Ours;
use crate::limits::AMPLIFICATION;
use crate::media::{Codec, Direction, MediaOffer, OpusWishes, Rtcp};
use crate::message::Start;
use crate::reply::Echo;
use crate::request::Request;
use crate::sdp::{Description, Layout, Origin, OwnOffer};
use crate::session::{Refresh, Session};
use crate::words::{CallId, Flow};

/// ```text
/// Ringing ─answer→ Answered ─ACK→ Confirmed
///    │ CANCEL, reject   │ no ACK      │ BYE, session timer, hang-up
///    └──────────────────┴─────────────┴──→ Leaving ─32 s→ gone
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// 100 has been sent.
    Ringing,
    /// 200 has been sent.
    Answered,
    /// ACK has come.
    Confirmed,
    /// Ended for everybody but retransmissions.
    Leaving,
}

/// RFC 3261, section 12, as the server sees it.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    /// Absent only for peers of RFC 2543.
    pub(crate) remote_tag: Option<String>,
    /// Their To and our From.
    pub(crate) local: Vec<u8>,
    /// Their From and our To.
    pub(crate) remote: Vec<u8>,
    pub(crate) target: String,
    pub(crate) routes: Vec<String>,
    /// As responses to the first INVITE repeat them.
    pub(crate) route_lines: Vec<u8>,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: u32,
}

impl Dialog {
    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        self.call_id == request.call_id && self.remote_tag == request.from_tag
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InviteState {
    /// 100 sent.
    Proceeding,
    /// 2xx sent, no ACK yet: repeated.
    Accepted,
    /// ACK came: repeated INVITEs are absorbed (RFC 6026).
    Acknowledged,
    /// 3xx to 6xx sent, no ACK yet: repeated over UDP.
    Failed,
    /// ACK to the refusal came.
    Confirmed,
}

/// An INVITE server transaction (RFC 3261, section 17.2.1, with RFC 6026), and the repeating of its 2xx.
#[derive(Debug)]
pub(crate) struct Invite {
    pub(crate) key: TransactionKey,
    pub(crate) cseq: u32,
    pub(crate) state: InviteState,
    pub(crate) echo: Echo,
    /// The last response.
    pub(crate) response: Vec<u8>,
    /// Until the next repetition.
    pub(crate) interval: Duration,
    /// The 2xx made an offer and the ACK has to answer it.
    pub(crate) offered: bool,
}

/// An in-dialog request that was answered (RFC 3261, section 17.2.2).
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) key: TransactionKey,
    pub(crate) flow: Flow,
    pub(crate) response: Vec<u8>,
}

pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) phase: Phase,
    /// Where its last request came from and ours go.
    pub(crate) flow: Flow,
    /// The peer asked for answers to where it sends from (RFC 3581), so that is where it also listens.
    pub(crate) symmetric: bool,
    pub(crate) dialog: Dialog,
    pub(crate) invites: Vec<Invite>,
    pub(crate) answered: VecDeque<Answered>,
    /// What the first INVITE offered, until it is answered; absent when it had no SDP.
    pub(crate) description: Option<Description>,
    /// Of all descriptions, once there was one.
    pub(crate) layout: Option<Layout>,
    /// Ours that waits for its answer.
    pub(crate) own_offer: Option<OwnOffer>,
    /// What holds now.
    pub(crate) media: MediaOffer,
    /// Ours, once answered.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) origin: Origin,
    /// Our last description, to see whether the next one is a new version.
    pub(crate) described: String,
    pub(crate) session: Option<Session>,
    /// The peer's Allow has UPDATE.
    pub(crate) takes_update: bool,
    /// Our last sign of life.
    pub(crate) refresh: Option<Refresh>,
    pub(crate) bye: Option<Ours>,
    /// Hung up before the ACK: RFC 3261, section 15 forbids a BYE until it has come.
    pub(crate) bye_wanted: Option<String>,
    /// The entry that shows merged requests.
    pub(crate) merge_key: String,
    pub(crate) of_trunk: bool,
    /// Counts as a stranger's call without ACK.
    pub(crate) unproven: bool,
    /// Octets that may go to a sender that may be forged; without limit once it has shown that it hears us.
    pub(crate) credit: Option<usize>,
}

/// Little: keys stand in its messages.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.id, self.phase, self.media)
    }
}

impl Call {
    /// Something more came from a sender that may be forged.
    pub(crate) fn earn(&mut self, octets: usize) {
        if let Some(credit) = &mut self.credit {
            *credit = credit.saturating_add(AMPLIFICATION * octets);
        }
    }

    pub(crate) fn invite(&mut self, cseq: u32) -> Option<&mut Invite> {
        self.invites.iter_mut().find(|i| i.cseq == cseq)
    }

    /// An offer or an INVITE of ours waits for its answer.
    pub(crate) fn is_offering(&self) -> bool {
        let inviting = self.refresh.as_ref().is_some_and(Refresh::is_inviting);
        inviting || self.invites.iter().any(|i| i.offered && i.state == InviteState::Accepted)
    }

    /// The version of `o=` for a description that this makes.
    pub(crate) fn describe(&mut self, make: impl Fn(Origin) -> String) -> String {
        let same = make(self.origin);
        if same == self.described {
            return same;
        }
        if !self.described.is_empty() {
            self.origin.version += 1;
        }
        self.described = make(self.origin);
        self.described.clone()
    }
}

/// What a call's media are before the peer has said anything (INVITE without SDP).
pub(crate) fn undescribed(flow: Flow) -> MediaOffer {
    let address: std::net::IpAddr = match flow.remote {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let remote = SocketAddr::new(address, 0);
    MediaOffer {
        remote,
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: None,
        event_clock_rate: 8_000,
        opus: OpusWishes::default(),
        rtcp: Rtcp::Separate(remote),
        crypto: None,
        direction: Direction::Inactive,
    }
}

/// Names a server transaction (RFC 3261, section 17.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TransactionKey(String);

impl TransactionKey {
    /// ACK and CANCEL ask for the INVITE that they belong to.
    pub(crate) fn of(request: &Request<'_>, method: &str) -> Self {
        let via = request.via;
        if let Some(branch) = via.branch() {
            return TransactionKey(format!("{branch}\n{}\n{method}", via.sent_by()));
        }
        // RFC 2543: no branch that is unique. To tags are left out, since the ACK has ours and the INVITE has none.
        let uri = match &request.message.start {
            Start::Request { uri, .. } => uri.as_str(),
            Start::Status(_) => "",
        };
        let from = request.from_tag.as_deref().unwrap_or_default();
        let (call, cseq, by) = (&request.call_id, request.cseq, via.sent_by());
        TransactionKey(format!("{uri}\n{from}\n{call}\n{cseq}\n{by}\n{method}"))
    }
}

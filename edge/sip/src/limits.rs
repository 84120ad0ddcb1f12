//! How much anyone may send and how long we wait, each with the source of its number.

use std::time::Duration;

/// RFC 3261, section 17.1.1.1: the estimate of a round trip.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// RFC 3261, table 4: the longest interval between retransmissions of responses and non-INVITE requests.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// RFC 3261, timers B, F, H, J and RFC 6026's L: 64 times T1.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(32);
/// How long a call may stay without an answer from us: as long as any other transaction. The switchboard answers
/// within milliseconds, so that whatever takes longer is lost.
pub(crate) const UNANSWERED: Duration = TRANSACTION;
/// A confirmed call whose connection died waits that long for a request on a new one before it ends.
pub(crate) const RECONNECT: Duration = TRANSACTION;
/// RFC 5626, section 4.4.1 lets a peer ping a connection every 95 to 120 s; half as much again is silence.
pub(crate) const CONNECTION_IDLE: Duration = Duration::from_secs(180);
/// The same for a stranger without a call, of whom nothing is expected (RELIABILITY.md, row 29: cut within 30 s).
pub(crate) const STRANGER_IDLE: Duration = Duration::from_secs(25);
/// A message that has begun must be complete by then, and a stranger's first one from the beginning of the connection.
pub(crate) const MESSAGE_PATIENCE: Duration = Duration::from_secs(20);

/// RFC 3261, section 17.2.1: the TU has that long before a 100 has to be sent.
pub(crate) const TRYING: Duration = Duration::from_millis(200);
/// How long a stranger over UDP may take for the first message that shows that it hears us: five tries over a lossy way
/// (0, 0.5, 1.5, 3.5 and 7.5 s). Room that forged senders took is free again within the 10 s of RELIABILITY.md, row 28.
pub(crate) const UNVERIFIED: Duration = Duration::from_secs(8);
/// Octets that go to a sender that may be forged, for each one that came (RELIABILITY.md, row 31).
pub(crate) const AMPLIFICATION: usize = 2;

/// What a stranger may use at once of what it has in a second: an office of a hundred phones behind one address that dials
/// in at the full hour, at 20 calls a second.
pub(crate) const STRANGER_BURST: Duration = Duration::from_secs(5);
/// Messages that a call takes: INVITE, ACK, BYE, and a few keys or repetitions.
pub(crate) const REQUESTS_PER_CALL: u32 = 5;
/// A wrong password costs that much of an address's patience, which holds five at once: 8,640 tries a day.
pub(crate) const GUESS_INTERVAL: Duration = Duration::from_secs(10);
pub(crate) const GUESS_BURST: Duration = Duration::from_secs(50);
/// Seconds for which an answer to a challenge is taken: a phone answers at once and may use it for a few calls more.
pub(crate) const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Nonces whose counts are remembered: 13 right answers a second to as many challenges, in half a megabyte.
pub(crate) const NONCES_MAX: usize = 4096;
/// REGISTER (RFC 3261, section 10.3): what a phone gets that asks for nothing or for more, and the least (seconds).
pub(crate) const REGISTRATION: u32 = 3600;
pub(crate) const REGISTRATION_LEAST: u32 = 60;
/// Sources that are remembered: 8,192, in half a megabyte.
pub(crate) const GUARD_SETS: usize = 1024;
pub(crate) const GUARD_WAYS: usize = 8;
/// Addresses that are remembered to have acknowledged a call, and for how long: a thousand phones of an office that moves
/// about, since yesterday.
pub(crate) const KNOWN_MAX: usize = 4096;
pub(crate) const KNOWN_LIFE: Duration = Duration::from_secs(86_400);
/// The part of all calls that one stranger's address may hold without an ACK, and what it always may.
pub(crate) const HALF_OPEN_SHARE: usize = 8;
pub(crate) const HALF_OPEN_LEAST: usize = 4;

/// RFC 4028, section 4: a Min-SE below 90 s is not allowed.
pub(crate) const MIN_SESSION: u32 = 90;
/// A day: nobody's call is longer, and a sum with an instant can't overflow.
pub(crate) const MAX_SESSION: u32 = 86_400;
/// When to try again what shows that we live, after a refusal that doesn't say, and at the latest. RFC 3261, section 21.5.4
/// leaves it open; an interval of 90 s leaves room for three tries.
pub(crate) const REFRESH_AGAIN: Duration = Duration::from_secs(10);
pub(crate) const REFRESH_AGAIN_MAX: Duration = Duration::from_secs(32);

/// Start line and headers. RFC 4475's longest message has 4 kB; UDP carries at most 64 kB.
pub(crate) const HEAD_MAX: usize = 16 * 1024;
/// A body: the largest SDP that is looked at.
pub(crate) const BODY_MAX: usize = 64 * 1024;
/// Header lines: RFC 4475's longest message has about 60.
pub(crate) const HEADERS_MAX: usize = 192;
/// Values in one header and parameters of one value: RFC 3261's default Max-Forwards is 70 hops, so 70 Via.
pub(crate) const VALUES_MAX: usize = 70;
pub(crate) const PARAMS_MAX: usize = 48;
/// Octets of a Request-URI; a longer one gets 414.
pub(crate) const URI_MAX: usize = 1024;
/// Octets of a Call-ID, a tag or a branch: four times what RFC 4475's longest message has.
pub(crate) const ID_MAX: usize = 1024;
/// Octets of all Record-Route values that a dialog keeps, for a path of some 20 proxies.
pub(crate) const ROUTES_MAX: usize = 4 * 1024;

/// INVITE transactions of one call that still matter (a refresh and a hold may overlap; more is abuse).
pub(crate) const INVITES_PER_CALL: usize = 4;
/// Answered in-dialog requests of one call kept for retransmissions: keys by INFO come at most 10 a second, and a
/// peer repeats one after 0.5 s, 1 s and 2 s.
pub(crate) const ANSWERED_PER_CALL: usize = 24;
/// Connections beyond one for each call (health checks, idle trunks).
pub(crate) const CONNECTIONS_SPARE: usize = 64;
/// The part of all connections that one stranger's address may hold, and what it always may.
pub(crate) const CONNECTIONS_SHARE: usize = 4;
pub(crate) const CONNECTIONS_LEAST: usize = 16;
/// Finished calls kept for retransmissions, beyond one for each call that may be up.
pub(crate) const LEAVING_SPARE: usize = 64;

/// Retry-After when full: a conference call ends about that often (seconds).
pub(crate) const RETRY_FULL: u32 = 10;
/// Retry-After while draining: a restart takes less (seconds).
pub(crate) const RETRY_DRAIN: u32 = 60;

/// SDP: media and attributes of one medium that are looked at; a browser's longest offers have 4 and 60.
pub(crate) const MEDIA_MAX: usize = 32;
pub(crate) const ATTRIBUTES_MAX: usize = 64;
/// Octets of one format's parameters (RELIABILITY.md: fmtp <= 512 B).
pub(crate) const FMTP_MAX: usize = 512;

//! The ledger's HTTP interface. Every call is `POST` (or `GET` where the request is empty) with JSON and
//! `Authorization: Bearer TOKEN`; a body that is not understood is answered 400 with `{"error": "…"}`.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/inbound` | [`InboundMessage`] | [`InboundStored`] |
//! | `POST /v1/inbound/part` | [`InboundPart`] | [`PartStored`] |
//! | `POST /v1/reports` | [`DeliveryReport`] | [`ReportOutcome`] |
//! | `POST /v1/facts/order` | [`OrderQuestion`] | [`OrderFacts`] |
//! | `POST /v1/facts/sender` | [`SenderQuestion`] | [`SenderFacts`] |
//! | `POST /v1/facts/offers` | [`OffersQuestion`] | [`OffersFacts`] |
//! | `POST /v1/facts/booking` | [`BookingQuestion`] | [`BookingFacts`] |
//! | `POST /v1/facts/admission` | [`AdmissionQuestion`] | [`AdmissionFacts`] |
//! | `POST /v1/facts/extension` | [`ExtensionQuestion`] | [`ExtensionFacts`] |
//! | `POST /v1/facts/statement` | [`StatementQuestion`] | [`StatementFacts`] |
//! | `POST /v1/commit` | [`Proposal`] | [`Outcome`] |
//! | `POST /v1/admissions` | [`AdmissionProposal`] | [`AdmissionOutcome`] |
//! | `POST /v1/extensions` | [`ExtensionProposal`] | [`ExtensionOutcome`] |
//! | `POST /v1/ratings` | [`RatingProposal`] | [`RatingOutcome`] |
//!
//! Which policy decided is not the component's to say: the host stamps the requests that a component sends after it has
//! called a policy with [`POLICY_HEADER`].

use konf_contract::{
    Caller, ConferenceNumber, GrantId, Language, LegId, Msisdn, Password, Pin, Role, UnixMs, Window,
};
use serde::{Deserialize, Serialize};

use crate::mail::Thread;

/// Set by the functions host on outgoing requests: `konf:policy/tariff@1.0.0=sha256:…`, one such pair for each policy
/// that was called, separated by commas. Absent under a host that composes policies into the component.
pub const POLICY_HEADER: &str = "konf-policy";

// ── who and what ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Who ordered, and where the answer goes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sender {
    Sms(Msisdn),
    Email(String),
}

impl Sender {
    /// One form for one sender: `sms:+420…` or `email:a@b.cz` in lower case. For keys, never for logs.
    pub fn key(&self) -> String {
        match self {
            Sender::Sms(number) => format!("sms:{}", number.expose()),
            Sender::Email(address) => format!("email:{}", address.trim().to_lowercase()),
        }
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Sender::Sms(number) => write!(f, "Sms({number:?})"),
            Sender::Email(_) => f.write_str("Email(…)"),
        }
    }
}

/// A message as a gateway delivered it. Stored before it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The adapter that took it, such as `generic` or `twilio`.
    pub gateway: String,
    /// The gateway's own id. Without one the ledger makes it from sender, recipient, text and a 10-minute bucket.
    pub gateway_id: Option<String>,
    pub sender: Sender,
    pub recipient: String,
    pub text: String,
    /// Of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<MailHead>>,
}

/// What an e-mail has beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailHead {
    pub thread: Thread,
    /// Its subject, or that it replies to a message of ours, says that it may order; anything else is for people to read.
    pub orders: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundStored {
    pub id: String,
    pub state: InboundState,
    /// When the first copy came.
    pub received: UnixMs,
    pub now: UnixMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InboundState {
    /// Stored, not answered yet: work on it (again, if a crash came between).
    Received,
    /// Answered before; nothing is left to do.
    Answered,
}

/// A part of a long SMS, from a gateway that does not put them together itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundPart {
    /// The part as if it were a message of its own; the whole takes over all but the text and the id.
    pub message: InboundMessage,
    /// The sender's telephone counts its long messages; it begins again after 256 or 65,536 of them.
    pub reference: u32,
    /// How many parts there are, from 2.
    pub total: u32,
    /// Which one this is, from 1.
    pub part: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartStored {
    /// Others are still to come.
    Waiting,
    /// The whole message, stored as every other.
    Whole { stored: InboundStored, message: InboundMessage },
}

/// What became of a message out, as its gateway says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The outbox row's own id, where the gateway gives back what it was given.
    pub reference: Option<String>,
    /// The gateway's id, as it answered when it took the message.
    pub gateway_id: Option<String>,
    pub fate: Fate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The telephone has it.
    Delivered,
    /// Nothing more will be tried; why, in the gateway's words.
    Undelivered { reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportOutcome {
    Noted,
    /// Of no message here so far (it waits an hour for one), or of one about which there is nothing left to say.
    Nothing,
}

/// A message to go out, written in the same transaction as what it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMessage {
    pub recipient: Sender,
    /// What it is: `credentials`, `offers`, `refusal`, `question`, `receipt`, `reply`, `cancelled`, `reminder`.
    pub kind: String,
    pub body: MessageBody,
    /// Not delivered before this instant.
    pub not_before: Option<UnixMs>,
}

/// Bodies may hold a PIN: they do not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageBody {
    /// Each part fits one GSM 03.38 message of 160 septets.
    Sms { parts: Vec<String> },
    Email {
        subject: String,
        text: String,
        html: String,
        calendar: Option<String>,
        /// What it answers. The ledger knows, where nothing stands here: the message in, or what was answered about the
        /// same booking before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Thread>,
    },
}

impl std::fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MessageBody::Sms { parts } => write!(f, "Sms({} parts)", parts.len()),
            MessageBody::Email { .. } => f.write_str("Email(…)"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    pub reason: String,
    pub until: Option<UnixMs>,
}

// ── ordering: facts ─────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderQuestion {
    pub sender: Sender,
    /// The span of which the load is asked; at most 48 hours.
    pub span: Window,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    pub now: UnixMs,
    pub restriction: Option<Restriction>,
    pub edges: Vec<EdgeLoad>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderQuestion {
    pub sender: Sender,
}

/// How often somebody orders. Nothing in it says who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderFacts {
    pub now: UnixMs,
    /// By an operator.
    pub restriction: Option<Restriction>,
    /// 16 hexadecimal digits: the same for the same sender, as long as the ledger's token is.
    pub pseudonym: String,
    /// Messages of the last hour and of the last day, copies not counted; this one is among them.
    pub messages_hour: u32,
    pub messages_day: u32,
    /// Conferences that were booked in the last hour and in the last day, whatever became of them.
    pub booked_hour: u32,
    pub booked_day: u32,
    /// Conferences that are booked and not over.
    pub booked_ahead: u32,
}

/// The seats of one edge over the span asked for. What the asking sender's own held offers take is not counted: a new
/// order releases them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeLoad {
    pub edge: String,
    /// As control's configuration has them.
    #[serde(default)]
    pub labels: Vec<String>,
    pub capacity: u32,
    /// Steps in ascending order: from `minute` (since the epoch) on, `taken` seats, until the next step. The first step
    /// stands at the start of the span.
    pub steps: Vec<LoadStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadStep {
    pub minute: i64,
    pub taken: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffersQuestion {
    pub sender: Sender,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffersFacts {
    pub now: UnixMs,
    pub restriction: Option<Restriction>,
    /// Still held, in the order of their index.
    pub offers: Vec<HeldOffer>,
}

/// An alternative whose seats are held until `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOffer {
    pub offer: String,
    /// From 1; what the sender replies.
    pub index: u32,
    pub edge: String,
    pub window: Window,
    pub seats: u32,
    pub language: Language,
    pub until: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingQuestion {
    pub number: ConferenceNumber,
    pub sender: Sender,
}

/// A booking as its own orderer may know it; `booking` is absent when there is none of that number by that sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingFacts {
    pub now: UnixMs,
    pub booking: Option<OwnBooking>,
    /// Who hears of it when it is cancelled.
    #[serde(default)]
    pub guests: Vec<InvitedGuest>,
}

/// Somebody whose PIN lets in; until it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedGuest {
    pub contact: Sender,
    pub pin: Pin,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnBooking {
    pub booking: String,
    pub number: ConferenceNumber,
    pub window: Window,
    pub seats: u32,
    pub language: Language,
    pub state: BookingState,
    /// How calendars know it; none in what an earlier version has written.
    #[serde(default)]
    pub event: Option<Event>,
}

/// What stays the same of a booking while it is moved, and how often it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// As it was booked first.
    pub first_start: UnixMs,
    pub changes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BookingState {
    Booked,
    Cancelled,
    Ended,
}

// ── ordering: proposals ─────────────────────────────────────────────────────────────────────────────────────────────

/// The answer to one message: its effect and what goes out, committed together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The message that this answers; a second proposal for it is answered [`Outcome::Repeated`].
    pub inbound: Option<String>,
    pub sender: Sender,
    pub effect: Effect,
    pub messages: Vec<OutboxMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing but the messages: a refusal, a question.
    Answer,
    Book(BookingProposal),
    /// Turns a held offer into a booking; the offer's seats become the booking's. Releases the sender's other offers.
    TakeOffer {
        offer: String,
        booking: BookingProposal,
    },
    /// Holds alternatives until `until`; releases the offers that the sender held before.
    HoldOffers {
        offers: Vec<OfferProposal>,
        until: UnixMs,
    },
    Cancel {
        booking: String,
    },
    /// Moves a booking that has not begun, with its number and its codes.
    Change {
        booking: String,
        to: BookingChange,
    },
    /// To the operators, as a request. A sender has five open ones at most: what comes then is added to the latest.
    Enqueue {
        text: String,
        received: UnixMs,
        due: UnixMs,
        language: Language,
        /// What is wanted, where the text says it as an order does.
        #[serde(default)]
        order: Option<RequestedOrder>,
    },
    /// Books what an operator has approved, and closes the request with it. A request is closed once: a second one is
    /// answered [`Outcome::Repeated`].
    Approve {
        request: String,
        /// The operator's name.
        by: String,
        booking: BookingProposal,
    },
    /// Books each occurrence of a dedicated conference, or none.
    Dedicate(DedicatedProposal),
    /// Cancels what is left of a dedicated conference of this sender.
    CancelDedicated {
        dedicated: String,
    },
    /// Closes a request without a booking, as above.
    Settle {
        request: String,
        by: String,
        result: Settled,
        /// What was answered, for the record.
        note: String,
    },
}

/// A customer's standing conference: one number, PIN and password for all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedicatedProposal {
    /// What the desk calls the customer.
    pub customer: String,
    /// The operator's name.
    pub by: String,
    pub number: ConferenceNumber,
    pub pin: Pin,
    pub password: Password,
    pub edge: String,
    /// In order and apart; 1 to 400, of 144,000 minutes in all at most.
    pub occurrences: Vec<Occurrence>,
    /// In words for people; the occurrences are what counts.
    pub weekly: Option<Weekly>,
    /// IANA name, of the wall times.
    pub zone: String,
    pub seats: u32,
    pub language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// On whole minutes.
    pub window: Window,
    /// Wall time at its start, `2027-07-09T14:00`.
    pub wall: String,
}

/// On which days of the week, when and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// In ascending order; 1 is Monday, 7 is Sunday.
    pub days: Vec<u8>,
    /// Wall time, `14:00`.
    pub at: String,
    pub minutes: u32,
}

/// An order that is longer or larger than the standard, or that an operator was to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedOrder {
    /// On whole minutes.
    pub window: Window,
    pub seats: u32,
}

/// How a request ended without a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// The sender was told something.
    Answered,
    /// The sender was told that it cannot be, and why.
    Declined,
    /// Nothing was sent: dealt with in another way.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingProposal {
    pub number: ConferenceNumber,
    pub pin: Pin,
    pub password: Password,
    pub edge: String,
    /// On whole minutes.
    pub window: Window,
    /// Wall time at the start, `2027-07-09T14:00`, in `zone`.
    pub wall: String,
    /// IANA name.
    pub zone: String,
    pub seats: u32,
    pub language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingChange {
    pub edge: String,
    /// On whole minutes.
    pub window: Window,
    /// Wall time at the start in `zone`.
    pub wall: String,
    /// IANA name.
    pub zone: String,
    pub seats: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferProposal {
    pub index: u32,
    pub edge: String,
    pub window: Window,
    pub seats: u32,
    pub language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Committed {
        /// Set by [`Effect::Book`], [`Effect::TakeOffer`], [`Effect::Approve`] and, the first one, by [`Effect::Dedicate`].
        booking: Option<String>,
    },
    /// The message had been answered before; nothing was done now.
    Repeated,
    /// The facts have moved since they were read: decide again.
    Moved(Moved),
    /// No more messages may leave in this hour (RELIABILITY.md, row 9): the message counts as answered, and nothing was
    /// done. A cancellation and a request for an operator are committed all the same, without an answer.
    OverBudget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// The seats are gone.
    Capacity,
    /// The conference number is in use or was within 30 days.
    NumberTaken,
    OfferGone,
    /// Cancelled or ended meanwhile, or not this sender's.
    BookingGone,
    /// The sender has been restricted.
    Restricted,
}

// ── admission ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// Without `credentials`: does a held seat wait for this caller?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionQuestion {
    pub edge: String,
    pub boot: String,
    pub leg: LegId,
    pub caller: Caller,
    pub credentials: Option<konf_contract::link::KeyedCredentials>,
}

/// The ledger compares the code itself, in constant time: a component never sees a PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionFacts {
    pub now: UnixMs,
    /// The booking of that number, whether or not the code fits; or that of the held seat.
    pub booking: Option<AdmissionBooking>,
    /// What the code makes of the caller; absent when it fits neither PIN nor password.
    pub matched: Option<Role>,
    /// A seat held for this caller after a leg limit.
    pub held: Option<HeldSeat>,
    /// Wrong tries in the last hour, by this caller, from this trunk, against this conference.
    pub wrong_by_caller: u32,
    pub wrong_by_trunk: u32,
    pub wrong_by_conference: u32,
    /// This caller has been in this conference before: not slowed by the wrong tries of strangers.
    pub known_caller: bool,
    /// Nobody has been admitted yet, so that the conference does not stay on any policies so far.
    #[serde(default)]
    pub unpinned: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionBooking {
    pub booking: String,
    pub number: ConferenceNumber,
    pub edge: String,
    /// With extensions.
    pub window: Window,
    pub seats: u32,
    /// Granted or held now.
    pub seats_taken: u32,
    pub language: Language,
    pub state: BookingState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSeat {
    pub grant: GrantId,
    pub role: Role,
    pub until: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionProposal {
    pub edge: String,
    pub boot: String,
    pub leg: LegId,
    pub caller: Caller,
    pub verdict: AdmissionVerdict,
    /// As in the facts ([`AdmissionFacts::unpinned`]).
    #[serde(default)]
    pub unpinned: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdmissionVerdict {
    /// Take a seat of this booking, or take up the held one.
    Admit { booking: String, role: Role, held: Option<GrantId> },
    /// Note a wrong try, for the limits; `conference` is the number that was keyed, whether or not anybody has it, so
    /// that the limits don't tell. Absent when it is no such number.
    WrongTry { conference: Option<ConferenceNumber> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdmissionOutcome {
    Admitted {
        grant: GrantId,
        returning: bool,
        former_leg: Option<LegId>,
        /// The policy that decided, as the host stamped it; empty when composed.
        policy: String,
    },
    /// No seat left: at most the booked seats are granted and held at any instant.
    Full,
    /// Cancelled or ended meanwhile, or the held seat has gone.
    Gone,
    /// The facts said `unpinned`, and another caller was admitted since, by other policies: decide again.
    Moved,
    Noted,
}

// ── extension ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionQuestion {
    pub booking: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionFacts {
    pub now: UnixMs,
    pub booking: Option<AdmissionBooking>,
    /// The booking's edge for two hours from the booking's end; absent without a booking.
    pub load: Option<EdgeLoad>,
    /// The end as it was booked; absent without a booking.
    #[serde(default)]
    pub booked_end: Option<UnixMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionProposal {
    pub booking: String,
    /// The end that the proposal starts from; another one means that the facts have moved.
    pub from: UnixMs,
    pub to: UnixMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtensionOutcome {
    Reserved,
    /// The booking's end as it is now: extended by another request, or there is no room for `to`.
    Moved {
        end: UnixMs,
    },
    Gone,
}

// ── bills ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Key of a record: unique for all time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey {
    pub edge: String,
    pub boot: String,
    pub sequence: u64,
}

/// An exact price: sixtieths of a thousandth of a heller, so that a price per minute stays whole when billed by the
/// second. 1 CZK = 100 hellers = 6,000,000 of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub i64);

impl Amount {
    pub const PER_CZK: i64 = 6_000_000;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingProposal {
    pub record: RecordKey,
    pub amount: Amount,
    pub billed_s: u32,
    /// The tariff's own name for the rule that it applied.
    pub rule: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RatingOutcome {
    Committed,
    /// Rated before; the first rating stays.
    Repeated,
    NoSuchRecord,
}

/// By conference number: the latest booking of that number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementQuestion {
    pub number: ConferenceNumber,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementFacts {
    pub now: UnixMs,
    pub booking: Option<OwnBooking>,
    pub legs: Vec<RatedLeg>,
}

/// A leg with its price; `rating` is absent until it has been rated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedLeg {
    pub record: RecordKey,
    pub leg: konf_contract::link::LegLeft,
    pub rating: Option<Rating>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub amount: Amount,
    pub billed_s: u32,
    pub rule: String,
    /// Digest of the tariff that rated it, as the host stamped it; empty when composed.
    pub policy: String,
    pub rated: UnixMs,
}

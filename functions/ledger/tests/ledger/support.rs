//! A ledger in a folder of its own, with a clock that the test turns, and short ways to make what it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use konf_api::ledger::*;
use konf_contract::link::*;
use konf_contract::*;
use konf_ledger::{Budget, EdgeSeats, Ledger, Settings};

/// 2027-07-01T08:00:00Z.
pub(crate) const START: i64 = 1_814_428_800_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const TOKEN: &str = "a token of the tests";
pub(crate) const EDGE: &str = "edge-1";
pub(crate) const BOOT: &str = "boot-1";
pub(crate) const NO_BUDGET: Budget = Budget { per_recipient: u32::MAX, total: u32::MAX };

pub(crate) struct Bench {
    pub(crate) ledger: Ledger,
    pub(crate) folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    edges: Vec<EdgeSeats>,
    budget: Budget,
    numbers: AtomicU64,
}

impl Bench {
    pub(crate) async fn new(seats: u32) -> Bench {
        Bench::with_edges(vec![edge(EDGE, seats)]).await
    }

    /// The crowds of most tests are a few senders: without a budget.
    pub(crate) async fn with_edges(edges: Vec<EdgeSeats>) -> Bench {
        Bench::with_budget(edges, NO_BUDGET).await
    }

    pub(crate) async fn with_budget(edges: Vec<EdgeSeats>, budget: Budget) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let ledger = open(&folder, &clock, &edges, budget).await;
        Bench { ledger, folder, clock, edges, budget, numbers: AtomicU64::new(100_000) }
    }

    /// As after a kill: the old handle is dropped without a word, the file is opened again.
    pub(crate) async fn reopen(&mut self) {
        self.ledger = open(&self.folder, &self.clock, &self.edges, self.budget).await;
    }

    pub(crate) async fn reopen_with(&mut self, edges: Vec<EdgeSeats>) {
        self.edges = edges;
        self.reopen().await;
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> UnixMs {
        UnixMs(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn booking(&self, window: Window, seats: u32) -> BookingProposal {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst).to_string();
        BookingProposal {
            number: ConferenceNumber::new(number).unwrap(),
            pin: Pin::new("135790").unwrap(),
            password: Password::new("24682468").unwrap(),
            edge: EDGE.to_owned(),
            window,
            wall: "2027-07-01T12:00".to_owned(),
            zone: "Europe/Prague".to_owned(),
            seats,
            language: Language::Cs,
        }
    }

    /// The id of a booking that is made and fits.
    pub(crate) async fn book(
        &self,
        sender: &Sender,
        window: Window,
        seats: u32,
    ) -> (String, ConferenceNumber) {
        let booking = self.booking(window, seats);
        let number = booking.number.clone();
        let outcome = self.commit(sender, Effect::Book(booking)).await;
        let Outcome::Committed { booking: Some(id) } = outcome else { panic!("{outcome:?}") };
        (id, number)
    }

    pub(crate) async fn commit(&self, sender: &Sender, effect: Effect) -> Outcome {
        self.ledger.commit(&proposal(sender, effect), "").await.unwrap()
    }

    /// Seats taken at the start of `window`, as `sender` is told.
    pub(crate) async fn taken(&self, sender: &Sender, window: Window) -> u32 {
        let question = OrderQuestion { sender: sender.clone(), span: window };
        let facts = self.ledger.order_facts(&question).await.unwrap();
        facts.edges[0].steps[0].taken
    }

    pub(crate) async fn admit(&self, booking: &str, leg: u64, caller: &Caller) -> AdmissionOutcome {
        self.admit_at(BOOT, booking, leg, caller, None).await
    }

    pub(crate) async fn admit_at(
        &self,
        boot: &str,
        booking: &str,
        leg: u64,
        caller: &Caller,
        held: Option<GrantId>,
    ) -> AdmissionOutcome {
        let verdict =
            AdmissionVerdict::Admit { booking: booking.to_owned(), role: Role::Participant, held };
        let proposal = AdmissionProposal {
            edge: EDGE.to_owned(),
            boot: boot.to_owned(),
            leg: LegId(leg),
            caller: caller.clone(),
            verdict,
            unpinned: false,
        };
        let stamped = "konf:policy/tariff@1.0.0=sha256:aa, konf:policy/admission@1.0.0=sha256:bb";
        self.ledger.admit(&proposal, stamped).await.unwrap()
    }

    pub(crate) async fn records(&self, records: Vec<Record>) -> RecordAck {
        self.ledger.apply_records(&batch(records)).await.unwrap()
    }

    pub(crate) async fn hello(&self, boot: &str) -> konf_ledger::HelloNoted {
        self.ledger.edge_hello(&hello(boot)).await.unwrap()
    }
}

async fn open(
    folder: &tempfile::TempDir,
    clock: &Arc<AtomicI64>,
    edges: &[EdgeSeats],
    budget: Budget,
) -> Ledger {
    let clock = clock.clone();
    let clock = Arc::new(move || UnixMs(clock.load(Ordering::SeqCst)));
    let mut settings = Settings::new(TOKEN, clock, edges.to_vec());
    settings.budget = budget;
    Ledger::open(&folder.path().join("data/ledger.db"), settings).await.unwrap()
}

pub(crate) fn edge(name: &str, seats: u32) -> EdgeSeats {
    EdgeSeats { name: name.to_owned(), seats, labels: vec![format!("at-{name}")] }
}

pub(crate) fn sms(last: u32) -> Sender {
    Sender::Sms(Msisdn::parse(&format!("+420606{last:06}")).unwrap())
}

/// From `start` minutes after the tests' start, `length` minutes long.
pub(crate) fn window(start: i64, length: i64) -> Window {
    let start = START + start * MINUTE;
    Window { start: UnixMs(start), end: UnixMs(start + length * MINUTE) }
}

pub(crate) fn proposal(sender: &Sender, effect: Effect) -> Proposal {
    Proposal { inbound: None, sender: sender.clone(), effect, messages: vec![message(sender)] }
}

pub(crate) fn message(sender: &Sender) -> OutboxMessage {
    OutboxMessage {
        recipient: sender.clone(),
        kind: "credentials".to_owned(),
        body: MessageBody::Sms { parts: vec!["PIN 135790".to_owned()] },
        not_before: None,
    }
}

pub(crate) fn offer(index: u32, window: Window, seats: u32) -> OfferProposal {
    OfferProposal { index, edge: EDGE.to_owned(), window, seats, language: Language::Cs }
}

pub(crate) fn inbound(gateway_id: Option<&str>, text: &str) -> InboundMessage {
    InboundMessage {
        gateway: "generic".to_owned(),
        gateway_id: gateway_id.map(str::to_owned),
        sender: sms(1),
        recipient: "+420720002233".to_owned(),
        text: text.to_owned(),
        mail: None,
    }
}

pub(crate) fn caller(last: u32) -> Caller {
    Caller {
        number: Some(Msisdn::parse(&format!("+420602{last:06}")).unwrap()),
        network: "o2-mobile".to_owned(),
        trunk: "o2".to_owned(),
        mobile: true,
    }
}

pub(crate) fn hello(boot: &str) -> Hello {
    Hello {
        protocol: PROTOCOL,
        edge: EDGE.to_owned(),
        boot: boot.to_owned(),
        version: "0.1.0".to_owned(),
        capacity: 100,
    }
}

pub(crate) fn batch(records: Vec<Record>) -> RecordBatch {
    RecordBatch { edge: EDGE.to_owned(), boot: BOOT.to_owned(), records }
}

pub(crate) fn left(
    sequence: u64,
    leg: u64,
    booking: &str,
    at: UnixMs,
    reason: EndReason,
) -> Record {
    let left = LegLeft {
        leg: LegId(leg),
        caller: caller(leg as u32),
        grant: None,
        conference: None,
        booking: Some(booking.to_owned()),
        role: Some(Role::Participant),
        answered: at.plus_ms(-61_000),
        joined: Some(at.plus_ms(-50_000)),
        ended: at,
        duration_ms: 61_000,
        end: LegEnd { reason, who: Party::Caller, detail: None },
        quality: None,
    };
    Record { sequence, at, event: RecordEvent::LegLeft(left) }
}

pub(crate) fn room_empty(
    sequence: u64,
    booking: &str,
    number: &ConferenceNumber,
    at: UnixMs,
) -> Record {
    let (conference, booking) = (number.clone(), booking.to_owned());
    let event = RecordEvent::RoomEmpty { conference, booking, closed: None };
    Record { sequence, at, event }
}

/// Ended for all before its time.
pub(crate) fn room_closed(
    sequence: u64,
    booking: &str,
    number: &ConferenceNumber,
    at: UnixMs,
) -> Record {
    let (conference, booking) = (number.clone(), booking.to_owned());
    let event = RecordEvent::RoomEmpty { conference, booking, closed: Some(true) };
    Record { sequence, at, event }
}

/// The seed of a random test: a new one, or that of `KONF_SEED`, printed either way.
pub(crate) fn seed() -> u64 {
    use rand::{RngCore, SeedableRng};
    let seed = std::env::var("KONF_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rngs::SmallRng::from_os_rng().next_u64());
    println!("KONF_SEED={seed}");
    seed
}

//! The whole of `schedule` but its HTTP, over a real ledger: what races, races here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use konf_api::ledger::{
    BookingFacts, BookingQuestion, InboundMessage, InboundStored, MessageBody, OffersFacts,
    OffersQuestion, OrderFacts, OrderQuestion, OutboxMessage, Sender,
};
use konf_api::render::{Message, RenderRequest};
use konf_api::schedule::{
    AdmitRequest, CancelRequest, Manner, Order, OrderAnswer, OrderRequest, TakeOfferRequest,
};
use konf_contract::keys::KeyAction;
use konf_contract::link::{
    Admission, AdmissionRequest, Denial, ExtensionReply, ExtensionRequest, Grant, KeyedCredentials,
};
use konf_contract::{Caller, ConferenceNumber, Language, LegId, Msisdn, UnixMs, Window};
use konf_ledger::{Budget, EdgeSeats, Ledger, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::{LocalSet, spawn_local};

use crate::admit::{PolicyFacts, Verdict};
use crate::offers::HELD_MS;
use crate::testing::{
    START, SplitMix, at, default_extension, default_keys, default_offers, default_placement,
    default_policy,
};
use crate::wall::{ZONE, wall};
use crate::{CallError, Outside, admit, extend, keys, offers, order, place};

const CAPACITY: u32 = 50;

// ── the world ───────────────────────────────────────────────────────────────────────────────────────────────────────

struct World {
    ledger: Ledger,
    now: Arc<AtomicI64>,
    random: Cell<u64>,
    legs: Cell<u64>,
    /// Number → PIN, as the messages told it.
    pins: RefCell<BTreeMap<ConferenceNumber, String>>,
    folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Outside for World {
    async fn ledger<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        question: &Q,
    ) -> Result<A, CallError> {
        let request = http::Request::post(format!("http://ledger.konf.internal{path}"))
            .header("authorization", "Bearer a-token-of-the-test")
            .header("content-type", "application/json")
            .body(Bytes::from(serde_json::to_vec(question).unwrap()))
            .unwrap();
        let response = self.ledger.handle(request).await;
        assert_eq!(response.status(), 200, "{path}: {:?}", response.body());
        Ok(serde_json::from_slice(response.body()).unwrap())
    }

    async fn render(&self, request: &RenderRequest) -> Result<Vec<OutboxMessage>, CallError> {
        if let Message::Credentials { number, pin, .. } = &request.message {
            self.pins.borrow_mut().insert(number.clone(), pin.expose().to_owned());
        }
        Ok(vec![OutboxMessage {
            recipient: request.recipient.clone(),
            kind: "credentials".into(),
            body: MessageBody::Sms { parts: vec!["text".into()] },
            not_before: None,
        }])
    }

    fn admission_policy(&self, facts: &PolicyFacts) -> Verdict {
        default_policy(facts)
    }

    fn extension_policy(&self, facts: &extend::ExtensionPolicyFacts) -> Option<u32> {
        default_extension(facts)
    }

    fn offers_policy(&self, facts: &offers::OffersPolicyFacts) -> Vec<offers::Alternative> {
        default_offers(facts)
    }

    fn placement_policy(&self, facts: &place::PlacementPolicyFacts) -> String {
        default_placement(facts)
    }

    fn keys_policy(&self, facts: &keys::KeysPolicyFacts) -> Vec<(String, KeyAction)> {
        default_keys(facts)
    }

    fn warn(&self, what: &str) {
        panic!("{what}");
    }

    fn random(&self) -> u64 {
        let mut random = SplitMix(self.random.get());
        let word = random.next();
        self.random.set(random.0);
        word
    }
}

impl World {
    /// One edge of fifty seats, a day before the conferences.
    async fn new() -> Rc<World> {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", std::process::id(), WORLDS.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("konf-schedule-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let now = Arc::new(AtomicI64::new(at(-24 * 60).0));
        let clock = now.clone();
        let mut settings = Settings::new(
            "a-token-of-the-test",
            Arc::new(move || UnixMs(clock.load(Ordering::Relaxed))),
            vec![EdgeSeats { name: "edge-1".into(), seats: CAPACITY, labels: vec![] }],
        );
        settings.budget = Budget { per_recipient: u32::MAX, total: u32::MAX };
        let ledger = Ledger::open(&folder.join("ledger.db"), settings).await.unwrap();
        Rc::new(World {
            ledger,
            now,
            random: Cell::new(7),
            legs: Cell::new(0),
            pins: RefCell::default(),
            folder,
        })
    }

    fn set_now(&self, now: UnixMs) {
        self.now.store(now.0, Ordering::Relaxed);
    }

    fn now(&self) -> UnixMs {
        UnixMs(self.now.load(Ordering::Relaxed))
    }

    /// Stores a message as a gateway would, and gives its id.
    async fn inbound(&self, sender: &Sender, text: &str) -> String {
        let message = InboundMessage {
            gateway: "test".into(),
            gateway_id: None,
            sender: sender.clone(),
            recipient: "+420720002233".into(),
            text: text.into(),
            mail: None,
        };
        let stored: InboundStored = self.ledger("/v1/inbound", &message).await.unwrap();
        stored.id
    }

    async fn order(&self, sender: &Sender, window: Window, seats: u32) -> OrderAnswer {
        let text = format!("konf {} {} {seats}", window.start.0, window.minutes());
        let wall = wall(window.start).unwrap();
        let zone = ZONE.to_owned();
        let order = Order { language: Language::En, window, wall, zone, seats };
        let inbound = self.inbound(sender, &text).await;
        let request = OrderRequest {
            inbound,
            sender: sender.clone(),
            now: self.now(),
            order,
            manner: Manner::default(),
        };
        order::order(self, &request).await.unwrap()
    }

    async fn take_offer(&self, sender: &Sender, index: u32) -> OrderAnswer {
        let inbound = self.inbound(sender, &index.to_string()).await;
        let request = TakeOfferRequest {
            inbound,
            sender: sender.clone(),
            index,
            language: Language::En,
            manner: Manner::default(),
        };
        order::take_offer(self, &request).await.unwrap()
    }

    async fn booked(&self, sender: &Sender, window: Window, seats: u32) -> ConferenceNumber {
        match self.order(sender, window, seats).await {
            OrderAnswer::Booked { number } => number,
            other => panic!("{other:?}"),
        }
    }

    /// The most seats that bookings and offers of everybody take at once, half a day around the start.
    async fn peak(&self) -> u32 {
        let span = Window { start: at(-12 * 60), end: at(13 * 60) };
        let question = OrderQuestion { sender: sender(999), span };
        let facts: OrderFacts = self.ledger("/v1/facts/order", &question).await.unwrap();
        facts.edges[0].steps.iter().map(|step| step.taken).max().unwrap()
    }

    async fn call(&self, caller: u32, number: &ConferenceNumber, code: &str) -> Admission {
        self.legs.set(self.legs.get() + 1);
        let keyed = KeyedCredentials { number: number.as_str().to_owned(), code: code.to_owned() };
        let request = AdmissionRequest {
            leg: LegId(self.legs.get()),
            caller: Caller {
                number: Some(msisdn(caller)),
                network: "o2-mobile".into(),
                trunk: "trunk".into(),
                mobile: true,
            },
            credentials: Some(keyed),
        };
        let request = AdmitRequest { edge: "edge-1".into(), boot: "boot-1".into(), request };
        admit::admit(self, &request, 15).await.unwrap()
    }

    fn pin(&self, number: &ConferenceNumber) -> String {
        self.pins.borrow()[number].clone()
    }
}

fn msisdn(n: u32) -> Msisdn {
    Msisdn::parse(&format!("+420606{n:06}")).unwrap()
}

fn sender(n: u32) -> Sender {
    Sender::Sms(msisdn(n))
}

fn hour() -> Window {
    Window { start: START, end: at(60) }
}

/// Runs all of them at the same time.
async fn race<T: 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.into_iter().map(spawn_local).collect();
    let mut done = Vec::new();
    for task in running {
        done.push(task.await.unwrap());
    }
    done
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bounded = async { tokio::time::timeout(std::time::Duration::from_secs(120), test).await };
    LocalSet::new().block_on(&runtime, bounded).expect("done within two minutes");
}

// ── ordering ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_hundred_orders_race_for_fifty_seats_and_every_offer_that_is_held_can_be_taken() {
    run(async {
        let world = World::new().await;
        let order = |n| {
            let world = world.clone();
            async move { (n, world.order(&sender(n), hour(), 10).await) }
        };
        let answers = race((0..100).map(order)).await;
        let booked = answers
            .iter()
            .filter(|(_, answer)| matches!(answer, OrderAnswer::Booked { .. }))
            .count();
        assert_eq!(booked, 5, "{answers:?}");
        assert!(world.peak().await <= CAPACITY);

        let offered: Vec<u32> = answers
            .iter()
            .filter(|(_, answer)| matches!(answer, OrderAnswer::Offered { .. }))
            .map(|(n, _)| *n)
            .collect();
        assert!(offered.len() > 50, "{answers:?}");
        let take = |n| {
            let world = world.clone();
            async move { world.take_offer(&sender(n), 1).await }
        };
        for answer in race(offered.into_iter().map(take)).await {
            assert!(matches!(answer, OrderAnswer::Booked { .. }), "{answer:?}");
        }
        assert!(world.peak().await <= CAPACITY);
    });
}

#[test]
fn an_offer_is_gone_after_ten_minutes_and_its_seats_are_free() {
    run(async {
        let world = World::new().await;
        for n in 0..5 {
            world.booked(&sender(n), hour(), 10).await;
        }
        let late = sender(10);
        assert!(matches!(world.order(&late, hour(), 10).await, OrderAnswer::Offered { .. }));
        world.set_now(world.now().plus_ms(HELD_MS));
        let answer = world.take_offer(&late, 1).await;
        assert_eq!(answer, OrderAnswer::Refused { reason: "offer gone".into() });
    });
}

#[test]
fn the_reply_2_books_the_second_offer_and_a_strangers_reply_nothing() {
    run(async {
        let world = World::new().await;
        // Ten seats are left, so that fewer people are an offer beside another time.
        for n in 0..4 {
            world.booked(&sender(n), hour(), 10).await;
        }
        let asking = sender(10);
        let OrderAnswer::Offered { offers } = world.order(&asking, hour(), 20).await else {
            panic!()
        };
        assert!(offers >= 2);
        let gone = OrderAnswer::Refused { reason: "offer gone".into() };
        assert_eq!(world.take_offer(&sender(11), 2).await, gone);
        let question = OffersQuestion { sender: asking.clone() };
        let held: OffersFacts = world.ledger("/v1/facts/offers", &question).await.unwrap();
        assert_eq!(held.offers.len(), offers as usize, "the stranger took nothing away");
        let OrderAnswer::Booked { number } = world.take_offer(&asking, 2).await else { panic!() };
        let question = BookingQuestion { number, sender: asking.clone() };
        let booked: BookingFacts = world.ledger("/v1/facts/booking", &question).await.unwrap();
        let (booked, second) = (booked.booking.unwrap(), &held.offers[1]);
        assert_eq!((booked.window, booked.seats), (second.window, second.seats));
        // With one taken the others are free again.
        assert_eq!(world.take_offer(&asking, 1).await, gone);
    });
}

#[test]
fn a_cancelled_conference_gives_its_seats_back_at_once_and_only_to_its_owner() {
    run(async {
        let world = World::new().await;
        let numbers = [
            world.booked(&sender(0), hour(), 20).await,
            world.booked(&sender(1), hour(), 20).await,
        ];
        let cancel = |n: u32, number: ConferenceNumber| {
            let world = world.clone();
            async move {
                let inbound = world.inbound(&sender(n), &format!("storno {number}")).await;
                let sender = sender(n);
                let request = CancelRequest { inbound, sender, number, language: Language::Cs };
                order::cancel(&*world, &request).await.unwrap()
            }
        };
        let stranger = cancel(1, numbers[0].clone()).await;
        assert_eq!(stranger, OrderAnswer::Refused { reason: "nothing to cancel".into() });
        assert!(matches!(world.order(&sender(2), hour(), 20).await, OrderAnswer::Offered { .. }));
        assert_eq!(cancel(0, numbers[0].clone()).await, OrderAnswer::Cancelled);
        // The same text again is a new message only after ten minutes, without a gateway's own id.
        world.set_now(world.now().plus_ms(10 * UnixMs::MINUTE));
        world.booked(&sender(2), hour(), 20).await;
        // From then on the right code sounds like a wrong one.
        world.set_now(START);
        let pin = world.pin(&numbers[0]);
        assert_eq!(world.call(1, &numbers[0], &pin).await, Admission::Denied(Denial::Unknown));
    });
}

#[test]
fn the_same_message_twice_at_once_books_once() {
    run(async {
        let world = World::new().await;
        let twice = (0..2).map(|_| {
            let world = world.clone();
            async move { world.order(&sender(0), hour(), 10).await }
        });
        let answers = race(twice).await;
        let repeated = answers.iter().filter(|answer| **answer == OrderAnswer::Repeated).count();
        assert_eq!(repeated, 1, "{answers:?}");
        assert_eq!(world.peak().await, 10);
    });
}

// ── admission ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn of_forty_callers_who_race_for_five_seats_five_get_in() {
    run(async {
        let world = World::new().await;
        let number = world.booked(&sender(0), hour(), 5).await;
        world.set_now(START);
        let pin = world.pin(&number);
        let callers = (0..40).map(|n| {
            let (world, number, pin) = (world.clone(), number.clone(), pin.clone());
            async move { world.call(n, &number, &pin).await }
        });
        let answers = race(callers).await;
        let full = Admission::Denied(Denial::Full { language: Language::En });
        let granted = answers.iter().filter(|a| matches!(a, Admission::Granted(_))).count();
        assert_eq!(granted, 5, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| **answer == full).count(), 35, "{answers:?}");
    });
}

#[test]
fn early_in_time_and_late_are_told_to_who_knows_the_code() {
    run(async {
        let world = World::new().await;
        let number = world.booked(&sender(0), hour(), 5).await;
        let pin = world.pin(&number);
        let language = Language::En;
        world.set_now(at(-16));
        let early = Denial::NotYet { starts: START, language };
        assert_eq!(world.call(1, &number, &pin).await, Admission::Denied(early));
        world.set_now(at(-15));
        let Admission::Granted(Grant { leg_limit_s, window, seats, .. }) =
            world.call(1, &number, &pin).await
        else {
            panic!("not granted")
        };
        assert_eq!((leg_limit_s, window, seats), (Some(4_200), hour(), 5));
        world.set_now(at(60));
        let late = Denial::Ended { language };
        assert_eq!(world.call(2, &number, &pin).await, Admission::Denied(late));
        assert_eq!(world.call(2, &number, "000111").await, Admission::Denied(Denial::Unknown));
    });
}

#[test]
fn who_guesses_learns_nothing_and_slows_no_one_who_was_inside() {
    run(async {
        let world = World::new().await;
        let number = world.booked(&sender(0), hour(), 5).await;
        let nobodys = ConferenceNumber::new("100007").unwrap();
        world.set_now(START);
        let pin = world.pin(&number);
        assert!(matches!(world.call(1, &number, &pin).await, Admission::Granted(_)));
        // Two guess together: five tries each at a number that is there and at one that is not.
        for guess in 0..5 {
            let code = format!("00{guess}111");
            for (caller, number) in [(50, &number), (51, &number), (52, &nobodys), (53, &nobodys)] {
                let answer = world.call(caller, number, &code).await;
                assert_eq!(answer, Admission::Denied(Denial::Unknown));
            }
        }
        // The next stranger hears the same at both, and with the right code.
        let slowed = Admission::Denied(Denial::TooManyTries);
        assert_eq!(world.call(60, &number, "009111").await, slowed);
        assert_eq!(world.call(60, &nobodys, "009111").await, slowed);
        assert_eq!(world.call(60, &number, &pin).await, slowed);
        // Who was inside comes in again.
        assert!(matches!(world.call(1, &number, &pin).await, Admission::Granted(_)));
        // An hour later it is forgotten, but for the conference's end.
        world.set_now(at(60));
        let answer = world.call(60, &number, &pin).await;
        assert_eq!(answer, Admission::Denied(Denial::Ended { language: Language::En }));
    });
}

// ── extension ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_extension_takes_what_bookings_leave_and_is_given_once() {
    run(async {
        let world = World::new().await;
        let number = world.booked(&sender(0), hour(), 20).await;
        // From 15:10 on, forty of fifty seats are booked: ten minutes are left for twenty people.
        let later = Window { start: at(70), end: at(130) };
        world.booked(&sender(1), later, 20).await;
        world.booked(&sender(2), later, 20).await;
        world.set_now(START);
        let pin = world.pin(&number);
        let Admission::Granted(grant) = world.call(1, &number, &pin).await else {
            panic!("not granted")
        };
        world.set_now(at(55));
        let ask = |end| {
            let (world, conference, booking) =
                (world.clone(), number.clone(), grant.booking.clone());
            async move {
                let request = ExtensionRequest { conference, booking, end, by_organiser: false };
                extend::extend(&*world, &request, 15).await.unwrap()
            }
        };
        let answers = race([ask(at(60)), ask(at(60)), ask(at(60))]).await;
        assert_eq!(answers, [ExtensionReply::Extended { end: at(70) }; 3]);
        assert!(world.peak().await <= CAPACITY);
        assert_eq!(ask(at(70)).await, ExtensionReply::Refused { end: at(70) });
        // Who comes late finds the new end.
        world.set_now(at(65));
        assert!(matches!(world.call(2, &number, &pin).await, Admission::Granted(_)));
    });
}

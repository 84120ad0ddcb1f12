//! Never overbook: random orders, offers, cancels and extensions at once, against a model that is worked out anew from
//! the bookings and offers that there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use konf_api::ledger::*;
use konf_contract::{UnixMs, Window};
use konf_ledger::BookingFilter;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::*;

const CAPACITY: u32 = 12;
const SENDERS: u32 = 24;
const STEPS: u32 = 60;
/// Where bookings may lie, in minutes from the start; extensions reach an hour further.
const MINUTES: i64 = 180;

type Seats = BTreeMap<i64, u32>;

fn add(seats: &mut Seats, window: Window, n: u32) {
    for minute in window.start.minutes()..window.end.minutes() {
        *seats.entry(minute).or_default() += n;
    }
}

async fn booked(bench: &Bench) -> Seats {
    let filter = BookingFilter {
        state: Some(BookingState::Booked),
        limit: 1000,
        ..BookingFilter::default()
    };
    let bookings = bench.ledger.bookings(&filter).await.unwrap();
    assert!(bookings.len() < 1000);
    let mut seats = Seats::new();
    for line in bookings {
        add(&mut seats, line.window, line.seats);
    }
    seats
}

/// What one sender's offers hold: in each minute the largest.
async fn offered(bench: &Bench, sender: u32) -> Seats {
    let facts = bench.ledger.offers_facts(&OffersQuestion { sender: sms(sender) }).await.unwrap();
    let mut seats = Seats::new();
    for offer in facts.offers {
        for minute in offer.window.start.minutes()..offer.window.end.minutes() {
            let held = seats.entry(minute).or_default();
            *held = offer.seats.max(*held);
        }
    }
    seats
}

async fn ledgers(bench: &Bench) -> Seats {
    let question = OrderQuestion { sender: sms(999_999), span: window(0, MINUTES + 120) };
    let load = bench.ledger.order_facts(&question).await.unwrap().edges.remove(0);
    let mut steps = load.steps.into_iter().peekable();
    let mut seats = Seats::new();
    let mut taken = 0;
    for minute in question.span.start.minutes()..question.span.end.minutes() {
        if let Some(step) = steps.next_if(|step| step.minute == minute) {
            taken = step.taken;
        }
        if taken > 0 {
            seats.insert(minute, taken);
        }
    }
    seats
}

struct Person {
    bench: Arc<Bench>,
    sender: u32,
    random: SmallRng,
    bookings: Vec<(String, UnixMs)>,
    done: BTreeMap<&'static str, u32>,
}

impl Person {
    fn window(&mut self) -> Window {
        let start = self.random.random_range(5..MINUTES - 5);
        window(start, self.random.random_range(1..=(MINUTES - start).min(60)))
    }

    async fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..4 => self.book().await,
            4..6 => self.hold().await,
            6 => self.take().await,
            7 | 8 => self.extend().await,
            _ => self.cancel().await,
        }
    }

    async fn commit(&mut self, name: &'static str, effect: Effect) -> Option<String> {
        match self.bench.commit(&sms(self.sender), effect).await {
            Outcome::Committed { booking } => {
                *self.done.entry(name).or_default() += 1;
                booking
            }
            Outcome::Moved(_) => None,
            Outcome::Repeated => panic!("nothing is answered twice here"),
            Outcome::OverBudget => panic!("there is no budget here"),
        }
    }

    async fn book(&mut self) {
        let (window, seats) = (self.window(), self.random.random_range(1..=8));
        let booking = self.bench.booking(window, seats);
        if let Some(id) = self.commit("booked", Effect::Book(booking)).await {
            self.bookings.push((id, window.end));
        }
    }

    async fn hold(&mut self) {
        let count = self.random.random_range(1..=3);
        let offers = (1..=count)
            .map(|index| offer(index, self.window(), self.random.random_range(1..=8)))
            .collect();
        // Longer than what passes while a commit waits for its turn, shorter than the test.
        let until = self.bench.now().plus_ms(self.random.random_range(20_001..60_000));
        self.commit("held", Effect::HoldOffers { offers, until }).await;
    }

    async fn take(&mut self) {
        let question = OffersQuestion { sender: sms(self.sender) };
        let facts = self.bench.ledger.offers_facts(&question).await.unwrap();
        let Some(offer) = facts.offers.last() else { return };
        let booking = self.bench.booking(offer.window, offer.seats);
        let effect = Effect::TakeOffer { offer: offer.offer.clone(), booking };
        if let Some(id) = self.commit("taken", effect).await {
            self.bookings.push((id, offer.window.end));
        }
    }

    async fn extend(&mut self) {
        let Some(at) = self.pick() else { return };
        let (booking, from) = self.bookings[at].clone();
        let to = from.plus_ms(self.random.random_range(1..=30) * MINUTE);
        if to > UnixMs(START + (MINUTES + 60) * MINUTE) {
            return;
        }
        let proposal = ExtensionProposal { booking, from, to };
        if self.bench.ledger.extend(&proposal, "").await.unwrap() == ExtensionOutcome::Reserved {
            self.bookings[at].1 = to;
            *self.done.entry("extended").or_default() += 1;
        }
    }

    async fn cancel(&mut self) {
        let Some(at) = self.pick() else { return };
        let (booking, _) = self.bookings.swap_remove(at);
        self.commit("cancelled", Effect::Cancel { booking }).await;
    }

    fn pick(&mut self) -> Option<usize> {
        (!self.bookings.is_empty()).then(|| self.random.random_range(0..self.bookings.len()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_races_no_minute_is_overbooked_and_none_is_lost() {
    let seed = seed();
    let bench = Arc::new(Bench::new(CAPACITY).await);
    let over = Arc::new(AtomicBool::new(false));
    // Somebody looks on all the time.
    let watcher = tokio::spawn({
        let (bench, over) = (bench.clone(), over.clone());
        async move {
            while !over.load(Ordering::SeqCst) {
                let seats = booked(&bench).await;
                assert!(seats.values().all(|&n| n <= CAPACITY), "{seats:?}");
            }
        }
    });
    let people = (0..SENDERS).map(|sender| {
        let mut person = Person {
            bench: bench.clone(),
            sender,
            random: SmallRng::seed_from_u64(seed.wrapping_add(u64::from(sender))),
            bookings: Vec::new(),
            done: BTreeMap::new(),
        };
        tokio::spawn(async move {
            for step in 0..STEPS {
                person.step().await;
                if person.sender == 0 && step % 10 == 0 {
                    // Offers end while others book; the whole test passes one minute.
                    person.bench.pass(10_000);
                    person.bench.ledger.expire().await.unwrap();
                }
            }
            person.done
        })
    });
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for person in people.collect::<Vec<_>>() {
        for (name, count) in person.await.unwrap() {
            *done.entry(name).or_default() += count;
        }
    }
    over.store(true, Ordering::SeqCst);
    watcher.await.unwrap();
    println!("{done:?}");
    // Each kind of change took part, or the test shows nothing.
    for name in ["booked", "held", "taken", "extended", "cancelled"] {
        assert!(done.get(name).is_some_and(|&count| count > 0), "{name} {done:?}");
    }
    agree(&bench).await;
}

/// What the ledger says is taken is what the bookings and offers take, and fits.
async fn agree(bench: &Bench) {
    let mut model = booked(bench).await;
    for sender in 0..SENDERS {
        for (minute, seats) in offered(bench, sender).await {
            *model.entry(minute).or_default() += seats;
        }
    }
    assert!(model.values().all(|&n| n <= CAPACITY), "{model:?}");
    assert_eq!(model, ledgers(bench).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_who_do_not_wait_for_the_answer_leave_no_half_order() {
    let mut random = SmallRng::seed_from_u64(seed());
    let bench = Arc::new(Bench::new(CAPACITY).await);
    let mut people = Vec::new();
    for sender in 0..SENDERS {
        let mut person = Person {
            bench: bench.clone(),
            sender,
            random: SmallRng::from_rng(&mut random),
            bookings: Vec::new(),
            done: BTreeMap::new(),
        };
        people.push(tokio::spawn(async move {
            let mut cut = 0;
            for _ in 0..STEPS / 2 {
                let patience = Duration::from_micros(person.random.random_range(0..5_000));
                cut += u32::from(tokio::time::timeout(patience, person.step()).await.is_err());
            }
            cut
        }));
    }
    let mut cut = 0;
    for person in people {
        cut += person.await.unwrap();
    }
    println!("{cut} cut");
    assert!(cut > 0);
    // Whoever was cut while the ledger committed has ordered all the same: this waits for its turn behind them.
    bench.ledger.expire().await.unwrap();
    agree(&bench).await;
    // The one connection that writes is not left inside somebody's transaction.
    let free = window(MINUTES + 60, 10);
    bench.book(&sms(1), free, CAPACITY).await;
}

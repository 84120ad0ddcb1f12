//! A process killed at any moment: what it had answered is there, whole, and nothing is there by half.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use konf_api::ledger::*;
use konf_contract::UnixMs;
use konf_ledger::{BookingFilter, Ledger, Settings};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::*;

const FOLDER: &str = "KONF_KILL_FOLDER";
const ROUNDS: u32 = 8;
const PEOPLE: u32 = 8;

async fn open(folder: &Path) -> Ledger {
    let clock = Arc::new(|| UnixMs(START));
    let mut settings = Settings::new(TOKEN, clock, vec![edge(EDGE, 10_000)]);
    settings.budget = NO_BUDGET;
    Ledger::open(&folder.join("ledger.db"), settings).await.unwrap()
}

/// Not a test of its own: the process that is killed. It orders without end and says each order that was answered.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test below"]
async fn process_that_orders_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ledger = open(Path::new(&folder)).await;
    let bench = Arc::new(Bench::new(1).await);
    let people = (0..PEOPLE).map(|person| {
        let (ledger, bench) = (ledger.clone(), bench.clone());
        tokio::spawn(async move {
            for order in 0.. {
                let text = format!("{}-{person}-{order}", std::process::id());
                one_order(&ledger, &bench, &text).await;
                writeln!(std::io::stdout(), "answered {text} whole").unwrap();
            }
        })
    });
    for person in people.collect::<Vec<_>>() {
        person.await.unwrap();
    }
}

/// The order's text is its gateway's id, and its place of wall time, by which it is found again.
async fn one_order(ledger: &Ledger, bench: &Bench, text: &str) {
    let stored = ledger.inbound(&inbound(Some(text), text)).await.unwrap();
    for _ in 0..100 {
        let mut booking = bench.booking(window(60, 60), 1);
        booking.wall = text.to_owned();
        let number = SmallRng::from_os_rng().random_range(100_000..=999_999_999_u32).to_string();
        booking.number = number.parse().unwrap();
        let order = Proposal {
            inbound: Some(stored.id.clone()),
            ..proposal(&sms(1), Effect::Book(booking))
        };
        if let Outcome::Committed { .. } = ledger.commit(&order, "").await.unwrap() {
            return;
        }
    }
    panic!("no number is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_moment_has_lost_no_answered_order_and_left_no_half_one() {
    let mut random = SmallRng::seed_from_u64(seed());
    let folder = tempfile::tempdir().unwrap();
    let mut answered = BTreeSet::new();
    for _ in 0..ROUNDS {
        let after = Duration::from_millis(random.random_range(5..120));
        answered.extend(orders_until_killed(folder.path(), after));
    }
    assert!(answered.len() > 20, "{}", answered.len());
    let ledger = open(folder.path()).await;
    let mut booked = BTreeMap::new();
    for number in numbers(&ledger).await {
        *booked.entry(number).or_insert(0) += 1;
    }
    for order in &answered {
        assert_eq!(booked.get(order), Some(&1), "{order}");
    }
    assert!(booked.values().all(|&count| count == 1));
    // Every booking has its message out, its seat, and its message in is answered.
    let messages = ledger.outbox_due(100_000).await.unwrap().len();
    let question = OrderQuestion { sender: sms(2), span: window(60, 60) };
    let taken = ledger.order_facts(&question).await.unwrap().edges[0].steps[0].taken;
    assert_eq!((booked.len(), booked.len()), (messages, taken as usize));
    let unanswered = ledger.unanswered(0, 100_000).await.unwrap();
    assert!(unanswered.iter().all(|(_, message)| !booked.contains_key(&message.text)));
}

async fn numbers(ledger: &Ledger) -> Vec<String> {
    let mut texts = Vec::new();
    // The list is bounded, and all start at one time: it is read number by number from the decisions.
    for line in ledger.decisions(Some("order"), 10_000).await.unwrap() {
        texts.push(line.subject);
    }
    let filter = BookingFilter { limit: 1_000, ..BookingFilter::default() };
    let lines = ledger.bookings(&filter).await.unwrap();
    assert!(lines.len() < 1_000, "fewer rounds are needed");
    assert_eq!(texts.len(), lines.len(), "each booking has its decision");
    lines.into_iter().map(|line| line.wall).collect()
}

/// What the process had answered before it was killed, `after` its first answer.
fn orders_until_killed(folder: &Path, after: Duration) -> Vec<String> {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("kill::process_that_orders_until_it_is_killed")
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.find_map(answer);
    std::thread::sleep(after);
    process.kill().unwrap();
    process.wait().unwrap();
    first.into_iter().chain(lines.filter_map(answer)).collect()
}

/// A line that was cut by the kill ends without its mark and does not count.
fn answer(line: String) -> Option<String> {
    let (_, order) = line.split_once("answered ")?;
    order.strip_suffix(" whole").map(str::to_owned)
}

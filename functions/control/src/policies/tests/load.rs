//! Policies change while orders and callers come: the whole of `spin.toml`, with control's own reconcilers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use konf_api::schedule::AdmitRequest;
use konf_contract::Pin;
use konf_contract::link::{Admission, AdmissionRequest, KeyedCredentials};
use konf_ledger::{BookingFilter, Budget, PolicyCallFilter};
use sha2::Sha256;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::*;
use crate::config::Config;
use crate::functions::{ask, load};
use crate::link::Edges;

const SECRET: &[u8] = b"a secret of the tests only";
const TOKEN: &str = "a token of the tests";
const PIN: &str = "135790";
/// Callers of one conference, over the seconds that a test lasts.
const SEATS: u32 = 20;

/// What comes in each second.
#[derive(Clone, Copy)]
struct Load {
    orders: u32,
    legs: u32,
    seconds: u32,
}

// ── control, without its sockets ────────────────────────────────────────────────────────────────────────────────────

struct Works {
    policies: Arc<Policies>,
    host: Arc<Host>,
    ledger: Ledger,
    key: SigningKey,
    wakes: tasks::Wakes,
    _running: JoinSet<()>,
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Works {
    async fn start() -> Works {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let edges =
            vec![EdgeSeats { name: "edge-1".to_owned(), seats: 1_000_000, labels: Vec::new() }];
        let mut settings = Settings::new(TOKEN, Arc::new(clock::now), edges);
        settings.budget = Budget { per_recipient: u32::MAX, total: u32::MAX };
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let wakes = tasks::Wakes::default();
        let (log, calls) = Log::new(wakes.policies.clone());
        let inside = Arc::new(Inside::alone(ledger.clone()));
        let host = load(&config, inside, Some(Arc::new(log))).await.unwrap();
        let (key, _) = SigningKey::generate().unwrap();
        let keys = BTreeMap::from([("jana".to_owned(), key.public())]);
        let trust = Trust { keys, unsigned: false };
        let policies = Arc::new(Policies::new(host.clone(), ledger.clone(), trust));
        policies.start().await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        running.spawn(log::write(calls, ledger.clone(), stopping.clone()));
        let edges = Edges::default();
        tasks::start(&config, &ledger, &policies, &edges, &wakes, &mut running, &stopping).unwrap();
        Works {
            policies,
            host,
            ledger,
            key,
            wakes,
            _running: running,
            _stop: stop,
            _folder: folder,
        }
    }

    async fn post(&self, what: &str, body: Value) {
        let body = body.to_string();
        let answered = self.policies.answer(&Method::POST, what, "", body.as_bytes(), "jana").await;
        answered.unwrap_or_else(|error| panic!("{what}: {error:#}"));
    }

    async fn push(&self, world: &str, version: u32, component: &[u8]) -> String {
        let key = Some(("jana", &self.key));
        let package = Package::new(world, version, component, Vec::new(), key).unwrap();
        self.post("push", serde_json::to_value(package).unwrap()).await;
        Digest::of(component).to_string()
    }

    async fn activate(&self, world: &str, version: u32) {
        self.post("activate", json!({ "world": world, "version": version })).await;
    }

    fn deciding(&self, world: &str) -> String {
        let slot = |slot: &SlotInfo| slot.interface.contains(&format!("/{world}@"));
        self.host.slots().iter().find(|s| slot(s)).unwrap().digest.to_string()
    }

    /// Orders, legs that end and callers that come, evenly over each second. What callers were let in by, and with which
    /// conference.
    async fn bear(&self, load: Load) -> Vec<(String, String)> {
        let conferences = self.conferences(load.legs * load.seconds / SEATS + 1).await;
        let mut every = tokio::time::interval(Duration::from_millis(100));
        let (mut orders, mut callers) = (JoinSet::new(), JoinSet::new());
        for tenth in 0..load.seconds * 10 {
            every.tick().await;
            for order in share(load.orders, tenth) {
                let host = self.host.clone();
                orders.spawn(async move { (order, host.handle(sms(order)).await) });
            }
            let legs = share(load.legs, tenth);
            self.legs_end(&legs).await;
            for caller in legs {
                let host = self.host.clone();
                // The first callers of all conferences come first, so that they come under different policies.
                let (booking, number) = conferences[caller as usize % conferences.len()].clone();
                callers.spawn(async move { (booking, admit_caller(&host, number, caller).await) });
            }
        }
        for (order, answer) in orders.join_all().await {
            assert_eq!(answer.status(), 200, "order {order}: {:?}", answer.body());
        }
        let mut admitted = Vec::new();
        for (booking, admission) in callers.join_all().await {
            let Admission::Granted(grant) = admission else { panic!("{admission:?}") };
            admitted.push((booking, grant.policy));
        }
        self.settled().await;
        admitted
    }

    async fn legs_end(&self, numbers: &std::ops::Range<u32>) {
        let record = |number: u32| {
            let sequence = u64::from(number) + 1;
            let event = RecordEvent::LegLeft(leg(sequence, None));
            Record { sequence, at: clock::now(), event }
        };
        let records = numbers.clone().map(record).collect();
        let batch = RecordBatch { edge: "edge-1".into(), boot: "boot".into(), records };
        self.ledger.apply_records(&batch).await.unwrap();
        self.wakes.rating.notify_one();
    }

    /// Conferences that go on now, each with its booking and number.
    async fn conferences(&self, conferences: u32) -> Vec<(String, String)> {
        let mut booked = Vec::new();
        for number in 700_000..700_000 + conferences {
            let start = UnixMs(clock::now().minutes() * UnixMs::MINUTE);
            let booking = BookingProposal {
                number: ConferenceNumber::new(number.to_string()).unwrap(),
                pin: Pin::new(PIN).unwrap(),
                password: Password::new("24682468").unwrap(),
                edge: "edge-1".to_owned(),
                window: Window { start, end: start.plus_ms(60 * UnixMs::MINUTE) },
                wall: "2027-07-01T12:00".to_owned(),
                zone: "Europe/Prague".to_owned(),
                seats: SEATS,
                language: Language::Cs,
            };
            let sender = Sender::Email(format!("{number}@example.cz"));
            let effect = Effect::Book(booking);
            let proposal = Proposal { inbound: None, sender, effect, messages: Vec::new() };
            let outcome = self.ledger.commit(&proposal, "").await.unwrap();
            let Outcome::Committed { booking: Some(booking) } = outcome else { panic!() };
            booked.push((booking, number.to_string()));
        }
        booked
    }

    /// Until each leg has its price and each call is in the log.
    async fn settled(&self) {
        let waiting = async {
            while !self.ledger.unrated(1).await.unwrap().is_empty() {
                self.wakes.rating.notify_one();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("each leg is rated");
    }

    /// Digest and amount of every leg, as its record has it; each has a rating.
    async fn ratings(&self) -> Vec<(String, i64)> {
        let calls = self.ledger.policy_calls(&of_world("tariff")).await.unwrap();
        let rated = self.ledger.stray_calls(u32::MAX).await.unwrap();
        for call in &rated {
            assert!(call.rating.is_some(), "a leg has no price");
        }
        let call = |call: &konf_ledger::PolicyCallLine| {
            assert_eq!(call.call.fault, None);
            let output = call.call.output.as_ref().unwrap();
            (call.call.digest.clone(), output["amount"].as_i64().unwrap())
        };
        let rating = |rating: Rating| (rating.policy, rating.amount.0);
        let logged = calls.iter().filter(|call| call.call.fault.is_none()).map(call);
        logged.chain(rated.into_iter().filter_map(|call| call.rating.map(rating))).collect()
    }

    async fn bookings(&self) -> usize {
        let mut found = 0;
        let from = clock::now().plus_ms(5 * 24 * 60 * UnixMs::MINUTE);
        for day in 0..=300 {
            let day_start = from.plus_ms(day * 24 * 60 * UnixMs::MINUTE);
            let filter = BookingFilter {
                from: Some(day_start),
                to: Some(day_start.plus_ms(24 * 60 * UnixMs::MINUTE)),
                limit: 1_000,
                ..BookingFilter::default()
            };
            let begun = self.ledger.bookings(&filter).await.unwrap();
            found += begun.iter().filter(|booking| booking.window.start >= day_start).count();
        }
        found
    }
}

fn config(folder: &Path) -> Config {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let file = folder.join("konf.toml");
    let text = format!(
        r#"
        manifest = {:?}
        # Compiled once for all runs.
        state_dir = {:?}
        http_listen = "127.0.0.1:0"
        ledger_token = "{TOKEN}"
        operator_token = "another token of the tests"
        [variables]
        sms_secrets = "whsec_{}"
        [link]
        listen = "127.0.0.1:0"
        ca = "none"
        cert = "none"
        key = "none"
        [[edge]]
        name = "edge-1"
        seats = 1000000
        "#,
        root.join("spin.toml"),
        root.join("target/tmp/control-works"),
        BASE64_STANDARD.encode(SECRET),
    );
    std::fs::create_dir_all(root.join("target/tmp/control-works")).unwrap();
    std::fs::write(&file, text).unwrap();
    Config::load(&file).unwrap()
}

// ── what comes ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// The numbers of what comes in this tenth of a second, if so many come in a whole one.
fn share(per_second: u32, tenth: u32) -> std::ops::Range<u32> {
    per_second * tenth / 10..per_second * (tenth + 1) / 10
}

/// An order from a number and for an hour of its own.
fn sms(number: u32) -> Request<Bytes> {
    let day = clock::now().plus_ms(i64::from(10 + number / 12 % 200) * 24 * 60 * UnixMs::MINUTE);
    let day = jiff::Timestamp::from_millisecond(day.0).unwrap();
    let text = format!("konf {} {:02}00 60 10", day.strftime("%d%m"), 8 + number % 12);
    let from = format!("+42060{number:07}");
    let body = json!({ "from": from, "to": "+420720002233", "text": text }).to_string();
    let (id, timestamp) = (format!("order-{number}"), clock::now().0 / 1_000);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    Request::post("/sms/generic")
        .header("host", "konf.example")
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", format!("v1,{signature}"))
        .body(body.into())
        .unwrap()
}

async fn admit_caller(host: &Host, number: String, caller: u32) -> Admission {
    let number_of_caller = Msisdn::parse(&format!("+42070{caller:07}")).unwrap();
    let caller_of = Caller { number: Some(number_of_caller), ..leg(1, None).caller };
    let credentials = Some(KeyedCredentials { number, code: PIN.to_owned() });
    let leg = LegId(u64::from(caller) + 1);
    let request = AdmissionRequest { leg, caller: caller_of, credentials };
    let request = AdmitRequest { edge: "edge-1".into(), boot: "boot".into(), request };
    ask(host, "schedule", "/admit", &request).await.unwrap()
}

fn of_world(world: &str) -> PolicyCallFilter {
    PolicyCallFilter { world: Some(world.to_owned()), limit: 10_000, ..Default::default() }
}

/// The same under another digest: a custom section is content that does nothing.
fn renamed(mut component: Vec<u8>, by: u32) -> Vec<u8> {
    component.extend([0, 6, 1, b'k']);
    component.extend(by.to_le_bytes());
    component
}

// ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────────

/// 20 s of it; the whole minute is `a_whole_minute_of_swaps`.
#[tokio::test(flavor = "multi_thread")]
async fn a_swap_every_second_under_orders_and_legs_fails_none_and_mixes_none() {
    swap_every_second(Load { orders: 100, legs: 50, seconds: 20 }).await;
}

/// `cargo test --release -p konf-control -- --ignored a_whole_minute_of_swaps`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute and both cores of a small machine"]
async fn a_whole_minute_of_swaps() {
    swap_every_second(Load { orders: 200, legs: 100, seconds: 60 }).await;
}

/// Two tariffs of different prices and two admissions take turns, each time as a version of its own.
async fn swap_every_second(load: Load) {
    let works = Works::start().await;
    let admission = std::fs::read(built("konf_policy_admission")).unwrap();
    let mut prices = BTreeMap::from([(works.deciding("tariff"), AT_4)]);
    let mut admissions = BTreeSet::from([works.deciding("admission")]);
    for version in 1..=load.seconds {
        let (tariff, price) =
            if version % 2 == 1 { (cheaper(), AT_3) } else { (default_tariff(), AT_4) };
        prices.insert(works.push("tariff", version, &renamed(tariff, version)).await, price);
        admissions
            .insert(works.push("admission", version, &renamed(admission.clone(), version)).await);
    }
    let swapping = async {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        for version in 1..load.seconds {
            every.tick().await;
            works.activate("tariff", version).await;
            works.activate("admission", version).await;
        }
    };
    let (admitted, ()) = tokio::join!(works.bear(load), swapping);

    assert_eq!(works.bookings().await, (load.orders * load.seconds) as usize);
    let ratings = works.ratings().await;
    let mut by_digest = BTreeMap::<&str, u32>::new();
    for (digest, amount) in &ratings {
        let price = prices.get(digest).unwrap_or_else(|| panic!("nobody pushed {digest}"));
        assert_eq!(amount, price, "{digest}");
        *by_digest.entry(digest).or_default() += 1;
    }
    assert!(ratings.len() >= (load.legs * load.seconds) as usize);
    // A second is long for a busy machine: not each version gets its turn.
    assert!(by_digest.len() as u32 > load.seconds / 2, "{by_digest:?}");

    let mut conferences = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (booking, policy) in &admitted {
        assert!(admissions.contains(policy), "nobody pushed {policy}");
        conferences.entry(booking).or_default().insert(policy);
    }
    assert_eq!(admitted.len(), (load.legs * load.seconds) as usize);
    let mixed = conferences.values().filter(|policies| policies.len() > 1).count();
    assert_eq!(mixed, 0, "a conference stays on the policy that its first caller was admitted by");
    let used: BTreeSet<_> = conferences.values().flatten().collect();
    assert!(used.len() > 1, "callers came under one policy only");
}

/// RELIABILITY.md, row 39.
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_policy_under_load_is_rolled_back_within_5_s_and_loses_no_order() {
    let load = Load { orders: 50, legs: 20, seconds: 6 };
    let works = Works::start().await;
    let default = works.deciding("tariff");
    let poison = works.push("tariff", 1, &poisoned()).await;
    let poisoning = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        works.activate("tariff", 1).await;
        let activated = Instant::now();
        while works.deciding("tariff") == poison {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        activated.elapsed()
    };
    let (admitted, took) = tokio::join!(works.bear(load), poisoning);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(works.deciding("tariff"), default);
    assert_eq!(works.bookings().await, (load.orders * load.seconds) as usize);
    assert_eq!(admitted.len(), (load.legs * load.seconds) as usize);
    let ratings = works.ratings().await;
    assert!(ratings.iter().all(|rating| *rating == (default.clone(), AT_4)));
    let policy = &works.ledger.policies().await.unwrap()[0];
    assert_eq!(policy.state, PolicyState::Rejected);
    let calls = works.ledger.policy_calls(&of_world("tariff")).await.unwrap();
    let failed = calls.iter().filter(|call| call.call.fault.is_some());
    assert!(failed.clone().count() >= 3 && failed.clone().all(|call| call.call.digest == poison));
}

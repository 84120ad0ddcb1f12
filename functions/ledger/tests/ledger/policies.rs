//! Policies: which decides, what takes its place, and what is remembered of it.

use std::collections::BTreeMap;

use http::Request;
use konf_api::ledger::{AdmissionOutcome, AdmissionProposal, AdmissionQuestion, AdmissionVerdict};
use konf_api::policy::{ABOUT_HEADER, About, CHOICE_HEADER};
use konf_contract::link::KeyedCredentials;
use konf_contract::{ConferenceNumber, LegId, Role, UnixMs};
use konf_ledger::*;
use serde_json::json;

use crate::support::*;

const WORLD: &str = "tariff";

fn new(version: u32) -> NewPolicy {
    NewPolicy {
        world: WORLD.to_owned(),
        version,
        digest: format!("sha256:{version:064}"),
        component: vec![version as u8; 3],
        manifest: format!("{{\"version\":{version}}}"),
        signature: Some(("c2ln".to_owned(), "jana".to_owned())),
        by: "operator".to_owned(),
    }
}

impl Bench {
    async fn push(&self, version: u32) -> Pushed {
        self.ledger.push_policy(&new(version)).await.unwrap()
    }

    async fn do_move(&self, version: u32, to: PolicyMove) -> Moving {
        self.ledger.move_policy(WORLD, version, to, "why", "operator").await.unwrap()
    }

    /// `1 retired, 2 active`.
    async fn states(&self) -> String {
        let mut policies = self.ledger.policies().await.unwrap();
        policies.reverse();
        let state = |p: &PolicyLine| format!("{} {:?}", p.version, p.state).to_lowercase();
        policies.iter().map(state).collect::<Vec<_>>().join(", ")
    }
}

#[tokio::test]
async fn versions_only_rise() {
    let bench = Bench::new(10).await;
    assert_eq!(bench.push(5).await, Pushed::Stored);
    assert_eq!(bench.push(5).await, Pushed::Repeated);
    assert_eq!(bench.push(4).await, Pushed::NotRising { newest: 5 });
    let other = NewPolicy { digest: "sha256:other".to_owned(), ..new(5) };
    let refused = bench.ledger.push_policy(&other).await.unwrap();
    assert_eq!(refused, Pushed::NotRising { newest: 5 });
    let again = NewPolicy { version: 6, ..new(5) };
    assert_eq!(bench.ledger.push_policy(&again).await.unwrap(), Pushed::Known { version: 5 });
    assert_eq!(bench.push(6).await, Pushed::Stored);
    let elsewhere = NewPolicy { world: "admission".to_owned(), ..new(1) };
    assert_eq!(bench.ledger.push_policy(&elsewhere).await.unwrap(), Pushed::Stored);
    let bytes = bench.ledger.component(&new(6).digest).await.unwrap();
    assert_eq!(bytes, Some(vec![6; 3]));
    let manifest = bench.ledger.policy_manifest(WORLD, 6).await.unwrap();
    assert_eq!(manifest.as_deref(), Some("{\"version\":6}"));
}

#[tokio::test]
async fn one_is_active_and_a_roll_back_gives_its_place_to_the_last_good_one() {
    let mut bench = Bench::new(10).await;
    for version in 1..=3 {
        bench.push(version).await;
    }
    assert_eq!(bench.do_move(4, PolicyMove::Activate).await, Moving::NoSuchPolicy);
    assert_eq!(bench.do_move(1, PolicyMove::Activate).await, Moving::Done);
    bench.pass(MINUTE);
    assert_eq!(bench.do_move(2, PolicyMove::Activate).await, Moving::Done);
    assert_eq!(bench.do_move(1, PolicyMove::Activate).await, Moving::Downgrade { active: 2 });
    bench.pass(MINUTE);
    assert_eq!(bench.do_move(3, PolicyMove::Activate).await, Moving::Done);
    assert_eq!(bench.states().await, "1 retired, 2 retired, 3 active");
    // Remembered over a restart.
    bench.reopen().await;
    assert_eq!(bench.ledger.roll_back(WORLD, "it traps", "konf").await.unwrap(), Some(3));
    assert_eq!(bench.states().await, "1 retired, 2 active, 3 rejected");
    assert_eq!(bench.ledger.roll_back(WORLD, "", "operator").await.unwrap(), Some(2));
    assert_eq!(bench.states().await, "1 active, 2 rejected, 3 rejected");
    // Then only the default is left.
    assert_eq!(bench.ledger.roll_back(WORLD, "", "operator").await.unwrap(), Some(1));
    assert_eq!(bench.ledger.roll_back(WORLD, "", "operator").await.unwrap(), None);
    let audit = bench.ledger.policy_audit(100).await.unwrap();
    let traps = audit.iter().find(|change| change.note == "it traps").unwrap();
    assert_eq!((traps.change.as_str(), traps.version, traps.by.as_str()), ("reject", 3, "konf"));
    assert_eq!(audit.iter().filter(|change| change.change == "restored").count(), 2);
}

#[tokio::test]
async fn a_shadow_and_a_canary_stand_beside_the_active_one() {
    let bench = Bench::new(10).await;
    for version in 1..=4 {
        bench.push(version).await;
    }
    bench.do_move(1, PolicyMove::Activate).await;
    assert_eq!(bench.do_move(2, PolicyMove::Shadow).await, Moving::Done);
    let canary = PolicyMove::Canary { percent: 10, differences_max: Some(5) };
    assert_eq!(bench.do_move(3, canary).await, Moving::Done);
    assert_eq!(bench.states().await, "1 active, 2 shadow, 3 canary, 4 pushed");
    let line = bench.ledger.policies().await.unwrap().remove(1);
    assert_eq!((line.percent, line.differences_max), (10, Some(5)));
    assert_eq!(line.signer.as_deref(), Some("jana"));
    // The next one takes the place.
    assert_eq!(bench.do_move(4, PolicyMove::Shadow).await, Moving::Done);
    assert_eq!(bench.do_move(1, canary).await, Moving::Pointless(PolicyState::Active));
    assert_eq!(
        bench.do_move(2, PolicyMove::Withdraw).await,
        Moving::Pointless(PolicyState::Pushed)
    );
    assert_eq!(bench.do_move(3, PolicyMove::Reject).await, Moving::Done);
    assert_eq!(bench.states().await, "1 active, 2 pushed, 3 rejected, 4 shadow");
    assert_eq!(bench.do_move(4, PolicyMove::Activate).await, Moving::Done);
    assert_eq!(bench.states().await, "1 retired, 2 pushed, 3 rejected, 4 active");
}

fn call(record: Option<&str>, conference: Option<&str>, at: UnixMs) -> PolicyCall {
    PolicyCall {
        at,
        world: WORLD.to_owned(),
        digest: new(1).digest,
        part: "active".to_owned(),
        booking: None,
        conference: conference.map(str::to_owned),
        record: record.map(str::to_owned),
        input: json!({ "duration-ms": u64::MAX }),
        output: Some(json!({ "amount": i64::MIN })),
        fault: None,
        micros: 31,
    }
}

#[tokio::test]
async fn calls_are_found_by_conference_and_record_until_they_are_old() {
    let bench = Bench::new(10).await;
    let now = bench.now();
    let first = call(Some("e/b/1"), Some("123456"), now);
    let failed = PolicyCall {
        output: None,
        fault: Some("it trapped".to_owned()),
        ..call(None, Some("654321"), now)
    };
    bench.ledger.log_policy_calls(&[first.clone(), failed.clone()]).await.unwrap();
    let all = PolicyCallFilter { limit: 10, ..PolicyCallFilter::default() };
    let lines = bench.ledger.policy_calls(&all).await.unwrap();
    assert_eq!(lines.iter().map(|line| &line.call).collect::<Vec<_>>(), [&failed, &first]);
    let number = ConferenceNumber::new("123456").unwrap();
    let of = PolicyCallFilter { conference: Some(number), ..all.clone() };
    assert_eq!(bench.ledger.policy_calls(&of).await.unwrap(), lines[1..]);
    let next = PolicyCallFilter { before: Some(lines[0].seq), ..all.clone() };
    assert_eq!(bench.ledger.policy_calls(&next).await.unwrap(), lines[1..]);
    assert_eq!(bench.ledger.policy_call("e/b/1").await.unwrap().as_ref(), Some(&lines[1]));
    let seq = lines[0].seq.to_string();
    assert_eq!(bench.ledger.policy_call(&seq).await.unwrap().as_ref(), Some(&lines[0]));
    assert_eq!(bench.ledger.policy_call("e/b/2").await.unwrap(), None);
    bench.pass(91 * DAY);
    bench.ledger.expire().await.unwrap();
    assert_eq!(bench.ledger.policy_calls(&all).await.unwrap(), []);
}

impl Bench {
    async fn asked(&self, path: &str, body: &impl serde::Serialize, choice: &str) -> Option<About> {
        let request = Request::post(format!("http://ledger.internal{path}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header(CHOICE_HEADER, choice)
            .body(serde_json::to_vec(body).unwrap().into())
            .unwrap();
        let response = self.ledger.handle(request).await;
        assert!(response.status().is_success(), "{response:?}");
        let about = response.headers().get(ABOUT_HEADER)?;
        Some(serde_json::from_slice(about.as_bytes()).unwrap())
    }
}

#[tokio::test]
async fn a_conference_stays_on_what_its_first_caller_was_admitted_under() {
    let mut bench = Bench::new(10).await;
    let (booking, number) = bench.book(&sms(1), window(0, 60), 5).await;
    let question = |number: &str| AdmissionQuestion {
        edge: EDGE.to_owned(),
        boot: BOOT.to_owned(),
        leg: LegId(1),
        caller: caller(1),
        credentials: Some(KeyedCredentials {
            number: number.to_owned(),
            code: "000000".to_owned(),
        }),
    };
    let told = bench.asked("/v1/facts/admission", &question(number.as_str()), "").await.unwrap();
    assert_eq!(told.booking.as_ref(), Some(&booking));
    assert_eq!(told.conference.as_deref(), Some(number.as_str()));
    assert_eq!(told.pins, BTreeMap::new());
    assert_eq!(bench.asked("/v1/facts/admission", &question("999999"), "").await, None);

    let (tariff, admission) = ("konf:policy/tariff@1.0.0", "konf:policy/admission@1.0.0");
    for (leg, choice) in [
        (1, format!("{admission}=sha256:a1,{tariff}=sha256:t1")),
        (2, format!("{admission}=sha256:a2,{tariff}=sha256:t2")),
    ] {
        let verdict = AdmissionVerdict::Admit {
            booking: booking.clone(),
            role: Role::Participant,
            held: None,
        };
        let (edge, boot) = (EDGE.to_owned(), BOOT.to_owned());
        let caller = caller(leg as u32);
        let leg = LegId(leg);
        let mut proposal = AdmissionProposal { edge, boot, leg, caller, verdict, unpinned: true };
        // Who was asked about while nobody was inside is asked about once more if somebody else came in by other policies.
        if leg == LegId(2) {
            let stamps = Stamps { policies: "", choice: &choice };
            let outcome = bench.ledger.admit(&proposal, stamps).await.unwrap();
            assert_eq!(outcome, AdmissionOutcome::Moved);
            let facts = bench.ledger.admission_facts(&question(number.as_str())).await.unwrap();
            let inside = facts.booking.map(|booking| booking.seats_taken);
            assert_eq!((facts.unpinned, inside), (false, Some(1)));
            proposal.unpinned = false;
        }
        bench.asked("/v1/admissions", &proposal, &choice).await;
    }
    bench.reopen().await;
    let told = bench.asked("/v1/facts/admission", &question(number.as_str()), "").await.unwrap();
    let pinned = |interface: &str, digest: &str| (interface.to_owned(), digest.to_owned());
    let pins = vec![pinned(admission, "sha256:a1"), pinned(tariff, "sha256:t1")];
    assert_eq!(told.pins, pins.iter().cloned().collect());
    assert_eq!(bench.ledger.pins(&booking).await.unwrap(), pins);
    assert_eq!(bench.ledger.pinned_digests().await.unwrap(), pins);
    // Nobody needs them when the conference is over and paid.
    bench.pass(2 * HOUR);
    bench.ledger.expire().await.unwrap();
    assert_eq!(bench.ledger.pinned_digests().await.unwrap(), []);
}

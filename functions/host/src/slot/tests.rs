use super::{Slot, Standing, hundredth, imported};
use crate::engine::{self, Compiler};
use crate::{Digest, Limits, PolicyInfo, SwapError};
use konf_api::policy::About;
use std::sync::{Arc, Mutex};
use wasmtime::component::Val;

const INTERFACE: &str = "konf:policy/test@1.0.0";

const CALLER: &str = r#"(component (import "konf:policy/test@1.0.0" (instance
    (export "decide" (func (param "n" u32) (result u32))))))"#;

/// A policy whose only function has this body, a memory of one page and a global number.
fn policy(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $code
                (memory 1)
                (global $calls (mut i32) (i32.const 0))
                (func $again (export "decide") (param i32) (result i32) {body}))
            (core instance $running (instantiate $code))
            (func $decide (param "n" u32) (result u32) (canon lift (core func $running "decide")))
            (instance $test (export "decide" (func $decide)))
            (export "konf:policy/test@1.0.0" (instance $test)))"#
    );
    wat::parse_str(text).unwrap()
}

fn slot(body: &str) -> (Slot, Compiler) {
    let limits = Limits { concurrency: 2, ..Limits::default() };
    let compiler = Compiler::new(engine::start(&limits).unwrap(), None);
    let caller = wat::parse_str(CALLER).unwrap();
    let caller = compiler.compile(&caller, &Digest::of(&caller)).unwrap();
    let contract = imported(compiler.engine(), &caller, INTERFACE);
    assert_eq!(contract.len(), 1);
    let bytes = policy(body);
    let digest = Digest::of(&bytes);
    let compiled = compiler.compile(&bytes, &digest).unwrap();
    let default = (&compiled, bytes.into());
    (Slot::new(INTERFACE, contract, &limits, default, digest, None).unwrap(), compiler)
}

async fn decide(slot: &Slot, n: u32) -> Result<u32, String> {
    decide_about(slot, n, &About::default()).await
}

async fn decide_about(slot: &Slot, n: u32, about: &About) -> Result<u32, String> {
    let mut results = [Val::U32(0)];
    let called = slot.call("decide", &[Val::U32(n)], &mut results, about).await;
    called.map_err(|error| format!("{error:#}"))?;
    match results {
        [Val::U32(answer)] => Ok(answer),
        [other] => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_call_has_a_fresh_instance() {
    let count = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                 (i32.add (global.get $calls) (local.get 0))";
    let (slot, _compiler) = slot(count);
    assert_eq!(decide(&slot, 40).await, Ok(41));
    assert_eq!(decide(&slot, 40).await, Ok(41));
}

#[tokio::test]
async fn an_endless_policy_is_cut_at_its_own_deadline() {
    let (slot, _compiler) = slot("(loop br 0) unreachable");
    let cut = tokio::time::timeout(std::time::Duration::from_secs(5), decide(&slot, 1)).await;
    let why = cut.expect("long before the request's deadline").unwrap_err();
    assert!(why.contains("interrupt"), "{why}");
}

#[tokio::test]
async fn a_policy_that_wants_all_memory_gets_16_mib() {
    // Pages that it got, until it gets no more.
    let grow = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (memory.size)";
    let (slot, _compiler) = slot(grow);
    assert_eq!(decide(&slot, 0).await, Ok(256));
}

#[tokio::test]
async fn a_trap_fails_one_call_and_a_swap_mends_the_next() {
    let (slot, compiler) = slot("unreachable");
    let first = slot.digest();
    assert!(decide(&slot, 1).await.is_err());
    let digest = slot.swap(&compiler, &policy("(i32.mul (local.get 0) (i32.const 2))")).unwrap();
    assert_ne!(digest, first);
    assert_eq!(decide(&slot, 21).await, Ok(42));
}

const TIMES_TWO: &str = "(i32.mul (local.get 0) (i32.const 2))";
const TIMES_THREE: &str = "(i32.mul (local.get 0) (i32.const 3))";

fn of(booking: &str) -> About {
    About { booking: Some(booking.to_owned()), ..About::default() }
}

fn loaded(slot: &Slot, digest: Digest) -> PolicyInfo {
    slot.loaded().into_iter().find(|policy| policy.digest == digest).unwrap()
}

#[tokio::test]
async fn what_fails_is_answered_by_the_last_good_one_and_then_by_the_default() {
    let (slot, compiler) = slot("local.get 0");
    let default = slot.digest();
    let twice = slot.prepare(&compiler, &policy(TIMES_TWO)).unwrap();
    let bad = slot.prepare(&compiler, &policy("unreachable")).unwrap();
    let standing = Standing { active: Some(bad), last_good: Some(twice), ..Standing::default() };
    slot.stand(&standing).unwrap();
    assert_eq!(decide(&slot, 21).await, Ok(42));
    slot.stand(&Standing { last_good: None, ..standing }).unwrap();
    let mut results = [Val::U32(0)];
    let called = slot.call("decide", &[Val::U32(7)], &mut results, &About::default()).await;
    assert_eq!((called.unwrap(), &results[..]), (default, &[Val::U32(7)][..]));
    let failures = |digest| loaded(&slot, digest).counted.failures;
    assert_eq!((failures(bad), failures(default)), (2, 0));
}

#[tokio::test]
async fn what_keeps_failing_is_passed_over_unless_nobody_else_is_there() {
    let calls = |slot: &Slot, digest| loaded(slot, digest).counted.calls;
    let (slot, compiler) =
        slot("(if (i32.eq (local.get 0) (i32.const 0)) (then unreachable)) local.get 0");
    let default = slot.digest();
    let bad = slot.prepare(&compiler, &policy("unreachable")).unwrap();
    let standing = Standing { active: Some(bad), shadow: Some(bad), ..Standing::default() };
    slot.stand(&standing).unwrap();
    for call in 1..=20 {
        assert_eq!(decide(&slot, call).await, Ok(call));
    }
    assert_eq!((calls(&slot, bad), calls(&slot, default)), (3, 20));
    assert!(loaded(&slot, bad).rests && !loaded(&slot, default).rests);
    // Not as a shadow either.
    slot.stand(&Standing { active: None, ..standing }).unwrap();
    assert_eq!(decide(&slot, 1).await, Ok(1));
    assert_eq!(slot.comparing.available_permits(), super::COMPARISONS_MAX);
    assert_eq!(calls(&slot, bad), 3);
    // The default is asked however often it fails.
    for _ in 0..20 {
        assert!(decide(&slot, 0).await.is_err());
    }
    assert_eq!(decide(&slot, 6).await, Ok(6));
}

#[tokio::test]
async fn a_canary_decides_for_its_share_of_conferences_and_each_stays_where_it_began() {
    let (slot, compiler) = slot(TIMES_TWO);
    let canary = slot.prepare(&compiler, &policy(TIMES_THREE)).unwrap();
    slot.stand(&Standing { canary: Some((canary, 30)), ..Standing::default() }).unwrap();
    let bookings: Vec<String> = (0..200).map(|n| format!("booking-{n}")).collect();
    let (inside, outside): (Vec<_>, Vec<_>) = bookings.iter().partition(|b| hundredth(b) < 30);
    // 30 in 100 of 200 are 60; six standard deviations are 39.
    assert!((21..100).contains(&inside.len()), "{}", inside.len());
    assert_eq!(decide_about(&slot, 1, &of(inside[0])).await, Ok(3));
    assert_eq!(decide_about(&slot, 1, &of(outside[0])).await, Ok(2));
    // Who belongs to no conference is asked of the active one.
    assert_eq!(decide(&slot, 1).await, Ok(2));
    // An order has none yet: its sender's share decides.
    let order = |share| About { share: Some(share), ..About::default() };
    assert_eq!(decide_about(&slot, 1, &order(29)).await, Ok(3));
    assert_eq!(decide_about(&slot, 1, &order(30)).await, Ok(2));

    // Admitted under the canary, whatever stands there now.
    let mut admitted = of(inside[0]);
    admitted.pins.insert(INTERFACE.to_owned(), slot.choice(&admitted).to_string());
    slot.stand(&Standing { keep: vec![canary], ..Standing::default() }).unwrap();
    assert_eq!(decide_about(&slot, 1, &admitted).await, Ok(3));
    assert_eq!(decide_about(&slot, 1, &of(inside[0])).await, Ok(2));
    // Rejected: it is not loaded any more.
    slot.stand(&Standing::default()).unwrap();
    assert_eq!(decide_about(&slot, 1, &admitted).await, Ok(2));
}

#[tokio::test]
async fn a_shadow_is_asked_the_same_and_only_counted() {
    let (slot, compiler) = slot("(i32.const 4)");
    let shadow = slot.prepare(&compiler, &policy(TIMES_TWO)).unwrap();
    slot.stand(&Standing { shadow: Some(shadow), ..Standing::default() }).unwrap();
    for n in 1..=3 {
        assert_eq!(decide(&slot, n).await, Ok(4));
        // The comparison runs beside.
        let counted = async || {
            loop {
                let counted = loaded(&slot, shadow).counted;
                if counted.compared == u64::from(n) {
                    return counted;
                }
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(5);
        let counted = tokio::time::timeout(limit, counted()).await.unwrap();
        // Two times two is four; the others differ.
        assert_eq!(counted.different, if n == 1 { 1 } else { u64::from(n) - 1 });
    }
}

#[tokio::test]
async fn only_what_was_prepared_may_stand() {
    let (slot, _compiler) = slot("local.get 0");
    let nobody = Digest::of(b"nobody");
    let standing = Standing { active: Some(nobody), ..Standing::default() };
    assert_eq!(slot.stand(&standing), Err(SwapError::NotPrepared(nobody)));
    assert_eq!(decide(&slot, 5).await, Ok(5));
}

// ── evil guests (RELIABILITY.md, row 38) ────────────────────────────────────────────────────────────────────────────

/// What each of them does, and what is said of it.
const EVIL: [(&str, &str); 4] = [
    ("(loop br 0) unreachable", "interrupt"),
    ("unreachable", "unreachable"),
    // A frame after another until the stack is used up.
    ("(call $again (local.get 0))", "stack"),
    // Writes where it has no memory.
    ("(i32.store (i32.const -4) (i32.const 1)) (local.get 0)", "out of bounds"),
];

#[tokio::test]
async fn each_evil_policy_is_cut_by_name_and_the_default_answers() {
    for (body, why) in EVIL {
        let (alone, _compiler) = slot(body);
        let cut = decide(&alone, 1).await.unwrap_err();
        assert!(cut.contains(why), "{body}: {cut}");

        let (slot, compiler) = slot("local.get 0");
        slot.swap(&compiler, &policy(body)).unwrap();
        assert_eq!(decide(&slot, 7).await, Ok(7), "{body}");
    }
}

/// A policy with a string for an answer, of so many bytes.
fn talker(bytes: u32) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $code
                (memory (export "memory") 200)
                (func (export "say") (param i32) (result i32)
                    (i32.store (i32.const 0) (i32.const 16))
                    (i32.store (i32.const 4) (i32.const {bytes}))
                    (i32.const 0)))
            (core instance $running (instantiate $code))
            (alias core export $running "memory" (core memory $memory))
            (func $say (param "n" u32) (result string)
                (canon lift (core func $running "say") (memory $memory)))
            (instance $test (export "say" (func $say)))
            (export "{INTERFACE}" (instance $test)))"#
    );
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let limits = Limits { concurrency: 2, ..Limits::default() };
    let compiler = Compiler::new(engine::start(&limits).unwrap(), None);
    let caller = CALLER.replace("decide", "say").replace("(result u32)", "(result string)");
    let caller = wat::parse_str(caller).unwrap();
    let caller = compiler.compile(&caller, &Digest::of(&caller)).unwrap();
    let contract = imported(compiler.engine(), &caller, INTERFACE);
    let (modest, huge) = (talker(1_000), talker(10 << 20));
    let compiled = compiler.compile(&modest, &Digest::of(&modest)).unwrap();
    let default = (&compiled, modest.clone().into());
    let digest = Digest::of(&modest);
    let slot = Slot::new(INTERFACE, contract, &limits, default, digest, None).unwrap();
    slot.swap(&compiler, &huge).unwrap();
    let mut results = [Val::Bool(false)];
    let about = About::default();
    let called = slot.call("say", &[Val::U32(1)], &mut results, &about).await.unwrap();
    assert_eq!(called, digest, "the default answered");
    let [Val::String(said)] = &results else { panic!("{results:?}") };
    assert_eq!(said.len(), 1_000);
    assert_eq!(slot.loaded().iter().map(|policy| policy.counted.failures).sum::<u64>(), 1);
}

#[tokio::test]
async fn evil_policies_leave_room_for_others_on_the_same_thread() {
    let (evil, _compiler) = slot("(loop br 0) unreachable");
    let (good, _compiler) = slot(TIMES_TWO);
    let (good, order) = (Arc::new(good), Arc::new(Mutex::new(Vec::new())));
    // One thread runs all of it: others get their turn only when the loop gives way.
    let mut tasks = tokio::task::JoinSet::new();
    let noted = order.clone();
    tasks.spawn(async move {
        assert!(decide(&evil, 1).await.is_err());
        noted.lock().unwrap().push("evil");
    });
    for _ in 0..20 {
        let (good, noted) = (good.clone(), order.clone());
        tasks.spawn(async move {
            assert_eq!(decide(&good, 4).await, Ok(8));
            noted.lock().unwrap().push("good");
        });
    }
    tasks.join_all().await;
    let order = order.lock().unwrap();
    assert_eq!((order.len(), order.last()), (21, Some(&"evil")), "{order:?}");
}

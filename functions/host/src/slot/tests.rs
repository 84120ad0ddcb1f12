use super::{Slot, imported};
use crate::engine::{self, Compiler};
use crate::{Digest, Limits};
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
                (func (export "decide") (param i32) (result i32) {body}))
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
    (Slot::new(INTERFACE, contract, &limits, &compiled, digest).unwrap(), compiler)
}

async fn decide(slot: &Slot, n: u32) -> Result<u32, String> {
    let mut results = [Val::U32(0)];
    let called = slot.call("decide", &[Val::U32(n)], &mut results).await;
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

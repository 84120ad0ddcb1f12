use super::check;
use crate::POLICY_BYTES_MAX;

fn faults(text: &str, world: Option<&str>) -> Vec<String> {
    check(&wat::parse_str(text).unwrap(), world).faults
}

/// A component that exports `interface` with this function.
fn exporting(interface: &str, function: &str, ty: &str) -> String {
    format!(
        r#"(component
            (core module $code
                (func (export "f") (param i32) (result i32) local.get 0))
            (core instance $running (instantiate $code))
            (func $f {ty} (canon lift (core func $running "f")))
            (instance $exported (export "{function}" (func $f)))
            (export "{interface}" (instance $exported)))"#
    )
}

#[test]
fn what_is_no_component_is_told_apart() {
    assert_eq!(check(b"no wasm", None).faults, ["It is not WebAssembly."]);
    let module = check(&wat::parse_str("(module)").unwrap(), None);
    assert!(module.faults[0].starts_with("It is a core WebAssembly module"), "{module:?}");
    let broken = check(b"\0asm\x0d\0\x01\0garbage", None);
    assert!(broken.faults[0].starts_with("It is not a valid component: "), "{broken:?}");
    let long = check(&vec![0; POLICY_BYTES_MAX + 1], None);
    assert!(long.faults[0].starts_with("It has 4194305 bytes"), "{long:?}");
}

#[test]
fn a_missing_or_foreign_world_is_named() {
    let [none] = &faults("(component)", None)[..] else { panic!("one fault") };
    assert!(none.starts_with("It exports no interface of konf:policy; the worlds are "), "{none}");
    assert!(none.contains("admission") && none.contains("tariff"), "{none}");
    assert_eq!(
        faults("(component)", Some("tariff")),
        ["It does not export konf:policy/tariff@1.0.0, the interface of the world tariff."]
    );
    assert!(faults("(component)", Some("weather"))[0].starts_with("There is no world weather"));
    let ty = r#"(param "n" u32) (result u32)"#;
    assert_eq!(
        faults(&exporting("konf:policy/tariff@9.0.0", "rate", ty), None),
        ["It exports konf:policy/tariff@9.0.0, and this Konf has konf:policy/tariff@1.0.0."]
    );
    assert!(
        faults(&exporting("konf:policy/weather@1.0.0", "rate", ty), None)[0]
            .starts_with("It exports konf:policy/weather@1.0.0, which this Konf does not have")
    );
}

#[test]
fn a_missing_and_a_wrong_function_are_told_apart() {
    let ty = r#"(param "leg" u32) (result u32)"#;
    assert_eq!(
        faults(&exporting("konf:policy/tariff@1.0.0", "price", ty), None),
        ["Its konf:policy/tariff@1.0.0 has no function rate."]
    );
    assert_eq!(
        faults(&exporting("konf:policy/tariff@1.0.0", "rate", ty), None),
        [
            "Its function rate does not fit konf:policy/tariff@1.0.0: the parameter is u32, and the contract says record \
          { network, mobile, answered-ms, duration-ms }."
        ]
    );
}

#[test]
fn everything_that_is_too_much_is_named_at_once() {
    let text = r#"(component
        (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64)))))
        (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
        (import "wasi:cli/stderr@0.2.6" (instance)))"#;
    let report = check(&wat::parse_str(text).unwrap(), None);
    assert_eq!(report.inert, ["wasi:cli/stderr@0.2.6"]);
    let [clock, random, exports] = &report.faults[..] else { panic!("{report:?}") };
    assert!(clock.starts_with("It imports a clock (wasi:clocks/wall-clock@0.2.0)"), "{clock}");
    assert!(random.starts_with("It imports randomness (wasi:random/random@0.2.0)"), "{random}");
    assert!(exports.starts_with("It exports no interface"), "{exports}");
}

#[test]
fn what_a_languages_tools_leave_among_the_exports_is_told_and_harms_nothing() {
    let left = |what: &str| {
        format!(
            r#"(component
                (core module $code (func (export "f")))
                (core instance $running (instantiate $code))
                (func $f (canon lift (core func $running "f")))
                {what})"#
        )
    };
    let report = check(&wat::parse_str(left(r#"(export "init" (func $f))"#)).unwrap(), None);
    assert_eq!(report.uncalled, ["init"]);
    let [fault] = &report.faults[..] else { panic!("{report:?}") };
    assert!(fault.starts_with("It exports no interface of konf:policy"), "{fault}");
    let interface =
        r#"(instance $i (export "run" (func $f))) (export "wasi:cli/run@0.2.0" (instance $i))"#;
    let fault = &faults(&left(interface), None)[0];
    assert_eq!(fault, "It exports wasi:cli/run@0.2.0, which nobody calls: leave it out.");
}

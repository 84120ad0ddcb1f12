//! Five tariffs that mean harm.

/// Each with what its failure is called.
pub(crate) const EVIL: [(&str, &str, &str); 5] = [
    ("endless loop", "interrupt", "(loop br 0) unreachable"),
    (
        "memory bomb",
        "unreachable",
        // All that it can get, and each octet of it touched.
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
         (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
         unreachable",
    ),
    (
        "giant result",
        "bytes",
        // A name of 15 MiB for its rule.
        "(drop (memory.grow (i32.const 250)))
         (i32.store (i32.const 28) (i32.const 65536)) (i32.store (i32.const 32) (i32.const 15728640))
         (i32.const 16)",
    ),
    (
        "deep recursion",
        "stack",
        "(call $again (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))
         (drop) (call $again (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))",
    ),
    ("panic storm", "unreachable", "unreachable"),
];

/// A tariff whose function has this body. It answers where a charge lies in memory: amount, seconds, rule.
pub(crate) fn tariff(body: &str) -> Vec<u8> {
    tariff_beside(body, "")
}

/// The same with something else in its component.
pub(crate) fn tariff_beside(body: &str, beside: &str) -> Vec<u8> {
    const LEG: &str = r#"(record (field "network" string) (field "mobile" bool) (field "answered-ms" s64)
        (field "duration-ms" u64))"#;
    const CHARGE: &str =
        r#"(record (field "amount" s64) (field "billed-s" u32) (field "rule" string))"#;
    let text = format!(
        r#"(component
            (core module $code
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                (func $again (export "rate") (param i32 i32 i32 i64 i64) (result i32) {body}))
            (core instance $running (instantiate $code))
            {beside}
            (type $leg {LEG})
            (type $charge {CHARGE})
            (func $rate (param "leg" $leg) (result $charge)
                (canon lift (core func $running "rate") (memory (core memory $running "memory"))
                    (realloc (core func $running "realloc"))))
            (component $names
                (type $leg-shape {LEG})
                (import "leg-type" (type $leg (eq $leg-shape)))
                (type $charge-shape {CHARGE})
                (import "charge-type" (type $charge (eq $charge-shape)))
                (import "rate-function" (func $rate (param "leg" $leg) (result $charge)))
                (export $leg-name "leg" (type $leg))
                (export $charge-name "charge" (type $charge))
                (export "rate" (func $rate) (func (param "leg" $leg-name) (result $charge-name))))
            (instance $tariff (instantiate $names (with "leg-type" (type $leg))
                (with "charge-type" (type $charge)) (with "rate-function" (func $rate))))
            (export "konf:policy/tariff@1.0.0" (instance $tariff)))"#
    );
    wat::parse_str(text).expect("the text of a component")
}

use super::{Shape, read, world_of, worlds};

#[test]
fn the_contract_is_understood_and_names_its_worlds() {
    let tariff = &worlds()["tariff"];
    assert_eq!(tariff.interface, "konf:policy/tariff@1.0.0");
    assert_eq!(tariff.function, "rate");
    let Shape::Record(fields) = &tariff.input else { panic!("{}", tariff.input) };
    assert_eq!(fields[3], ("duration-ms".to_owned(), Shape::Unsigned(64)));
    let Shape::Variant(cases) = &worlds()["admission"].output else { panic!("a variant") };
    let roles = Shape::Enum(vec!["participant".into(), "organiser".into()]);
    assert_eq!(cases[0], ("admit".to_owned(), Some(roles)));
    assert_eq!(world_of("konf:policy/tariff@1.0.0"), Some(tariff));
    assert_eq!(world_of("konf:policy/tariff@9.0.0"), None);
    // Whatever is added, nothing in it may be what a policy can't be asked.
    for world in worlds().values() {
        assert!(!format!("{world:?}").contains("Other("), "{world:?}");
    }
}

#[test]
fn a_difference_is_named_by_its_place() {
    let contract = |text: &str| {
        let text = format!(
            "package konf:policy@1.0.0;
             interface test {{ record r {{ {text} }} decide: func(r: r) -> bool; }}
             world w {{ export test; }}"
        );
        read(&text).unwrap()["test"].input.clone()
    };
    let wanted = contract("a: u32, b: option<string>");
    let difference = |text: &str| contract(text).difference(&wanted, "the input");
    assert_eq!(difference("a: u32, b: option<string>"), None);
    let said = |text: &str| difference(text).unwrap();
    assert_eq!(said("a: u32"), "the input lacks the field b");
    assert_eq!(
        said("a: u32, b: option<string>, c: bool"),
        "the input has a field c that the contract does not have"
    );
    assert_eq!(
        said("b: option<string>, a: u32"),
        "the input has the field b where the contract has a"
    );
    assert_eq!(
        said("a: s64, b: option<string>"),
        "field a of the input is s64, and the contract says u32"
    );
    assert_eq!(
        said("a: u32, b: string"),
        "field b of the input is string, and the contract says option<string>"
    );
}

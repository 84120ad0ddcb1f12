use super::*;

fn table(rows: &[(&str, KeyAction)]) -> Result<KeyTable, KeyFault> {
    KeyTable::new(rows.iter().map(|(keys, action)| ((*keys).to_owned(), *action)))
}

fn fault(rows: &[(&str, KeyAction)]) -> String {
    table(rows).unwrap_err().to_string()
}

#[test]
fn the_default_table_is_a_good_one_and_names_every_action_once() {
    assert_eq!(table(&DEFAULT), Ok(KeyTable::default()));
    let names: std::collections::BTreeSet<_> =
        DEFAULT.iter().map(|(_, action)| action.name()).collect();
    assert_eq!(names.len(), DEFAULT.len());
    for (_, action) in DEFAULT {
        assert_eq!(KeyAction::named(action.name()), Some(action));
    }
    assert_eq!(KeyAction::named("fly"), None);
}

#[test]
fn what_is_no_good_sequence_is_refused_in_a_sentence() {
    for (keys, said) in [
        (
            "6",
            "6 begins with a digit, and bare digits are pressed by accident: a sequence begins with * or #",
        ),
        (
            "66*",
            "66* begins with a digit, and bare digits are pressed by accident: a sequence begins with * or #",
        ),
        ("*", "* alone does nothing: a sequence has 2 to 4 keys"),
        ("#", "# alone does nothing: a sequence has 2 to 4 keys"),
        ("*1234", "*1234 is too long: a sequence has 2 to 4 keys"),
        ("**4", "**4 begins with two stars, and a star pressed twice begins anew"),
        ("", "\"\" is no sequence of keys: a key is 0 to 9, * or #"),
        ("*A", "\"*A\" is no sequence of keys: a key is 0 to 9, * or #"),
        ("*6\n", "\"*6\\n\" is no sequence of keys: a key is 0 to 9, * or #"),
        ("*ěščřžýáíé", "\"*ěščřžýá\" is no sequence of keys: a key is 0 to 9, * or #"),
    ] {
        assert_eq!(fault(&[(keys, KeyAction::Help)]), said);
    }
}

#[test]
fn a_sequence_stands_once_and_only_the_hand_waits_for_another_key() {
    let twice = [("*4", KeyAction::Help), ("*4", KeyAction::Names)];
    assert_eq!(fault(&twice), "*4 stands there twice");
    let begins = [("*4", KeyAction::Help), ("*42", KeyAction::Names)];
    assert_eq!(
        fault(&begins),
        "*4 (help) begins *42, so that it would wait two seconds for another key: only the hand may"
    );
    // The mute that nobody named is there, too.
    let said = fault(&[("*61", KeyAction::Help)]);
    assert!(said.starts_with("*6 (mute) begins *61, "), "{said}");
    assert!(table(&[("*4", KeyAction::Hand), ("*42", KeyAction::Names)]).is_ok());
}

#[test]
fn everybody_can_mute() {
    let empty = table(&[]).unwrap();
    assert_eq!(empty.rows().collect::<Vec<_>>(), [("*6", KeyAction::Mute)]);
    let elsewhere = table(&[("*4", KeyAction::Mute), ("*6", KeyAction::Hand)]).unwrap();
    assert_eq!(elsewhere.action("*6"), Some(KeyAction::Hand));
    let moved = table(&[("*4", KeyAction::Mute)]).unwrap();
    assert_eq!(moved.action("*6"), None);
    assert_eq!(
        fault(&[("*6", KeyAction::Hand)]),
        "*6 is taken by hand and nothing mutes: everybody must be able to"
    );
}

#[test]
fn a_table_has_a_bound() {
    let rows = |count: u32| {
        (0..count).map(|n| (format!("*{:03}", n + 700), KeyAction::Help)).collect::<Vec<_>>()
    };
    assert!(KeyTable::new(rows(32)).is_ok());
    assert_eq!(KeyTable::new(rows(1_000)), Err(KeyFault::TooMany(33)));
}

#[test]
fn over_the_link_what_is_not_known_is_passed_over() {
    let table = table(&[("*4", KeyAction::Mute), ("*92", KeyAction::DropLast)]).unwrap();
    let mut bindings = table.bindings();
    assert_eq!(KeyTable::of_bindings(&bindings), Ok(table.clone()));
    bindings.push(KeyBinding { keys: "*55".into(), action: "record-the-call".into() });
    assert_eq!(KeyTable::of_bindings(&bindings), Ok(table));
    bindings.push(KeyBinding { keys: "5".into(), action: "help".into() });
    assert_eq!(KeyTable::of_bindings(&bindings), Err(KeyFault::BareDigit("5".into())));
}

#[test]
fn keys_are_looked_up_whole_and_in_part() {
    let table = KeyTable::default();
    assert_eq!(table.action("*9"), Some(KeyAction::Hand));
    assert!(table.goes_on("*9") && table.goes_on("*") && table.goes_on("#"));
    assert!(!table.goes_on("*6") && !table.goes_on("*92") && !table.goes_on("6"));
}

#[test]
fn the_table_can_be_printed() {
    let text = KeyTable::default().to_string();
    assert_eq!(text.lines().count(), DEFAULT.len());
    assert!(text.contains("*98 organiser ask for an extension"), "{text}");
}

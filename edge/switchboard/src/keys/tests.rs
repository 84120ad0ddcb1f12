use super::*;

fn press(keys: &str, role: Role) -> Vec<Pressed> {
    press_by(&KeyTable::default(), keys, role)
}

fn press_by(table: &KeyTable, keys: &str, role: Role) -> Vec<Pressed> {
    let mut sequence = Sequence::default();
    keys.chars()
        .map(|c| match c {
            '*' => Key::Star,
            '#' => Key::Hash,
            digit => Key::Number(digit as u8 - b'0'),
        })
        .map(|key| sequence.press(key, role, table))
        .filter(|pressed| *pressed != Pressed::Nothing)
        .collect()
}

#[test]
fn every_sequence_of_the_table_gives_its_command() {
    for (keys, action) in KeyTable::default().rows() {
        // `*9` counts once something else begins.
        let keys = if action == KeyAction::Hand { "*9*" } else { keys };
        assert_eq!(press(keys, Role::Organiser), [Pressed::Action(action)]);
    }
}

#[test]
fn a_participant_is_told_which_keys_are_the_organisers() {
    for keys in ["*5", "##", "*7", "*92", "*93", "*98", "*99"] {
        assert_eq!(press(keys, Role::Participant), [Pressed::OrganiserOnly], "{keys}");
    }
}

#[test]
fn bare_digits_never_act() {
    assert_eq!(press("0123456789", Role::Organiser), []);
    assert_eq!(press("#6", Role::Organiser), []);
    assert_eq!(press("66", Role::Organiser), []);
}

#[test]
fn keys_that_are_not_there_yet_are_unknown() {
    for keys in ["*4", "*0", "*91", "*95", "*#"] {
        assert_eq!(press(keys, Role::Organiser), [Pressed::Unknown], "{keys}");
    }
}

#[test]
fn a_star_pressed_twice_begins_anew() {
    assert_eq!(press("**6", Role::Participant), [Pressed::Action(KeyAction::Mute)]);
    assert_eq!(press("#*6", Role::Participant), [Pressed::Action(KeyAction::Mute)]);
    assert_eq!(
        press("*9*6", Role::Participant),
        [Pressed::Action(KeyAction::Hand), Pressed::Action(KeyAction::Mute)]
    );
}

#[test]
fn a_half_sequence_is_forgotten_after_the_gap() {
    let mut sequence = Sequence::default();
    sequence.press(Key::Star, Role::Participant, table(None));
    assert!(sequence.is_half());
    assert_eq!(sequence.gap(Role::Participant, table(None)), Pressed::Nothing);
    assert_eq!(sequence.press(Key::Number(6), Role::Participant, table(None)), Pressed::Nothing);
    assert_eq!(sequence.gap(Role::Participant, table(None)), Pressed::Nothing);
    assert!(!sequence.is_half());
}

#[test]
fn a_hash_after_bare_digits_ends_a_number_and_mutes_nobody() {
    assert_eq!(press("100001#98765432##", Role::Organiser), []);
    assert_eq!(press("1*6", Role::Organiser), [Pressed::Action(KeyAction::Mute)]);
    let mut sequence = Sequence::default();
    sequence.press(Key::Number(1), Role::Organiser, table(None));
    sequence.gap(Role::Organiser, table(None));
    sequence.press(Key::Hash, Role::Organiser, table(None));
    let pressed = sequence.press(Key::Hash, Role::Organiser, table(None));
    assert_eq!(pressed, Pressed::Action(KeyAction::MuteAll));
}

#[test]
fn star_nine_alone_is_the_hand_after_the_gap() {
    let mut sequence = Sequence::default();
    sequence.press(Key::Star, Role::Organiser, table(None));
    assert_eq!(sequence.press(Key::Number(9), Role::Organiser, table(None)), Pressed::Nothing);
    assert_eq!(sequence.gap(Role::Organiser, table(None)), Pressed::Action(KeyAction::Hand));
}

/// `*4` mutes, `#1` is the hand and begins `#12`, which locks; `*6` is nothing.
fn moved() -> KeyTable {
    let rows = [("*4", KeyAction::Mute), ("#1", KeyAction::Hand), ("#12", KeyAction::Lock)];
    KeyTable::new(rows.map(|(keys, action)| (keys.to_owned(), action))).unwrap()
}

#[test]
fn a_table_of_a_policy_takes_the_place_of_the_default() {
    let by = |keys: &str, role| press_by(&moved(), keys, role);
    assert_eq!(by("*4", Role::Participant), [Pressed::Action(KeyAction::Mute)]);
    assert_eq!(by("*6*9*", Role::Participant), [Pressed::Unknown, Pressed::Unknown]);
    assert_eq!(by("#12", Role::Organiser), [Pressed::Action(KeyAction::Lock)]);
    assert_eq!(by("#12", Role::Participant), [Pressed::OrganiserOnly]);
    assert_eq!(
        by("#1*4", Role::Participant),
        [KeyAction::Hand, KeyAction::Mute].map(Pressed::Action)
    );
    // What ends a number begins nothing, here as ever.
    assert_eq!(by("100001#1234##", Role::Organiser), []);
    let mut sequence = Sequence::default();
    sequence.press(Key::Hash, Role::Participant, &moved());
    sequence.press(Key::Number(1), Role::Participant, &moved());
    assert_eq!(sequence.gap(Role::Participant, &moved()), Pressed::Action(KeyAction::Hand));
}

#[test]
fn a_grant_without_a_good_table_leaves_the_default() {
    assert_eq!(granted(Some(&moved().bindings())).as_deref(), Some(&moved()));
    assert_eq!(granted(None), None);
    let bare = KeyBinding { keys: "6".into(), action: "mute".into() };
    assert_eq!(granted(Some(&[bare])), None);
    assert_eq!(*table(None), KeyTable::default());
}

use super::*;

fn press(keys: &str, role: Role) -> Vec<Pressed> {
    let mut sequence = Sequence::default();
    keys.chars()
        .map(|c| match c {
            '*' => Key::Star,
            '#' => Key::Hash,
            digit => Key::Number(digit as u8 - b'0'),
        })
        .map(|key| sequence.press(key, role))
        .filter(|pressed| *pressed != Pressed::Nothing)
        .collect()
}

#[test]
fn every_sequence_of_the_table_gives_its_command() {
    for row in &TABLE {
        // `*9` counts once something else begins.
        let keys = if row.command == Command::Hand { "*9*" } else { row.keys };
        assert_eq!(press(keys, Role::Organiser), [Pressed::Command(row.command)]);
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
    assert_eq!(press("**6", Role::Participant), [Pressed::Command(Command::Mute)]);
    assert_eq!(press("#*6", Role::Participant), [Pressed::Command(Command::Mute)]);
    assert_eq!(
        press("*9*6", Role::Participant),
        [Pressed::Command(Command::Hand), Pressed::Command(Command::Mute)]
    );
}

#[test]
fn a_half_sequence_is_forgotten_after_the_gap() {
    let mut sequence = Sequence::default();
    sequence.press(Key::Star, Role::Participant);
    assert!(sequence.is_half());
    assert_eq!(sequence.gap(Role::Participant), Pressed::Nothing);
    assert_eq!(sequence.press(Key::Number(6), Role::Participant), Pressed::Nothing);
    assert_eq!(sequence.gap(Role::Participant), Pressed::Nothing);
    assert!(!sequence.is_half());
}

#[test]
fn a_hash_after_bare_digits_ends_a_number_and_mutes_nobody() {
    assert_eq!(press("100001#98765432##", Role::Organiser), []);
    assert_eq!(press("1*6", Role::Organiser), [Pressed::Command(Command::Mute)]);
    let mut sequence = Sequence::default();
    sequence.press(Key::Number(1), Role::Organiser);
    sequence.gap(Role::Organiser);
    sequence.press(Key::Hash, Role::Organiser);
    let pressed = sequence.press(Key::Hash, Role::Organiser);
    assert_eq!(pressed, Pressed::Command(Command::MuteAll));
}

#[test]
fn star_nine_alone_is_the_hand_after_the_gap() {
    let mut sequence = Sequence::default();
    sequence.press(Key::Star, Role::Organiser);
    assert_eq!(sequence.press(Key::Number(9), Role::Organiser), Pressed::Nothing);
    assert_eq!(sequence.gap(Role::Organiser), Pressed::Command(Command::Hand));
}

#[test]
fn the_table_can_be_printed() {
    let table = KeyTable.to_string();
    assert_eq!(table.lines().count(), TABLE.len());
    assert!(table.contains("*98 organiser ask for an extension"), "{table}");
}

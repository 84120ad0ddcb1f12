use super::*;

fn tables() -> Vec<&'static [(&'static str, Action)]> {
    let languages = [Language::Cs, Language::En].into_iter();
    let facts = languages.flat_map(|language| {
        [Role::Participant, Role::Organiser].map(|role| Facts { language, role })
    });
    facts.map(|facts| table(&facts)).collect()
}

#[test]
fn star_six_is_mute_and_everybody_has_the_same_keys() {
    for table in tables() {
        assert!(table.contains(&("*6", Action::Mute)));
        assert_eq!(table, tables()[0]);
    }
}

#[test]
fn every_sequence_begins_with_a_star_or_a_hash_and_stands_once() {
    for table in tables() {
        for (at, (keys, _)) in table.iter().enumerate() {
            assert!(keys.starts_with(['*', '#']) && (2..=4).contains(&keys.len()), "{keys}");
            assert!(!table[..at].iter().any(|(before, _)| before == keys), "{keys}");
        }
    }
}

#[test]
fn only_the_hand_waits_for_another_key() {
    for table in tables() {
        for (short, action) in table {
            let begins = table.iter().any(|(keys, _)| keys != short && keys.starts_with(short));
            assert!(!begins || *action == Action::Hand, "{short}");
        }
    }
}

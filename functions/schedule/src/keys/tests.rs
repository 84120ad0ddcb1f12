use serde_json::json;

use super::*;
use crate::testing::{Script, default_keys};

const EVERYBODY: [KeysPolicyFacts; 4] = [
    KeysPolicyFacts { language: Language::Cs, role: Role::Participant },
    KeysPolicyFacts { language: Language::Cs, role: Role::Organiser },
    KeysPolicyFacts { language: Language::En, role: Role::Participant },
    KeysPolicyFacts { language: Language::En, role: Role::Organiser },
];

#[test]
fn the_default_policy_says_what_every_edge_has_and_nothing_is_sent() {
    for facts in EVERYBODY {
        assert_eq!(KeyTable::new(default_keys(&facts)), Ok(KeyTable::default()));
        assert_eq!(keys(&Script::new([]), facts), None);
    }
}

#[test]
fn a_policys_table_goes_to_the_edge_and_star_six_stays_mute() {
    let mut script = Script::new([]);
    script.keys.push(("*98", KeyAction::Extend));
    let sent = keys(&script, EVERYBODY[1]).unwrap();
    assert_eq!(
        serde_json::to_value(sent).unwrap(),
        json!([{ "keys": "*6", "action": "mute" }, { "keys": "*98", "action": "extend" }])
    );
    assert!(script.asked.borrow().is_empty());
}

#[test]
fn a_table_that_is_no_good_one_leaves_the_default_and_is_spoken_of() {
    let mut script = Script::new([]);
    script.keys.push(("6", KeyAction::Mute));
    assert_eq!(keys(&script, EVERYBODY[0]), None);
    assert_eq!(
        script.last("warn"),
        "the keys policy's table is refused, the default one stays: 6 begins with a digit, and bare digits are \
         pressed by accident: a sequence begins with * or #"
    );
}

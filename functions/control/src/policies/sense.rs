//! Whether what a policy says makes sense, where that can be asked before anybody is decided on: all that the world `keys`
//! can be asked is four questions.

use konf_contract::keys::{KeyAction, KeyTable};
use konf_host::Trial;
use serde_json::{Value, json};

/// A sentence for each answer that would not count.
pub async fn senseless(trial: &Trial) -> Vec<String> {
    let mut faults = Vec::new();
    if trial.world().name != "keys" {
        return faults;
    }
    for language in ["cs", "en"] {
        for role in ["participant", "organiser"] {
            let asked = trial.ask(&json!({ "language": language, "role": role })).await;
            let table = asked.and_then(|answer| good_table(&answer.output));
            if let Err(why) = table {
                faults.push(format!("The table for {language}, {role}: {why}."));
            }
        }
    }
    faults
}

fn good_table(table: &Value) -> Result<KeyTable, String> {
    let row = |row: &Value| {
        let word = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let does = word("does");
        let action = KeyAction::named(&does).ok_or_else(|| format!("{does} is no action"))?;
        Ok((word("keys"), action))
    };
    let rows =
        table.as_array().into_iter().flatten().map(row).collect::<Result<Vec<_>, String>>()?;
    KeyTable::new(rows).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_good_or_it_is_said_why_not() {
        let row = |keys: &str, does: &str| json!({ "keys": keys, "does": does });
        let table = good_table(&json!([row("*4", "mute"), row("##", "mute-all")])).unwrap();
        assert_eq!(table.action("*4"), Some(KeyAction::Mute));
        let bad = |table| good_table(&table).unwrap_err();
        assert!(bad(json!([row("4", "mute")])).starts_with("4 begins with a digit, "));
        assert_eq!(bad(json!([row("*4", "fly")])), "fly is no action");
    }

    /// What the interface `keys` of the contract can name is what a table can hold.
    #[test]
    fn every_action_of_the_contract_is_known_here() {
        let shape = &konf_host::worlds()["keys"].output;
        let konf_host::Shape::List(row) = shape else { panic!("{shape}") };
        let konf_host::Shape::Record(fields) = &**row else { panic!("{row}") };
        let (_, konf_host::Shape::Enum(actions)) = &fields[1] else { panic!("{row}") };
        assert_eq!(actions.len(), KeyTable::default().rows().count());
        for action in actions {
            assert!(KeyAction::named(action).is_some(), "{action}");
        }
    }
}

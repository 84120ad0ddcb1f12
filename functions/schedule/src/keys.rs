//! What each key does for somebody who is let in: the keys policy says, and only a good table goes to the edge.

use konf_contract::keys::{KeyAction, KeyBinding, KeyTable};
use konf_contract::{Language, Role};

use crate::outside::Outside;

/// What the policy is asked: the record `facts` of the interface `keys` in `wit/policy.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysPolicyFacts {
    pub language: Language,
    pub role: Role,
}

/// The table for a grant; none where it is the default one, which every edge has. A table that is no good one leaves the
/// default, and what is wrong is said.
pub fn keys(outside: &impl Outside, facts: KeysPolicyFacts) -> Option<Vec<KeyBinding>> {
    let rows: Vec<(String, KeyAction)> = outside.keys_policy(&facts);
    match KeyTable::new(rows) {
        Ok(table) => (table != KeyTable::default()).then(|| table.bindings()),
        Err(fault) => {
            outside.warn(&format!(
                "the keys policy's table is refused, the default one stays: {fault}"
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests;

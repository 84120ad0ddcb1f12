//! What the functions host is told of the conversation that a policy is asked in, and what it tells the ledger.
//!
//! A component says neither: whoever is asked for facts (the ledger) or asks for work (control) says [`ABOUT_HEADER`],
//! and the host reads it, keeps it from components, and takes it off whatever they send. Under a host that composes
//! policies into components nobody reads it, and nothing depends on it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An [`About`] as JSON: on answers of the ledger to the functions host, and on requests of control to a function.
pub const ABOUT_HEADER: &str = "konf-about";

/// Set by the functions host on requests that tell of a booking: the policies that its conference is to stay on, written
/// as [`crate::ledger::POLICY_HEADER`] is.
pub const CHOICE_HEADER: &str = "konf-policy-choice";

/// The conference that is talked of. No numbers of people, no secrets: it stands in the decision log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conference: Option<String>,
    /// `edge/boot/sequence` of a leg that is rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Of an order, which has no conference yet: of a hundred equal parts of all senders the one that its sender is in, 0
    /// to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u32>,
    /// The policies that the conference stays on: digest (`sha256:…`) by interface.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, String>,
}

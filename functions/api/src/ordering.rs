//! What others ask of `order` (private; `http://order.spin.internal`).
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /process` | [`ProcessRequest`] | 200 when the message is answered, 503 when it has to be tried again |
//!
//! Gateways come in by `POST /sms/NAME`; that is not for other functions.

use serde::{Deserialize, Serialize};

use crate::ledger::{InboundMessage, InboundStored};

/// Works on a stored message (again): for those that a crash left unanswered, and for channels such as e-mail that
/// store a message themselves. Doing it twice is harmless, since the ledger answers a message once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRequest {
    pub stored: InboundStored,
    pub message: InboundMessage,
}

//! What control asks of `billing` (private part; `http://billing.spin.internal`): `POST /rate` with a [`RateRequest`]
//! is answered with [`crate::ledger::RatingOutcome`]. What `portal` asks there: `POST /statement` with a
//! [`crate::ledger::StatementQuestion`] is answered as the public part in JSON. The public part is `GET /statements/NUMBER`.

use konf_contract::link::LegLeft;
use serde::{Deserialize, Serialize};

use crate::ledger::RecordKey;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRequest {
    pub record: RecordKey,
    pub leg: LegLeft,
}

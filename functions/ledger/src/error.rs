//! Why a call failed, whose fault it is and whether it may be tried again.

use std::path::PathBuf;
use std::sync::Arc;

/// Why the ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the ledger's token is empty")]
    NoToken,
    #[error("the database file {path} cannot be made or opened")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database {path} cannot be opened")]
    Database { path: PathBuf, source: sqlx::Error },
    #[error("the database {path} is damaged: {verdict}")]
    Damaged { path: PathBuf, verdict: String },
    #[error("the database's schema cannot be brought up to date")]
    Schema(#[source] sqlx::migrate::MigrateError),
    #[error("the edges cannot be brought in line with the settings")]
    Edges(#[source] LedgerError),
}

/// Why a call failed. Nothing was changed, except where [`LedgerError::Gap`] says so.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The caller's mistake: the same call will fail again.
    #[error("{0}")]
    Invalid(&'static str),
    /// Records are missing. Those up to and including `through` are durably committed and may be acknowledged; the rest
    /// of the batch was not applied.
    #[error(
        "records are missing: boot {boot} of edge {edge} is committed through {through}, then came {found}"
    )]
    Gap { edge: String, boot: String, through: u64, found: u64 },
    /// The database did not do it: it may be tried again.
    #[error("the database did not do it")]
    Database(#[from] sqlx::Error),
    /// The same, of a commit that several changes shared.
    #[error("the database did not keep it")]
    Commit(#[source] Arc<sqlx::Error>),
    /// A stored value is not what this version of the ledger writes.
    #[error("a stored value of {0} is not understood")]
    Stored(&'static str),
    #[error("the system gives no randomness")]
    Randomness,
}

impl LedgerError {
    /// Whether the same call may succeed later.
    pub fn may_retry(&self) -> bool {
        matches!(self, LedgerError::Database(_) | LedgerError::Commit(_) | LedgerError::Randomness)
    }
}

pub(crate) type Result<T> = std::result::Result<T, LedgerError>;

//! The file: connections, schema, transactions, ids.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Execute, Executor, SqlSafeStr, Sqlite, Transaction};

use crate::error::{LedgerError, OpenError, Result};
use crate::writer::{Change, Durable, Writer};

/// One connection that writes, a few that read: SQLite has one writer, and waiting for it in a fair queue of our own is
/// cheaper and fairer than its busy loop.
pub(crate) struct Store {
    writer: Writer,
    readers: SqlitePool,
}

/// How long a call waits for a connection to read on.
const TURN_WAIT: Duration = Duration::from_secs(20);

/// How long SQLite waits for another process, such as the command line, to end its transaction.
const BUSY_WAIT: Duration = Duration::from_secs(10);

fn migrations() -> Migrator {
    let step = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        step(1, "first", include_str!("../migrations/0001_first.sql")),
        step(2, "parts", include_str!("../migrations/0002_parts.sql")),
        step(3, "tries", include_str!("../migrations/0003_tries.sql")),
        step(4, "policies", include_str!("../migrations/0004_policies.sql")),
        step(5, "senders", include_str!("../migrations/0005_senders.sql")),
        step(6, "gateways", include_str!("../migrations/0006_gateways.sql")),
        step(11, "portal", include_str!("../migrations/0011_portal.sql")),
        step(12, "guests", include_str!("../migrations/0012_guests.sql")),
        step(15, "requests", include_str!("../migrations/0015_requests.sql")),
        step(16, "operators", include_str!("../migrations/0016_operators.sql")),
        step(17, "dedicated", include_str!("../migrations/0017_dedicated.sql")),
        step(20, "api", include_str!("../migrations/0020_api.sql")),
        step(21, "event", include_str!("../migrations/0021_event.sql")),
        step(25, "webhooks", include_str!("../migrations/0025_webhooks.sql")),
        step(26, "clients", include_str!("../migrations/0026_clients.sql")),
        step(27, "early reports", include_str!("../migrations/0027_early_reports.sql")),
    ]);
    // After a roll-back the file knows more steps than this version; they only expanded it.
    migrator.set_ignore_missing(true);
    migrator
}

impl Store {
    pub(crate) async fn open(path: &Path, readers: u32) -> std::result::Result<Store, OpenError> {
        make_private_file(path)
            .map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let database = |source| OpenError::Database { path: path.to_owned(), source };
        let options = SqliteConnectOptions::from_str("sqlite:")
            .map_err(database)?
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // An answered order survives a power cut, not only a crash of the process.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT)
            // What has been erased is overwritten in the file.
            .pragma("secure_delete", "ON")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let mut first = options.connect().await.map_err(database)?;
        migrations().run(&mut first).await.map_err(OpenError::Schema)?;
        first.close().await.map_err(database)?;
        let writer = Writer::open(&options).await.map_err(database)?;
        let readers = pool(readers.max(1))
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(database)?;
        Ok(Store { writer, readers })
    }

    /// Begins a change, in its turn: the write lock is held, so nothing that is read inside can move before the commit.
    pub(crate) async fn write(&self) -> Result<Change> {
        self.writer.change(Durable::Now).await
    }

    /// The same, of a change that is durable with the next one: whoever asked for it makes that, or tells nobody that
    /// anything was kept.
    pub(crate) async fn write_soon(&self) -> Result<Change> {
        self.writer.change(Durable::Soon).await
    }

    /// A change of one statement; how many rows it has touched.
    pub(crate) async fn change<'q>(&self, statement: impl Execute<'q, Sqlite> + 'q) -> Result<u64> {
        let mut tx = self.write().await?;
        let done = tx.execute(statement).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// Begins reading one state of the database.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.readers.begin().await?)
    }

    /// For what one statement reads: it sees one state by itself, without the ways to and from the database that a
    /// transaction takes.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves the write-ahead log into the file and empties it, so that erased text is in neither.
    pub(crate) async fn flush_log(&self) -> Result<()> {
        self.writer.alone("PRAGMA wal_checkpoint(TRUNCATE)").await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// See [`crate::Ledger::inspect`].
pub(crate) async fn inspect(path: &Path) -> std::result::Result<Option<u32>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let database = |source| OpenError::Database { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging();
    let file = pool(1).connect_with(options).await.map_err(database)?;
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&file).await.map_err(database)?;
    if verdict != "ok" {
        return Err(OpenError::Damaged { path: path.to_owned(), verdict });
    }
    let open: u32 = sqlx::query_scalar("SELECT count(*) FROM booking WHERE state = 'booked'")
        .fetch_one(&file)
        .await
        .map_err(database)?;
    file.close().await;
    Ok(Some(open))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_WAIT)
        // A connection to a file does not go stale.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// SQLite gives the log beside the file the file's own permissions.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// A new id that nobody can guess: `prefix` and 128 random bits.
pub(crate) fn new_id(prefix: &str) -> Result<String> {
    let mut bits = [0; 16];
    OsRng.try_fill_bytes(&mut bits).map_err(|_| LedgerError::Randomness)?;
    Ok(format!("{prefix}-{:032x}", u128::from_be_bytes(bits)))
}

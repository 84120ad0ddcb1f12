//! The database itself: it holds the invariants when the code above it does not, and its errors tell no secrets.

use std::str::FromStr;

use konf_api::ledger::*;
use konf_ledger::{LedgerError, OpenError, Settings};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};

use crate::support::*;

/// Another connection to the same file, as another process has one.
async fn beside(bench: &Bench) -> SqliteConnection {
    let path = bench.folder.path().join("data/ledger.db");
    let options = SqliteConnectOptions::from_str("sqlite:").unwrap().filename(path);
    SqliteConnection::connect_with(&options.foreign_keys(true)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_can_take_more_seats_than_there_are_or_rewrite_what_was_decided() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(60, 60), 10).await;
    bench.admit(&id, 1, &caller(1)).await;
    let mut connection = beside(&bench).await;
    for statement in [
        "UPDATE seat_minute SET taken = taken + 1",
        "UPDATE seat_minute SET taken = -1",
        "UPDATE booking SET seats_taken = seats + 1",
        "UPDATE booking SET seats_taken = -1",
        "INSERT INTO number_use SELECT number, booking, 0 FROM number_use",
        "UPDATE decision SET output = '{}'",
    ] {
        let done = sqlx::query(statement).execute(&mut connection).await;
        assert!(done.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_not_understood_names_its_column_and_not_itself() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(60, 60), 10).await;
    let mut connection = beside(&bench).await;
    for statement in [
        "UPDATE outbox SET body = '{\"sms\":{\"parts\":135790}}'",
        "UPDATE booking SET number = 'PIN 135790', seats = 4294967296",
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    let extension = ExtensionQuestion { booking: id };
    let question = BookingQuestion { number, sender: sms(1) };
    let errors: [LedgerError; 3] = [
        bench.ledger.outbox_due(10).await.unwrap_err(),
        bench.ledger.booking_facts(&question).await.unwrap_err(),
        bench.ledger.extension_facts(&extension).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, LedgerError::Stored(_)), "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("135790"), "{shown}");
    }
    let settings = format!("{:?}", bench.ledger);
    assert!(!settings.contains(TOKEN), "{settings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_while_another_process_writes() {
    let bench = Bench::new(10).await;
    let mut connection = beside(&bench).await;
    let writing = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let order = proposal(&sms(1), Effect::Book(bench.booking(window(60, 60), 1)));
    let ledger = bench.ledger.clone();
    let waiting = tokio::spawn(async move { ledger.commit(&order, "").await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    // Reading does not wait.
    assert_eq!(bench.taken(&sms(2), window(60, 60)).await, 0);
    writing.rollback().await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Ok(Outcome::Committed { .. })));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let files = std::fs::read_dir(bench.folder.path().join("data")).unwrap();
    let modes: Vec<u32> =
        files.map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect();
    assert!(!modes.is_empty() && modes.iter().all(|&mode| mode == 0o600), "{modes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(|| konf_contract::UnixMs(START));
    let settings = Settings::new(TOKEN, clock, vec![edge(EDGE, 1)]);
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, "this is a text file and no database at all").unwrap();
    let opened = konf_ledger::Ledger::open(&path, settings.clone()).await;
    assert!(matches!(opened, Err(OpenError::Database { .. } | OpenError::Schema(_))));
    let opened = konf_ledger::Ledger::open(folder.path(), settings.clone()).await;
    assert!(matches!(opened, Err(OpenError::File { .. })));
    let empty = Settings { token: String::new(), ..settings };
    let opened = konf_ledger::Ledger::open(&folder.path().join("b.db"), empty).await;
    assert!(matches!(opened, Err(OpenError::NoToken)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_inspected_beside_its_user_and_a_missing_one_is_not_made() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 2).await;
    let path = bench.folder.path().join("data/ledger.db");
    assert_eq!(konf_ledger::Ledger::inspect(&path).await.unwrap(), Some(1));
    let missing = bench.folder.path().join("missing.db");
    assert_eq!(konf_ledger::Ledger::inspect(&missing).await.unwrap(), None);
    assert!(!missing.exists());
    std::fs::write(&missing, "no database at all, only some text that is long enough").unwrap();
    let inspected = konf_ledger::Ledger::inspect(&missing).await;
    assert!(matches!(inspected, Err(OpenError::Database { .. })), "{inspected:?}");
}

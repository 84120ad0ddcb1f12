use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::SqliteJournalMode;

use super::*;

async fn writer(folder: &tempfile::TempDir) -> (Writer, SqliteConnectOptions) {
    let options = SqliteConnectOptions::from_str("sqlite:")
        .unwrap()
        .filename(folder.path().join("numbers.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut first = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE number (n INTEGER PRIMARY KEY)").execute(&mut first).await.unwrap();
    (Writer::open(&options).await.unwrap(), options)
}

async fn insert(change: &mut Change, number: i64) -> sqlx::Result<()> {
    let inserted = sqlx::query("INSERT INTO number (n) VALUES ($1)").bind(number);
    inserted.execute(&mut **change).await.map(drop)
}

/// As another process sees them.
async fn numbers(options: &SqliteConnectOptions) -> Vec<i64> {
    let mut other = options.connect().await.unwrap();
    sqlx::query_scalar("SELECT n FROM number ORDER BY n").fetch_all(&mut other).await.unwrap()
}

#[tokio::test]
async fn changes_that_wait_for_each_other_are_told_together_and_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    let mut first = writer.change(Durable::Now).await.unwrap();
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(writer.change(Durable::Now))).collect();
    for waiting in &mut waiting {
        assert!(timeout(Duration::from_millis(1), waiting).await.is_err(), "one has its turn");
    }
    insert(&mut first, 100).await.unwrap();
    let first = tokio::spawn(first.commit());
    let mut told = Vec::new();
    for (number, waiting) in (0..).zip(waiting) {
        let mut change = waiting.await.unwrap();
        insert(&mut change, number).await.unwrap();
        if number % 2 == 0 {
            assert!(insert(&mut change, 100).await.is_err(), "it is there in the same commit");
            told.push(tokio::spawn(change.commit()));
        }
        if number < 4 {
            assert!(!first.is_finished(), "told before it is durable");
            assert_eq!(numbers(&options).await, [0i64; 0]);
        }
    }
    first.await.unwrap().unwrap();
    for told in told {
        told.await.unwrap().unwrap();
    }
    assert_eq!(numbers(&options).await, [0, 2, 4, 100]);
}

#[tokio::test]
async fn nobody_waits_for_one_who_gave_up() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    let held = writer.change(Durable::Now).await.unwrap();
    assert!(timeout(Duration::from_millis(5), writer.change(Durable::Now)).await.is_err());
    drop(held);
    let mut change = writer.change(Durable::Now).await.unwrap();
    insert(&mut change, 1).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(numbers(&options).await, [1]);
}

#[tokio::test]
async fn of_many_at_once_all_are_told_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    let writer = Arc::new(writer);
    let changes = (0..200).map(|number| {
        let writer = Arc::clone(&writer);
        tokio::spawn(async move {
            let mut change = writer.change(Durable::Now).await.unwrap();
            insert(&mut change, number).await.unwrap();
            if number % 7 != 0 {
                change.commit().await.unwrap();
            }
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.unwrap();
    }
    let expected: Vec<i64> = (0..200).filter(|number| number % 7 != 0).collect();
    assert_eq!(numbers(&options).await, expected);
    writer.alone("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    writer.close().await;
    assert!(writer.change(Durable::Now).await.is_err(), "it is closed");
}

/// What ends the whole transaction, as a full disk may, fails all that share the commit and nothing after it.
#[tokio::test]
async fn a_commit_that_fails_is_told_to_all_and_the_next_one_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    let mut first = writer.change(Durable::Now).await.unwrap();
    let mut second = Box::pin(writer.change(Durable::Now));
    assert!(timeout(Duration::from_millis(1), &mut second).await.is_err(), "one has its turn");
    insert(&mut first, 1).await.unwrap();
    let first = tokio::spawn(first.commit());
    let mut second = second.await.unwrap();
    insert(&mut second, 2).await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *second).await.unwrap();
    assert!(matches!(second.commit().await, Err(LedgerError::Commit(_))));
    assert!(matches!(first.await.unwrap(), Err(LedgerError::Commit(_))));
    let mut third = writer.change(Durable::Now).await.unwrap();
    insert(&mut third, 3).await.unwrap();
    third.commit().await.unwrap();
    assert_eq!(numbers(&options).await, [3]);
}

/// As SQLite says: 2 is FULL.
async fn synchronous(writer: &Writer) -> i64 {
    let mut change = writer.change(Durable::Now).await.unwrap();
    sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *change).await.unwrap()
}

#[tokio::test]
async fn what_is_durable_soon_goes_first_is_seen_at_once_and_changes_nothing_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    assert_eq!(synchronous(&writer).await, 2);
    let mut soon = writer.change(Durable::Soon).await.unwrap();
    let kind: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *soon).await.unwrap();
    assert_eq!(kind, 1, "the disk is not asked");
    // Two wait for the disk, then one who need not.
    let mut waiting: Vec<_> = [Durable::Now, Durable::Now, Durable::Soon]
        .into_iter()
        .map(|durable| Box::pin(writer.change(durable)))
        .collect();
    for waiting in &mut waiting {
        assert!(timeout(Duration::from_millis(1), waiting).await.is_err(), "one has its turn");
    }
    insert(&mut soon, 1).await.unwrap();
    let first = tokio::spawn(soon.commit());
    let mut last = waiting.pop().unwrap().await.unwrap();
    assert!(timeout(Duration::from_millis(1), &mut waiting[0]).await.is_err(), "it goes later");
    insert(&mut last, 2).await.unwrap();
    last.commit().await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(numbers(&options).await, [1, 2]);
    let mut told = Vec::new();
    for (number, waiting) in (3..).zip(waiting) {
        let mut change = waiting.await.unwrap();
        insert(&mut change, number).await.unwrap();
        told.push(tokio::spawn(change.commit()));
    }
    for told in told {
        told.await.unwrap().unwrap();
    }
    assert_eq!(synchronous(&writer).await, 2);
    assert_eq!(numbers(&options).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn who_finds_what_is_not_yet_durable_is_told_after_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, options) = writer(&folder).await;
    let mut first = writer.change(Durable::Now).await.unwrap();
    let mut second = Box::pin(writer.change(Durable::Now));
    let mut third = Box::pin(writer.change(Durable::Now));
    for waiting in [&mut second, &mut third] {
        assert!(timeout(Duration::from_millis(1), waiting).await.is_err(), "one has its turn");
    }
    insert(&mut first, 1).await.unwrap();
    let first = tokio::spawn(first.commit());
    let mut second = second.await.unwrap();
    insert(&mut second, 2).await.unwrap();
    assert!(insert(&mut second, 1).await.is_err(), "it is there");
    let second = tokio::spawn(second.leave());
    let third = third.await.unwrap();
    tokio::task::yield_now().await;
    assert!(!second.is_finished() && numbers(&options).await.is_empty());
    drop(third);
    second.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(numbers(&options).await, [1]);
}

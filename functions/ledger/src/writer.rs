//! The one connection that writes, and who may use it.
//!
//! SQLite has one writer, and a change is durable once the disk has been asked to keep it, which takes longer than all its
//! statements: a few milliseconds. So changes that wait for each other share one commit. Each is made between a savepoint
//! and its release, one after the other; when nobody waits, or enough have gone by, all of them are committed at once, and
//! only then is anybody told that a change stands. What need not be durable by itself is committed without the disk, and
//! before the rest: everybody sees it, and the next commit that is durable keeps it too.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::time::timeout;

use crate::error::{LedgerError, Result};

/// How long a call waits for its turn to write. Sized for 1,000 waiting calls of 20 ms.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// Calls that wait for their turn.
const WAITING_MAX: usize = 4_096;
/// Changes of one commit: the first of them waits for the last, some 0.5 ms each.
const TOGETHER_MAX: usize = 32;

/// When a change is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    /// When its commit is told.
    Now,
    /// With the next change that is, at the latest. A power cut may lose it until then, a crash of the process does not.
    Soon,
}

impl Durable {
    fn begin(self) -> &'static str {
        match self {
            Durable::Now => "BEGIN IMMEDIATE; SAVEPOINT change",
            Durable::Soon => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; SAVEPOINT change",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Durable::Now => "COMMIT",
            Durable::Soon => "COMMIT; PRAGMA synchronous = FULL",
        }
    }
}

/// Whoever asks gets the connection, with a change begun on it.
type Give = oneshot::Sender<Result<Change>>;
/// Told whether what it did is durable.
type Told = oneshot::Sender<Result<()>>;

enum Ask {
    Change(Durable, Give),
    /// Outside of any change.
    Alone(&'static str, Told),
    Close(oneshot::Sender<()>),
}

/// Whoever changes the database asks it for its turn.
pub(crate) struct Writer {
    asks: mpsc::Sender<Ask>,
}

/// A turn to write: what is read meanwhile cannot move before it ends. Dropped without [`Self::commit`], it has changed
/// nothing.
pub(crate) struct Change {
    /// Sent on with how it ends; dropped, it has changed nothing. Before `connection`, whose drop lets the next one in.
    end: Option<oneshot::Sender<(End, Told)>>,
    connection: OwnedMutexGuard<SqliteConnection>,
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stays,
    Goes,
}

impl Change {
    /// Answers when the change, and all that share its commit, are on the disk.
    pub(crate) async fn commit(self) -> Result<()> {
        self.end(End::Stays).await
    }

    /// Changes nothing, and answers when what was found meanwhile is on the disk: before that nobody is told that something
    /// is there already.
    pub(crate) async fn leave(self) -> Result<()> {
        self.end(End::Goes).await
    }

    async fn end(mut self, how: End) -> Result<()> {
        let (told, answer) = oneshot::channel();
        let ended = self.end.take().is_some_and(|end| end.send((how, told)).is_ok());
        drop(self);
        if !ended {
            return Err(closed());
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Deref for Change {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Writer {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> sqlx::Result<Writer> {
        let connection = options.connect().await?;
        let (asks, asked) = mpsc::channel(WAITING_MAX);
        let connection = Arc::new(Mutex::new(connection));
        let turns = Turns { connection, asked, waiting: VecDeque::new() };
        tokio::spawn(turns.run());
        Ok(Writer { asks })
    }

    /// Waits for a turn; those who came before go first.
    pub(crate) async fn change(&self, durable: Durable) -> Result<Change> {
        let (give, given) = oneshot::channel();
        self.ask(Ask::Change(durable, give)).await?;
        match timeout(TURN_WAIT, given).await {
            Ok(Ok(change)) => change,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }

    /// Runs a statement that stands in no change.
    pub(crate) async fn alone(&self, statement: &'static str) -> Result<()> {
        let (told, answer) = oneshot::channel();
        self.ask(Ask::Alone(statement, told)).await?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// After what was begun before.
    pub(crate) async fn close(&self) {
        let (told, answer) = oneshot::channel();
        if self.ask(Ask::Close(told)).await.is_ok() {
            let _ = answer.await;
        }
    }

    async fn ask(&self, ask: Ask) -> Result<()> {
        let asked = self.asks.send_timeout(ask, TURN_WAIT).await;
        asked.map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => sqlx::Error::PoolTimedOut.into(),
            mpsc::error::SendTimeoutError::Closed(_) => closed(),
        })
    }
}

fn closed() -> LedgerError {
    sqlx::Error::PoolClosed.into()
}

/// Gives turns, one after the other.
struct Turns {
    connection: Arc<Mutex<SqliteConnection>>,
    asked: mpsc::Receiver<Ask>,
    /// Taken out of `asked`: those who need not be durable go first.
    waiting: VecDeque<Ask>,
}

impl Turns {
    async fn run(mut self) {
        loop {
            self.gather();
            let ask = match self.next(Durable::Soon) {
                Some(give) => Ask::Change(Durable::Soon, give),
                None => match self.waiting.pop_front() {
                    Some(ask) => ask,
                    None => match self.asked.recv().await {
                        Some(ask) => ask,
                        None => return,
                    },
                },
            };
            match ask {
                Ask::Change(durable, give) => self.together(durable, give).await,
                Ask::Alone(statement, told) => {
                    let done = self.execute(statement).await.map_err(LedgerError::from);
                    let _ = told.send(done);
                }
                Ask::Close(told) => {
                    self.asked.close();
                    if let Some(connection) = Arc::into_inner(self.connection) {
                        let _ = connection.into_inner().close().await;
                    }
                    let _ = told.send(());
                    return;
                }
            }
        }
    }

    /// Who waits now.
    fn gather(&mut self) {
        while self.waiting.len() < WAITING_MAX
            && let Ok(ask) = self.asked.try_recv()
        {
            self.waiting.push_back(ask);
        }
    }

    /// The first who waits for a change of this kind.
    fn next(&mut self, durable: Durable) -> Option<Give> {
        self.gather();
        let is_it = |ask: &Ask| matches!(ask, Ask::Change(kind, _) if *kind == durable);
        let place = self.waiting.iter().position(is_it)?;
        match self.waiting.remove(place)? {
            Ask::Change(_, give) => Some(give),
            Ask::Alone(..) | Ask::Close(_) => None,
        }
    }

    /// One commit, of all changes that follow each other without a pause.
    async fn together(&mut self, durable: Durable, first: Give) {
        let mut kept = Vec::new();
        let outcome = match self.execute(durable.begin()).await {
            Ok(()) => self.changes(durable, first, &mut kept).await,
            Err(error) => {
                let _ = first.send(Err(error.into()));
                return;
            }
        };
        let failed = outcome.err().map(Arc::new);
        if failed.is_some() {
            // A full disk may have ended the transaction by itself; then there is nothing left to take back.
            let _ = self.execute("ROLLBACK").await;
            let _ = self.execute("PRAGMA synchronous = FULL").await;
        }
        for told in kept {
            let done = failed.clone().map_or(Ok(()), |error| Err(LedgerError::Commit(error)));
            let _ = told.send(done);
        }
    }

    async fn changes(
        &mut self,
        durable: Durable,
        first: Give,
        kept: &mut Vec<Told>,
    ) -> sqlx::Result<()> {
        let mut give = first;
        for turn in 1.. {
            let ending = self.change(give, kept).await;
            let next = if turn < TOGETHER_MAX { self.next(durable) } else { None };
            let Some(next) = next else {
                return self.execute(&format!("{ending}; {}", durable.end())).await;
            };
            if let Err(error) = self.execute(&format!("{ending}; SAVEPOINT change")).await {
                self.waiting.push_front(Ask::Change(durable, next));
                return Err(error);
            }
            give = next;
        }
        Ok(())
    }

    /// Lends the connection out; returns how the change is to end.
    async fn change(&self, give: Give, waiting: &mut Vec<Told>) -> &'static str {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        let (end, ended) = oneshot::channel();
        // Who has stopped waiting drops it, and with it `end`.
        let _ = give.send(Ok(Change { end: Some(end), connection }));
        let how = ended.await.map(|(how, told)| {
            waiting.push(told);
            how
        });
        match how {
            Ok(End::Stays) => "RELEASE change",
            Ok(End::Goes) | Err(_) => "ROLLBACK TO change; RELEASE change",
        }
    }

    async fn execute(&self, statements: &str) -> sqlx::Result<()> {
        let mut connection = self.connection.lock().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut *connection).await.map(drop)
    }
}

#[cfg(test)]
mod tests;

//! What must not be lost when the edge dies: the records of calls, until control has them.
//!
//! One file for each boot. A thread of its own writes a batch of lines, waits for the disk, and only then lets the
//! records in it count: control never hears of a record that a crash could still take away. Each answered leg is in the
//! file as well, and a sign of life every five seconds; so the next start can close the legs of an edge that died, at
//! the last moment at which they are known to have been up. A file goes when control has acknowledged all of it.
//!
//! While the disk refuses, the lines wait in memory and are tried again; [`Journal::is_healthy`] is false and the edge
//! takes no new calls, which bounds what waits.

mod file;
mod line;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use konf_contract::link::{Record, RecordAck, RecordBatch, RecordEvent};
use konf_switchboard::Now;
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{error, info};

use self::file::BootFile;
use self::line::{Entry, Line};
pub(crate) use self::line::{OpenGrant, OpenLeg};
use crate::clock::Clock;

/// Records in one message to control: 200 are about 100 kB of JSON, a tenth of what a frame may hold.
const BATCH_MAX: usize = 200;
/// How long to wait before a disk that refused is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How often it is tried again when the edge ends.
const LAST_TRIES: u32 = 6;
/// Messages on their way to the thread; it takes them faster than calls can make them.
const QUEUE: usize = 4096;

/// Something to write down.
#[derive(Debug)]
pub(crate) enum Note {
    /// A leg is up, as far as is known of it, and when it was answered.
    Leg(OpenLeg, Instant),
    Record(RecordEvent),
    Alive,
}

enum Message {
    Note(Now, Box<Note>),
    /// The oldest records that wait, of one boot, but for the boots that are named.
    Batch(Vec<String>, oneshot::Sender<Option<RecordBatch>>),
    Acknowledge(Now, RecordAck),
    Close,
}

/// The way to the journal's thread; cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal {
    messages: mpsc::Sender<Message>,
    state: Arc<State>,
    more: Arc<Notify>,
}

/// What the thread lets others see.
struct State {
    healthy: AtomicBool,
    /// Records that control has not acknowledged.
    waiting: AtomicU64,
}

impl Journal {
    /// Opens the journal in `folder`, closing what a former boot left open, and starts its thread.
    pub(crate) fn start(
        folder: &Path,
        edge: &str,
        boot: &str,
        clock: Clock,
    ) -> Result<(Journal, JoinHandle<()>)> {
        let keeper = Keeper::open(folder, edge, boot, clock)?;
        let (messages, inbox) = mpsc::channel(QUEUE);
        let journal = Journal {
            messages,
            state: Arc::new(State {
                healthy: AtomicBool::new(true),
                waiting: AtomicU64::new(keeper.waiting()),
            }),
            more: Arc::new(Notify::new()),
        };
        let shared = journal.clone();
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || keep(keeper, inbox, &shared.state, &shared.more))
            .context("starting the journal's thread")?;
        Ok((journal, thread))
    }

    pub(crate) async fn note(&self, now: Now, note: Note) {
        if self.messages.send(Message::Note(now, Box::new(note))).await.is_err() {
            error!("the journal's thread is gone: a record is lost");
        }
    }

    /// The oldest records that wait, but for those of the boots in `without`; `None` when there are none.
    pub(crate) async fn batch(&self, without: &[String]) -> Option<RecordBatch> {
        let (sender, receiver) = oneshot::channel();
        self.messages.send(Message::Batch(without.to_vec(), sender)).await.ok()?;
        receiver.await.ok()?
    }

    pub(crate) async fn acknowledge(&self, now: Now, ack: RecordAck) {
        let _ = self.messages.send(Message::Acknowledge(now, ack)).await;
    }

    /// Returns when records may have come since the last call.
    pub(crate) async fn more(&self) {
        self.more.notified().await;
    }

    /// Whether the disk takes what is written.
    pub(crate) fn is_healthy(&self) -> bool {
        self.state.healthy.load(Ordering::Relaxed)
    }

    /// Records that control has not acknowledged.
    pub(crate) fn waiting(&self) -> u64 {
        self.state.waiting.load(Ordering::Relaxed)
    }

    /// Writes what waits; the thread ends. Nothing may be noted afterwards.
    pub(crate) async fn close(&self) {
        let _ = self.messages.send(Message::Close).await;
    }
}

fn keep(mut keeper: Keeper, mut inbox: mpsc::Receiver<Message>, state: &State, more: &Notify) {
    let mut closing = false;
    while !closing {
        // With lines that the disk refused, wait a moment instead of for the next message.
        let first = if keeper.pending.is_empty() {
            let Some(message) = inbox.blocking_recv() else { break };
            Some(message)
        } else {
            thread::sleep(RETRY);
            inbox.try_recv().ok()
        };
        let mut next = first;
        let (mut batches, mut acks) = (Vec::new(), Vec::new());
        while let Some(message) = next {
            match message {
                Message::Note(now, note) => keeper.note(now, *note),
                Message::Batch(without, reply) => batches.push((without, reply)),
                Message::Acknowledge(now, ack) => acks.push((now, ack)),
                Message::Close => closing = true,
            }
            next = inbox.try_recv().ok();
        }
        if flush(&mut keeper, &state.healthy) {
            more.notify_one();
        }
        for (now, ack) in acks {
            keeper.acknowledge(now, &ack);
        }
        state.waiting.store(keeper.waiting(), Ordering::Relaxed);
        for (without, reply) in batches {
            let _ = reply.send(keeper.batch(&without));
        }
    }
    for _ in 0..LAST_TRIES {
        if keeper.pending.is_empty() {
            break;
        }
        thread::sleep(RETRY);
        flush(&mut keeper, &state.healthy);
    }
    keeper.close();
}

/// Whether records came that count.
fn flush(keeper: &mut Keeper, healthy: &AtomicBool) -> bool {
    match keeper.flush() {
        Ok(records) => {
            if !healthy.swap(true, Ordering::Relaxed) {
                info!("the journal can be written again");
            }
            records
        }
        Err(cause) => {
            if healthy.swap(false, Ordering::Relaxed) {
                error!(%cause, "the journal cannot be written: no new calls until it can");
            }
            false
        }
    }
}

/// The files of all boots. No thread, no channel: what the tests drive.
struct Keeper {
    folder: PathBuf,
    clock: Clock,
    current: BootFile,
    /// Of former boots, the oldest first; each goes when it is acknowledged.
    former: Vec<BootFile>,
    /// Decided, not yet on the disk.
    pending: Vec<Line>,
}

impl Keeper {
    fn open(folder: &Path, edge: &str, boot: &str, clock: Clock) -> Result<Keeper> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let mut former = Vec::new();
        for path in journals(folder).with_context(|| format!("reading {}", folder.display()))? {
            let opening = || format!("opening the journal {}", path.display());
            match BootFile::open(&path).with_context(opening)? {
                Some(mut file) => {
                    let closed = file.close_open_legs().with_context(opening)?;
                    if closed > 0 {
                        error!(
                            boot = file.boot,
                            legs = closed,
                            "the edge died with calls: closed at their last sign of life"
                        );
                    }
                    former.push(file);
                }
                None => set_aside(&path).with_context(opening)?,
            }
        }
        let now = clock.now();
        let current =
            BootFile::create(folder, edge, boot, clock.since_start_ms(now.mono), now.wall)
                .with_context(|| format!("creating a journal in {}", folder.display()))?;
        let mut keeper =
            Keeper { folder: folder.to_owned(), clock, current, former, pending: Vec::new() };
        keeper.drop_acknowledged();
        Ok(keeper)
    }

    fn note(&mut self, now: Now, note: Note) {
        let at = now.wall;
        let entry = match note {
            Note::Leg(leg, answered) => {
                Entry::Leg(OpenLeg { answered_t: self.clock.since_start_ms(answered), ..leg })
            }
            Note::Record(event) => {
                Entry::Record(Record { sequence: self.current.next_sequence(), at, event })
            }
            // Only legs need signs of life.
            Note::Alive if !self.current.has_open_legs() => return,
            Note::Alive => Entry::Alive,
        };
        let line = Line { t: self.clock.since_start_ms(now.mono), at, entry };
        self.current.apply(&line);
        self.pending.push(line);
    }

    /// Puts on the disk what waits for it. Whether there was a record among it.
    fn flush(&mut self) -> io::Result<bool> {
        if self.pending.is_empty() {
            return Ok(false);
        }
        self.current.append(&self.pending)?;
        let records = self.pending.iter().any(|line| matches!(line.entry, Entry::Record(_)));
        self.pending.clear();
        Ok(records)
    }

    /// Records that control has not acknowledged, on the disk or on their way to it.
    fn waiting(&self) -> u64 {
        let written = self.former.iter().chain([&self.current]).map(BootFile::waiting);
        let pending =
            self.pending.iter().filter(|line| matches!(line.entry, Entry::Record(_))).count();
        (written.sum::<usize>() + pending) as u64
    }

    fn batch(&self, without: &[String]) -> Option<RecordBatch> {
        let mut files = self.former.iter().chain([&self.current]);
        let file = files.find(|file| file.has_waiting() && !without.contains(&file.boot))?;
        let records = file
            .batch(BATCH_MAX)
            .inspect_err(|cause| error!(%cause, boot = file.boot, "the journal cannot be read"))
            .ok()
            .filter(|records| !records.is_empty())?;
        Some(RecordBatch { edge: file.edge.clone(), boot: file.boot.clone(), records })
    }

    fn acknowledge(&mut self, now: Now, ack: &RecordAck) {
        let t = self.clock.since_start_ms(now.mono);
        let may_trim = self.pending.is_empty();
        let files = self.former.iter_mut().chain([&mut self.current]);
        for file in files.filter(|file| file.boot == ack.boot) {
            if let Err(cause) = file.acknowledge(ack.through, t, now.wall, may_trim) {
                // It is sent again after a restart, which is harmless.
                error!(%cause, boot = file.boot, "an acknowledgement cannot be written down");
            }
        }
        self.drop_acknowledged();
    }

    fn drop_acknowledged(&mut self) {
        for done in self.former.extract_if(.., |file| !file.has_waiting()) {
            let boot = done.boot.clone();
            if let Err(cause) = done.remove() {
                error!(%cause, boot, "an acknowledged journal cannot be removed");
            }
        }
    }

    /// A clean end leaves nothing behind when control has everything.
    fn close(mut self) {
        if !self.pending.is_empty() {
            error!(
                lines = self.pending.len(),
                "the journal could not be written: records are lost"
            );
        } else if !self.current.has_waiting() && !self.current.has_open_legs() {
            self.former.push(self.current);
            for file in self.former.extract_if(.., |file| !file.has_waiting()) {
                let _ = file.remove();
            }
        }
        info!(folder = %self.folder.display(), "the journal is closed");
    }
}

/// Oldest first.
fn journals(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file without a first line holds no record: the first line is on the disk before anything else is written. An empty
/// or torn one goes; one that somebody damaged is kept for people to look at.
fn set_aside(path: &Path) -> io::Result<()> {
    if fs::read(path)?.contains(&b'\n') {
        error!(file = %path.display(), "a journal is damaged in its first line: set aside, look into it");
        fs::rename(path, path.with_extension("damaged"))
    } else {
        fs::remove_file(path)
    }
}

/// Labels for a boot: 64 random bits in hexadecimal.
pub(crate) fn boot_name(random: u64) -> String {
    format!("{random:016x}")
}

#[cfg(test)]
mod tests;

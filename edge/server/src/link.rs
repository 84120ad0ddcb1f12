//! The control link, the edge's side: QUIC with mutual TLS; the edge dials.
//!
//! Each call is one stream of its own with its own priority, so that admission never waits behind records. While the
//! link is down every question is answered "not reached" at once and calls go on; records wait in the journal.

mod keys;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use konf_contract::frame;
use konf_contract::link::{
    ControlCall, ControlReply, EdgeCall, EdgeReply, Heartbeat, Hello, PROTOCOL, RecordBatch,
};
use konf_switchboard::AskId;
use quinn::{Connection, RecvStream, SendStream};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, info, warn};

pub(crate) use self::keys::check as check_keys;
use crate::clock::Clock;
use crate::config::LinkKeys;
use crate::journal::Journal;

/// How long one call may take, here as at control.
const PATIENCE: Duration = Duration::from_secs(5);
/// Dialling again after a failure: from a moment, for control that restarts, to what does not burden one that is down.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_LAST: Duration = Duration::from_secs(5);
/// How long a dial may take beyond the pause before it: at first short, for what is sent before control listens is lost
/// and QUIC repeats it ever more rarely; later long enough for any network.
const DIAL_PATIENCE: Duration = Duration::from_secs(1);
/// Calls to control under way at once; what control serves at once for one edge.
const CALLS_AT_ONCE: usize = 256;
/// Calls from control under way at once: a person at a console, or a reconciler; far more is a fault.
const ORDERS_AT_ONCE: usize = 64;
/// Admission and extension: somebody waits. Then the signs of life, then what nobody waits for.
const PRIORITY_ASK: i32 = 2;
const PRIORITY_HEARTBEAT: i32 = 1;
const PRIORITY_RECORDS: i32 = 0;
/// Before records that control did not take are sent again.
const RECORDS_RETRY: Duration = Duration::from_secs(1);
/// Control's name in its certificate.
pub(crate) const SERVER_NAME: &str = "konf-control";

/// What the link tells the rest of the edge.
#[derive(Debug)]
pub(crate) enum News {
    /// `None`: control was not reached in time.
    Reply {
        ask: AskId,
        reply: Option<ControlReply>,
    },
    Order {
        order: ControlCall,
        answer: oneshot::Sender<EdgeReply>,
    },
}

/// The way to control; its tasks live as long as it does.
pub(crate) struct Link {
    connection: watch::Receiver<Option<Connection>>,
    news: mpsc::Sender<News>,
    asking: Arc<Semaphore>,
    beating: Arc<Semaphore>,
    clock: Clock,
    /// When control last noted a heartbeat, in milliseconds since the start; 0 before the first.
    noted_ms: Arc<AtomicU64>,
    tasks: tokio::task::JoinSet<()>,
}

/// Whom to call, and who calls.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) keys: LinkKeys,
    pub(crate) hello: Hello,
}

impl Link {
    /// Starts to dial, and to send records whenever somebody is there to take them.
    pub(crate) fn start(
        dial: Dial,
        journal: Journal,
        clock: Clock,
        news: mpsc::Sender<News>,
    ) -> Link {
        let (sender, connection) = watch::channel(None);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(stay_connected(dial, sender, news.clone()));
        tasks.spawn(send_records(connection.clone(), journal, clock));
        Link {
            connection,
            news,
            asking: Arc::new(Semaphore::new(CALLS_AT_ONCE)),
            beating: Arc::new(Semaphore::new(1)),
            clock,
            noted_ms: Arc::default(),
            tasks,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.connection.borrow().is_some()
    }

    /// How long ago control noted a heartbeat.
    pub(crate) fn heartbeat_age(&self) -> Option<Duration> {
        let noted_ms = self.noted_ms.load(Ordering::Relaxed);
        let now_ms = self.clock.since_start_ms(self.clock.now().mono);
        (noted_ms > 0).then(|| Duration::from_millis(now_ms.saturating_sub(noted_ms)))
    }

    /// Exactly one [`News::Reply`] follows, within five seconds.
    pub(crate) fn ask(&self, ask: AskId, call: EdgeCall) {
        let connection = self.connection.borrow().clone();
        let (news, asking) = (self.news.clone(), Arc::clone(&self.asking));
        tokio::spawn(async move {
            let asked = async {
                let connection = connection.context("the link is down")?;
                // Never closed, so this only waits for its turn.
                let _place = asking.acquire().await?;
                exchange(&connection, &call, PRIORITY_ASK).await
            };
            let reply = match timeout(PATIENCE, asked).await {
                Ok(Ok(reply)) => Some(reply),
                Ok(Err(cause)) => {
                    warn!(ask = ask.0, cause = %format!("{cause:#}"), "control did not answer");
                    None
                }
                Err(_) => {
                    warn!(ask = ask.0, "control did not answer in time");
                    None
                }
            };
            let _ = news.send(News::Reply { ask, reply }).await;
        });
    }

    /// One at a time: a new one says all that an old one would have. False when an older one, which says less, is still on
    /// its way; without a connection there is nobody to tell.
    pub(crate) fn heartbeat(&self, heartbeat: Heartbeat) -> bool {
        let Some(connection) = self.connection.borrow().clone() else { return true };
        let Ok(turn) = Arc::clone(&self.beating).try_acquire_owned() else { return false };
        let (clock, noted_ms) = (self.clock, Arc::clone(&self.noted_ms));
        tokio::spawn(async move {
            let call = EdgeCall::Heartbeat(heartbeat);
            match exchange(&connection, &call, PRIORITY_HEARTBEAT).await {
                Ok(_) => {
                    let now_ms = clock.since_start_ms(clock.now().mono);
                    noted_ms.store(now_ms.max(1), Ordering::Relaxed);
                }
                Err(cause) => debug!(cause = %format!("{cause:#}"), "a heartbeat was not taken"),
            }
            drop(turn);
        });
        true
    }

    /// Ends the connection so that control need not wait for its silence.
    pub(crate) async fn close(mut self) {
        self.tasks.abort_all();
        let connection = self.connection.borrow().clone();
        if let Some(connection) = connection {
            connection.close(0u32.into(), b"the edge ends");
            // The close has to leave the socket before the process does.
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Dials, serves until the connection ends, and dials again.
async fn stay_connected(
    dial: Dial,
    current: watch::Sender<Option<Connection>>,
    news: mpsc::Sender<News>,
) {
    let mut backoff = BACKOFF_FIRST;
    let mut said = false;
    loop {
        match connect(&dial, DIAL_PATIENCE + backoff).await {
            Ok(connection) => {
                info!(control = %connection.remote_address(), "control is reached");
                (backoff, said) = (BACKOFF_FIRST, false);
                current.send_replace(Some(connection.clone()));
                let cause = serve(&connection, &news).await;
                current.send_replace(None);
                warn!(%cause, "the link to control is down; calls go on");
            }
            // Once loudly: it is tried every few seconds, for hours if need be.
            Err(cause) if !said => {
                warn!(control = dial.address, cause = %format!("{cause:#}"), "control is not reached; trying on");
                said = true;
            }
            Err(cause) => debug!(cause = %format!("{cause:#}"), "control is not reached"),
        }
        sleep(backoff).await;
        backoff = (backoff * 2).min(BACKOFF_LAST);
    }
}

async fn connect(dial: &Dial, patience: Duration) -> Result<Connection> {
    let config = keys::client_config(&dial.keys)?;
    let address = resolve(&dial.address).await?;
    let any: SocketAddr =
        if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let endpoint = quinn::Endpoint::client(any).context("opening a socket")?;
    let connecting = endpoint.connect_with(config, address, SERVER_NAME)?;
    let connection = timeout(patience, connecting).await.context("no answer")??;
    greet(&connection, &dial.hello)
        .await
        .inspect_err(|_| connection.close(1u32.into(), b"no welcome"))?;
    Ok(connection)
}

async fn resolve(address: &str) -> Result<SocketAddr> {
    let mut found =
        tokio::net::lookup_host(address).await.with_context(|| format!("looking up {address}"))?;
    found.next().with_context(|| format!("{address} has no address"))
}

/// The first call on a connection.
async fn greet(connection: &Connection, hello: &Hello) -> Result<()> {
    match exchange(connection, &EdgeCall::Hello(hello.clone()), PRIORITY_ASK).await? {
        ControlReply::Welcome(welcome) => {
            ensure!(
                welcome.protocol == PROTOCOL,
                "control speaks protocol {}, we {PROTOCOL}",
                welcome.protocol
            );
            Ok(())
        }
        ControlReply::Failed { reason, .. } => bail!("control refuses this edge: {reason}"),
        _ => bail!("control answered the hello with something else"),
    }
}

/// Takes orders from control until the connection ends; says why it did.
async fn serve(connection: &Connection, news: &mpsc::Sender<News>) -> quinn::ConnectionError {
    let at_once = Arc::new(Semaphore::new(ORDERS_AT_ONCE));
    loop {
        let (send, receive) = match connection.accept_bi().await {
            Ok(streams) => streams,
            Err(cause) => return cause,
        };
        // Dropping the streams refuses the call.
        let Ok(place) = Arc::clone(&at_once).try_acquire_owned() else { continue };
        let news = news.clone();
        tokio::spawn(async move {
            match timeout(PATIENCE, take_order(send, receive, &news)).await {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => {
                    warn!(cause = %format!("{cause:#}"), "an order from control failed")
                }
                Err(_) => warn!("an order from control took too long"),
            }
            drop(place);
        });
    }
}

async fn take_order(
    mut send: SendStream,
    mut receive: RecvStream,
    news: &mpsc::Sender<News>,
) -> Result<()> {
    let order = read_message(&mut receive).await?;
    let (answer, answered) = oneshot::channel();
    news.send(News::Order { order, answer }).await.ok().context("the edge ends")?;
    let reply = answered.await.context("the edge ends")?;
    send.write_all(&frame::encode(&reply)?).await?;
    send.finish()?;
    Ok(())
}

/// One call and its reply, within [`PATIENCE`].
async fn exchange(connection: &Connection, call: &EdgeCall, priority: i32) -> Result<ControlReply> {
    let bytes = frame::encode(call)?;
    let exchanged = async {
        let (mut send, mut receive) = connection.open_bi().await?;
        send.set_priority(priority)?;
        send.write_all(&bytes).await?;
        send.finish()?;
        read_message(&mut receive).await
    };
    timeout(PATIENCE, exchanged).await.context("no answer in time")?
}

async fn read_message<M: DeserializeOwned>(receive: &mut RecvStream) -> Result<M> {
    let mut prefix = [0; 4];
    receive.read_exact(&mut prefix).await?;
    let mut body = vec![0; frame::length(prefix)?];
    receive.read_exact(&mut body).await?;
    Ok(frame::decode(&body)?)
}

/// Sends what the journal holds, oldest first, and lets go of it only when control says that it is committed. A boot whose
/// records are refused is passed over for a moment, so that it does not hold up the others.
async fn send_records(
    mut connection: watch::Receiver<Option<Connection>>,
    journal: Journal,
    clock: Clock,
) {
    let mut refused: Vec<String> = Vec::new();
    loop {
        let Ok(up) = connection.wait_for(Option::is_some).await.map(|c| c.clone()) else { return };
        let Some(up) = up else { continue };
        match (journal.batch(&refused).await, refused.is_empty()) {
            (Some(batch), _) => {
                let boot = batch.boot.clone();
                if !deliver(&up, batch, &journal, clock).await {
                    refused.push(boot);
                }
            }
            // Also looked for from time to time: a batch may have failed to be read.
            (None, true) => drop(timeout(BACKOFF_LAST, journal.more()).await),
            (None, false) => {
                sleep(RECORDS_RETRY).await;
                refused.clear();
            }
        }
    }
}

/// Whether control committed at least a part of them.
async fn deliver(
    connection: &Connection,
    batch: RecordBatch,
    journal: &Journal,
    clock: Clock,
) -> bool {
    let (boot, records) = (batch.boot.clone(), batch.records.len());
    let first = batch.records.first().map_or(0, |record| record.sequence);
    match exchange(connection, &EdgeCall::Records(batch), PRIORITY_RECORDS).await {
        Ok(ControlReply::Acknowledged(ack)) if ack.boot == boot && ack.through >= first => {
            debug!(boot, records, through = ack.through, "records are committed");
            journal.acknowledge(clock.now(), ack).await;
            return true;
        }
        Ok(ControlReply::Failed { reason, .. }) => {
            error!(boot, records, reason, "control does not take records; they wait");
        }
        Ok(_) => error!(boot, records, "control answered records with something else"),
        Err(cause) => {
            warn!(boot, records, cause = %format!("{cause:#}"), "records were not taken; they wait");
        }
    }
    false
}

#[cfg(test)]
pub(crate) mod tests;

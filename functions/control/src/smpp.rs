//! A carrier's SMSC by SMPP 3.4: one connection that lives long, which is why it is native and no component.
//!
//! [`codec`], [`text`], [`session`] and [`inbound`] are pure; this is the socket around them. It binds as a transceiver,
//! and binds again when the connection ends. A message in is stored before it is acknowledged; a message out is settled
//! by the SMSC's answer, and by its receipt later on. SMPP has no encryption of its own: TLS below
//! it, where the carrier has that, or the carrier's VPN.

pub mod codec;
mod dial;
pub mod inbound;
pub mod session;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use konf_contract::{Msisdn, UnixMs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::clock;
use crate::config;
use crate::delivery::Failure;
use crate::server::stopped;
use codec::{Address, Message};
use session::{Event, Outcome, Session};

/// As every other gateway: within these a connection is there, and bytes are taken.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two connections: at first, and doubled each time up to a minute, so that a carrier is not hammered.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Messages out on their way to the socket; the outbox sends ten at once.
const SUBMITS: usize = 32;

/// Stores what comes in.
pub trait Inbox: Send + Sync + 'static {
    /// The status with which the message is acknowledged ([`codec::status`]).
    fn take(&self, message: Message) -> impl Future<Output = u32> + Send;
}

struct Submit {
    message: Message,
    answer: oneshot::Sender<Outcome>,
}

/// The way out.
#[derive(Clone)]
pub struct Smpp {
    submits: mpsc::Sender<Submit>,
    from: String,
}

/// The connection, to be run.
pub struct Connector {
    smpp: config::Smpp,
    submits: mpsc::Receiver<Submit>,
}

pub fn new(smpp: config::Smpp) -> (Smpp, Connector) {
    let (sender, submits) = mpsc::channel(SUBMITS);
    (Smpp { submits: sender, from: smpp.from.clone() }, Connector { smpp, submits })
}

impl Smpp {
    /// The SMSC has taken it; its id for the message.
    pub async fn send(&self, to: &Msisdn, words: &str) -> Result<Option<String>, Failure> {
        let (data_coding, payload) = text::write(words);
        let message = Message {
            source: address(&self.from),
            destination: address(to.expose()),
            // A receipt, whatever becomes of it.
            registered_delivery: 1,
            data_coding,
            payload,
            ..Message::default()
        };
        let (answer, settled) = oneshot::channel();
        let down = || Failure::NotReached("the SMSC is not connected".to_owned());
        self.submits.try_send(Submit { message, answer }).map_err(|_| down())?;
        match settled.await {
            Ok(Outcome::Taken { message_id }) => Ok(Some(message_id).filter(|id| !id.is_empty())),
            Ok(Outcome::Refused(status)) => {
                Err(Failure::Refused(format!("the SMSC answers status {status:#x}")))
            }
            Ok(Outcome::Later) => {
                Err(Failure::NotReached("the SMSC does not take it now".to_owned()))
            }
            Ok(Outcome::Unknown) => Err(Failure::Unknown("no answer in time".to_owned())),
            Err(_) => Err(Failure::Unknown("control goes down".to_owned())),
        }
    }
}

/// A number in E.164, or a name.
fn address(text: &str) -> Address {
    let digits = text.strip_prefix('+').unwrap_or(text);
    match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Address { ton: 1, npi: 1, text: digits.to_owned() },
        false => Address { ton: 5, npi: 0, text: text.to_owned() },
    }
}

impl Connector {
    /// Until control goes down.
    pub async fn run(mut self, inbox: Arc<impl Inbox>, mut stopping: watch::Receiver<bool>) {
        let mut wait = WAIT_MIN;
        while !*stopping.borrow() {
            match self.connect(&*inbox, &mut stopping).await {
                Ok(()) => wait = WAIT_MIN,
                Err(error) => tracing::warn!(error = format!("{error:#}"), "no bind to the SMSC"),
            }
            self.refuse_for(wait, &mut stopping).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    /// Ok when it was bound, however that ended.
    async fn connect(
        &mut self,
        inbox: &impl Inbox,
        stopping: &mut watch::Receiver<bool>,
    ) -> Result<()> {
        let stream = timeout(PATIENCE, dial::dial(&self.smpp)).await??;
        let session = Session::new(&self.smpp.system_id, &self.smpp.password, clock::now());
        let mut bind =
            Bind { stream, session, waiting: BTreeMap::new(), next: 0, was_bound: false };
        let reason = bind.run(&mut self.submits, inbox, stopping).await;
        if !bind.was_bound {
            bail!(reason);
        }
        tracing::info!(%reason, "the bind to the SMSC has ended");
        Ok(())
    }

    /// Nobody waits for a connection that is not there.
    async fn refuse_for(&mut self, wait: Duration, stopping: &mut watch::Receiver<bool>) {
        let refuse = async {
            while let Some(submit) = self.submits.recv().await {
                let _ = submit.answer.send(Outcome::Later);
            }
        };
        tokio::select! {
            _ = timeout(wait, refuse) => {}
            () = stopped(stopping) => {}
        }
    }
}

/// One connection.
struct Bind {
    stream: Box<dyn dial::Stream>,
    session: Session,
    waiting: BTreeMap<u64, oneshot::Sender<Outcome>>,
    next: u64,
    was_bound: bool,
}

impl Bind {
    async fn run(
        &mut self,
        submits: &mut mpsc::Receiver<Submit>,
        inbox: &impl Inbox,
        stopping: &mut watch::Receiver<bool>,
    ) -> session::Reason {
        let mut buffer = vec![0; 4096];
        let mut leaving = false;
        loop {
            if let Some(reason) = self.work_off(inbox).await {
                return reason;
            }
            let until = self.session.poll_timeout().map_or(clock::now(), |(at, _)| at);
            tokio::select! {
                read = self.stream.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => self.session.handle_broken(),
                    Ok(length) => self.session.handle_bytes(&buffer[..length], clock::now()),
                },
                Some(submit) = submits.recv() => self.submit(submit),
                () = tokio::time::sleep(time_to(until)) => self.session.handle_timeout(clock::now()),
                () = stopped(stopping), if !leaving => {
                    leaving = true;
                    self.session.unbind(clock::now());
                    if !self.was_bound {
                        self.session.handle_broken();
                    }
                }
            }
        }
    }

    /// Writes and tells what there is, until there is nothing more; why it has ended.
    async fn work_off(&mut self, inbox: &impl Inbox) -> Option<session::Reason> {
        loop {
            while let Some(bytes) = self.session.poll_transmit() {
                let written = timeout(PATIENCE, self.stream.write_all(&bytes)).await;
                if !matches!(written, Ok(Ok(()))) {
                    self.session.handle_broken();
                }
            }
            match self.session.poll_event()? {
                Event::Bound => {
                    self.was_bound = true;
                    tracing::info!("bound to the SMSC");
                }
                Event::Delivered { sequence, message } => {
                    let status = inbox.take(message).await;
                    self.session.acknowledge(sequence, status);
                }
                Event::Settled { token, outcome } => {
                    if let Some(answer) = self.waiting.remove(&token) {
                        let _ = answer.send(outcome);
                    }
                }
                Event::Closed(reason) => return Some(reason),
            }
        }
    }

    fn submit(&mut self, submit: Submit) {
        let token = self.next;
        self.next += 1;
        self.waiting.insert(token, submit.answer);
        self.session.submit(token, submit.message, clock::now());
    }
}

fn time_to(until: UnixMs) -> Duration {
    let ms = until.since(clock::now()).max(0);
    Duration::from_millis(ms.unsigned_abs())
}

#[cfg(test)]
mod tests;

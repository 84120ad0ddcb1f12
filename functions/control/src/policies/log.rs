//! From the calls of policies to the ledger's log, off the path of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use konf_host::{Called, Witness, world_of};
use konf_ledger::{Ledger, PolicyCall};
use tokio::sync::{Notify, mpsc, watch};

use crate::clock;
use crate::server::stopped;

/// Calls that wait to be written: some seconds of the largest load.
const WAITING_MAX: usize = 8_192;
/// Calls in one transaction: a few milliseconds of the ledger's writer.
const AT_ONCE: usize = 256;

/// Told of each call; hands it on.
pub struct Log {
    sender: mpsc::Sender<PolicyCall>,
    /// Woken when a policy failed.
    failed: Arc<Notify>,
    lost: AtomicU64,
}

impl Log {
    /// The log, and what it writes.
    pub fn new(failed: Arc<Notify>) -> (Log, mpsc::Receiver<PolicyCall>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Log { sender, failed, lost: AtomicU64::new(0) }, receiver)
    }
}

impl Witness for Log {
    fn called(&self, call: Called) {
        if call.output.is_err() {
            self.failed.notify_one();
        }
        if self.sender.try_send(noted(call)).is_err() {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            // One line for each doubling: what is lost is lost in crowds.
            if lost.is_power_of_two() {
                tracing::warn!(lost, "the ledger is too slow for the log of policies' calls");
            }
        }
    }
}

fn noted(call: Called) -> PolicyCall {
    let world = world_of(&call.interface).map_or(&*call.interface, |world| &world.name);
    let (output, fault) = match call.output {
        Ok(output) => (Some(output), None),
        Err(fault) => (None, Some(fault)),
    };
    PolicyCall {
        at: clock::now(),
        world: world.to_owned(),
        digest: call.digest.to_string(),
        part: call.part.as_str().to_owned(),
        booking: call.about.booking,
        conference: call.about.conference,
        record: call.about.record,
        input: call.input,
        output,
        fault,
        micros: u64::try_from(call.took.as_micros()).unwrap_or(u64::MAX),
    }
}

/// Writes until control goes down, and then what is left.
pub async fn write(
    mut calls: mpsc::Receiver<PolicyCall>,
    ledger: Ledger,
    mut stopping: watch::Receiver<bool>,
) {
    let mut batch = Vec::with_capacity(AT_ONCE);
    loop {
        let more = tokio::select! {
            more = calls.recv_many(&mut batch, AT_ONCE) => more > 0,
            () = stopped(&mut stopping) => {
                while batch.len() < WAITING_MAX && let Ok(call) = calls.try_recv() {
                    batch.push(call);
                }
                false
            }
        };
        if let Err(error) = ledger.log_policy_calls(&batch).await {
            let lost = batch.len();
            tracing::error!(
                lost,
                error = &error as &dyn std::error::Error,
                "calls of policies cannot be logged"
            );
        }
        batch.clear();
        if !more {
            return;
        }
    }
}

//! What edges ask of control.

use std::sync::Arc;

use anyhow::{Result, bail};
use konf_api::schedule::AdmitRequest;
use konf_contract::UnixMs;
use konf_contract::link::{
    Admission, ControlReply, Denial, EdgeCall, ExtensionReply, Heartbeat, Hello, RecordAck,
    RecordBatch,
};
use konf_host::Host;
use konf_ledger::{Ledger, LedgerError};

use crate::functions::ask;
use crate::tasks::Wakes;
use crate::webhooks::muted::{Muted, Turn};
use crate::{clock, link};

/// Admission and extension by the functions, records by the ledger.
pub struct EdgeService {
    pub host: Arc<Host>,
    pub ledger: Ledger,
    pub wakes: Wakes,
    muted: Muted,
}

impl EdgeService {
    pub fn new(host: Arc<Host>, ledger: Ledger, wakes: Wakes) -> EdgeService {
        EdgeService { host, ledger, wakes, muted: Muted::since(clock::now()) }
    }
}

impl link::Service for EdgeService {
    async fn hello(&self, hello: &Hello) -> Result<()> {
        let noted = self.ledger.edge_hello(hello).await?;
        if hello.capacity < noted.seats {
            let (seats, capacity) = (noted.seats, hello.capacity);
            tracing::warn!(
                edge = hello.edge,
                seats,
                capacity,
                "more seats can be booked than the edge holds"
            );
        }
        Ok(())
    }

    async fn heard(&self, edge: &str, boot: &str, heartbeat: &Heartbeat) -> Result<()> {
        // Compared whether or not somebody listens: who begins to listen is told of what turns from then on.
        let turns = self.muted.turns(edge, boot, &heartbeat.rooms);
        if !self.ledger.has_listeners() {
            return Ok(());
        }
        for turn in turns {
            let Turn { booking, leg, caller, muted } = turn;
            self.ledger.tell_muted(&booking, leg, &caller, muted).await?;
        }
        Ok(())
    }

    async fn call(&self, edge: &str, boot: &str, call: EdgeCall) -> Result<ControlReply> {
        match call {
            EdgeCall::Admit(request) => {
                let leg = request.leg;
                let request =
                    AdmitRequest { edge: edge.to_owned(), boot: boot.to_owned(), request };
                let admission: Admission = ask(&self.host, "schedule", "/admit", &request).await?;
                log_admission(edge, leg, &admission);
                Ok(ControlReply::Admission(admission))
            }
            EdgeCall::Extend(request) => {
                let reply: ExtensionReply =
                    ask(&self.host, "schedule", "/extend", &request).await?;
                tracing::info!(edge, conference = %request.conference, ?reply, "extension decided");
                Ok(ControlReply::Extension(reply))
            }
            EdgeCall::Records(batch) => {
                if batch.edge != edge {
                    bail!("records of {:?} from {edge:?}", batch.edge);
                }
                let ack = self.records(&batch).await?;
                self.wakes.rating.notify_one();
                Ok(ControlReply::Acknowledged(ack))
            }
            EdgeCall::Hello(_) | EdgeCall::Heartbeat(_) => bail!("served by the link itself"),
        }
    }

    fn now(&self) -> UnixMs {
        clock::now()
    }
}

impl EdgeService {
    /// Commits what is whole. A gap is acknowledged up to where it begins and raises an alarm; the edge sends the rest
    /// again, with what is missing if it has it.
    async fn records(&self, batch: &RecordBatch) -> Result<RecordAck> {
        match self.ledger.apply_records(batch).await {
            Err(LedgerError::Gap { edge, boot, through, found }) => {
                tracing::error!(edge, boot, through, found, "records are missing");
                Ok(RecordAck { boot, through })
            }
            outcome => Ok(outcome?),
        }
    }
}

fn log_admission(edge: &str, leg: konf_contract::LegId, admission: &Admission) {
    match admission {
        Admission::Granted(grant) => {
            tracing::info!(edge, %leg, conference = %grant.conference, grant = %grant.grant, "leg admitted");
        }
        Admission::Denied(denial @ Denial::TooManyTries) => {
            tracing::warn!(edge, %leg, ?denial, "leg denied")
        }
        Admission::Denied(denial) => tracing::info!(edge, %leg, ?denial, "leg denied"),
        Admission::NoSeatHeld => {}
    }
}

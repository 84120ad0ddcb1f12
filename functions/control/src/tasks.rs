//! Reconcilers: each looks for what is to be done and does it, woken by a signal and by a timer.
//!
//! They carry no input, so nothing is lost when control ends between two of them: what a crash left is found again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use konf_api::ledger::{
    InboundMessage, InboundPart, InboundState, InboundStored, MessageBody, PartStored, RatedLeg,
    RatingOutcome, RecordKey, Sender,
};
use konf_api::ordering::ProcessRequest;
use konf_api::policy::About;
use konf_api::rating::RateRequest;
use konf_contract::Msisdn;
use konf_host::Host;
use konf_ledger::{Ledger, LedgerError, OutboxItem, Pins};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;

use crate::clock;
use crate::config::Config;
use crate::delivery::mail::{Letter, Mailer};
use crate::delivery::sms::replies::{ANSWERABLE_MS, Asked};
use crate::delivery::sms::{Outgoing, SmsGateway};
use crate::delivery::{self, Failure};
use crate::functions::{ask, ask_about};
use crate::link::Edges;
use crate::policies::Policies;
use crate::server::stopped;
use crate::smpp::codec::{Message, status};
use crate::smpp::inbound::{self, Inbound};
use crate::smpp::{self, Smpp};
use crate::webhooks::Teller;

/// As many as are taken up at once; the rest comes in the next round, at once.
const BATCH: u32 = 50;
/// Messages out of one round, and as many at once: three times a mail server's 30 s stay below the lease of 2 minutes.
const DELIVERIES: u32 = 30;
const DELIVERIES_AT_ONCE: usize = 10;
/// A message that has not been answered by then was left by a crash: every gateway has given up waiting.
const UNANSWERED_MS: i64 = 15_000;

/// Of the messages that may have been answered, those whose turn it is.
const REPLIES_EVERY: Duration = Duration::from_secs(5);

/// Signals that there may be something to do.
#[derive(Clone, Default)]
pub struct Wakes {
    pub outbox: Arc<Notify>,
    pub rating: Arc<Notify>,
    /// A policy failed.
    pub policies: Arc<Notify>,
}

pub fn start(
    config: &Config,
    ledger: &Ledger,
    policies: &Arc<Policies>,
    edges: &Edges,
    wakes: &Wakes,
    running: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
) -> Result<()> {
    let mut spawn = Spawn { running, stopping };
    let host = policies.host();
    let intake = Intake { ledger: ledger.clone(), host: host.clone(), wakes: wakes.clone() };
    let smpp = config.smpp.clone().map(|smpp| {
        let (way_out, connector) = smpp::new(smpp);
        let inbox = intake.clone();
        spawn.running.spawn(connector.run(Arc::new(inbox), stopping.clone()));
        way_out
    });
    let deliver = Arc::new(Deliveries {
        ledger: ledger.clone(),
        smpp,
        sms: config.sms.clone().map(|sms| SmsGateway::new(sms, &config.public_url)).transpose()?,
        mail: config.mail.as_ref().map(Mailer::new).transpose()?,
        stopping: stopping.clone(),
    });
    if deliver.sms.as_ref().is_some_and(SmsGateway::keeps_replies) {
        let replies = Arc::new(Replies {
            deliver: deliver.clone(),
            intake: intake.clone(),
            asked: Mutex::default(),
        });
        spawn.task("replies", REPLIES_EVERY, Arc::default(), move || replies.clone().round());
    }
    spawn.task("outbox", Duration::from_secs(2), wakes.outbox.clone(), move || {
        let deliver = deliver.clone();
        deliver.round()
    });
    let teller = Arc::new(Teller::new(ledger.clone(), config.api.private_webhooks)?);
    spawn.task("webhooks", Duration::from_secs(1), Arc::default(), move || teller.clone().round());
    let (l, h) = (ledger.clone(), host.clone());
    spawn.task("rating", Duration::from_secs(5), wakes.rating.clone(), move || {
        rate(l.clone(), h.clone())
    });
    let p = policies.clone();
    // RELIABILITY.md, row 39: a bad policy is rolled back within 5 s.
    spawn.task("policies", Duration::from_secs(1), wakes.policies.clone(), move || {
        let policies = p.clone();
        async move { policies.judge().await }
    });
    let (l, h) = (ledger.clone(), host.clone());
    spawn.task("unanswered", Duration::from_secs(5), Arc::default(), move || {
        answer(l.clone(), h.clone())
    });
    let l = ledger.clone();
    spawn.task("expiry", Duration::from_secs(5), Arc::default(), move || expire(l.clone()));
    let (l, e) = (ledger.clone(), edges.clone());
    spawn.task("cancelled rooms", Duration::from_secs(5), Arc::default(), move || {
        close_cancelled(l.clone(), e.clone())
    });
    Ok(())
}

struct Spawn<'a> {
    running: &'a mut JoinSet<()>,
    stopping: &'a watch::Receiver<bool>,
}

impl Spawn<'_> {
    /// Runs `round` again and again: at once while it says that there is more, otherwise on a signal or after `period`.
    /// When control goes down, the round that runs is the last.
    fn task<F>(
        &mut self,
        name: &'static str,
        period: Duration,
        wake: Arc<Notify>,
        round: impl Fn() -> F + Send + 'static,
    ) where
        F: Future<Output = Result<bool>> + Send,
    {
        let mut stopping = self.stopping.clone();
        self.running.spawn(async move {
            while !*stopping.borrow() {
                match round().await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::error!(
                        task = name,
                        error = format!("{error:#}"),
                        "task failed, will be tried again"
                    ),
                }
                tokio::select! {
                    _ = tokio::time::timeout(period, wake.notified()) => {}
                    () = stopped(&mut stopping) => return,
                }
            }
        });
    }
}

struct Deliveries {
    ledger: Ledger,
    smpp: Option<Smpp>,
    sms: Option<SmsGateway>,
    mail: Option<Mailer>,
    stopping: watch::Receiver<bool>,
}

impl Deliveries {
    /// Some at once, so that a gateway that does not answer holds up the others only for a while. There may be more when
    /// something has left: the next part of an SMS.
    async fn round(self: Arc<Self>) -> Result<bool> {
        let due = self.ledger.outbox_due(DELIVERIES).await?;
        let mut delivered = 0;
        for items in due.chunks(DELIVERIES_AT_ONCE) {
            if *self.stopping.borrow() {
                break;
            }
            let mut sending = JoinSet::new();
            for item in items {
                let (this, item) = (self.clone(), item.clone());
                sending.spawn(async move { this.settle(&item).await });
            }
            for outcome in sending.join_all().await {
                delivered += u32::from(outcome?);
            }
        }
        Ok(delivered > 0)
    }

    /// Whether it was delivered.
    async fn settle(&self, item: &OutboxItem) -> Result<bool> {
        match self.deliver(item).await {
            Ok(gateway_id) => {
                self.ledger.outbox_sent(&item.id, gateway_id.as_deref()).await?;
                tracing::info!(message = item.id, kind = item.message.kind, "message delivered");
                Ok(true)
            }
            Err(failure) => {
                self.note(item, &failure).await?;
                Ok(false)
            }
        }
    }

    async fn note(&self, item: &OutboxItem, failure: &Failure) -> Result<()> {
        let retry = delivery::retry_at(clock::now(), item.attempt, failure);
        match failure {
            Failure::Unknown(_) => {
                self.ledger.outbox_unknown(&item.id, &failure.to_string(), retry).await?
            }
            _ => self.ledger.outbox_failed(&item.id, &failure.to_string(), retry).await?,
        }
        let (id, kind, attempt) = (&item.id, item.message.kind.as_str(), item.attempt);
        match retry {
            Some(_) => {
                tracing::info!(id, kind, attempt, %failure, "message will be tried again")
            }
            None => {
                tracing::error!(id, kind, attempt, %failure, "message is a dead letter; see konf outbox")
            }
        }
        Ok(())
    }

    /// The gateway's id for it, where there is one.
    async fn deliver(&self, item: &OutboxItem) -> Result<Option<String>, Failure> {
        match (&item.message.recipient, &item.message.body) {
            (Sender::Sms(to), MessageBody::Sms { parts }) => {
                let mut gateway_id = None;
                // One part, but for what an earlier version has left.
                for (at, part) in parts.iter().enumerate() {
                    gateway_id = self.send(item, to, at, part).await?;
                }
                Ok(gateway_id)
            }
            (Sender::Email(to), MessageBody::Email { subject, text, html, calendar, thread }) => {
                let mailer = self.mail.as_ref().ok_or_else(|| not_configured("[mail]"))?;
                let (calendar, thread) = (calendar.as_deref(), thread.as_ref());
                let letter = Letter { subject, text, html, calendar, thread };
                mailer.send(&item.idempotency_key, to, &letter, clock::now()).await.map(|()| None)
            }
            _ => Err(Failure::Refused("the message does not fit its recipient".to_owned())),
        }
    }

    async fn send(
        &self,
        item: &OutboxItem,
        to: &Msisdn,
        at: usize,
        text: &str,
    ) -> Result<Option<String>, Failure> {
        if let Some(smpp) = &self.smpp {
            return smpp.send(to, text).await;
        }
        let gateway = self.sms.as_ref().ok_or_else(|| not_configured("[sms]"))?;
        let id = format!("{}-{}", item.idempotency_key, at + 1);
        gateway.send(&Outgoing { id: &id, reference: &item.id, to, text }, clock::now()).await
    }
}

/// Asks a gateway for the replies that it keeps.
struct Replies {
    deliver: Arc<Deliveries>,
    intake: Intake,
    asked: Mutex<Asked>,
}

impl Replies {
    /// A gateway that cannot be asked is asked again in the next round.
    async fn round(self: Arc<Self>) -> Result<bool> {
        let Some(gateway) = &self.deliver.sms else { return Ok(false) };
        let now = clock::now();
        let since = now.plus_ms(-ANSWERABLE_MS);
        let answerable = self.deliver.ledger.answerable(since).await?;
        for id in self.asked.lock().await.next(&answerable, now) {
            let replies = match gateway.replies(&id, now).await {
                Ok(replies) => replies,
                // It no longer has the message.
                Err(Failure::Refused(_)) => continue,
                Err(failure) => return Err(anyhow!("no replies: {failure}")),
            };
            for reply in replies {
                self.intake.store(reply).await?;
            }
        }
        Ok(false)
    }
}

/// Takes what a carrier delivers and what a gateway has kept, as the functions take what gateways do.
#[derive(Clone)]
struct Intake {
    ledger: Ledger,
    host: Arc<Host>,
    wakes: Wakes,
}

impl smpp::Inbox for Intake {
    async fn take(&self, message: Message) -> u32 {
        let stored = match inbound::understand(&message, clock::now()) {
            Inbound::Message(message) => self.store(message).await,
            Inbound::Part(part) => self.store_part(&part).await,
            Inbound::Report(report) => self.ledger.report(&report).await.map(drop),
            Inbound::Nothing => Ok(()),
            Inbound::Unreadable(why) => {
                tracing::info!(why, "a message from the SMSC is refused");
                return status::REJECTED;
            }
        };
        match stored {
            Ok(()) => status::OK,
            Err(error) if error.may_retry() => status::TEMPORARY,
            Err(error) => {
                tracing::error!(%error, "a message from the SMSC cannot be stored");
                status::REJECTED
            }
        }
    }
}

impl Intake {
    async fn store(&self, message: InboundMessage) -> Result<(), LedgerError> {
        let stored = self.ledger.inbound(&message).await?;
        self.answer(stored, message);
        Ok(())
    }

    async fn store_part(&self, part: &InboundPart) -> Result<(), LedgerError> {
        if let PartStored::Whole { stored, message } = self.ledger.inbound_part(part).await? {
            self.answer(stored, message);
        }
        Ok(())
    }

    /// Not waited for: the SMSC hears that the message is stored. What fails comes again by the reconciler.
    fn answer(&self, stored: InboundStored, message: InboundMessage) {
        if stored.state == InboundState::Answered {
            return;
        }
        let (host, outbox) = (self.host.clone(), self.wakes.outbox.clone());
        tokio::spawn(async move {
            let request = ProcessRequest { stored, message, copies: Vec::new() };
            if let Err(error) = ask::<serde_json::Value>(&host, "order", "/process", &request).await
            {
                tracing::warn!(error = format!("{error:#}"), "a message waits for another try");
            }
            outbox.notify_one();
        });
    }
}

fn not_configured(section: &str) -> Failure {
    Failure::NotReached(format!("{section} is not configured"))
}

/// Rates what has not been rated. The rating itself is proposed by `billing` and committed once.
pub(crate) async fn rate(ledger: Ledger, host: Arc<Host>) -> Result<bool> {
    let legs = ledger.unrated(BATCH).await?;
    let mut failed = 0;
    for leg in &legs {
        let request = RateRequest { record: leg.record.clone(), leg: leg.leg.clone() };
        let about = about(&ledger, leg).await?;
        match ask_about::<RatingOutcome>(&host, "billing", "/rate", &request, &about).await {
            Ok(outcome) => tracing::debug!(record = ?leg.record, ?outcome, "leg rated"),
            // The others are rated all the same; this one comes again.
            Err(error) => {
                failed += 1;
                tracing::error!(record = ?leg.record, error = format!("{error:#}"), "leg cannot be rated");
            }
        }
    }
    Ok(failed == 0 && legs.len() == BATCH as usize)
}

/// A leg is rated by the tariff that its conference began with.
async fn about(ledger: &Ledger, leg: &RatedLeg) -> Result<About> {
    let RecordKey { edge, boot, sequence } = &leg.record;
    let pins = match &leg.leg.booking {
        Some(booking) => ledger.pins(booking).await?,
        None => Pins::new(),
    };
    Ok(About {
        booking: leg.leg.booking.clone(),
        conference: leg.leg.conference.as_ref().map(|number| number.as_str().to_owned()),
        record: Some(format!("{edge}/{boot}/{sequence}")),
        pins: pins.into_iter().collect(),
        ..About::default()
    })
}

/// Works on messages that were stored but not answered.
async fn answer(ledger: Ledger, host: Arc<Host>) -> Result<bool> {
    let left = ledger.unanswered(UNANSWERED_MS, BATCH).await?;
    for (stored, message) in &left {
        let request =
            ProcessRequest { stored: stored.clone(), message: message.clone(), copies: Vec::new() };
        match ask::<serde_json::Value>(&host, "order", "/process", &request).await {
            Ok(_) => tracing::info!(inbound = stored.id, "a message left over has been answered"),
            Err(error) => {
                tracing::error!(
                    inbound = stored.id,
                    error = format!("{error:#}"),
                    "a message cannot be answered"
                );
            }
        }
    }
    Ok(false)
}

async fn expire(ledger: Ledger) -> Result<bool> {
    let expired = ledger.expire().await?;
    tracing::debug!(?expired, "expired");
    Ok(false)
}

/// Ends the rooms of bookings that were cancelled while people were in them.
async fn close_cancelled(ledger: Ledger, edges: Edges) -> Result<bool> {
    for room in ledger.rooms_to_close(BATCH).await? {
        tracing::info!(edge = room.edge, conference = %room.conference, "closing the room of a cancelled booking");
        edges.close(room.conference).await;
    }
    Ok(false)
}

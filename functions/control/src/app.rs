//! What runs under `konf up`.
//!
//! In this order: sockets (each bound address is logged), ledger, functions, tasks; then until a signal comes. The end
//! comes in the reverse order, and what was taken in has been committed by then.

use std::fs::{File, TryLockError};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use konf_host::Host;
use konf_ledger::{EdgeSeats, Ledger};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::accounts::Accounts;
use crate::accounts::oidc::Oidc;
use crate::config::{self, Config};
use crate::edge_service::EdgeService;
use crate::ledger_service::{Inside, Outside};
use crate::mailbox::Mailbox;
use crate::policies::Policies;
use crate::policies::log::Log;
use crate::rest::{self, Rest};
use crate::rooms::Rooms;
use crate::server::Peer;
use crate::ses::{self, Ses};
use crate::smtp::inbox::OrderInbox;
use crate::{
    clock, functions, link, metrics, operator, pages, policies, proxy, server, smtp, tasks,
};

pub const LEDGER_FILE: &str = "ledger.sqlite";
/// Where services hand on e-mail.
const MAIL_PATH: &str = "/mail";
const LOCK_FILE: &str = "control.lock";
/// How long each step may take when control goes down.
const DRAIN: Duration = Duration::from_secs(3);

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(config: Config) -> Result<()> {
    start_logging(config.log_json);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "control starts");
    // First what another control may have, before anything is changed.
    let _lock = lock(&config.state_dir)?;
    let http = server::bind("http_listen", config.http_listen).await?;
    let link = link::bind(&config.link)?;
    let ledger = ledger(&config).await?;
    let wakes = tasks::Wakes::default();
    let (log, calls) = Log::new(wakes.policies.clone());
    let edges = link::Edges::default();
    let rooms = Rooms::new(ledger.clone(), edges.clone());
    let inside = Arc::new(Inside(ledger.clone(), rooms.clone()));
    let host = functions::load(&config, inside, Some(Arc::new(log))).await?;
    for component in host.components() {
        tracing::info!(component = component.name, digest = %component.digest, "component loaded");
    }
    let policies = Policies::new(host.clone(), ledger.clone(), config.policies.clone());
    let policies = Arc::new(policies);
    policies.start().await.context("the policies in the ledger")?;
    for slot in host.slots() {
        tracing::info!(interface = slot.interface, digest = %slot.digest, "policy decides");
    }
    let mailbox = Mailbox::default();

    // What is told to stop and waited for: taken requests are answered, a message being sent is noted as sent.
    let (stop, stopping) = watch::channel(false);
    let mut running = JoinSet::new();
    tracing::info!(address = %http.local_addr()?, "listening for HTTP");
    tracing::info!(address = %link.local_addr()?, "listening for edges");
    if let Some(address) = config.mailbox_smtp_listen {
        let bound = mailbox.listen(address).await?;
        tracing::warn!(address = %bound, page = %format!("{}/mailbox", config.public_url), "development mailbox is open");
    }
    if let Some(address) = config.metrics_listen {
        let listener = server::bind("metrics_listen", address).await?;
        tracing::info!(metrics = %listener.local_addr()?, "numbers are given at /metrics");
        let scrapes = metrics::Scrapes { ledger: ledger.clone(), policies: policies.clone() };
        running.spawn(server::serve(listener, Arc::new(scrapes), stopping.clone()));
    }
    if let Some(address) = config.ledger_listen {
        let listener = server::bind("ledger_listen", address).await?;
        tracing::info!(address = %listener.local_addr()?, "listening for components under another host");
        let outside = Arc::new(Outside(ledger.clone(), rooms.clone()));
        running.spawn(server::serve(listener, outside, stopping.clone()));
    }

    let mail_settings = config.mail.as_ref();
    let ses = mail_settings.and_then(|mail| mail.ses.clone());
    let ses = ses.map(|topic| Ses::new(topic, order_inbox(None, &host, &wakes))).transpose()?;
    if let Some(inbound) = mail_settings.and_then(|mail| mail.inbound.as_ref()) {
        let listener = server::bind("mail.inbound.listen", inbound.listen).await?;
        tracing::info!(address = %listener.local_addr()?, "listening for orders by e-mail");
        let served = orders_by_mail(inbound, &host, &wakes)?;
        running.spawn(smtp::listener::serve(listener, Arc::new(served), stopping.clone()));
    }

    let service = Arc::new(EdgeService::new(host.clone(), ledger.clone(), wakes.clone()));
    tokio::spawn(link::serve(link.clone(), edges.clone(), service));
    running.spawn(policies::log::write(calls, ledger.clone(), stopping.clone()));
    tasks::start(&config, &ledger, &policies, &edges, &wakes, &mut running, &stopping)?;
    ledger.forget_running().await?;
    let oidc = config.oidc.clone().map(|oidc| Oidc::new(oidc, &config.public_url)).transpose()?;
    let desk = Arc::new(operator::Desk {
        ledger: ledger.clone(),
        edges,
        token: config.operator_token.clone(),
        outbox: wakes.outbox.clone(),
        policies: Some(policies.clone()),
        host: Some(host.clone()),
        accounts: Accounts::new(ledger.clone()).with_oidc(oidc),
        secure: config.public_url.starts_with("https://"),
    });
    let rest = Arc::new(Rest::new(desk.clone(), rooms, &config.api));
    let open_mailbox = config.mailbox_smtp_listen.is_some().then_some(mailbox);
    let (mailbox, proxies) = (open_mailbox, config.proxies);
    let front = Arc::new(Front { host, desk, rest, ses, mailbox, proxies, wakes });
    running.spawn(server::serve(http, front, stopping));
    tracing::info!(web = config.public_url, "control is ready");

    wait_for_signal().await?;
    tracing::info!("control goes down");
    let _ = stop.send(true);
    if tokio::time::timeout(DRAIN, running.join_all()).await.is_err() {
        tracing::warn!("what was under way took too long and is cut");
    }
    link.close(quinn::VarInt::from_u32(0), b"control goes down");
    let _ = tokio::time::timeout(DRAIN, link.wait_idle()).await;
    let _ = tokio::time::timeout(DRAIN, ledger.close()).await;
    Ok(())
}

fn orders_by_mail(
    inbound: &config::Inbound,
    host: &Arc<Host>,
    wakes: &tasks::Wakes,
) -> Result<smtp::listener::Served<OrderInbox>> {
    let (_, name) = inbound.address.rsplit_once('@').unwrap_or_default();
    let tls = inbound.tls.as_ref().map(smtp::listener::acceptor).transpose()?;
    Ok(smtp::listener::Served {
        settings: smtp::session::Settings {
            name: name.to_owned(),
            address: inbound.address.clone(),
            protocol: inbound.protocol,
            has_tls: tls.is_some(),
        },
        tls,
        inbox: order_inbox(Some(inbound), host, wakes),
    })
}

fn order_inbox(
    inbound: Option<&config::Inbound>,
    host: &Arc<Host>,
    wakes: &tasks::Wakes,
) -> OrderInbox {
    OrderInbox {
        host: host.clone(),
        outbox: wakes.outbox.clone(),
        front: inbound.and_then(|inbound| inbound.front.clone()),
        resolver: inbound.and_then(|inbound| inbound.resolver),
    }
}

fn start_logging(json: bool) {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        builder.json().init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).init()
    }
}

async fn wait_for_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => {}
        outcome = tokio::signal::ctrl_c() => outcome.context("cannot watch for Ctrl-C")?,
    }
    Ok(())
}

/// One control to a state folder: two would deliver each message twice and undo each other's edges. Held until the file
/// is closed, also by a crash.
pub fn lock(state_dir: &Path) -> Result<File> {
    std::fs::create_dir_all(state_dir)
        .with_context(|| format!("cannot make state_dir {}", state_dir.display()))?;
    let path = state_dir.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another control runs with state_dir {}", state_dir.display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

async fn ledger(config: &Config) -> Result<Ledger> {
    let path = config.state_dir.join(LEDGER_FILE);
    let edges = config
        .edges
        .iter()
        .map(|edge| EdgeSeats {
            name: edge.name.clone(),
            seats: edge.seats,
            labels: edge.labels.clone(),
        })
        .collect();
    let mut settings =
        konf_ledger::Settings::new(config.ledger_token.expose(), Arc::new(clock::now), edges);
    settings.budget = config.budget;
    Ledger::open(&path, settings).await.with_context(|| format!("the ledger in {}", path.display()))
}

/// What the world reaches: the operator's desk, the REST API, what SES tells, the development mailbox, then the functions.
struct Front {
    host: Arc<Host>,
    desk: Arc<operator::Desk>,
    rest: Arc<Rest>,
    ses: Option<Arc<Ses>>,
    mailbox: Option<Mailbox>,
    proxies: Vec<IpAddr>,
    wakes: tasks::Wakes,
}

impl server::Handler for Front {
    /// A package of a policy is longer than any message, and only operators send one; a service that hands on an e-mail
    /// adds to it.
    async fn body_max(&self, head: &http::request::Parts) -> usize {
        if is_below(head.uri.path(), MAIL_PATH) {
            return ses::BODY_MAX;
        }
        match self.desk.takes_package(head) || self.rest.takes_package(head).await {
            true => operator::PACKAGE_BYTES_MAX,
            false => server::BODY_MAX,
        }
    }

    fn unread(
        &self,
        head: &http::request::Parts,
        status: StatusCode,
        why: &str,
    ) -> Response<Bytes> {
        match is_below(head.uri.path(), rest::PATH) {
            true => rest::unread(head.uri.path(), status, why),
            false => server::fault(status, why),
        }
    }

    async fn handle(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        if let Some(Peer(peer)) = request.extensions().get().copied() {
            let client = proxy::client(peer, request.headers(), &self.proxies);
            // For the desk, and for the functions.
            request.extensions_mut().insert(Peer(client));
            request.extensions_mut().insert(client);
        }
        if request.uri().path().starts_with(operator::PATH) {
            return self.desk.handle(&request).await;
        }
        if is_below(request.uri().path(), rest::PATH) {
            return self.rest.handle(request).await;
        }
        if is_below(request.uri().path(), pages::PATH) {
            return pages::handle(&self.desk, &request).await;
        }
        if let Some(ses) = self.ses.as_ref().filter(|_| request.uri().path() == ses::PATH) {
            return ses.handle(&request, clock::now()).await;
        }
        if let Some(mailbox) = &self.mailbox
            && let Some(response) = mailbox.handle(&request, clock::now())
        {
            return response;
        }
        let response = self.host.handle(request).await;
        self.wakes.outbox.notify_one();
        response
    }
}

/// Whether `path` is `folder` or something in it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_folder_has_one_control_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        let second = lock(folder.path()).unwrap_err();
        assert!(second.to_string().starts_with("another control runs"), "{second}");
        drop(first);
        lock(folder.path()).unwrap();
    }
}

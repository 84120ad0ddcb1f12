//! Says what would keep control from running, before it runs. It changes nothing, so that it may be asked beside a
//! running control.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use konf_host::Internal;
use konf_ledger::Ledger;

use super::table::say;
use crate::accounts::oidc::Oidc;
use crate::config::Config;
use crate::delivery::mail;
use crate::{app, clock, functions, link, server, smtp};

pub(super) async fn run(config: Config, path: &Path) -> Result<()> {
    let mut faults = 0;
    let mut check = |what: &str, outcome: Result<String>| match outcome {
        Ok(found) => say(&format!("ok    {what}: {found}")),
        Err(error) => {
            faults += 1;
            say(&format!("FAULT {what}: {error:#}"));
        }
    };
    check("configuration", Ok(path.display().to_string()));
    let keys = link::check_keys(&config.link).context("link.ca, link.cert and link.key");
    check("link keys", keys.map(|()| "certificates and key fit".to_owned()));
    check("functions", functions(&config).await);
    check("ledger", ledger(&config).await);
    check("policies", Ok(policies(&config)));
    match app::lock(&config.state_dir) {
        Ok(_lock) => check("addresses", addresses(&config)),
        Err(error) => check("addresses", Ok(format!("not tried: {error:#}"))),
    }
    check(
        "SMS gateway",
        Ok(config.sms.as_ref().map_or("none: no SMS is sent".into(), |sms| sms.url.clone())),
    );
    check(
        "mail server",
        Ok(config.mail.as_ref().map_or("none: no e-mail is sent".into(), |mail| mail.host.clone())),
    );
    check("orders by e-mail", inbound(&config));
    check("DKIM", dkim(&config));
    if let Some(oidc) = &config.oidc {
        check("sign-in by OpenID Connect", provider(oidc, &config.public_url).await);
    }
    match faults {
        0 => Ok(()),
        1 => bail!("one fault; its line above says what to mend"),
        faults => bail!("{faults} faults; their lines above say what to mend"),
    }
}

/// It describes itself, as `issuer`.
async fn provider(oidc: &crate::config::Oidc, public_url: &str) -> Result<String> {
    let provider = Oidc::new(oidc.clone(), public_url)?;
    let begun = provider.begin(clock::now()).await?;
    let address = begun.location.split('?').next().unwrap_or_default();
    Ok(format!("{address}, coming back to {public_url}/desk/oidc/return"))
}

async fn functions(config: &Config) -> Result<String> {
    let host = functions::load(config, Arc::new(NoLedger), None).await?;
    let names: Vec<_> = host.components().into_iter().map(|component| component.name).collect();
    Ok(names.join(", "))
}

/// Nothing is asked of the functions here.
struct NoLedger;

impl Internal for NoLedger {
    fn call(
        &self,
        _: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + '_>> {
        Box::pin(async { server::fault(StatusCode::SERVICE_UNAVAILABLE, "only a check") })
    }
}

async fn ledger(config: &Config) -> Result<String> {
    let path = config.state_dir.join(app::LEDGER_FILE);
    Ok(match Ledger::inspect(&path).await? {
        Some(open) => format!("{}, {open} bookings to come or running", path.display()),
        None => format!("{} will be made", path.display()),
    })
}

fn inbound(config: &Config) -> Result<String> {
    let Some(inbound) = config.mail.as_ref().and_then(|mail| mail.inbound.as_ref()) else {
        return Ok("none are taken: no [mail.inbound]".to_owned());
    };
    let tls = match &inbound.tls {
        Some(tls) => {
            smtp::listener::acceptor(tls)?;
            "with STARTTLS"
        }
        None => "without TLS",
    };
    let proof = match (&inbound.front, inbound.resolver) {
        (Some(front), None) => format!("senders proven by {}", front.authserv_id),
        (Some(front), Some(_)) => format!("senders proven by {} or by DKIM", front.authserv_id),
        (None, Some(_)) => "senders proven by DKIM".to_owned(),
        (None, None) => "every sender confirms by a link".to_owned(),
    };
    Ok(format!("{} at {}, {tls}, {proof}", inbound.address, inbound.listen))
}

/// What has to stand in the DNS for it.
fn dkim(config: &Config) -> Result<String> {
    let signer = config.mail.as_ref().map(mail::signer).transpose()?.flatten();
    Ok(match signer.map(|signer| signer.record()) {
        Some((name, text)) => format!("{name} TXT \"{text}\""),
        None => "no key: mail goes out unsigned".to_owned(),
    })
}

fn policies(config: &Config) -> String {
    match (config.policies.unsigned, config.policies.keys.len()) {
        (true, _) => "taken from anybody who has the operators' token, signed or not".to_owned(),
        (false, 0) => "none is taken: name a key under [policies.keys]".to_owned(),
        (false, keys) => format!("taken when signed by one of {keys} keys"),
    }
}

fn addresses(config: &Config) -> Result<String> {
    let (http, link) = (config.http_listen, config.link.listen);
    TcpListener::bind(http).with_context(|| format!("http_listen = {http} cannot be used"))?;
    UdpSocket::bind(link).with_context(|| format!("link.listen = {link} cannot be used"))?;
    if let Some(inbound) = config.mail.as_ref().and_then(|mail| mail.inbound.as_ref()) {
        let listen = inbound.listen;
        TcpListener::bind(listen)
            .with_context(|| format!("mail.inbound.listen = {listen} cannot be used"))?;
    }
    if let Some(smtp) = config.mailbox_smtp_listen {
        TcpListener::bind(smtp)
            .with_context(|| format!("development.smtp_listen = {smtp} cannot be used"))?;
    }
    Ok(format!("{http} and {link} are free"))
}

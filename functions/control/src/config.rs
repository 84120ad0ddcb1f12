//! The configuration file of control, in two steps: what was written ([`Written`]), then what can be run with
//! ([`Config`]). An unknown key is an error; a bad value is named before any socket opens.

mod mail;
mod oidc;

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use konf_ledger::Budget;
use serde::Deserialize;

use crate::policies::package::Trust;

use mail::WrittenMail;
pub use mail::{Dkim, Front, Inbound, InboundTls, Mail, MailTls, Topic};
pub use oidc::{Oidc, is_confidential};
use oidc::{WrittenOidc, oidc as read_oidc};

/// What stands in `konf.toml`. Paths are relative to the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    manifest: PathBuf,
    state_dir: PathBuf,
    http_listen: String,
    #[serde(default)]
    proxies: Vec<IpAddr>,
    public_url: Option<String>,
    ledger_listen: Option<String>,
    metrics_listen: Option<String>,
    ledger_token: Secret,
    operator_token: Secret,
    #[serde(default)]
    log_json: bool,
    #[serde(default)]
    variables: BTreeMap<String, Secret>,
    link: WrittenLink,
    #[serde(default, rename = "edge")]
    edges: Vec<Edge>,
    sms: Option<WrittenSms>,
    smpp: Option<WrittenSmpp>,
    mail: Option<WrittenMail>,
    budget: Option<WrittenBudget>,
    oidc: Option<WrittenOidc>,
    #[serde(default)]
    policies: WrittenPolicies,
    #[serde(default)]
    api: WrittenApi,
    development: Option<WrittenDevelopment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLink {
    listen: String,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

/// Of an edge, as `wit/policy.wit` says: a placement policy reads them at each order.
const LABELS_MAX: usize = 8;
const LABEL_BYTES_MAX: usize = 32;

/// An edge that may connect, and the seats that may be booked on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Equals the name in the edge's certificate.
    pub name: String,
    pub seats: u32,
    /// For the placement policy; only it knows what they mean.
    #[serde(default)]
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSms {
    kind: String,
    url: String,
    from: String,
    account: Option<String>,
    secret: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSmpp {
    address: String,
    system_id: String,
    password: Secret,
    from: String,
    #[serde(default)]
    tls: bool,
    ca: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBudget {
    per_recipient: Option<u32>,
    total: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicies {
    #[serde(default)]
    keys: BTreeMap<String, String>,
    #[serde(default)]
    unsigned: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenApi {
    requests_per_minute: Option<u32>,
    #[serde(default)]
    private_webhooks: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDevelopment {
    smtp_listen: String,
}

/// A value that opens something: it does not print.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: &str) -> Secret {
        Secret(value.to_owned())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What control runs with.
#[derive(Debug, Clone)]
pub struct Config {
    pub manifest: PathBuf,
    pub state_dir: PathBuf,
    pub http_listen: SocketAddr,
    /// In front of `http_listen`: what they say of who asks is believed.
    pub proxies: Vec<IpAddr>,
    /// How the world reaches `http_listen`, without a slash at the end.
    pub public_url: String,
    /// Where the ledger's HTTP interface listens for components under a real Spin; absent: only in this process.
    pub ledger_listen: Option<SocketAddr>,
    /// Where numbers for Prometheus are given, at `/metrics`.
    pub metrics_listen: Option<SocketAddr>,
    pub ledger_token: Secret,
    pub operator_token: Secret,
    pub log_json: bool,
    /// Values of the manifest's variables.
    pub variables: BTreeMap<String, Secret>,
    pub link: Link,
    pub edges: Vec<Edge>,
    pub sms: Option<Sms>,
    /// Instead of `sms`; messages come in by it as well.
    pub smpp: Option<Smpp>,
    pub mail: Option<Mail>,
    /// Messages out within an hour.
    pub budget: Budget,
    /// Who signs in at the desk besides local accounts.
    pub oidc: Option<Oidc>,
    /// Whose policies are taken.
    pub policies: Trust,
    pub api: Api,
    /// Where the development mailbox takes SMTP; its page is `/mailbox`. Never in a deployment.
    pub mailbox_smtp_listen: Option<SocketAddr>,
}

/// The REST API.
#[derive(Debug, Clone)]
pub struct Api {
    /// Of one token; as many may come at once.
    pub requests_per_minute: u32,
    /// Whether webhooks may be of the inside: private addresses, and without TLS.
    pub private_webhooks: bool,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub listen: SocketAddr,
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// The gateway for outgoing SMS. "How to add one": `delivery/sms.rs`.
#[derive(Debug, Clone)]
pub struct Sms {
    pub kind: SmsKind,
    pub url: String,
    pub from: String,
    pub account: Option<String>,
    pub secret: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsKind {
    /// JSON with Standard Webhooks headers.
    Generic,
    /// Form to `{url}/2010-04-01/Accounts/{account}/Messages.json` with Basic authentication.
    Twilio,
    /// JSON to `{url}/sms/3/messages`; the secret is the API key.
    Infobip,
    /// JSON to `{url}/api/1.0/simple/transactional`; account and secret are the application's id and token.
    BulkGate,
    /// JSON to `{url}/api/v1/messages` with a token from `{url}/oauth/v2/token`; account and secret are the client's,
    /// `from` is the number of the channel.
    GoSms,
    /// JSON to `{url}/v2/messages`; the secret is the API key.
    Telnyx,
    /// Form to `{url}/sms/json`; account and secret are the API's key and secret.
    Vonage,
}

impl SmsKind {
    const ALL: [(&'static str, SmsKind); 7] = [
        ("generic", SmsKind::Generic),
        ("twilio", SmsKind::Twilio),
        ("infobip", SmsKind::Infobip),
        ("bulkgate", SmsKind::BulkGate),
        ("gosms", SmsKind::GoSms),
        ("telnyx", SmsKind::Telnyx),
        ("vonage", SmsKind::Vonage),
    ];

    /// What `sms.account` is there; `None`: nothing.
    fn account(self) -> Option<&'static str> {
        match self {
            SmsKind::Generic | SmsKind::Infobip | SmsKind::Telnyx => None,
            SmsKind::Twilio => Some("the Account SID of Twilio"),
            SmsKind::BulkGate => Some("the application id of BulkGate"),
            SmsKind::GoSms => Some("the client id of GoSMS"),
            SmsKind::Vonage => Some("the API key of Vonage"),
        }
    }
}

/// A carrier's SMSC.
#[derive(Debug, Clone)]
pub struct Smpp {
    /// Host and port.
    pub address: String,
    pub system_id: String,
    pub password: Secret,
    /// The order number.
    pub from: String,
    pub tls: bool,
    /// PEM of who vouches for the SMSC, where it is nobody whom browsers trust.
    pub ca: Option<PathBuf>,
}

impl Config {
    pub fn load(path: &Path) -> Result<Config> {
        let text = fs::read_to_string(path).with_context(|| {
            format!("cannot read {} (name another with --config)", path.display())
        })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Self::read(&text, base).with_context(|| format!("in {}", path.display()))
    }

    fn read(text: &str, base: &Path) -> Result<Config> {
        let written: Written = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        let at = |path: PathBuf| base.join(path);
        let http_listen = address("http_listen", &written.http_listen)?;
        let public_url = match written.public_url {
            Some(url) => web_url("public_url", &url)?,
            None => format!("http://{http_listen}"),
        };
        secret_long_enough("ledger_token", &written.ledger_token)?;
        secret_long_enough("operator_token", &written.operator_token)?;
        ensure!(
            !written.edges.is_empty(),
            "no [[edge]]: without one there is no capacity to book; add name and seats"
        );
        for edge in &written.edges {
            ensure!(
                edge.seats > 0,
                "edge {}: seats is 0; give the number of callers it can hold",
                edge.name
            );
            ensure!(
                edge.labels.len() <= LABELS_MAX
                    && edge.labels.iter().all(|label| label.len() <= LABEL_BYTES_MAX),
                "edge {}: an edge has at most {LABELS_MAX} labels of at most {LABEL_BYTES_MAX} bytes",
                edge.name
            );
        }
        ensure!(
            written.sms.is_none() || written.smpp.is_none(),
            "[sms] and [smpp] both send SMS: leave out one of the two"
        );
        Ok(Config {
            manifest: at(written.manifest),
            state_dir: at(written.state_dir),
            http_listen,
            proxies: written.proxies,
            public_url,
            ledger_listen: written
                .ledger_listen
                .map(|text| address("ledger_listen", &text))
                .transpose()?,
            metrics_listen: written
                .metrics_listen
                .map(|text| address("metrics_listen", &text))
                .transpose()?,
            ledger_token: written.ledger_token,
            operator_token: written.operator_token,
            log_json: written.log_json,
            variables: written.variables,
            link: Link {
                listen: address("link.listen", &written.link.listen)?,
                ca: at(written.link.ca),
                cert: at(written.link.cert),
                key: at(written.link.key),
            },
            edges: written.edges,
            sms: written.sms.map(sms).transpose()?,
            smpp: written.smpp.map(|written| smpp(written, base)).transpose()?,
            mail: written.mail.map(|written| mail::read(written, base)).transpose()?,
            budget: written.budget.map_or_else(|| Ok(Budget::default()), budget)?,
            oidc: written.oidc.map(read_oidc).transpose()?,
            policies: trust(&written.policies)?,
            api: api(&written.api)?,
            mailbox_smtp_listen: written
                .development
                .map(|development| address("development.smtp_listen", &development.smtp_listen))
                .transpose()?,
        })
    }
}

fn address(key: &str, text: &str) -> Result<SocketAddr> {
    text.parse().with_context(|| {
        format!("{key} = {text:?}: expected address and port such as \"127.0.0.1:8080\"")
    })
}

fn web_url(key: &str, text: &str) -> Result<String> {
    let good = text.starts_with("http://") || text.starts_with("https://");
    ensure!(good, "{key} = {text:?}: expected an address such as \"https://konf.example\"");
    Ok(text.trim_end_matches('/').to_owned())
}

/// 16 characters hold 64 bits even when written in hexadecimal.
fn secret_long_enough(key: &str, secret: &Secret) -> Result<()> {
    ensure!(secret.expose().len() >= 16, "{key} is too short: use at least 16 random characters");
    Ok(())
}

fn sms(written: WrittenSms) -> Result<Sms> {
    let known = SmsKind::ALL.iter().find(|(name, _)| *name == written.kind);
    let Some(&(_, kind)) = known else {
        let names = SmsKind::ALL.map(|(name, _)| format!("{name:?}")).join(", ");
        bail!("sms.kind = {:?}: known are {names}", written.kind);
    };
    if let (Some(what), None) = (kind.account(), &written.account) {
        bail!("sms.account is missing: {what}");
    }
    ensure!(
        kind != SmsKind::GoSms || written.from.parse::<u64>().is_ok(),
        "sms.from = {:?}: expected the number of a channel of GoSMS",
        written.from
    );
    let url = web_url("sms.url", &written.url)?;
    Ok(Sms { kind, url, from: written.from, account: written.account, secret: written.secret })
}

/// The lengths of SMPP 3.4, section 4.1.1, without the zero byte.
fn smpp(written: WrittenSmpp, base: &Path) -> Result<Smpp> {
    let WrittenSmpp { address, system_id, password, from, tls, ca } = written;
    let port = address.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    ensure!(
        matches!(port, Some(Ok(_))),
        "smpp.address = {address:?}: expected host and port such as \"10.0.0.7:2775\""
    );
    ensure!(system_id.len() <= 15, "smpp.system_id has more than 15 characters");
    ensure!(password.expose().len() <= 8, "smpp.password has more than 8 characters");
    ensure!(tls || ca.is_none(), "smpp.ca is of no use without tls = true");
    let ca = ca.map(|ca| base.join(ca));
    Ok(Smpp { address, system_id, password, from, tls, ca })
}

fn budget(written: WrittenBudget) -> Result<Budget> {
    let default = Budget::default();
    let budget = Budget {
        per_recipient: written.per_recipient.unwrap_or(default.per_recipient),
        total: written.total.unwrap_or(default.total),
    };
    // The credentials of one order are three messages at most.
    ensure!(
        budget.per_recipient >= 3 && budget.total >= budget.per_recipient,
        "budget.per_recipient is {} and budget.total {}: an order's answer takes up to 3 messages, and total is the larger",
        budget.per_recipient,
        budget.total
    );
    Ok(budget)
}

fn trust(written: &WrittenPolicies) -> Result<Trust> {
    ensure!(
        !written.unsigned || written.keys.is_empty(),
        "policies.unsigned = true takes what nobody signed, whatever keys are named: leave out one of the two"
    );
    let key = |(name, text): (&String, &String)| {
        let key = text.parse().with_context(|| format!("policies.keys.{name}"))?;
        Ok((name.clone(), key))
    };
    let keys = written.keys.iter().map(key).collect::<Result<_>>()?;
    Ok(Trust { keys, unsigned: written.unsigned })
}

/// Ten requests a second are more than a program of a shop sends.
const REQUESTS_PER_MINUTE: u32 = 600;

fn api(written: &WrittenApi) -> Result<Api> {
    let requests_per_minute = written.requests_per_minute.unwrap_or(REQUESTS_PER_MINUTE);
    ensure!(
        requests_per_minute > 0,
        "api.requests_per_minute is 0: give the number that a token may send"
    );
    Ok(Api { requests_per_minute, private_webhooks: written.private_webhooks })
}

/// What is wrong, in which line and at which key, without the line's value: it may be a secret.
fn unreadable(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let at = before.matches('\n').count();
    let line = text.lines().nth(at).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    anyhow::anyhow!("line {} {key}: {}", at + 1, error.message())
}

#[cfg(test)]
mod tests;

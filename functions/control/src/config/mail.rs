//! `[mail]`: what goes out by e-mail, and what comes in.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::{Secret, address};
use crate::smtp::session::Protocol;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMail {
    host: String,
    port: u16,
    from: String,
    tls: String,
    user: Option<String>,
    password: Option<Secret>,
    inbound: Option<WrittenInbound>,
    dkim: Option<WrittenDkim>,
    ses: Option<WrittenSes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSes {
    topic: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDkim {
    selector: String,
    key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenInbound {
    listen: String,
    address: String,
    protocol: Option<String>,
    subject: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    authserv_id: Option<String>,
    #[serde(default)]
    relays: Vec<String>,
    resolver: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub from: String,
    pub tls: MailTls,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// Where orders by e-mail are taken.
    pub inbound: Option<Inbound>,
    /// What outgoing mail is signed with.
    pub dkim: Option<Dkim>,
    /// By which Amazon's SES hands on what it has received.
    pub ses: Option<Topic>,
}

/// A topic of Amazon's SNS: anybody can have one, so that exactly this one counts.
#[derive(Debug, Clone)]
pub struct Topic {
    arn: String,
    host: String,
}

/// The key whose public half stands in the DNS at `SELECTOR._domainkey.DOMAIN`; the domain is that of `from`.
#[derive(Debug, Clone)]
pub struct Dkim {
    pub selector: String,
    /// A PEM file.
    pub key: PathBuf,
}

/// The order address and who may send to it.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub listen: SocketAddr,
    /// In lower case.
    pub address: String,
    pub protocol: Protocol,
    /// What the subject of an order names; empty: anything.
    pub subject: String,
    /// For STARTTLS.
    pub tls: Option<InboundTls>,
    /// The mail server in front; absent: nobody's word on senders counts.
    pub front: Option<Front>,
    /// Asked for the keys of signatures; absent: signatures are not looked at.
    pub resolver: Option<SocketAddr>,
}

#[derive(Debug, Clone)]
pub struct InboundTls {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// A mail server that says who was proven, in the header `Authentication-Results` (RFC 8601).
#[derive(Debug, Clone)]
pub struct Front {
    /// Under which name.
    pub authserv_id: String,
    /// Only from there: anybody else could write the same.
    pub addresses: Vec<IpAddr>,
}

impl Mail {
    /// The address alone of what mails come from.
    pub fn from_address(&self) -> Result<String> {
        let mailbox: lettre::message::Mailbox = self
            .from
            .parse()
            .with_context(|| format!("mail.from = {:?} is no e-mail address", self.from))?;
        Ok(mailbox.email.to_string().to_ascii_lowercase())
    }
}

impl Topic {
    /// From `arn:aws:sns:REGION:ACCOUNT:NAME`.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(arn: &str) -> Result<Topic> {
        let parts: Vec<&str> = arn.split(':').collect();
        let is_word = |text: &str| {
            let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !text.is_empty() && text.chars().all(good)
        };
        let (partition, region) = match parts[..] {
            ["arn", partition, "sns", region, account, name]
                if [partition, region, account, name].into_iter().all(is_word) =>
            {
                (partition, region)
            }
            _ => bail!(
                "mail.ses.topic = {arn:?}: expected one such as \"arn:aws:sns:eu-west-1:123456789012:orders\""
            ),
        };
        let country = if partition == "aws-cn" { ".cn" } else { "" };
        Ok(Topic { arn: arn.to_owned(), host: format!("sns.{region}.amazonaws.com{country}") })
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Where certificates come from, and subscriptions are confirmed.
    pub fn host(&self) -> &str {
        &self.host
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    None,
    StartTls,
    Tls,
}

pub(super) fn read(written: WrittenMail, base: &Path) -> Result<Mail> {
    let tls = match written.tls.as_str() {
        "none" => MailTls::None,
        "starttls" => MailTls::StartTls,
        "tls" => MailTls::Tls,
        other => bail!("mail.tls = {other:?}: known are \"none\", \"starttls\" and \"tls\""),
    };
    let (host, port, from) = (written.host, written.port, written.from);
    let inbound = written.inbound.map(|written| inbound(written, base)).transpose()?;
    let dkim = written.dkim.map(|written| dkim(written, base)).transpose()?;
    let ses = written.ses.map(|ses| Topic::new(&ses.topic)).transpose()?;
    let (user, password) = (written.user, written.password);
    Ok(Mail { host, port, from, tls, user, password, inbound, dkim, ses })
}

fn dkim(written: WrittenDkim, base: &Path) -> Result<Dkim> {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    ensure!(
        written.selector.split('.').all(is_label),
        "mail.dkim.selector = {:?}: expected a name such as \"konf1\"",
        written.selector
    );
    Ok(Dkim { selector: written.selector, key: base.join(written.key) })
}

/// As PRODUCT.md, section 1, has it.
const SUBJECT: &str = "O2 Konference";

fn inbound(written: WrittenInbound, base: &Path) -> Result<Inbound> {
    let parts = written.address.split_once('@');
    ensure!(
        parts.is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.'))
            && written.address.chars().all(|c| c.is_ascii_graphic() && !"<>\",;".contains(c)),
        "mail.inbound.address = {:?}: expected an address such as \"orders@konf.example\"",
        written.address
    );
    let protocol = match written.protocol.as_deref() {
        None | Some("smtp") => Protocol::Smtp,
        Some("lmtp") => Protocol::Lmtp,
        Some(other) => {
            bail!("mail.inbound.protocol = {other:?}: known are \"smtp\" and \"lmtp\"")
        }
    };
    let tls = match (written.tls_cert, written.tls_key) {
        (Some(cert), Some(key)) => Some(InboundTls { cert: base.join(cert), key: base.join(key) }),
        (None, None) => None,
        _ => bail!("mail.inbound: tls_cert and tls_key belong together"),
    };
    let addresses: Vec<IpAddr> = written
        .relays
        .iter()
        .map(|text| {
            text.parse().with_context(|| {
                format!("mail.inbound.relays: {text:?} is no address such as \"10.0.0.25\"")
            })
        })
        .collect::<Result<_>>()?;
    let front = match (written.authserv_id, addresses.is_empty()) {
        (Some(authserv_id), false) => Some(Front { authserv_id, addresses }),
        (None, true) => None,
        _ => bail!(
            "mail.inbound: authserv_id and relays belong together: whose Authentication-Results count, and from where"
        ),
    };
    Ok(Inbound {
        listen: address("mail.inbound.listen", &written.listen)?,
        address: written.address.to_ascii_lowercase(),
        protocol,
        subject: written.subject.unwrap_or_else(|| SUBJECT.to_owned()),
        tls,
        front,
        resolver: written
            .resolver
            .map(|text| address("mail.inbound.resolver", &text))
            .transpose()?,
    })
}

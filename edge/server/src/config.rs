//! The configuration file, in two steps: what was written ([`Written`]), then what can be run with ([`Config`]).
//!
//! An unknown key is an error; a bad value is named before any socket opens. Every key is explained in
//! `konf-edge.example.toml`, which a test reads. To add one: a field in both structs, a line in the example.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use konf_contract::{Language, Msisdn};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    capacity: u32,
    sip_listen: String,
    sip_advertised: Option<String>,
    sip_tls_listen: Option<String>,
    sip_tls_advertised: Option<String>,
    sip_tls_cert: Option<PathBuf>,
    sip_tls_key: Option<PathBuf>,
    #[serde(default)]
    served_users: Vec<String>,
    #[serde(default = "best_codecs")]
    codecs: Vec<WrittenCodec>,
    #[serde(default)]
    srtp: WrittenSrtp,
    #[serde(default = "hundred")]
    stranger_calls_per_second: u32,
    media_address: Option<String>,
    media_listen: Option<String>,
    media_ports: [u16; 2],
    media_threads: Option<usize>,
    #[serde(default = "yes")]
    realtime: bool,
    #[serde(default = "yes")]
    suppress_noise: bool,
    control_address: String,
    link_ca: PathBuf,
    link_cert: PathBuf,
    link_key: PathBuf,
    state_dir: PathBuf,
    metrics_listen: Option<String>,
    prompts_dir: Option<PathBuf>,
    #[serde(default = "czech")]
    language: Language,
    #[serde(default = "yes")]
    ask_names: bool,
    #[serde(default = "three")]
    tries: u32,
    #[serde(default = "five")]
    drain_patience_s: u64,
    #[serde(default)]
    log_json: bool,
    #[serde(default)]
    phones_required: bool,
    #[serde(default)]
    phones_md5_only: bool,
    #[serde(default = "konf")]
    realm: String,
    #[serde(default, rename = "phone")]
    phones: Vec<WrittenPhone>,
    #[serde(default, rename = "trunk")]
    trunks: Vec<WrittenTrunk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTrunk {
    name: String,
    address: String,
    network: String,
    mobile: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPhone {
    user: String,
    password: String,
    number: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenCodec {
    Opus,
    G722,
    Pcma,
    Pcmu,
}

/// The best first.
fn best_codecs() -> Vec<WrittenCodec> {
    use WrittenCodec::{G722, Opus, Pcma, Pcmu};
    vec![Opus, G722, Pcma, Pcmu]
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenSrtp {
    Off,
    #[default]
    Optional,
    Required,
}

fn konf() -> String {
    "konf".to_owned()
}

fn czech() -> Language {
    Language::Cs
}

fn yes() -> bool {
    true
}

/// PRODUCT.md, section 4.
fn three() -> u32 {
    3
}

/// A company of a thousand phones behind one address comes in within ten seconds; a flood of thousands a second stays
/// out, and what it may begin is bounded by the seats that one address may hold half-open.
fn hundred() -> u32 {
    100
}

/// Enough in development, where nobody waits for a long call; a deployment sets what its callers deserve.
fn five() -> u64 {
    5
}

/// Signalling, the link and the journal need little; the rest mixes.
fn all_cores_but_one() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (cores - 1).clamp(1, MEDIA_THREADS_MAX)
}

/// More cores than any one machine needs for as many callers as it has ports.
const MEDIA_THREADS_MAX: usize = 64;

/// What the edge runs with.
#[derive(Debug, Clone)]
pub struct Config {
    pub name: String,
    pub capacity: u32,
    pub sip_listen: SocketAddr,
    /// Port 0: the one that was bound.
    pub sip_advertised: SocketAddr,
    pub sip_tls: Option<SipTls>,
    pub served_users: Vec<String>,
    /// The best first.
    pub codecs: Vec<konf_sip::Codec>,
    pub srtp: konf_sip::Srtp,
    pub stranger_calls_per_second: u32,
    /// Named in SDP.
    pub media_address: IpAddr,
    /// RTP sockets are opened here.
    pub media_listen: IpAddr,
    pub media_ports: RangeInclusive<u16>,
    /// Each owns whole rooms.
    pub media_threads: usize,
    /// They ask for a priority.
    pub realtime: bool,
    /// Noise is taken out from under voices.
    pub suppress_noise: bool,
    /// Host and port, resolved at each dial.
    pub control_address: String,
    pub link_keys: LinkKeys,
    pub state_dir: PathBuf,
    /// Where numbers for Prometheus are given.
    pub metrics_listen: Option<SocketAddr>,
    pub prompts_dir: Option<PathBuf>,
    pub language: Language,
    pub ask_names: bool,
    pub tries: u32,
    pub drain_patience: Duration,
    pub log_json: bool,
    pub phones_required: bool,
    pub phones_md5_only: bool,
    pub realm: String,
    pub phones: Vec<konf_sip::Phone>,
    pub trunks: Vec<konf_sip::Trunk>,
}

/// SIP over TLS.
#[derive(Debug, Clone)]
pub struct SipTls {
    pub listen: SocketAddr,
    /// Port 0: the one that was bound.
    pub advertised: SocketAddr,
    pub keys: TlsKeys,
}

/// PEM files: our certificate with what leads to an authority that telephones know, and its key.
#[derive(Debug, Clone)]
pub struct TlsKeys {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// PEM files: the authority that signed control's certificate, ours, and its key.
#[derive(Debug, Clone)]
pub struct LinkKeys {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Config {
    pub fn load(path: &Path) -> Result<Config> {
        let text = fs::read_to_string(path).with_context(|| {
            format!("cannot read {} (name another with --config)", path.display())
        })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Config::read(&text, base).with_context(|| format!("in {}", path.display()))
    }

    fn read(text: &str, base: &Path) -> Result<Config> {
        let written: Written = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        let at = |path: PathBuf| base.join(path);
        let sip_listen: SocketAddr = parsed("sip_listen", &written.sip_listen, "127.0.0.1:5060")?;
        let sip_advertised = match &written.sip_advertised {
            Some(text) => parsed("sip_advertised", text, "203.0.113.7:5060")?,
            None => sip_listen,
        };
        ensure!(
            !sip_advertised.ip().is_unspecified(),
            "sip_advertised is missing: sip_listen is every address, and peers need one to reach us by"
        );
        let sip_tls = sip_tls(&written, sip_advertised.ip(), base)?;
        let media_address = match &written.media_address {
            Some(text) => parsed("media_address", text, "203.0.113.7")?,
            None => sip_advertised.ip(),
        };
        ensure!(
            !media_address.is_unspecified(),
            "media_address has to be one address: it stands in SDP"
        );
        let media_listen = match &written.media_listen {
            Some(text) => parsed("media_listen", text, "0.0.0.0")?,
            None => media_address,
        };
        ensure!(
            media_listen.is_ipv4() == media_address.is_ipv4(),
            "media_listen and media_address are of different families"
        );
        let media_ports = port_range(written.media_ports)?;
        ensure!(
            written.capacity > 0,
            "capacity is 0: give the number of callers this edge can hold"
        );
        ensure!(
            media_ports.len() >= written.capacity as usize,
            "media_ports = {:?} holds {} ports, fewer than capacity = {}",
            written.media_ports,
            media_ports.len(),
            written.capacity
        );
        let media_threads = written.media_threads.unwrap_or_else(all_cores_but_one);
        ensure!(
            (1..=MEDIA_THREADS_MAX).contains(&media_threads),
            "media_threads = {media_threads}: expected 1 to {MEDIA_THREADS_MAX}"
        );
        ensure!(
            edge_name(&written.name),
            "name = {:?}: expected 1 to 63 letters, digits, - or .",
            written.name
        );
        ensure!(
            (1..=10_000).contains(&written.stranger_calls_per_second),
            "stranger_calls_per_second = {}: expected 1 to 10000",
            written.stranger_calls_per_second
        );
        ensure!((1..=10).contains(&written.tries), "tries = {}: expected 1 to 10", written.tries);
        Ok(Config {
            name: written.name,
            capacity: written.capacity,
            sip_listen,
            sip_advertised,
            sip_tls,
            served_users: written.served_users,
            codecs: codecs(&written.codecs)?,
            srtp: srtp(written.srtp, written.sip_tls_listen.is_some())?,
            stranger_calls_per_second: written.stranger_calls_per_second,
            media_address,
            media_listen,
            media_ports,
            media_threads,
            realtime: written.realtime,
            suppress_noise: written.suppress_noise,
            control_address: host_and_port(written.control_address)?,
            link_keys: LinkKeys {
                ca: at(written.link_ca),
                cert: at(written.link_cert),
                key: at(written.link_key),
            },
            state_dir: at(written.state_dir),
            metrics_listen: match &written.metrics_listen {
                Some(text) => Some(parsed("metrics_listen", text, "127.0.0.1:9478")?),
                None => None,
            },
            prompts_dir: written.prompts_dir.map(at),
            language: written.language,
            ask_names: written.ask_names,
            tries: written.tries,
            drain_patience: Duration::from_secs(written.drain_patience_s),
            log_json: written.log_json,
            phones_required: written.phones_required,
            phones_md5_only: written.phones_md5_only,
            phones: phones(&written.phones, &written.realm)?,
            realm: written.realm,
            trunks: written.trunks.into_iter().map(trunk).collect::<Result<_>>()?,
        })
    }
}

fn parsed<T: std::str::FromStr>(key: &str, text: &str, example: &str) -> Result<T> {
    text.parse()
        .ok()
        .with_context(|| format!("{key} = {text:?}: expected something like {example:?}"))
}

/// Each once.
fn codecs(written: &[WrittenCodec]) -> Result<Vec<konf_sip::Codec>> {
    ensure!(!written.is_empty(), "codecs is empty: give at least one, such as [\"pcma\"]");
    let twice = written.iter().enumerate().any(|(at, codec)| written[..at].contains(codec));
    ensure!(!twice, "codecs names one codec twice");
    let codec = |codec: &WrittenCodec| match codec {
        WrittenCodec::Opus => konf_sip::Codec::Opus,
        WrittenCodec::G722 => konf_sip::Codec::G722,
        WrittenCodec::Pcma => konf_sip::Codec::Pcma,
        WrittenCodec::Pcmu => konf_sip::Codec::Pcmu,
    };
    Ok(written.iter().map(codec).collect())
}

fn srtp(written: WrittenSrtp, tls: bool) -> Result<konf_sip::Srtp> {
    Ok(match written {
        WrittenSrtp::Off => konf_sip::Srtp::Off,
        WrittenSrtp::Optional => konf_sip::Srtp::Optional,
        WrittenSrtp::Required => {
            ensure!(tls, "srtp = \"required\" takes calls by TLS alone: it needs sip_tls_listen");
            konf_sip::Srtp::Required
        }
    })
}

/// The first and the last.
fn port_range([first, last]: [u16; 2]) -> Result<RangeInclusive<u16>> {
    ensure!(
        first > 0 && first <= last,
        "media_ports = [{first}, {last}]: expected the first and the last, such as [20000, 29999]"
    );
    Ok(first..=last)
}

/// As in a certificate's name.
fn edge_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn host_and_port(text: String) -> Result<String> {
    let port = text.rsplit_once(':').and_then(|(host, port)| {
        (!host.is_empty()).then_some(()).and_then(|()| port.parse::<u16>().ok())
    });
    match port {
        Some(1..) => Ok(text),
        _ => bail!("control_address = {text:?}: expected something like \"control.example:7443\""),
    }
}

/// All of it or nothing.
fn sip_tls(written: &Written, address: IpAddr, base: &Path) -> Result<Option<SipTls>> {
    let (listen, cert, key) =
        match (&written.sip_tls_listen, &written.sip_tls_cert, &written.sip_tls_key) {
            (Some(listen), Some(cert), Some(key)) => (listen, cert, key),
            (None, None, None) if written.sip_tls_advertised.is_none() => return Ok(None),
            _ => bail!("SIP over TLS needs sip_tls_listen, sip_tls_cert and sip_tls_key"),
        };
    let listen: SocketAddr = parsed("sip_tls_listen", listen, "127.0.0.1:5061")?;
    let advertised = match &written.sip_tls_advertised {
        Some(text) => parsed("sip_tls_advertised", text, "203.0.113.7:5061")?,
        None => SocketAddr::new(address, listen.port()),
    };
    let keys = TlsKeys { cert: base.join(cert), key: base.join(key) };
    Ok(Some(SipTls { listen, advertised, keys }))
}

/// The passwords end here: what is kept is what they make with the realm.
fn phones(written: &[WrittenPhone], realm: &str) -> Result<Vec<konf_sip::Phone>> {
    let plain = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    };
    ensure!(plain(realm), "realm = {realm:?}: expected 1 to 64 letters, digits or -_.+");
    let mut users = BTreeSet::new();
    let phone = |phone: &WrittenPhone| {
        let user = &phone.user;
        ensure!(plain(user), "user {user:?} of a phone: expected 1 to 64 letters, digits or -_.+");
        ensure!(users.insert(user.clone()), "two phones have the user {user:?}");
        ensure!(
            phone.password.chars().count() >= 8,
            "the password of phone {user:?} has fewer than 8 characters"
        );
        let number = match &phone.number {
            Some(text) => Some(parsed_number(user, text)?),
            None => None,
        };
        Ok(konf_sip::Phone::new(user, realm, &phone.password, number))
    };
    written.iter().map(phone).collect()
}

fn parsed_number(user: &str, text: &str) -> Result<Msisdn> {
    Msisdn::parse(text).ok().with_context(|| {
        format!("number of phone {user:?}: expected something like \"+420606123456\"")
    })
}

fn trunk(written: WrittenTrunk) -> Result<konf_sip::Trunk> {
    let key = format!("address of trunk {:?}", written.name);
    Ok(konf_sip::Trunk {
        address: parsed(&key, &written.address, "192.0.2.10")?,
        name: written.name,
        network: written.network,
        mobile: written.mobile,
    })
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

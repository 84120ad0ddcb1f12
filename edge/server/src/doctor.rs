//! Says whether an edge could start, and what would stop it. Changes nothing.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::config::Config;
use crate::edge::catalogue;
use crate::media::priority;
use crate::ports::Ports;
use crate::{limits, link};

/// One look: what it was at, and what was found.
pub struct Finding {
    pub what: &'static str,
    pub found: Result<String>,
}

/// Looks at everything that a start needs, in its order.
pub fn examine(config: &Config) -> Vec<Finding> {
    let finding = |what, found| Finding { what, found };
    vec![
        finding("prompts", prompts(config)),
        finding(
            "link keys",
            link::check_keys(&config.link_keys).map(|()| "fit together".to_owned()),
        ),
        finding(
            "open files",
            limits::check(config.capacity).map(|hard| format!("{hard} are allowed")),
        ),
        finding("state directory", writable(&config.state_dir)),
        finding("SIP address", sip_address(config)),
        finding("SIP by TLS", tls(config)),
        finding("media ports", media_ports(config)),
        finding("metrics", metrics(config)),
        finding("media threads", media_threads(config)),
        finding("control", control(config)),
    ]
}

fn prompts(config: &Config) -> Result<String> {
    catalogue(config)?;
    Ok(match &config.prompts_dir {
        Some(folder) => format!("built in, with those of {}", folder.display()),
        None => "built in".to_owned(),
    })
}

/// The nearest folder that exists has to take files.
fn writable(folder: &Path) -> Result<String> {
    let existing = folder.ancestors().find(|f| f.exists()).unwrap_or(Path::new("."));
    let probe = existing.join(format!(".konf-edge-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"")
        .with_context(|| format!("cannot write in {}", existing.display()))?;
    std::fs::remove_file(&probe)?;
    Ok(format!("{} can be written", folder.display()))
}

fn sip_address(config: &Config) -> Result<String> {
    let address = config.sip_listen;
    UdpSocket::bind(address).with_context(|| format!("UDP {address}; is an edge running?"))?;
    TcpListener::bind(address).with_context(|| format!("TCP {address}; is an edge running?"))?;
    Ok(format!("{address} is free, UDP and TCP"))
}

fn tls(config: &Config) -> Result<String> {
    let Some(door) = &config.sip_tls else { return Ok("not configured".to_owned()) };
    crate::signalling::tls::acceptor(&door.keys)?;
    let address = door.listen;
    TcpListener::bind(address).with_context(|| format!("TCP {address}; is an edge running?"))?;
    Ok(format!("{address} is free, certificate and key fit together"))
}

fn metrics(config: &Config) -> Result<String> {
    let Some(address) = config.metrics_listen else { return Ok("not configured".to_owned()) };
    TcpListener::bind(address).with_context(|| format!("TCP {address}; is an edge running?"))?;
    Ok(format!("{address} is free"))
}

fn media_ports(config: &Config) -> Result<String> {
    let mut ports = Ports::new(config.media_listen, config.media_ports.clone());
    let socket = ports.open().with_context(|| format!("media_listen {}", config.media_listen))?;
    Ok(format!("{} can be opened, named {} in SDP", socket.local_addr()?, config.media_address))
}

/// Without a priority an edge starts as well.
fn media_threads(config: &Config) -> Result<String> {
    let threads = config.media_threads;
    Ok(match config.realtime {
        true => format!("{threads}, {}", priority::probe()?),
        false => format!("{threads}, no priority (realtime = false)"),
    })
}

/// Only its name: whether it answers changes from moment to moment, and an edge starts without it.
fn control(config: &Config) -> Result<String> {
    use std::net::ToSocketAddrs as _;
    let address = &config.control_address;
    let mut found = address.to_socket_addrs().with_context(|| format!("looking up {address}"))?;
    let first = found.next();
    ensure!(first.is_some(), "{address} has no address");
    Ok(format!("{address} is {}", first.map(|a| a.to_string()).unwrap_or_default()))
}

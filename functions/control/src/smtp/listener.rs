//! Sockets, clocks and limits around [`Session`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::inbox::Inbox;
use super::session::{Output, Session, Settings, Verdict};
use crate::config::InboundTls;
use crate::server::stopped;

/// RELIABILITY.md, row 29: who dawdles over one line, one message or one handshake is cut after that.
const PATIENCE: Duration = Duration::from_secs(30);
/// A whole connection, however busy.
const CONNECTION: Duration = Duration::from_secs(600);
/// Reading and booking takes milliseconds; beyond it the client hears that it should come again.
const DELIVERY: Duration = Duration::from_secs(20);

/// Each may hold a message of 256 kB.
const CONNECTIONS_MAX: usize = 64;
/// A mail server in front comes from one address, with a handful of connections.
const PER_ADDRESS_MAX: usize = 20;

const READ_BYTES: usize = 8 * 1024;

/// What every connection is served with.
pub struct Served<I> {
    pub settings: Settings,
    pub tls: Option<TlsAcceptor>,
    pub inbox: I,
}

/// The certificate that STARTTLS shows.
pub fn acceptor(tls: &InboundTls) -> Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_file_iter(&tls.cert)
        .with_context(|| format!("mail.inbound.tls_cert {:?}", tls.cert))?
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .with_context(|| format!("mail.inbound.tls_key {:?}", tls.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .context("mail.inbound.tls_cert and tls_key do not fit")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until control goes down.
pub async fn serve<I: Inbox>(
    listener: TcpListener,
    served: Arc<Served<I>>,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Places::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: wait for some to close.
                tracing::warn!(%error, "cannot accept a connection for e-mail");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = places.take(peer.ip()) else {
            tokio::spawn(turn_away(stream));
            continue;
        };
        let (served, stopping) = (served.clone(), stopping.clone());
        tokio::spawn(async move {
            let ended = timeout(CONNECTION, converse(stream, peer.ip(), &served, stopping)).await;
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(error = format!("{error:#}"), "a connection for e-mail broke");
                }
                Err(_) => tracing::info!("a connection for e-mail took too long and is cut"),
            }
            drop(place);
        });
    }
}

async fn turn_away(mut stream: TcpStream) {
    let reply = b"421 4.7.0 too many connections, try again later\r\n";
    let _ = timeout(Duration::from_secs(1), stream.write_all(reply)).await;
}

async fn converse<I: Inbox>(
    mut stream: TcpStream,
    peer: IpAddr,
    served: &Served<I>,
    mut stopping: watch::Receiver<bool>,
) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut session = Session::new(served.settings.clone());
    match run(&mut session, &mut stream, peer, &served.inbox, PATIENCE, &mut stopping).await? {
        End::Closed => Ok(()),
        End::StartTls => {
            let Some(acceptor) = &served.tls else { bail!("no certificate for STARTTLS") };
            let mut stream = timeout(PATIENCE, acceptor.accept(stream)).await??;
            session.handle_tls();
            run(&mut session, &mut stream, peer, &served.inbox, PATIENCE, &mut stopping).await?;
            let _ = timeout(PATIENCE, stream.shutdown()).await;
            Ok(())
        }
    }
}

enum End {
    Closed,
    StartTls,
}

async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session,
    stream: &mut S,
    peer: IpAddr,
    inbox: &impl Inbox,
    patience: Duration,
    stopping: &mut watch::Receiver<bool>,
) -> Result<End> {
    let mut buffer = vec![0; READ_BYTES];
    let mut deadline = Instant::now() + patience;
    loop {
        let was_receiving = session.is_receiving();
        let mut has_answered = false;
        while let Some(output) = session.poll_output() {
            match output {
                Output::Reply(text) => {
                    has_answered = true;
                    timeout(patience, stream.write_all(text.as_bytes())).await??;
                }
                Output::Deliver(envelope) => {
                    let verdict = timeout(DELIVERY, inbox.take(envelope, peer)).await;
                    session.handle_verdict(&verdict.unwrap_or(Verdict::Later));
                }
                Output::StartTls => {
                    stream.flush().await?;
                    return Ok(End::StartTls);
                }
                Output::Close => {
                    stream.flush().await?;
                    return Ok(End::Closed);
                }
            }
        }
        stream.flush().await?;
        // A whole line or a whole message is what counts: octets that drip in gain no time.
        if has_answered || was_receiving != session.is_receiving() {
            deadline = Instant::now() + patience;
        }
        tokio::select! {
            read = timeout_at(deadline, stream.read(&mut buffer)) => match read {
                Ok(Ok(0)) => return Ok(End::Closed),
                Ok(read) => session.handle_input(&buffer[..read?]),
                Err(_) => session.handle_end("too slow"),
            },
            () = stopped(stopping) => session.handle_end("this server goes down, come again"),
        }
    }
}

/// How many connections there are, in all and of each address.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    fn take(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = taken.values().sum();
        let of_address = taken.get(&address).copied().unwrap_or(0);
        if total >= CONNECTIONS_MAX || of_address >= PER_ADDRESS_MAX {
            return None;
        }
        taken.insert(address, of_address + 1);
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::session::{Envelope, Protocol};

    struct Nobody;

    impl Inbox for Nobody {
        async fn take(&self, _: Envelope, _: IpAddr) -> Verdict {
            Verdict::Later
        }
    }

    /// What a client hears that writes `begin` at once and then octet after octet of `slow` without an end, and when
    /// its connection is closed.
    async fn dawdle(begin: &str, slow: &str, patience: Duration) -> (String, Duration) {
        let settings = Settings {
            name: "konf.example".to_owned(),
            address: "orders@konf.example".to_owned(),
            protocol: Protocol::Smtp,
            has_tls: false,
        };
        let (client, mut server) = tokio::io::duplex(READ_BYTES);
        let (_stop, mut stopping) = watch::channel(false);
        let serving = tokio::spawn(async move {
            let (mut session, peer) = (Session::new(settings), [127, 0, 0, 1].into());
            run(&mut session, &mut server, peer, &Nobody, patience, &mut stopping).await
        });
        let (mut from, mut to) = tokio::io::split(client);
        let begin = begin.to_owned();
        let drip = slow.to_owned();
        tokio::spawn(async move {
            to.write_all(begin.as_bytes()).await.unwrap();
            for octet in drip.bytes().cycle() {
                tokio::time::sleep(patience / 8).await;
                if to.write_all(&[octet]).await.is_err() {
                    return;
                }
            }
        });
        let (since, mut heard) = (Instant::now(), String::new());
        let closed = timeout(patience * 20, from.read_to_string(&mut heard)).await;
        closed.expect("it is cut").unwrap();
        assert!(matches!(serving.await.unwrap(), Ok(End::Closed)));
        (heard, since.elapsed())
    }

    #[tokio::test]
    async fn who_dawdles_over_a_line_or_a_message_is_cut_though_octets_drip() {
        let patience = Duration::from_millis(400);
        let message =
            "EHLO a\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<orders@konf.example>\r\nDATA\r\n";
        for (begin, slow) in [("", "a"), ("EHLO a\r\n", "a"), (message, "line\r\n")] {
            let (heard, after) = dawdle(begin, slow, patience).await;
            assert!(heard.ends_with("421 4.4.2 too slow\r\n"), "{heard}");
            assert!(after >= patience, "{after:?}");
        }
    }

    #[test]
    fn one_address_takes_some_of_the_places_and_gives_them_back() {
        let places = Places::default();
        let [a, b] = [[127, 0, 0, 1], [127, 0, 0, 2]].map(IpAddr::from);
        let mut held: Vec<_> = (0..PER_ADDRESS_MAX).map(|_| places.take(a).unwrap()).collect();
        assert!(places.take(a).is_none() && places.take(b).is_some());
        held.pop();
        assert!(places.take(a).is_some());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty());
    }
}

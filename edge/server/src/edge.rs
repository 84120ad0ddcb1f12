//! The edge: one task that owns the signalling and the switchboard, and everything that is joined to it.
//!
//! It waits for nobody but the queues of the media and the journal threads, and neither of those ever waits for it; so
//! nothing here can lock up. Order in every round: one thing happened, then everything that follows from it is done.

mod setup;

use std::collections::BTreeMap;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use konf_contract::link::{EdgeReply, Hello, PROTOCOL, RecordEvent, RoomStatus};
use konf_sip::{Endpoint, Output};
use konf_switchboard::Switchboard;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

pub use self::setup::catalogue;
use self::setup::{lock, sip_config, switchboard_config};
use crate::board::{Board, Effect, Setup, add_quality};
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::{Journal, Note, boot_name};
use crate::limits;
use crate::link::{Dial, Link, News};
use crate::media::{self, Media, ToMedia};
use crate::metrics::{self, Scrapes, Tally};
use crate::ports::Ports;
use crate::signalling::{self, Piece, Signalling};

/// What `Server` says in SIP, and the version that control hears.
pub const PRODUCT: &str = concat!("konf-edge/", env!("CARGO_PKG_VERSION"));
/// Signs of life: in the journal and to control (PRODUCT.md wants legs closed to within 10 s).
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Control hears of a change in a room so much later, with all that changes meanwhile.
const SOON: Duration = Duration::from_millis(300);
/// Replies and orders from control on their way here.
const LINK_NEWS_MAX: usize = 256;
/// After the last hang-up: how long BYEs may be repeated until their answers have come.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(2);
/// After that: how long control may take to commit the last records. What it does not take waits in the journal.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(2);
/// The folder of the journal within the state directory.
const JOURNAL_FOLDER: &str = "journal";
/// When nothing else wants to be woken.
const LONG: Duration = Duration::from_secs(3600);

/// Asks the edge to end: once for a drain, twice for now.
pub type Stop = watch::Receiver<u32>;

/// Everything that is bound and started.
pub struct Edge {
    clock: Clock,
    config: Config,
    endpoint: Endpoint,
    signalling: Signalling,
    pieces: mpsc::Receiver<Piece>,
    board: Board,
    media: Media,
    ticks_late_said: u64,
    /// When control is to hear who is muted now, before the next sign of life.
    turned: Option<Instant>,
    link: Link,
    link_news: mpsc::Receiver<News>,
    scrapes: Scrapes,
    tally: Tally,
    journal: Journal,
    journal_thread: JoinHandle<()>,
    /// Orders of control that the switchboard has not answered, by number.
    control_calls: BTreeMap<u64, oneshot::Sender<EdgeReply>>,
    next_control_call: u64,
    /// Held for as long as this edge uses its state directory.
    _lock: std::fs::File,
}

impl Edge {
    /// Opens everything in an order in which the cheap refusals come first: prompts, keys, state, sockets.
    pub async fn start(config: Config) -> Result<Edge> {
        let clock = Clock::start();
        let mut random = StdRng::from_os_rng();
        let boot = boot_name(random.random());
        let catalogue = catalogue(&config)?;
        crate::link::check_keys(&config.link_keys)?;
        limits::raise(config.capacity)?;
        let lock = lock(&config.state_dir)?;
        let folder = config.state_dir.join(JOURNAL_FOLDER);
        let (journal, journal_thread) = Journal::start(&folder, &config.name, &boot, clock)?;

        let (mut signalling, pieces) = Signalling::bind(config.sip_listen).await?;
        if let Some(door) = &config.sip_tls {
            signalling.open_tls(door.listen, signalling::tls::acceptor(&door.keys)?).await?;
        }
        let endpoint = Endpoint::new(sip_config(&config, &signalling, &mut random));
        let scrapes = metrics::serve(config.metrics_listen).await?;
        let switchboard = Switchboard::new(switchboard_config(&config), random.random());
        let board = Board::new(Setup {
            switchboard,
            catalogue,
            ports: Ports::new(config.media_listen, config.media_ports.clone()),
            media_address: config.media_address,
            capacity: config.capacity as usize,
            random: StdRng::from_rng(&mut random),
        });

        let media = Media::start(media::Setup {
            seed: random.random(),
            threads: config.media_threads,
            realtime: config.realtime,
            suppress_noise: config.suppress_noise,
        })?;

        let (link_outbox, link_news) = mpsc::channel(LINK_NEWS_MAX);
        let hello = Hello {
            protocol: PROTOCOL,
            edge: config.name.clone(),
            boot: boot.clone(),
            version: PRODUCT.to_owned(),
            capacity: config.capacity,
        };
        let dial =
            Dial { address: config.control_address.clone(), keys: config.link_keys.clone(), hello };
        let link = Link::start(dial, journal.clone(), clock, link_outbox);
        info!(
            edge = config.name,
            boot,
            sip = %signalling.local,
            sip_tls = signalling.local_tls.map(tracing::field::display),
            media = %config.media_listen,
            media_ports = format!("{}-{}", config.media_ports.start(), config.media_ports.end()),
            control = config.control_address,
            capacity = config.capacity,
            "edge is ready"
        );
        Ok(Edge {
            clock,
            config,
            endpoint,
            signalling,
            pieces,
            board,
            media,
            ticks_late_said: 0,
            turned: None,
            link,
            link_news,
            scrapes,
            tally: Tally::default(),
            journal,
            journal_thread,
            control_calls: BTreeMap::new(),
            next_control_call: 0,
            _lock: lock,
        })
    }

    /// Where SIP is listened for.
    pub fn sip_address(&self) -> std::net::SocketAddr {
        self.signalling.local
    }

    /// Serves until it is stopped and every call has ended, then writes down what is left to write.
    pub async fn run(mut self, mut stop: Stop) -> Result<()> {
        let mut signs = tokio::time::interval(SIGN_OF_LIFE);
        signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut datagram = vec![0; 65_536];
        let mut leaving = Leaving::No;
        loop {
            let timeout = self.next_timeout(&leaving);
            tokio::select! {
                received = self.signalling.udp.recv_from(&mut datagram) => {
                    if let Ok((length, remote)) = received {
                        let flow = self.signalling.datagram_flow(remote);
                        self.endpoint.handle_datagram(self.clock.now().mono, flow, &datagram[..length]);
                    }
                }
                accepted = self.signalling.tcp.accept() => match accepted {
                    Ok((stream, remote)) => {
                        let flow = self.signalling.accept(stream, remote);
                        self.endpoint.handle_connected(self.clock.now().mono, flow);
                    }
                    // Such as no file descriptor left: the same error would come at once again.
                    Err(cause) => {
                        warn!(%cause, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                },
                Some(piece) = self.pieces.recv() => self.take_piece(piece),
                event = self.media.next_event() => {
                    let event = event?;
                    if let konf_media::Event::Closed { leg, stats } = &event {
                        self.tally.closed(*leg, stats);
                    }
                    self.board.handle_media(self.clock.now(), event);
                }
                Some(news) = self.link_news.recv() => self.take_link_news(news),
                Some(reply) = self.scrapes.recv() => drop(reply.send(self.numbers())),
                () = tokio::time::sleep_until(timeout.into()) => {}
                _ = signs.tick() => self.give_signs_of_life().await,
                Ok(()) = stop.changed() => {
                    let calls = *stop.borrow_and_update();
                    leaving = self.leave(calls, leaving);
                }
            }
            self.settle().await?;
            leaving = match self.go_on_leaving(leaving) {
                Leaving::Done => break,
                leaving => leaving,
            };
            self.settle().await?;
        }
        self.finish().await
    }

    fn next_timeout(&self, leaving: &Leaving) -> Instant {
        let soonest =
            [self.endpoint.poll_timeout(), self.board.poll_timeout(), leaving.until(), self.turned];
        soonest.into_iter().flatten().min().unwrap_or_else(|| self.clock.now().mono + LONG)
    }

    fn take_piece(&mut self, piece: Piece) {
        let now = self.clock.now().mono;
        match piece {
            Piece::Secured(stream, remote) => {
                let flow = self.signalling.accept_tls(*stream, remote);
                self.endpoint.handle_connected(now, flow);
            }
            Piece::Bytes(connection, bytes) => self.endpoint.handle_stream(now, connection, &bytes),
            Piece::Closed(connection) => {
                self.signalling.close(connection);
                self.endpoint.handle_disconnected(now, connection);
            }
        }
    }

    fn take_link_news(&mut self, news: News) {
        let now = self.clock.now();
        match news {
            News::Reply { ask, reply } => self.board.handle_reply(now, ask, reply),
            News::Order { order, answer } => {
                self.next_control_call += 1;
                // An order that is not answered in time is dropped by the link; its number would stay here.
                self.control_calls.retain(|_, answer| !answer.is_closed());
                self.control_calls.insert(self.next_control_call, answer);
                self.board.handle_order(now, self.next_control_call, order);
            }
        }
    }

    /// Does what is due and what follows from it, until nothing follows any more.
    async fn settle(&mut self) -> Result<()> {
        let now = self.clock.now();
        if self.endpoint.poll_timeout().is_some_and(|due| due <= now.mono) {
            self.endpoint.handle_timeout(now.mono);
        }
        if self.board.poll_timeout().is_some_and(|due| due <= now.mono) {
            self.board.handle_timeout(now);
        }
        if self.turned.is_some_and(|due| due <= now.mono) {
            self.tell_control();
        }
        loop {
            if let Some(output) = self.endpoint.poll_output() {
                self.take_sip(output);
            } else if let Some(effect) = self.board.poll_effect() {
                self.perform(effect).await?;
            } else {
                return Ok(());
            }
        }
    }

    fn take_sip(&mut self, output: Output) {
        let now = self.clock.now();
        match output {
            Output::Send { flow, bytes } => {
                if self.signalling.send(flow, bytes)
                    && let Some(connection) = flow.protocol.connection()
                {
                    self.endpoint.handle_disconnected(now.mono, connection);
                }
            }
            Output::Close { connection } => self.signalling.close(connection),
            Output::Event(event) => self.board.handle_sip(now, event, self.journal.is_healthy()),
        }
    }

    async fn perform(&mut self, effect: Effect) -> Result<()> {
        let now = self.clock.now();
        match effect {
            Effect::Sip(command) => self.endpoint.handle_command(now.mono, command),
            Effect::Media(order) => {
                if matches!(order, ToMedia::Command(konf_media::Command::Mute { .. })) {
                    self.turned.get_or_insert(now.mono + SOON);
                }
                self.media.order(order).await?;
            }
            Effect::Note(note) => {
                if let Note::Record(RecordEvent::LegLeft(left)) = &note {
                    self.tally.left(left);
                }
                self.journal.note(now, note).await;
            }
            Effect::Ask { ask, call } => self.link.ask(ask, call),
            Effect::Answer { call, mut reply } => {
                if let EdgeReply::Rooms(rooms) = &mut reply {
                    self.add_quality(rooms);
                }
                if let Some(answer) = self.control_calls.remove(&call) {
                    let _ = answer.send(reply);
                }
            }
        }
        Ok(())
    }

    async fn give_signs_of_life(&mut self) {
        let now = self.clock.now();
        self.journal.note(now, Note::Alive).await;
        self.tell_control();
        let late = self.media.ticks_late();
        if late > self.ticks_late_said {
            warn!(late = late - self.ticks_late_said, legs = self.board.legs(), "the mix was late");
            self.ticks_late_said = late;
        }
    }

    fn tell_control(&mut self) {
        let now = self.clock.now();
        let mut heartbeat = self.board.heartbeat(now);
        self.add_quality(&mut heartbeat.rooms);
        let told = self.link.heartbeat(heartbeat);
        self.turned = self.turned.filter(|_| !told).map(|_| now.mono + SOON);
    }

    /// For Prometheus.
    fn numbers(&mut self) -> String {
        let counters = self.media.counters();
        self.tally.update(&counters.legs);
        let state = metrics::State {
            legs: self.board.legs(),
            rooms: self.board.rooms(),
            capacity: self.config.capacity,
            ticks_late: counters.ticks_late,
            lateness: &counters.lateness,
            sip: self.endpoint.counters(),
            journal_waiting: self.journal.waiting(),
            journal_healthy: self.journal.is_healthy(),
            link_up: self.link.is_up(),
            heartbeat_age: self.link.heartbeat_age(),
        };
        metrics::page(&state, &self.tally)
    }

    /// The switchboard knows who is where, the media threads how they are heard.
    fn add_quality(&self, rooms: &mut [RoomStatus]) {
        for leg in rooms.iter_mut().flat_map(|room| &mut room.legs) {
            if let Some(stats) = self.media.stats(leg.leg) {
                add_quality(leg, &stats);
            }
        }
    }

    // ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────

    fn leave(&mut self, calls: u32, leaving: Leaving) -> Leaving {
        let now = self.clock.now();
        match leaving {
            Leaving::No => {
                let patience = self.config.drain_patience;
                info!(
                    legs = self.board.legs(),
                    patience_s = patience.as_secs(),
                    "draining: no new calls"
                );
                self.board.drain(now);
                Leaving::Draining { until: now.mono + patience }
            }
            Leaving::Draining { .. } if calls > 1 => Leaving::Draining { until: now.mono },
            leaving => leaving,
        }
    }

    fn go_on_leaving(&mut self, leaving: Leaving) -> Leaving {
        let now = self.clock.now().mono;
        match leaving {
            Leaving::Draining { .. } | Leaving::HangingUp { .. } if self.board.legs() == 0 => {
                Leaving::Done
            }
            Leaving::Draining { until } if until <= now => {
                info!(legs = self.board.legs(), "hanging up what is left");
                self.board.hang_up_all();
                Leaving::HangingUp { until: now + HANG_UP_PATIENCE }
            }
            Leaving::HangingUp { until } if until <= now => {
                warn!(legs = self.board.legs(), "calls did not end; the next start closes them");
                Leaving::Done
            }
            leaving => leaving,
        }
    }

    async fn finish(self) -> Result<()> {
        let delivered = async {
            // The link's own task sends them; here is only waited.
            while self.link.is_up() && self.journal.batch(&[]).await.is_some() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(DELIVERY_PATIENCE, delivered).await.is_ok();
        if !in_time || self.journal.batch(&[]).await.is_some() {
            warn!("control has not taken all records; they are sent after the next start");
        }
        self.link.close().await;
        self.journal.close().await;
        let threads = tokio::task::spawn_blocking(move || {
            (self.media.end(), self.journal_thread.join().is_ok())
        });
        let (media, journal) = threads.await.context("waiting for the threads")?;
        media?;
        ensure!(journal, "the journal's thread has failed");
        info!("edge has ended");
        Ok(())
    }
}

/// The way out.
enum Leaving {
    No,
    Draining { until: Instant },
    HangingUp { until: Instant },
    Done,
}

impl Leaving {
    fn until(&self) -> Option<Instant> {
        match self {
            Leaving::Draining { until } | Leaving::HangingUp { until } => Some(*until),
            Leaving::No | Leaving::Done => None,
        }
    }
}

#[cfg(test)]
mod tests;

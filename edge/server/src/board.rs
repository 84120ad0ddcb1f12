//! Joins the switchboard, which decides, with calls (SIP), sound (media) and prompts: it translates their words and
//! keeps what belongs to a leg. It opens media sockets and does no other I/O: what is to be done comes out as
//! [`Effect`]s, in order.

mod presses;
mod sounds;
mod translate;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use konf_contract::link::{
    Admission, ControlCall, ControlReply, EdgeCall, EdgeReply, Heartbeat, Party,
};
use konf_contract::{Caller, LegId};
use konf_media::{Clip, LegStats, Rate, SourceRule, Stream};
use konf_prompts::{Catalogue, Phrase};
use konf_sip::CallId;
use konf_switchboard::{AskId, Input, Key, Now, Output, Switchboard};
use rand::Rng as _;
use rand::rngs::StdRng;
use tracing::{error, info, warn};

use self::presses::{Presses, Way};
pub(crate) use self::translate::add_quality;
use self::translate::{key_of, log, quality, room_of, shown, stream_of};
use crate::journal::{Note, OpenGrant, OpenLeg};
use crate::media::ToMedia;
use crate::ports::Ports;

/// What a refused call is told to wait before it tries again, here or elsewhere.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Service unavailable (RFC 3261, 21.5.4): a trunk tries another edge.
const UNAVAILABLE: u16 = 503;
/// Played in place of a sound that is not there: 20 ms, so that its end is reported all the same.
const NOTHING: [i16; 160] = [0; 160];
/// What a call from no trunk comes from and over.
const STRANGER: &str = "internet";

/// Something to do, in order.
#[derive(Debug)]
pub(crate) enum Effect {
    Sip(konf_sip::Command),
    Media(ToMedia),
    Note(Note),
    Ask { ask: AskId, call: EdgeCall },
    Answer { call: u64, reply: EdgeReply },
}

pub(crate) struct Setup {
    pub(crate) switchboard: Switchboard,
    pub(crate) catalogue: Catalogue,
    pub(crate) ports: Ports,
    /// Named in SDP.
    pub(crate) media_address: IpAddr,
    pub(crate) capacity: usize,
    pub(crate) random: StdRng,
}

pub(crate) struct Board {
    setup: Setup,
    legs: BTreeMap<LegId, Leg>,
    calls: BTreeMap<CallId, LegId>,
    /// Recorded names; the switchboard says when one is no longer needed.
    names: BTreeMap<LegId, Clip>,
    /// Admissions that control is asked for.
    admissions: BTreeMap<AskId, LegId>,
    effects: VecDeque<Effect>,
    nothing: Clip,
    next_leg: u64,
}

/// What the shell knows of a leg.
struct Leg {
    call: CallId,
    caller: Caller,
    source: SourceRule,
    offer: konf_sip::MediaOffer,
    /// Set once a socket is open.
    stream: Option<Stream>,
    answered: Option<Now>,
    grant: Option<OpenGrant>,
    hung_up: bool,
    presses: Presses,
    /// Waits for the media thread's last numbers.
    ended: Option<(Party, String)>,
}

impl Board {
    pub(crate) fn new(setup: Setup) -> Board {
        Board {
            setup,
            legs: BTreeMap::new(),
            calls: BTreeMap::new(),
            names: BTreeMap::new(),
            admissions: BTreeMap::new(),
            effects: VecDeque::new(),
            nothing: Clip { samples: Arc::from(NOTHING), rate: Rate::Narrow },
            next_leg: 1,
        }
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<std::time::Instant> {
        self.setup.switchboard.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.setup.switchboard.handle_timeout(now);
        self.settle(now);
    }

    /// Legs whose calls have not ended.
    pub(crate) fn legs(&self) -> usize {
        self.legs.len()
    }

    /// Rooms with somebody in them.
    pub(crate) fn rooms(&self) -> usize {
        self.setup.switchboard.rooms().len()
    }

    pub(crate) fn heartbeat(&self, now: Now) -> Heartbeat {
        let switchboard = &self.setup.switchboard;
        Heartbeat { at: now.wall, legs: switchboard.legs() as u32, rooms: switchboard.rooms() }
    }

    /// What SIP tells. `takes_calls` is false while the journal cannot be written.
    pub(crate) fn handle_sip(&mut self, now: Now, event: konf_sip::Event, takes_calls: bool) {
        match event {
            konf_sip::Event::Incoming(incoming) => self.incoming(now, incoming, takes_calls),
            konf_sip::Event::Confirmed { call } => self.confirmed(now, call),
            konf_sip::Event::MediaChanged { call, offer } => self.media_changed(call, offer),
            konf_sip::Event::Key { call, key } => {
                if let (Some(leg), Some(key)) = (self.calls.get(&call).copied(), key_of(key)) {
                    self.key(now, leg, Way::Info, key);
                }
            }
            konf_sip::Event::Ended { call, how } => self.call_ended(now, call, how),
        }
    }

    /// What the media thread tells.
    pub(crate) fn handle_media(&mut self, now: Now, event: konf_media::Event) {
        use konf_media::{Digit, Event};
        match event {
            Event::Digit { leg, digit } => {
                let key = match digit {
                    Digit::Number(number) => Key::Number(number),
                    Digit::Star => Key::Star,
                    Digit::Hash => Key::Hash,
                    Digit::Letter(_) => return,
                };
                self.key(now, leg, Way::Stream, key);
            }
            Event::Played { leg, playback } => {
                let playback = konf_switchboard::PlaybackId(playback.0);
                self.input(now, Input::Played { leg, playback });
            }
            Event::Recorded { leg, clip } => {
                let said = self.keep_name(leg, clip);
                self.input(now, Input::NameRecorded { leg, said });
            }
            Event::MediaLost { leg } => self.input(now, Input::MediaLost { leg }),
            Event::Speaking { leg, speaking } => {
                self.input(now, Input::Speaking { leg, speaking });
            }
            Event::Music { leg } => self.input(now, Input::Music { leg }),
            Event::NoiseFound { asker, noisy } => {
                self.input(now, Input::NoiseFound { asker, noisy });
            }
            Event::Closed { leg, stats } => self.leg_ended(now, leg, Some(stats)),
        }
    }

    fn key(&mut self, now: Now, leg: LegId, way: Way, key: Key) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.presses.counts(now.mono, way, key) {
            self.input(now, Input::Key { leg, key });
        }
    }

    /// What control answered; `None` when it was not reached.
    pub(crate) fn handle_reply(&mut self, now: Now, ask: AskId, reply: Option<ControlReply>) {
        if let Some(leg) = self.admissions.remove(&ask)
            && let Some(ControlReply::Admission(Admission::Granted(grant))) = &reply
            && let Some(entry) = self.legs.get_mut(&leg)
        {
            entry.grant = Some(OpenGrant {
                grant: grant.grant.clone(),
                conference: grant.conference.clone(),
                booking: grant.booking.clone(),
                role: grant.role,
            });
            self.note_leg(leg);
        }
        self.input(now, Input::Reply { ask, reply });
    }

    /// Answered by [`Effect::Answer`] of the same number.
    pub(crate) fn handle_order(&mut self, now: Now, call: u64, order: ControlCall) {
        self.input(now, Input::Control { call, order });
    }

    /// No new calls from now on.
    pub(crate) fn drain(&mut self, now: Now) {
        self.effects.push_back(Effect::Sip(konf_sip::Command::Drain));
        self.input(now, Input::Drain);
    }

    /// Ends whatever is still up.
    pub(crate) fn hang_up_all(&mut self) {
        for leg in self.legs.values_mut().filter(|leg| leg.ended.is_none()) {
            leg.hung_up = true;
            let reason = "out of service".to_owned();
            self.effects
                .push_back(Effect::Sip(konf_sip::Command::HangUp { call: leg.call, reason }));
        }
    }

    fn input(&mut self, now: Now, input: Input) {
        self.setup.switchboard.handle_input(now, input);
        self.settle(now);
    }

    fn settle(&mut self, now: Now) {
        while let Some(output) = self.setup.switchboard.poll_output() {
            self.carry_out(now, output);
        }
    }

    // ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────────

    fn incoming(&mut self, now: Now, incoming: konf_sip::Incoming, takes_calls: bool) {
        let call = incoming.call;
        if !takes_calls || self.legs.len() >= self.setup.capacity {
            warn!(legs = self.legs.len(), takes_calls, "a call is turned away");
            return self.reject(call, UNAVAILABLE);
        }
        let leg = LegId(self.next_leg);
        self.next_leg += 1;
        let source = match &incoming.trunk {
            Some(_) => SourceRule::Exact,
            None => SourceRule::Latch { signalling: incoming.source.ip() },
        };
        let caller = Caller {
            number: incoming.number,
            network: incoming.network,
            trunk: incoming.trunk.unwrap_or_else(|| STRANGER.to_owned()),
            mobile: incoming.mobile,
        };
        info!(%leg, caller = shown(&caller), network = caller.network, trunk = caller.trunk, "a call comes in");
        let entry = Leg {
            call,
            caller: caller.clone(),
            source,
            offer: incoming.offer,
            stream: None,
            answered: None,
            grant: None,
            hung_up: false,
            presses: Presses::default(),
            ended: None,
        };
        self.legs.insert(leg, entry);
        self.calls.insert(call, leg);
        self.input(now, Input::Incoming { leg, caller });
    }

    fn reject(&mut self, call: CallId, status: u16) {
        let retry_after = (status == UNAVAILABLE).then_some(RETRY_AFTER);
        self.effects.push_back(Effect::Sip(konf_sip::Command::Reject {
            call,
            status,
            retry_after,
        }));
    }

    /// The ACK has come: both sides hear each other.
    fn confirmed(&mut self, now: Now, call: CallId) {
        let Some(leg) = self.calls.get(&call).copied() else { return };
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.answered.is_none() {
            entry.answered = Some(now);
            let stream = entry.stream.clone();
            self.note_leg(leg);
            if let Some(stream) = stream {
                self.media(konf_media::Command::UpdateLeg { leg, stream });
            }
            self.input(now, Input::Answered { leg });
        }
    }

    fn media_changed(&mut self, call: CallId, offer: konf_sip::MediaOffer) {
        let Some(leg) = self.calls.get(&call).copied() else { return };
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        entry.offer = offer;
        if let (Some(former), None) = (&entry.stream, &entry.ended) {
            let changed = Stream {
                ssrc: former.ssrc,
                first_sequence: former.first_sequence,
                first_timestamp: former.first_timestamp,
                ..stream_of(&entry.offer, &entry.source, 0, 0, 0)
            };
            entry.stream = Some(changed.clone());
            self.media(konf_media::Command::UpdateLeg { leg, stream: changed });
        }
    }

    fn call_ended(&mut self, now: Now, call: CallId, how: konf_sip::Hangup) {
        let Some(leg) = self.calls.remove(&call) else { return };
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let by = match (how.by_peer, entry.hung_up) {
            (true, _) => Party::Caller,
            (false, true) => Party::Konf,
            (false, false) => Party::Network,
        };
        entry.ended = Some((by, how.detail));
        if entry.stream.is_some() {
            self.media(konf_media::Command::RemoveLeg { leg });
        } else {
            self.leg_ended(now, leg, None);
        }
    }

    fn leg_ended(&mut self, now: Now, leg: LegId, stats: Option<LegStats>) {
        let Some(entry) = self.legs.remove(&leg) else { return };
        self.calls.remove(&entry.call);
        let (by, detail) = entry.ended.unwrap_or((Party::Network, "media closed".to_owned()));
        let quality = stats.as_ref().map(quality);
        self.input(now, Input::Ended { leg, by, detail, quality });
    }

    /// Keeps in the journal what closes this leg should the edge die.
    fn note_leg(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get(&leg) else { return };
        let Some(answered) = entry.answered else { return };
        let open = OpenLeg {
            leg,
            caller: entry.caller.clone(),
            answered: answered.wall,
            answered_t: 0,
            grant: entry.grant.clone(),
            joined: None,
        };
        self.effects.push_back(Effect::Note(Note::Leg(open, answered.mono)));
    }

    // ── what the switchboard wants ──────────────────────────────────────────────────────────────────────────────────

    fn carry_out(&mut self, now: Now, output: Output) {
        use konf_media::Command;
        match output {
            Output::Answer { leg } => self.answer(now, leg),
            Output::Reject { leg, status } => {
                if let Some(entry) = self.legs.remove(&leg) {
                    self.calls.remove(&entry.call);
                    self.reject(entry.call, status);
                }
            }
            Output::HangUp { leg, reason } => {
                if let Some(entry) = self.legs.get_mut(&leg) {
                    entry.hung_up = true;
                    let call = entry.call;
                    self.effects.push_back(Effect::Sip(konf_sip::Command::HangUp { call, reason }));
                }
            }
            Output::Play { leg, playback, sounds } => {
                let clips = self.clips(&sounds, self.rate_of(leg));
                let playback = konf_media::PlaybackId(playback.0);
                self.media(Command::Play { leg, playback, clips });
            }
            Output::StopPlaying { leg } => self.media(Command::StopPlaying { leg }),
            Output::Music { leg, on } => {
                // Music is one for all languages.
                let rate = self.rate_of(leg);
                let clip =
                    on.then(|| self.phrase(konf_contract::Language::En, Phrase::Music, rate));
                self.media(Command::Music { leg, clip });
            }
            Output::PlayToRoom { conference, sounds } => {
                let (room, clips) = (room_of(&conference), self.clips(&sounds, self.best_rate()));
                self.media(Command::PlayToRoom { room, clips });
            }
            Output::FindNoise { asker, conference } => {
                self.media(Command::FindNoise { room: room_of(&conference), asker });
            }
            Output::RecordName { leg, longest } => self.media(Command::Record { leg, longest }),
            Output::StopRecording { leg } => self.media(Command::StopRecording { leg }),
            Output::TakeOverName { leg, former } => {
                if let Some(name) = self.names.remove(&former) {
                    self.names.insert(leg, name);
                }
            }
            Output::ForgetNames { legs } => {
                for leg in legs {
                    self.names.remove(&leg);
                }
            }
            Output::JoinRoom { leg, conference } => {
                self.media(Command::Join { leg, room: room_of(&conference) });
            }
            Output::LeaveRoom { leg } => self.media(Command::Leave { leg }),
            Output::Mute { leg, muted } => self.media(Command::Mute { leg, muted }),
            Output::Volume { leg, gain_db } => self.media(Command::Volume { leg, gain_db }),
            Output::Ask { ask, call } => {
                if let EdgeCall::Admit(request) = &call {
                    self.admissions.insert(ask, request.leg);
                }
                self.effects.push_back(Effect::Ask { ask, call });
            }
            Output::Record(event) => {
                log(&event);
                self.effects.push_back(Effect::Note(Note::Record(event)));
            }
            Output::Answered { call, reply } => {
                self.effects.push_back(Effect::Answer { call, reply });
            }
        }
    }

    fn answer(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let (sound, reports) = match entry.offer.rtcp {
            konf_sip::Rtcp::Separate(_) => self.setup.ports.open_pair().unzip(),
            konf_sip::Rtcp::Mux => (None, None),
        };
        // Without a pair of ports the peer's own reports are not heard.
        let opened = sound.map_or_else(|| self.setup.ports.open(), Ok);
        let opened = opened.and_then(|socket| Ok((socket.local_addr()?.port(), socket)));
        let (port, socket) = match opened {
            Ok(opened) => opened,
            Err(cause) => {
                error!(%leg, %cause, "no socket for media: the call is turned away");
                let call = entry.call;
                entry.ended = Some((Party::Konf, "no media socket".to_owned()));
                self.reject(call, UNAVAILABLE);
                return self.leg_ended(now, leg, None);
            }
        };
        let random = &mut self.setup.random;
        let stream = stream_of(
            &entry.offer,
            &entry.source,
            random.random(),
            random.random(),
            random.random(),
        );
        entry.stream = Some(stream.clone());
        let media = SocketAddr::new(self.setup.media_address, port);
        let call = entry.call;
        // The socket listens before the caller learns of it, and is silent before the ACK: until then anybody may have
        // asked for packets to anywhere.
        let silent = Stream { direction: konf_media::Direction::ReceiveOnly, ..stream };
        self.effects.push_back(Effect::Media(ToMedia::Open { leg, stream: silent, socket }));
        if let Some(socket) = reports {
            self.effects.push_back(Effect::Media(ToMedia::Reports { leg, socket }));
        }
        self.effects.push_back(Effect::Sip(konf_sip::Command::Answer { call, media }));
    }

    fn media(&mut self, command: konf_media::Command) {
        self.effects.push_back(Effect::Media(ToMedia::Command(command)));
    }
}

#[cfg(test)]
mod tests;

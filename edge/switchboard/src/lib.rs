//! What happens to a call: menus, rooms, keys, clocks. No I/O.
//!
//! A [`Switchboard`] takes inputs with the time and gives back outputs until there are none. The law of use:
//!
//! 1. Call [`Switchboard::handle_input`] for whatever happened, or [`Switchboard::handle_timeout`] when the instant that
//!    [`Switchboard::poll_timeout`] named has come.
//! 2. Then carry out every [`Output`] that [`Switchboard::poll_output`] gives, in its order, until it gives none. An
//!    [`Output::Record`] is journaled before anything behind it is done.
//! 3. Then ask [`Switchboard::poll_timeout`] anew: each step may move it.
//!
//! Time is an argument: the monotonic clock measures, the wall clock labels. Answers ([`Input::Played`],
//! [`Input::Reply`], [`Input::NameRecorded`], [`Input::NoiseFound`], [`Input::Ended`]) may come late, twice or never: what is not waited for is
//! ignored, and nothing waits without a limit. Only [`Input::Ended`] frees a leg.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use konf_contract::{Caller, Language, LegId, Msisdn, UnixMs};
//! use konf_switchboard::{Config, Input, LocalTime, Now, Output, Switchboard};
//!
//! let config = Config {
//!     language: Language::Cs,
//!     tries: 3,
//!     key_patience: Duration::from_secs(10),
//!     repeats: 2,
//!     name_longest: Duration::from_secs(5),
//!     ask_names: true,
//!     warning: Duration::from_secs(300),
//!     ask_patience: Duration::from_secs(5),
//!     local_time: |_| LocalTime { year: 2026, month: 7, day: 9, hour: 14, minute: 0 },
//! };
//! let mut switchboard = Switchboard::new(config, 1);
//! let now = Now { mono: Instant::now(), wall: UnixMs(1_783_598_400_000) };
//! let leg = LegId(1);
//! let caller = Caller {
//!     number: Some(Msisdn::parse("606 123 456").unwrap()),
//!     network: "o2-mobile".into(),
//!     trunk: "o2".into(),
//!     mobile: true,
//! };
//!
//! switchboard.handle_input(now, Input::Incoming { leg, caller });
//! while let Some(output) = switchboard.poll_output() {
//!     assert_eq!(output, Output::Answer { leg }); // a shell would answer the call here
//! }
//! switchboard.handle_input(now, Input::Answered { leg });
//! assert!(matches!(switchboard.poll_output(), Some(Output::Play { .. }))); // "Welcome …"
//! assert!(matches!(switchboard.poll_output(), Some(Output::Ask { .. }))); // is a seat held for this number?
//! assert_eq!(switchboard.poll_output(), None);
//!
//! // Nobody answered: the shell sleeps until then, and the menu begins.
//! let mono = switchboard.poll_timeout().unwrap();
//! switchboard.handle_timeout(Now { mono, wall: now.wall.plus_ms(5_000) });
//! assert!(matches!(switchboard.poll_output(), Some(Output::Play { .. }))); // "Enter the conference number …"
//! ```
//!
//! Where things are: `entry` asks for number and code, `admission` takes the answer of control and the seat, `naming` the
//! name, `room` who is in, `memory` what
//! outlives an empty room, `keys` and `commands` what keys do, `floor` who
//! may speak, `hearing` who speaks while muted and who makes noise, `clock` the ends of conferences and of legs,
//! `announcements` who came and left, `ending` the last words and the record, `control` the orders from control.

mod admission;
mod announcements;
mod clock;
mod commands;
mod control;
mod ending;
mod entry;
mod floor;
mod hearing;
mod keys;
mod leg;
mod memory;
mod naming;
mod room;
mod stage;
mod timers;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use konf_contract::link::{ControlReply, EdgeCall, RoomStatus};
use konf_contract::{Caller, ConferenceNumber, LegId, UnixMs};
use konf_prompts::Phrase;

pub use stage::CallDrawing;
pub use words::{AskId, Config, Input, Key, LocalTime, Now, Output, PlaybackId, Sound};

use leg::Leg;
use room::Room;
use stage::Stage;
use timers::{Timer, Timers};

/// Five times what an edge is sized for (2,000 legs): whoever sends more is not served.
const LEGS_MAX: usize = 10_000;
/// RFC 3261, 21.5.4: the server is overloaded or out of service; a trunk tries the next one.
const SERVICE_UNAVAILABLE: u16 = 503;

/// All legs and rooms of one edge.
#[derive(Debug)]
pub struct Switchboard {
    config: Config,
    legs: BTreeMap<LegId, Leg>,
    rooms: BTreeMap<ConferenceNumber, Room>,
    asks: BTreeMap<AskId, Asked>,
    names: BTreeMap<LegId, naming::Name>,
    memory: memory::Memory,
    timers: Timers,
    outputs: VecDeque<Output>,
    draining: bool,
    next_ask: u64,
    next_playback: u64,
    random: u64,
}

/// What control was asked.
#[derive(Debug)]
enum Asked {
    Admission(LegId),
    /// `end` is the end that the edge knew; `by` who asked for it, if it was not the clock.
    Extension {
        conference: ConferenceNumber,
        booking: String,
        end: UnixMs,
        by: Option<clock::Asker>,
    },
}

impl Switchboard {
    /// `seed` spreads what many rooms would otherwise do in the same instant.
    pub fn new(config: Config, seed: u64) -> Self {
        Switchboard {
            config,
            legs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            asks: BTreeMap::new(),
            names: BTreeMap::new(),
            memory: memory::Memory::default(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            draining: false,
            next_ask: 0,
            next_playback: 0,
            random: seed,
        }
    }

    /// Something happened. What concerns a leg that has gone is ignored.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Incoming { leg, caller } => self.incoming(leg, caller),
            Input::Answered { leg } => self.answered(now, leg),
            Input::Key { leg, key } => self.key(now, leg, key),
            Input::Played { leg, playback } => self.played(now, leg, playback),
            Input::NameRecorded { leg, said } => self.name_recorded(now, leg, said),
            Input::MediaLost { leg } => self.media_lost(leg),
            Input::Speaking { leg, speaking } => self.speaking(now, leg, speaking),
            Input::NoiseFound { asker, noisy } => self.noise_found(asker, noisy),
            Input::Music { leg } => self.plays_music(leg),
            Input::Ended { leg, by, detail, quality } => {
                self.ended(now, leg, by, detail, quality);
            }
            Input::Reply { ask, reply } => self.reply(now, ask, reply),
            Input::Control { call, order } => self.control(now, call, order),
            Input::Drain => self.draining = true,
        }
    }

    /// Does what is due at `now`; nothing when nothing is.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.take_due(now.mono) {
            self.fire(now, timer);
        }
    }

    /// When [`Switchboard::handle_timeout`] has to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Rooms as they are now, with those who wait for the start; the shell adds the quality of legs.
    pub fn rooms(&self) -> Vec<RoomStatus> {
        self.rooms.iter().map(|(conference, room)| self.room_status(conference, room)).collect()
    }

    /// Every leg that has not ended, in a room or not.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    fn fire(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::Patience(leg) => {
                self.ask_again(now, leg);
                self.feed(now, leg);
            }
            Timer::Menu(leg) => self.menu_is_long(now, leg),
            Timer::KeyGap(leg) => self.key_gap(now, leg),
            Timer::Naming(leg) => self.naming_late(now, leg),
            Timer::Retry(leg) => self.retry_admission(now, leg),
            Timer::LimitWarning(leg) => self.limit_warning(leg),
            Timer::LimitSaid(leg) => self.limit_said(leg),
            Timer::Limit(leg) => self.limit(leg),
            Timer::SpeaksMuted(leg) => self.speaks_muted(now, leg),
            Timer::Farewell(leg) => self.hang_up(leg),
            Timer::Forget(leg) => self.forget_name(leg),
            Timer::AskLate(ask) => self.reply(now, ask, None),
            Timer::Open(conference) => self.open(now, &conference),
            Timer::Decide(conference) => self.decide(now, &conference),
            Timer::Over(conference) => self.over(now, &conference),
            Timer::Close(conference) => self.close(&conference),
            Timer::Announce(conference) => self.announce(now, &conference),
        }
    }

    fn incoming(&mut self, leg: LegId, caller: Caller) {
        if self.legs.contains_key(&leg) {
            return;
        }
        if self.draining || self.legs.len() >= LEGS_MAX {
            let status = SERVICE_UNAVAILABLE;
            return self.outputs.push_back(Output::Reject { leg, status });
        }
        self.legs.insert(leg, Leg::new(caller, self.config.language));
        self.outputs.push_back(Output::Answer { leg });
    }

    fn answered(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        // Before anything else: a call that was hung up meanwhile is billed, too.
        call.answered.get_or_insert(now);
        if !matches!(call.stage, Stage::Ringing) {
            return;
        }
        let has_number = call.caller.number.is_some();
        self.timers.set(Timer::Menu(leg), now.mono + entry::MENU_LONGEST);
        self.play(leg, &[Phrase::Welcome]);
        if has_number {
            self.request_seat(now, leg);
        } else {
            self.enter_number(now, leg);
            self.feed(now, leg);
        }
    }

    /// Callers and machines type ahead: every key waits until its step has come.
    fn key(&mut self, now: Now, leg: LegId, key: Key) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if call.is_leaving() {
            return;
        }
        // Who waits for the start presses keys that mean nothing; a hash typed ahead may still be on its way.
        if matches!(call.stage, Stage::Waiting { .. }) && key != Key::Hash {
            return;
        }
        call.typed.push(key);
        if call.barges_in() {
            self.stop_playing(leg);
        }
        self.feed(now, leg);
    }

    /// Gives the keys that were typed ahead to the steps that take them.
    fn feed(&mut self, now: Now, leg: LegId) {
        while let Some(call) = self.legs.get_mut(&leg) {
            if !call.takes_keys() {
                return;
            }
            let Some(key) = call.typed.pop() else { return };
            match call.stage {
                Stage::Number(_) | Stage::Code { .. } => self.menu_key(now, leg, key),
                Stage::Talking(_) => self.room_key(now, leg, key),
                _ => self.naming_key(now, leg, key),
            }
        }
    }

    fn played(&mut self, now: Now, leg: LegId, playback: PlaybackId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.playing.retain(|playing| *playing != playback);
        match call.stage {
            Stage::Waiting { prompt } if prompt == playback => self.music(leg, true),
            Stage::SayName { prompt } if prompt == playback => {
                self.record(now, leg);
                self.feed(now, leg);
            }
            Stage::Farewell { last } if last == playback => self.hang_up(leg),
            _ => self.menu_played(now, leg),
        }
    }

    fn reply(&mut self, now: Now, ask: AskId, reply: Option<ControlReply>) {
        let Some(asked) = self.asks.remove(&ask) else { return };
        self.timers.clear(Timer::AskLate(ask));
        match asked {
            Asked::Admission(leg) => self.admission_reply(now, leg, reply),
            Asked::Extension { conference, booking, .. }
                if !self.rooms.contains_key(&conference) =>
            {
                self.extended_in_vain(conference, booking, reply);
            }
            Asked::Extension { conference, end, by, .. } => {
                self.extension_reply(now, &conference, end, by, reply);
            }
        }
    }

    fn ask(&mut self, now: Now, asked: Asked, call: EdgeCall) {
        self.next_ask += 1;
        let ask = AskId(self.next_ask);
        self.asks.insert(ask, asked);
        self.timers.set(Timer::AskLate(ask), now.mono + self.config.ask_patience);
        self.outputs.push_back(Output::Ask { ask, call });
    }

    /// To this leg alone, in its language.
    fn play(&mut self, leg: LegId, phrases: &[Phrase]) -> PlaybackId {
        self.play_with(leg, phrases, &[])
    }

    /// The same with names behind it.
    fn play_with(&mut self, leg: LegId, phrases: &[Phrase], names: &[Sound]) -> PlaybackId {
        self.next_playback += 1;
        let playback = PlaybackId(self.next_playback);
        if let Some(call) = self.legs.get_mut(&leg) {
            call.plays(playback);
            let language = call.language;
            let said = phrases.iter().map(|phrase| Sound::Phrase(language, *phrase));
            let sounds = said.chain(names.iter().copied()).collect();
            self.outputs.push_back(Output::Play { leg, playback, sounds });
        }
        playback
    }

    fn stop_playing(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if !call.playing.is_empty() {
            call.playing.clear();
            self.outputs.push_back(Output::StopPlaying { leg });
        }
    }

    fn music(&mut self, leg: LegId, on: bool) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if call.music != on {
            call.music = on;
            self.outputs.push_back(Output::Music { leg, on });
        }
    }
}

#[cfg(test)]
mod tests;

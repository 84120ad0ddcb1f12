//! Anything in any order: the switchboard never panics and keeps its promises.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use konf_contract::link::{
    Admission, ControlCall, ControlReply, Denial, EdgeCall, ExtensionReply, Grant, LegStatus,
    Party, RecordEvent, RoomMode, RoomStatus,
};
use konf_contract::{
    Caller, ConferenceNumber, GrantId, Language, LegId, Msisdn, Role, UnixMs, Window,
};
use konf_prompts::Phrase;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::driver::{WALL, config, start};
use crate::{AskId, Config, Input, Key, Now, Output, PlaybackId, Sound, Switchboard};

/// What a watcher of the outputs knows.
#[derive(Default)]
struct Watched {
    answered: BTreeSet<LegId>,
    ended: BTreeSet<LegId>,
    left: BTreeMap<LegId, u32>,
    hung_up: BTreeSet<LegId>,
    ending: Vec<LegId>,
    rooms: BTreeMap<ConferenceNumber, BTreeSet<LegId>>,
    playing: Vec<(LegId, PlaybackId)>,
    plays: BTreeSet<PlaybackId>,
    recording: Vec<LegId>,
    asks: Vec<(AskId, EdgeCall)>,
    incoming: Vec<LegId>,
    joined: BTreeSet<LegId>,
    /// What grants said, and the bookings whose conference was ended for all.
    bookings: BTreeMap<LegId, String>,
    closed: BTreeSet<String>,
    joins: u32,
    full: u32,
    /// How often somebody had the word in questions.
    words: u32,
}

struct World {
    random: SmallRng,
    switchboard: Switchboard,
    now: Now,
    watched: Watched,
    legs: u64,
    calls: u64,
}

const SEATS: u32 = 3;

#[test]
fn random_inputs_keep_every_promise() {
    let (mut joins, mut full, mut words) = (0, 0, 0);
    for seed in 0..300 {
        println!("seed {seed}");
        let mut world = World::new(seed);
        for _ in 0..1_500 {
            world.step();
        }
        world.end();
        joins += world.watched.joins;
        full += world.watched.full;
        words += world.watched.words;
    }
    println!("{joins} joins, {full} full, {words} words");
    // The walk reaches the rooms and what happens there, otherwise it shows nothing.
    assert!(words > 100, "{words} words");
    assert!(joins > 2_000 && full > 1_000, "{joins} joins, {full} full");
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let config = Config { ask_names: random.random(), ..config() };
        World {
            random,
            switchboard: Switchboard::new(config, seed),
            now: Now { mono: start(), wall: WALL },
            watched: Watched::default(),
            legs: 0,
            calls: 0,
        }
    }

    fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..12 => self.pass_time(),
            12..17 => self.incoming(),
            17..28 => self.answer(),
            28..46 => self.played(),
            46..64 => self.reply(),
            64..84 => self.keys(),
            84..90 => self.recorded(),
            90..95 => self.end_hung_up(),
            95 => self.end_or_lose_one(),
            96..98 => self.control(),
            _ => self.nonsense(),
        }
    }

    fn pass_time(&mut self) {
        // Mostly moments, so that calls get somewhere; now and then long enough for ends.
        let longest = match self.random.random_range(0..60) {
            0 => 400_000,
            1..4 => 20_000,
            _ => 1_000,
        };
        let passed = Duration::from_millis(self.random.random_range(0..longest));
        let until = self.now.mono + passed;
        // As a shell does, though sometimes late.
        let mut steps = 0;
        while let Some(due) = self.switchboard.poll_timeout().filter(|due| *due <= until) {
            if self.random.random_ratio(1, 50) {
                break;
            }
            self.now.mono = self.now.mono.max(due);
            self.switchboard.handle_timeout(self.now);
            assert!(
                self.switchboard.poll_timeout().is_none_or(|next| next > self.now.mono),
                "what was due is done"
            );
            self.watch();
            steps += 1;
            assert!(steps < 10_000, "timeouts progress");
        }
        self.now.mono = until;
        // The wall clock jumps now and then.
        let jump = if self.random.random_ratio(1, 40) {
            self.random.random_range(-10_000_000..10_000_000)
        } else {
            0
        };
        self.now.wall = self.now.wall.plus_ms(passed.as_millis() as i64 + jump);
    }

    fn incoming(&mut self) {
        self.legs += 1;
        let leg = LegId(self.legs);
        let number = self.random.random_bool(0.8).then(|| Msisdn::parse("606123456").unwrap());
        let caller =
            Caller { number, network: "o2-mobile".into(), trunk: "o2".into(), mobile: true };
        self.input(Input::Incoming { leg, caller });
    }

    fn answer(&mut self) {
        if let Some(leg) = take_any(&mut self.random, &mut self.watched.incoming) {
            self.watched.answered.insert(leg);
            self.input(Input::Answered { leg });
        }
    }

    fn played(&mut self) {
        if let Some((leg, playback)) = take_any(&mut self.random, &mut self.watched.playing) {
            self.input(Input::Played { leg, playback });
        }
    }

    fn recorded(&mut self) {
        if let Some(leg) = take_any(&mut self.random, &mut self.watched.recording) {
            let said = self.random.random();
            self.input(Input::NameRecorded { leg, said });
        }
    }

    fn reply(&mut self) {
        let Some((ask, call)) = take_any(&mut self.random, &mut self.watched.asks) else { return };
        let reply = match self.random.random_range(0..12) {
            0 => None,
            1 => Some(ControlReply::Failed { reason: "r".into(), retry: self.random.random() }),
            2 => Some(ControlReply::Noted),
            _ => Some(match call {
                EdgeCall::Admit(request) => ControlReply::Admission(
                    self.admission(request.leg, request.credentials.is_some()),
                ),
                EdgeCall::Extend(request) => ControlReply::Extension(self.extension(request.end)),
                other => panic!("nobody asks {other:?}"),
            }),
        };
        self.input(Input::Reply { ask, reply });
    }

    fn admission(&mut self, leg: LegId, keyed: bool) -> Admission {
        let language = Language::Cs;
        match self.random.random_range(0..10) {
            0 => Admission::Denied(Denial::Unknown),
            1 => Admission::Denied(Denial::Ended { language }),
            2 => Admission::Denied(Denial::NotYet { starts: self.some_time(), language }),
            3 => Admission::NoSeatHeld,
            _ if !keyed && self.random.random_ratio(2, 3) => Admission::NoSeatHeld,
            _ => Admission::Granted(self.grant(leg)),
        }
    }

    fn extension(&mut self, end: UnixMs) -> ExtensionReply {
        match self.random.random_range(0..4) {
            0 => ExtensionReply::Refused { end },
            1 => ExtensionReply::Extended { end: self.some_time() },
            2 => ExtensionReply::Extended { end: end.plus_ms(1) },
            _ => ExtensionReply::Extended { end: end.plus_ms(600_000) },
        }
    }

    fn some_time(&mut self) -> UnixMs {
        match self.random.random_range(0..40) {
            0 => UnixMs(i64::MAX),
            1 => UnixMs(i64::MIN),
            _ => self.now.wall.plus_ms(self.random.random_range(-600_000..3_600_000)),
        }
    }

    fn grant(&mut self, leg: LegId) -> Grant {
        let conference = self.conference();
        // A number is booked again and again.
        let booking = format!("{}-{}", conference.as_str(), self.legs / 10);
        self.watched.bookings.insert(leg, booking.clone());
        Grant {
            grant: GrantId(format!("g{leg}")),
            booking,
            conference,
            seats: SEATS - u32::from(self.random.random_bool(0.1)),
            window: self.window(),
            language: Language::En,
            role: if self.random.random() { Role::Organiser } else { Role::Participant },
            leg_limit_s: self.random.random_bool(0.5).then(|| self.random.random_range(0..2_000)),
            returning: self.random.random_bool(0.2),
            former_leg: self.random.random_bool(0.5).then(|| self.any_leg()),
            policy: String::new(),
            keys: None,
        }
    }

    fn window(&mut self) -> Window {
        let begun = self.random.random_bool(0.7);
        let start = if begun { self.now.wall.plus_ms(-60_000) } else { self.some_time() };
        Window { start, end: self.some_time().plus_ms(900_000) }
    }

    fn conference(&mut self) -> ConferenceNumber {
        let number = ["100001", "100002", "100003"][self.random.random_range(0..3)];
        ConferenceNumber::new(number).unwrap()
    }

    fn any_leg(&mut self) -> LegId {
        LegId(self.random.random_range(0..=self.legs))
    }

    fn keys(&mut self) {
        let leg = LegId(self.random.random_range(self.legs.saturating_sub(12)..=self.legs));
        let whole = [
            "1#2#", "1#2#", "1#2##", "1#2##", "#", "*6", "##", "*92", "*98", "*99", "*5", "*9",
            "*9*3", "*7", "*7", "*9#", "*8", "*",
        ];
        let keys = whole[self.random.random_range(0..whole.len())];
        for c in keys.chars() {
            let key = match c {
                '*' => Key::Star,
                '#' => Key::Hash,
                digit => Key::Number(digit as u8 - b'0'),
            };
            self.input(Input::Key { leg, key });
        }
    }

    fn end_hung_up(&mut self) {
        if let Some(leg) = take_any(&mut self.random, &mut self.watched.ending) {
            self.end_leg(leg, Party::Konf);
        }
    }

    fn end_or_lose_one(&mut self) {
        let leg = self.any_leg();
        if self.random.random() {
            self.end_leg(leg, Party::Caller);
        } else {
            self.input(Input::MediaLost { leg });
        }
    }

    fn end_leg(&mut self, leg: LegId, by: Party) {
        self.watched.incoming.retain(|incoming| *incoming != leg);
        self.watched.ended.insert(leg);
        self.input(Input::Ended { leg, by, detail: "BYE".into(), quality: None });
    }

    fn any_mode(&mut self) -> RoomMode {
        match self.random.random_range(0..4) {
            0 => RoomMode::Everybody,
            1 => RoomMode::Muted,
            2 => RoomMode::Questions,
            _ => RoomMode::Lecture,
        }
    }

    fn control(&mut self) {
        let conference = self.conference();
        let order = match self.random.random_range(0..8) {
            0 => ControlCall::Rooms,
            1 if self.random.random_ratio(1, 4) => ControlCall::Close { conference },
            2 => ControlCall::Drop { conference, leg: self.any_leg() },
            3 => ControlCall::MuteAll { conference, muted: self.random.random() },
            4 => {
                let (leg, muted) = (self.any_leg(), self.random.random());
                ControlCall::Mute { conference, leg, muted }
            }
            5 => ControlCall::Mode { conference, mode: self.any_mode() },
            6 => ControlCall::Extend { conference },
            _ => ControlCall::Lock { conference, locked: self.random.random() },
        };
        self.calls += 1;
        let call = self.calls;
        self.switchboard.handle_input(self.now, Input::Control { call, order });
        assert!(self.watch() == Some(call), "every order is answered");
    }

    /// What nobody waits for.
    fn nonsense(&mut self) {
        let leg = self.any_leg();
        let input = match self.random.random_range(0..8) {
            0 => Input::NameRecorded { leg, said: true },
            1 => Input::Played { leg, playback: PlaybackId(self.random.random_range(0..100)) },
            2 => Input::Reply { ask: AskId(u64::MAX), reply: None },
            3 => Input::Key { leg, key: Key::Number(self.random.random()) },
            4 => Input::NoiseFound { asker: leg, noisy: Some(self.any_leg()) },
            5 => Input::Music { leg },
            6 => Input::Speaking { leg, speaking: self.random.random() },
            _ => return self.switchboard.handle_timeout(self.now),
        };
        self.input(input);
    }

    fn input(&mut self, input: Input) {
        self.switchboard.handle_input(self.now, input);
        self.watch();
    }

    /// Returns the last order that was answered.
    fn watch(&mut self) -> Option<u64> {
        let mut answered = None;
        while let Some(output) = self.switchboard.poll_output() {
            let watched = &mut self.watched;
            match output {
                Output::Answer { leg } => watched.incoming.push(leg),
                Output::Play { leg, playback, sounds } => {
                    let full = Sound::Phrase(Language::En, Phrase::Full);
                    watched.full += u32::from(sounds.contains(&full));
                    assert!(watched.plays.insert(playback), "every play has its own id");
                    assert!(!watched.hung_up.contains(&leg), "nothing is played after a hang-up");
                    watched.playing.push((leg, playback));
                }
                Output::RecordName { leg, .. } => watched.recording.push(leg),
                Output::Ask { ask, call } => watched.asks.push((ask, call)),
                Output::HangUp { leg, .. } => {
                    assert!(watched.hung_up.insert(leg), "hung up once");
                    watched.ending.push(leg);
                }
                Output::Record(RecordEvent::LegJoined(joined)) => {
                    assert!(watched.joined.insert(joined.leg), "joins once");
                }
                Output::JoinRoom { leg, conference } => {
                    assert!(watched.joined.contains(&leg), "recorded before it is done");
                    let closed = watched.closed.contains(&watched.bookings[&leg]);
                    assert!(!closed, "nobody comes back to what was ended for all");
                    watched.joins += 1;
                    let room = watched.rooms.entry(conference).or_default();
                    assert!(room.insert(leg), "joins once");
                    assert!(room.len() <= SEATS as usize, "never more than seats");
                }
                Output::LeaveRoom { leg } => {
                    let rooms = watched.rooms.values_mut();
                    let left = rooms.filter_map(|room| room.take(&leg)).count();
                    assert_eq!(left, 1, "leaves the room it was in");
                }
                Output::Record(RecordEvent::RoomEmpty { booking, closed: Some(true), .. }) => {
                    watched.closed.insert(booking);
                }
                Output::Record(RecordEvent::LegLeft(left)) => {
                    *watched.left.entry(left.leg).or_default() += 1;
                }
                Output::Answered { call, .. } => answered = Some(call),
                _ => {}
            }
        }
        for room in self.switchboard.rooms() {
            assert!(room.legs.len() <= room.seats as usize, "never more than seats: {room:?}");
            check_floor(&room);
            self.watched.words += u32::from(has_word(&room));
        }
        answered
    }

    /// All hang up: nothing is left, and every answered call has one record.
    fn end(&mut self) {
        for leg in 0..=self.legs {
            self.end_leg(LegId(leg), Party::Caller);
        }
        assert_eq!(self.switchboard.legs(), 0);
        assert_eq!(self.switchboard.rooms(), []);
        for _ in 0..1_000 {
            let Some(due) = self.switchboard.poll_timeout() else { break };
            self.now.mono = self.now.mono.max(due);
            self.switchboard.handle_timeout(self.now);
            self.watch();
        }
        assert_eq!(self.switchboard.poll_timeout(), None, "nothing waits for nobody");
        assert!(self.switchboard.names.is_empty() && self.switchboard.asks.is_empty());
        let once: BTreeMap<LegId, u32> =
            self.watched.answered.iter().map(|leg| (*leg, 1)).collect();
        assert_eq!(self.watched.left, once, "one record for every answered call");
        assert!(self.watched.rooms.values().all(BTreeSet::is_empty), "all have left");
    }
}

/// In questions one speaks at most, in a lecture nobody but organisers; hands are a queue.
fn check_floor(room: &RoomStatus) {
    let heard =
        |leg: &&LegStatus| leg.role == Role::Participant && leg.joined.is_some() && !leg.muted;
    let heard = room.legs.iter().filter(heard).count();
    match room.mode {
        Some(RoomMode::Questions) => assert!(heard <= 1, "{room:?}"),
        Some(RoomMode::Lecture) => assert_eq!(heard, 0, "{room:?}"),
        _ => {}
    }
    let mut hands: Vec<u32> = room.legs.iter().filter_map(|leg| leg.hand).collect();
    hands.sort_unstable();
    assert!(hands.iter().copied().eq(1..=hands.len() as u32), "{room:?}");
}

fn has_word(room: &RoomStatus) -> bool {
    let heard = |leg: &LegStatus| leg.role == Role::Participant && leg.joined.is_some();
    room.mode == Some(RoomMode::Questions) && room.legs.iter().any(|leg| heard(leg) && !leg.muted)
}

fn take_any<T>(random: &mut SmallRng, from: &mut Vec<T>) -> Option<T> {
    if from.is_empty() {
        return None;
    }
    // Half of the time the newest, so that the walk gets somewhere.
    let at = if random.random() { from.len() - 1 } else { random.random_range(0..from.len()) };
    Some(from.swap_remove(at))
}

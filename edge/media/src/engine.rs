//! Rooms and legs joined: commands and datagrams in, a tick, packets and events out.

mod blocks;
mod hearing;
mod moving;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;

use self::blocks::Blocks;
use self::hearing::Desk;
pub use self::moving::MovingLeg;
use crate::clock::{Beat, Clock};
use crate::leg::{Events, Leg};
use crate::outbox::Outbox;
use crate::room::Room;
use crate::rtcp::{Post, WallClock};
use crate::{Clip, Command, Event, LegStats, PlaybackId, RoomId, Stream, Transmit};

/// Events that nobody polls are bounded: far more than a thread's legs can cause in a tick.
const EVENTS_MAX: usize = 65_536;

/// Whole rooms and their legs (crate documentation).
pub struct Engine {
    /// Each by itself: a leg moves to another engine as it lies, and none are moved when others come.
    legs: Vec<Box<Leg>>,
    /// Place of each leg in `legs`.
    places: BTreeMap<LegId, usize>,
    blocks: Blocks,
    rooms: Vec<Option<Box<Room>>>,
    /// Place of each room in `rooms`.
    room_places: BTreeMap<RoomId, usize>,
    events: Events,
    outbox: Outbox,
    reports: Post,
    desk: Desk,
    /// For what legs say in a tick.
    frames: Vec<Vec<i16>>,
    clock: Clock,
    beat: Beat,
    wall: WallClock,
    seed: u64,
    leaves_noise: bool,
}

impl Engine {
    /// `seed` feeds what is random here: comfort noise, and when reports are sent.
    pub fn new(seed: u64) -> Self {
        Self {
            legs: Vec::new(),
            places: BTreeMap::new(),
            blocks: Blocks::default(),
            rooms: Vec::new(),
            room_places: BTreeMap::new(),
            events: Events::new(),
            outbox: Outbox::default(),
            reports: Post::default(),
            desk: Desk::new(),
            frames: Vec::new(),
            clock: Clock::default(),
            beat: Beat::default(),
            wall: WallClock::default(),
            seed,
            leaves_noise: false,
        }
    }

    /// Legs that are added from now on keep all noise under their voices.
    pub fn leave_noise(&mut self) {
        self.leaves_noise = true;
    }

    /// An engine whose legs may move to another one with the same `epoch`, which is an instant before the first use of
    /// either.
    pub fn with_epoch(seed: u64, epoch: Instant) -> Self {
        Self { clock: Clock::since(epoch), ..Self::new(seed) }
    }

    /// At `now` it is `unix` since 1970. Reports to peers are labelled with it (RFC 3550, 4); nothing is measured by it.
    pub fn set_wall_clock(&mut self, now: Instant, unix: Duration) {
        self.wall.set(self.clock.at_us(now), unix);
    }

    /// A command for a leg or a room that is not here is passed over: it crossed with the end of it. A leg that is
    /// added twice is updated, one that is updated and not here is added.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        let now_us = self.clock.at_us(now);
        match command {
            Command::AddLeg { leg, stream } | Command::UpdateLeg { leg, stream } => {
                self.put_leg(now_us, leg, stream);
            }
            Command::RemoveLeg { leg } => self.remove_leg(now_us, leg),
            Command::Join { leg, room } => self.join(leg, room),
            Command::Leave { leg } => self.leave(leg),
            Command::Mute { leg, muted } => self.with_leg(leg, |leg| leg.muted = muted),
            Command::Volume { leg, gain_db } => {
                self.with_leg(leg, |leg| leg.player.set_volume(gain_db));
            }
            Command::Play { leg, playback, clips } => self.play(leg, playback, clips),
            Command::StopPlaying { leg } => self.with_leg(leg, |leg| leg.player.stop()),
            Command::Music { leg, clip } => self.with_leg(leg, |leg| leg.player.music(clip)),
            Command::PlayToRoom { room, clips } => self.announce(room, clips),
            Command::Record { leg, longest } => self.record(leg, longest),
            Command::StopRecording { leg } => self.stop_recording(leg),
            Command::FindNoise { room, asker } => self.find_noise(room, asker),
        }
    }

    /// A datagram from `source` that came to one of the leg's sockets at `now`: RTP or RTCP, told apart as RFC 5761 says.
    ///
    /// `now` is when it arrived, not when somebody got round to reading it (SO_TIMESTAMPNS tells): the jitter is measured
    /// from it, and each millisecond of doubt is a millisecond of delay for some legs. What is read right before a tick
    /// may carry the time of the tick; that is understood.
    pub fn handle_datagram(&mut self, now: Instant, leg: LegId, source: SocketAddr, bytes: &[u8]) {
        let now_us = self.clock.at_us(now);
        let Some(place) = self.blocks.place_in_turn(leg).or_else(|| self.places.get(&leg).copied())
        else {
            return;
        };
        if let Some(digit) = self.legs[place].handle_datagram(now_us, source, bytes)
            && self.events.len() < EVENTS_MAX
        {
            self.events.push_back(Event::Digit { leg, digit });
        }
    }

    /// One step of 20 ms: mixes every room and makes one packet for each leg that hears.
    ///
    /// `now` is when the tick happens. Packets of the tick before that nobody polled are forgotten.
    pub fn tick(&mut self, now: Instant) {
        self.begin_tick(now);
        for block in 0..self.blocks.count() {
            self.tick_block(block);
        }
    }

    /// A tick in parts: a room after the other, so that what a leg has in memory is still at hand when its packet is made
    /// and sent ([`Self::tick_block`] for each of [`Self::blocks`]). Returns whether they have changed.
    pub fn begin_tick(&mut self, now: Instant) -> bool {
        self.beat = self.clock.tick(now);
        self.outbox.clear();
        self.blocks.arrange(&self.legs)
    }

    /// The legs of each room, and those of none in small groups.
    pub fn blocks(&self) -> impl Iterator<Item = impl Iterator<Item = LegId>> {
        self.blocks.legs()
    }

    /// Mixes a room and makes its packets. Datagrams of its legs that come before it are still heard.
    pub fn tick_block(&mut self, block: usize) {
        self.outbox.make_room();
        let now = self.wall.moment(self.beat.now_us);
        let places = self.blocks.of(block);
        let at = places.first().and_then(|&(_, place)| self.legs[place].room);
        let mut room = at.and_then(|at| self.rooms[at].as_deref_mut());
        if let Some(room) = &mut room {
            room.begin();
        }
        for &(_, place) in places {
            let leg = &mut self.legs[place];
            leg.lend(self.frames.pop().unwrap_or_default());
            leg.crowded = room.as_ref().is_some_and(|room| room.is_crowded());
            leg.listen(self.beat, &mut self.events);
            if let Some(room) = &mut room {
                room.hear(leg);
            }
        }
        if let Some(room) = &mut room {
            room.end();
        }
        for &(_, place) in places {
            let leg = &mut self.legs[place];
            let room = room.as_deref_mut();
            hearing::speak(leg, room, &mut self.desk, &mut self.outbox, &mut self.events);
            self.frames.push(leg.give_back());
            leg.report_to_peer(now, &mut self.reports);
        }
    }

    /// The next datagram to send; call until `None` after each tick and after commands.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if self.reports.is_waiting() {
            return self.reports.next();
        }
        self.outbox.next()
    }

    /// What has happened; call until `None` after datagrams, commands and ticks.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn stats(&self, leg: LegId) -> Option<LegStats> {
        self.places.get(&leg).map(|&place| self.legs[place].stats())
    }

    fn with_leg(&mut self, leg: LegId, change: impl FnOnce(&mut Leg)) {
        if let Some(&place) = self.places.get(&leg) {
            change(&mut self.legs[place]);
        }
    }

    fn put_leg(&mut self, now_us: i64, id: LegId, stream: Stream) {
        if let Some(&place) = self.places.get(&id) {
            self.update_leg(now_us, place, stream);
            return;
        }
        let seed = (self.seed ^ id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 16;
        self.places.insert(id, self.legs.len());
        self.blocks.forget();
        let mut leg = Box::new(Leg::new(id, stream, now_us, seed as u32));
        if self.leaves_noise {
            leg.leave_noise();
        }
        self.legs.push(leg);
    }

    fn update_leg(&mut self, now_us: i64, place: usize, stream: Stream) {
        let leg = &mut self.legs[place];
        let before = leg.rate();
        leg.update(now_us, stream);
        let now = leg.rate();
        if let Some(room) = room_of(&mut self.rooms, leg) {
            room.leave(before);
            room.enter(now);
        }
    }

    fn remove_leg(&mut self, now_us: i64, id: LegId) {
        let Some(mut leg) = self.take_out(id) else { return };
        leg.say_goodbye(self.wall.moment(now_us), &mut self.reports);
        self.events.extend(leg.stop_recording());
        self.events.push_back(Event::Closed { leg: id, stats: leg.stats() });
    }

    fn join(&mut self, leg: LegId, room: RoomId) {
        let Some(&place) = self.places.get(&leg) else { return };
        let joined = self.legs[place].room.and_then(|at| self.rooms[at].as_ref());
        if joined.is_some_and(|joined| joined.id == room) {
            return;
        }
        self.leave(leg);
        let at = self.room_place(room);
        self.legs[place].room = Some(at);
        self.blocks.forget();
        if let Some(room) = &mut self.rooms[at] {
            room.enter(self.legs[place].rate());
        }
    }

    fn leave(&mut self, leg: LegId) {
        let Some(&place) = self.places.get(&leg) else { return };
        let leg = &mut self.legs[place];
        let Some(at) = leg.room.take() else { return };
        self.blocks.forget();
        if let Some(room) = &mut self.rooms[at] {
            hearing::leave(leg, room, &mut self.desk);
            room.leave(self.legs[place].rate());
            if room.is_empty() {
                self.room_places.remove(&room.id);
                self.rooms[at] = None;
            }
        }
    }

    fn room_place(&mut self, room: RoomId) -> usize {
        if let Some(&at) = self.room_places.get(&room) {
            return at;
        }
        let free = self.rooms.iter().position(Option::is_none);
        let at = free.unwrap_or(self.rooms.len());
        if at == self.rooms.len() {
            self.rooms.push(None);
        }
        self.rooms[at] = Some(Box::new(Room::new(room)));
        self.room_places.insert(room, at);
        at
    }

    fn play(&mut self, leg: LegId, playback: PlaybackId, clips: Vec<Clip>) {
        let Some(&place) = self.places.get(&leg) else { return };
        if !self.legs[place].player.play(playback, clips) {
            // The queue is full: better unheard than a caller who waits for ever.
            self.events.push_back(Event::Played { leg, playback });
        }
    }

    fn announce(&mut self, room: RoomId, clips: Vec<Clip>) {
        if let Some(&at) = self.room_places.get(&room)
            && let Some(room) = &mut self.rooms[at]
        {
            room.announce(clips);
        }
    }

    fn find_noise(&mut self, room: RoomId, asker: LegId) {
        let at = self.room_places.get(&room).copied();
        let in_room = self.legs.iter().filter(|leg| at.is_some() && leg.room == at);
        let noisiest = in_room
            .filter_map(|leg| Some((leg.noise()?, leg.id)))
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let noisy = noisiest.map(|(_, leg)| leg);
        self.events.push_back(Event::NoiseFound { asker, noisy });
    }

    fn record(&mut self, leg: LegId, longest: Duration) {
        self.stop_recording(leg);
        self.with_leg(leg, |leg| leg.record(longest));
    }

    fn stop_recording(&mut self, leg: LegId) {
        let Some(&place) = self.places.get(&leg) else { return };
        self.events.extend(self.legs[place].stop_recording());
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({} legs, {} rooms)", self.legs.len(), self.room_places.len())
    }
}

fn room_of<'a>(rooms: &'a mut [Option<Box<Room>>], leg: &Leg) -> Option<&'a mut Room> {
    rooms[leg.room?].as_deref_mut()
}

#[cfg(test)]
mod tests;

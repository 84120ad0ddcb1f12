//! Who is on which lane. Pure: orders in, orders to lanes out.
//!
//! A room is born on the thread with the least to do and stays there until nobody is in it; a leg enters there and moves
//! when it joins a room elsewhere. Of a thread's lanes one is filled after the other, since each that has legs wakes the
//! processor once a tick; when all are full, the one with the least to do comes first. Each move of a leg has a number of
//! its own, so that lanes cannot take one for another.

use std::collections::BTreeMap;
use std::net::UdpSocket;

use konf_contract::LegId;
use konf_media::{Codec, Command, RoomId, Stream};

use super::ToMedia;

/// What one lane is told.
#[derive(Debug)]
pub(super) enum Order {
    Open {
        leg: LegId,
        stream: Stream,
        socket: UdpSocket,
    },
    Reports {
        leg: LegId,
        socket: UdpSocket,
    },
    Command(Command),
    /// A leg comes from another lane; what is for it waits until it is here.
    Expect {
        leg: LegId,
        hop: u64,
    },
    /// A leg goes to another lane.
    Move {
        leg: LegId,
        hop: u64,
        to: usize,
    },
}

impl Order {
    pub(super) fn leg(&self) -> Option<LegId> {
        match self {
            Order::Open { leg, .. }
            | Order::Reports { leg, .. }
            | Order::Expect { leg, .. }
            | Order::Move { leg, .. } => Some(*leg),
            Order::Command(command) => leg_of(command),
        }
    }
}

pub(super) struct Roster {
    /// What each lane has to do: the costs of its legs and its rooms.
    loads: Vec<usize>,
    /// The lanes of a thread are so many apart.
    threads: usize,
    /// A lane with so much to do has enough while others have nothing.
    full: usize,
    legs: BTreeMap<LegId, Place>,
    rooms: BTreeMap<RoomId, Room>,
    hops: u64,
}

struct Place {
    lane: usize,
    cost: usize,
    room: Option<RoomId>,
}

struct Room {
    lane: usize,
    members: usize,
}

impl Roster {
    /// Neighbouring lanes are of different threads, of which there is at least one.
    pub(super) fn new(threads: usize, lanes: usize, full: usize) -> Roster {
        Roster {
            loads: vec![0; threads * lanes],
            threads,
            full,
            legs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            hops: 0,
        }
    }

    pub(super) fn lane_of(&self, leg: LegId) -> Option<usize> {
        self.legs.get(&leg).map(|place| place.lane)
    }

    /// Which lanes are told what, in this order. What is for a leg or a room that is not there is for nobody.
    pub(super) fn route(&mut self, order: ToMedia) -> Vec<(usize, Order)> {
        match order {
            ToMedia::Open { leg, stream, socket } => self.open(leg, stream, socket),
            ToMedia::Reports { leg, socket } => {
                let home = self.lane_of(leg);
                home.map(|lane| (lane, Order::Reports { leg, socket })).into_iter().collect()
            }
            ToMedia::Command(Command::Join { leg, room }) => self.join(leg, room),
            ToMedia::Command(command) => {
                let Some(lane) = self.concerned(&command) else { return Vec::new() };
                self.note(&command);
                vec![(lane, Order::Command(command))]
            }
        }
    }

    fn open(&mut self, leg: LegId, stream: Stream, socket: UdpSocket) -> Vec<(usize, Order)> {
        if self.legs.contains_key(&leg) {
            return Vec::new();
        }
        let (lane, cost) = (self.best(), cost(&stream));
        self.loads[lane] += cost;
        self.legs.insert(leg, Place { lane, cost, room: None });
        vec![(lane, Order::Open { leg, stream, socket })]
    }

    fn join(&mut self, leg: LegId, room: RoomId) -> Vec<(usize, Order)> {
        let Some(&Place { lane: from, cost, .. }) = self.legs.get(&leg) else { return Vec::new() };
        self.leave(leg);
        // The leg itself counts nowhere while it is decided where it goes.
        self.loads[from] -= cost;
        let to = self.enter(room, from);
        self.loads[to] += cost;
        self.legs.insert(leg, Place { lane: to, cost, room: Some(room) });
        let join = (to, Order::Command(Command::Join { leg, room }));
        if to == from {
            return vec![join];
        }
        self.hops += 1;
        let hop = self.hops;
        vec![(to, Order::Expect { leg, hop }), (from, Order::Move { leg, hop, to }), join]
    }

    /// The lane of a room that has one more member; one that is born stays with its first member where it can.
    fn enter(&mut self, room: RoomId, first: usize) -> usize {
        let best = self.best();
        let stays = self.thread_load(first) <= self.thread_load(best)
            && self.rank(first) <= self.rank(best);
        let born = if stays { first } else { best };
        let loads = &mut self.loads;
        let room = self.rooms.entry(room).or_insert_with(|| {
            loads[born] += ROOM_COST;
            Room { lane: born, members: 0 }
        });
        room.members += 1;
        room.lane
    }

    fn leave(&mut self, leg: LegId) {
        let Some(id) = self.legs.get_mut(&leg).and_then(|place| place.room.take()) else { return };
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.members -= 1;
        if room.members == 0 {
            self.loads[room.lane] -= ROOM_COST;
            self.rooms.remove(&id);
        }
    }

    fn note(&mut self, command: &Command) {
        match command {
            Command::Leave { leg } => self.leave(*leg),
            Command::RemoveLeg { leg } => {
                self.leave(*leg);
                if let Some(place) = self.legs.remove(leg) {
                    self.loads[place.lane] -= place.cost;
                }
            }
            Command::UpdateLeg { leg, stream } => {
                if let Some(place) = self.legs.get_mut(leg) {
                    let load = &mut self.loads[place.lane];
                    *load = *load - place.cost + cost(stream);
                    place.cost = cost(stream);
                }
            }
            _ => {}
        }
    }

    fn concerned(&self, command: &Command) -> Option<usize> {
        match command {
            Command::PlayToRoom { room, .. } => self.rooms.get(room).map(|room| room.lane),
            // Whoever asks gets an answer even when nobody is in the room.
            Command::FindNoise { room, asker } => {
                self.rooms.get(room).map(|room| room.lane).or_else(|| self.lane_of(*asker))
            }
            command => self.lane_of(leg_of(command)?),
        }
    }

    /// Where who comes costs and disturbs the least.
    fn best(&self) -> usize {
        let thread = (0..self.threads).min_by_key(|&thread| self.thread_load(thread));
        let lanes = (thread.unwrap_or_default()..self.loads.len()).step_by(self.threads);
        lanes.min_by_key(|&lane| self.rank(lane)).unwrap_or_default()
    }

    /// Of the thread that has this lane.
    fn thread_load(&self, lane: usize) -> usize {
        (lane % self.threads..self.loads.len()).step_by(self.threads).map(|at| self.loads[at]).sum()
    }

    /// The less the better: begun and not full, then empty, then the least of what is full.
    fn rank(&self, lane: usize) -> (u8, usize) {
        match self.loads[lane] {
            0 => (1, 0),
            load if load < self.full => (0, 0),
            load => (2, load),
        }
    }
}

/// In legs of G.711: a room costs about as much as one, and what the codecs cost is measured by `cargo xtask bench media`.
const ROOM_COST: usize = 1;

fn cost(stream: &Stream) -> usize {
    match stream.codec {
        Codec::Pcma | Codec::Pcmu => 1,
        Codec::G722 => 5,
        Codec::Opus => 10,
    }
}

fn leg_of(command: &Command) -> Option<LegId> {
    match command {
        Command::AddLeg { leg, .. }
        | Command::UpdateLeg { leg, .. }
        | Command::RemoveLeg { leg }
        | Command::Join { leg, .. }
        | Command::Leave { leg }
        | Command::Mute { leg, .. }
        | Command::Volume { leg, .. }
        | Command::Play { leg, .. }
        | Command::StopPlaying { leg }
        | Command::Music { leg, .. }
        | Command::Record { leg, .. }
        | Command::StopRecording { leg } => Some(*leg),
        Command::PlayToRoom { .. } | Command::FindNoise { .. } => None,
    }
}

#[cfg(test)]
mod tests;

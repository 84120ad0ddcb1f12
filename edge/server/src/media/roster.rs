//! Who is on which lane. Pure: orders in, orders to lanes out.
//!
//! A room is born on the lane with the least to do and stays there until nobody is in it. A leg enters on the lane
//! with the least to do and moves when it joins a room elsewhere; each of its moves has a number of its own, so that
//! lanes cannot take one for another.

use std::collections::BTreeMap;
use std::net::UdpSocket;

use konf_contract::LegId;
use konf_media::{Command, RoomId, Stream};

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
    /// What each lane has to do: its legs and its rooms, which cost about the same.
    loads: Vec<usize>,
    legs: BTreeMap<LegId, Place>,
    rooms: BTreeMap<RoomId, Room>,
    hops: u64,
}

struct Place {
    lane: usize,
    room: Option<RoomId>,
}

struct Room {
    lane: usize,
    members: usize,
}

impl Roster {
    pub(super) fn new(lanes: usize) -> Roster {
        Roster { loads: vec![0; lanes], legs: BTreeMap::new(), rooms: BTreeMap::new(), hops: 0 }
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
        let lane = self.idlest();
        self.loads[lane] += 1;
        self.legs.insert(leg, Place { lane, room: None });
        vec![(lane, Order::Open { leg, stream, socket })]
    }

    fn join(&mut self, leg: LegId, room: RoomId) -> Vec<(usize, Order)> {
        let Some(from) = self.lane_of(leg) else { return Vec::new() };
        self.leave(leg);
        // The leg itself counts nowhere while it is decided where it goes.
        self.loads[from] -= 1;
        let to = self.enter(room, from);
        self.loads[to] += 1;
        self.legs.insert(leg, Place { lane: to, room: Some(room) });
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
        let idlest = self.idlest();
        let born = if self.loads[first] <= self.loads[idlest] { first } else { idlest };
        let loads = &mut self.loads;
        let room = self.rooms.entry(room).or_insert_with(|| {
            loads[born] += 1;
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
            self.loads[room.lane] -= 1;
            self.rooms.remove(&id);
        }
    }

    fn note(&mut self, command: &Command) {
        match command {
            Command::Leave { leg } => self.leave(*leg),
            Command::RemoveLeg { leg } => {
                self.leave(*leg);
                if let Some(place) = self.legs.remove(leg) {
                    self.loads[place.lane] -= 1;
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

    fn idlest(&self) -> usize {
        (0..self.loads.len()).min_by_key(|&lane| self.loads[lane]).unwrap_or_default()
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

//! Commands in any order, beside a model of who is where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use konf_contract::LegId;
use proptest::prelude::*;

use crate::{
    Clip, Codec, Command, Direction, Engine, Event, OpusWishes, PlaybackId, Rate, RoomId,
    SourceRule, Stream,
};

fn stream(direction: Direction, codec: Codec) -> Stream {
    Stream {
        remote: ([192, 0, 2, 1], 4000).into(),
        source: SourceRule::Exact,
        codec,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: None,
        opus: OpusWishes::default(),
        rtcp: crate::Rtcp::Mux,
        srtp: None,
        direction,
        ssrc: 1,
        first_sequence: 0,
        first_timestamp: 0,
    }
}

fn any_stream() -> impl Strategy<Value = Stream> {
    let direction = prop_oneof![
        3 => Just(Direction::SendReceive),
        1 => Just(Direction::SendOnly),
        1 => Just(Direction::ReceiveOnly),
        1 => Just(Direction::Inactive),
    ];
    let codec = prop_oneof![Just(Codec::Pcma), Just(Codec::Pcmu)];
    (direction, codec).prop_map(|(direction, codec)| stream(direction, codec))
}

fn any_clips() -> impl Strategy<Value = Vec<Clip>> {
    let clip = (0usize..700)
        .prop_map(|length| Clip { samples: vec![1_000; length].into(), rate: Rate::Narrow });
    proptest::collection::vec(clip, 0..4)
}

fn any_command() -> impl Strategy<Value = Command> {
    let leg = || (0u64..6).prop_map(LegId);
    let room = || (0u64..4).prop_map(RoomId);
    let longest = (0u64..200).prop_map(Duration::from_millis);
    let music = proptest::option::of(any_clips());
    prop_oneof![
        3 => (leg(), any_stream()).prop_map(|(leg, stream)| Command::AddLeg { leg, stream }),
        1 => (leg(), any_stream()).prop_map(|(leg, stream)| Command::UpdateLeg { leg, stream }),
        1 => leg().prop_map(|leg| Command::RemoveLeg { leg }),
        4 => (leg(), room()).prop_map(|(leg, room)| Command::Join { leg, room }),
        1 => leg().prop_map(|leg| Command::Leave { leg }),
        1 => (leg(), any::<bool>()).prop_map(|(leg, muted)| Command::Mute { leg, muted }),
        2 => (leg(), any::<u64>(), any_clips()).prop_map(|(leg, id, clips)| Command::Play {
            leg,
            playback: PlaybackId(id),
            clips
        }),
        1 => leg().prop_map(|leg| Command::StopPlaying { leg }),
        1 => (leg(), music).prop_map(|(leg, clips)| Command::Music {
            leg,
            clip: clips.and_then(|clips| clips.into_iter().next())
        }),
        1 => (room(), any_clips()).prop_map(|(room, clips)| Command::PlayToRoom { room, clips }),
        1 => (leg(), longest).prop_map(|(leg, longest)| Command::Record { leg, longest }),
        1 => leg().prop_map(|leg| Command::StopRecording { leg }),
    ]
}

/// Which legs there are, whether they hear, and where they are.
#[derive(Default)]
struct Model {
    legs: BTreeMap<LegId, (Direction, Option<RoomId>)>,
    closed: usize,
}

impl Model {
    fn note(&mut self, command: &Command) {
        match command {
            Command::AddLeg { leg, stream } | Command::UpdateLeg { leg, stream } => {
                let known = self.legs.entry(*leg).or_insert((stream.direction, None));
                known.0 = stream.direction;
            }
            Command::RemoveLeg { leg } => {
                self.closed += usize::from(self.legs.remove(leg).is_some());
            }
            Command::Join { leg, room } => {
                if let Some(known) = self.legs.get_mut(leg) {
                    known.1 = Some(*room);
                }
            }
            Command::Leave { leg } => {
                if let Some(known) = self.legs.get_mut(leg) {
                    known.1 = None;
                }
            }
            _ => {}
        }
    }

    fn hearing(&self) -> Vec<LegId> {
        let hears = |d: Direction| matches!(d, Direction::SendReceive | Direction::SendOnly);
        self.legs.iter().filter(|(_, leg)| hears(leg.0)).map(|(id, _)| *id).collect()
    }

    fn rooms(&self) -> BTreeSet<RoomId> {
        self.legs.values().filter_map(|leg| leg.1).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_in_any_order_leave_one_packet_for_each_leg_that_hears(
        steps in proptest::collection::vec(proptest::collection::vec(any_command(), 0..5), 1..60),
    ) {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
        let mut now = Instant::now();
        let mut engine = Engine::new(1);
        let mut model = Model::default();
        let mut closed = 0;
        for commands in steps {
            for command in commands {
                model.note(&command);
                engine.handle_command(now, command);
            }
            now += Duration::from_millis(20);
            engine.tick(now);
            let mut served = Vec::new();
            while let Some(packet) = engine.poll_transmit() {
                if !packet.rtcp {
                    served.push(packet.leg);
                }
            }
            served.sort();
            prop_assert_eq!(served, model.hearing());
            let rooms: BTreeSet<RoomId> = engine.room_places.keys().copied().collect();
            prop_assert_eq!(rooms, model.rooms());
            while let Some(event) = engine.poll_event() {
                closed += usize::from(matches!(event, Event::Closed { .. }));
            }
            prop_assert_eq!(closed, model.closed);
        }
    }
}

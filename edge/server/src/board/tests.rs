use std::net::UdpSocket;

use konf_contract::link::{EndReason, Grant, KeyedCredentials, RecordEvent};
use konf_contract::{ConferenceNumber, GrantId, Language, Msisdn, Role, Window};
use konf_media::RoomId;
use konf_sip::{Hangup, Incoming, MediaOffer};
use konf_switchboard::{LocalTime, Sound};
use rand::SeedableRng as _;

use super::*;
use crate::clock::Clock;

const MINUTE: i64 = 60_000;

struct Bench {
    board: Board,
    clock: Clock,
}

impl Bench {
    fn new(capacity: usize) -> Bench {
        let probe = UdpSocket::bind("127.0.0.1:0").unwrap();
        let first = probe.local_addr().unwrap().port().min(60_000);
        let switchboard = Switchboard::new(
            konf_switchboard::Config {
                language: Language::Cs,
                tries: 3,
                key_patience: Duration::from_secs(10),
                repeats: 2,
                name_longest: Duration::from_secs(5),
                ask_names: true,
                warning: Duration::from_secs(300),
                ask_patience: Duration::from_secs(5),
                local_time: |_| LocalTime { year: 2026, month: 7, day: 9, hour: 14, minute: 0 },
            },
            1,
        );
        let board = Board::new(Setup {
            switchboard,
            catalogue: Catalogue::built_in(),
            ports: Ports::new([127, 0, 0, 1].into(), first..=first + 500),
            media_address: [192, 0, 2, 1].into(),
            capacity,
            random: StdRng::seed_from_u64(1),
        });
        Bench { board, clock: Clock::start() }
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.board.poll_effect()).collect()
    }

    fn sip(&mut self, event: konf_sip::Event) -> Vec<Effect> {
        self.board.handle_sip(self.clock.now(), event, true);
        self.effects()
    }

    fn media(&mut self, event: konf_media::Event) -> Vec<Effect> {
        self.board.handle_media(self.clock.now(), event);
        self.effects()
    }

    fn call(&mut self, call: u64) -> Vec<Effect> {
        self.sip(konf_sip::Event::Incoming(incoming(call)))
    }

    /// A call whose media runs and who hears the menu.
    fn answered(&mut self, call: u64) -> Vec<Effect> {
        self.call(call);
        self.sip(konf_sip::Event::Confirmed { call: CallId(call) })
    }

    fn granted(&self, role: Role) -> ControlReply {
        let now = self.clock.now().wall;
        ControlReply::Admission(Admission::Granted(Grant {
            grant: GrantId("g1".into()),
            booking: "b1".into(),
            conference: ConferenceNumber::new("012345").unwrap(),
            seats: 5,
            window: Window { start: now.plus_ms(-MINUTE), end: now.plus_ms(59 * MINUTE) },
            language: Language::Cs,
            role,
            leg_limit_s: None,
            returning: true,
            former_leg: None,
            policy: "sha256:0".into(),
            keys: None,
        }))
    }
}

fn incoming(call: u64) -> Incoming {
    Incoming {
        call: CallId(call),
        source: "192.0.2.10:5060".parse().unwrap(),
        trunk: Some("o2".into()),
        number: Some(Msisdn::parse("606123456").unwrap()),
        network: "o2-mobile".into(),
        mobile: true,
        dialled: "+420606000600".into(),
        offer: offer(40_000),
    }
}

fn offer(port: u16) -> MediaOffer {
    MediaOffer {
        remote: ([192, 0, 2, 10], port).into(),
        codec: konf_sip::Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        event_clock_rate: 8_000,
        opus: konf_sip::OpusWishes::default(),
        rtcp: konf_sip::Rtcp::Separate(([192, 0, 2, 10], port + 1).into()),
        crypto: None,
        direction: konf_sip::Direction::SendReceive,
    }
}

fn stats() -> LegStats {
    LegStats { packets_received: 100, packets_lost: 3, ..LegStats::default() }
}

fn bye() -> konf_sip::Event {
    let how = Hangup { by_peer: true, detail: "BYE".into() };
    konf_sip::Event::Ended { call: CallId(1), how }
}

fn ask_of(effects: &[Effect]) -> AskId {
    let ask = effects.iter().find_map(|effect| match effect {
        Effect::Ask { ask, .. } => Some(*ask),
        _ => None,
    });
    ask.expect("control is asked")
}

#[test]
fn the_media_socket_is_open_before_the_caller_learns_of_it() {
    let mut bench = Bench::new(5);
    let effects = bench.call(1);
    let [
        Effect::Media(ToMedia::Open { leg, stream, socket }),
        Effect::Media(ToMedia::Reports { socket: reports, .. }),
        Effect::Sip(konf_sip::Command::Answer { call, media }),
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((*leg, *call), (LegId(1), CallId(1)));
    assert_eq!(*media, ([192, 0, 2, 1], socket.local_addr().unwrap().port()).into());
    let [sound, reports] = [socket, reports].map(|s| s.local_addr().unwrap().port());
    assert!(sound.is_multiple_of(2) && reports == sound + 1, "{sound} {reports}");
    assert_eq!(stream.source, SourceRule::Exact, "nothing is learnt from a trunk");
    assert_eq!((stream.remote, stream.payload_type), (([192, 0, 2, 10], 40_000).into(), 8));
}

#[test]
fn nothing_is_sent_to_where_the_offer_points_before_the_ack() {
    let mut bench = Bench::new(5);
    let opened = bench.call(1);
    let Effect::Media(ToMedia::Open { stream, .. }) = &opened[0] else { panic!("{opened:?}") };
    assert_eq!(stream.direction, konf_media::Direction::ReceiveOnly);
    let confirmed = bench.sip(konf_sip::Event::Confirmed { call: CallId(1) });
    let [
        Effect::Note(_),
        Effect::Media(ToMedia::Command(konf_media::Command::UpdateLeg { stream, .. })),
        ..,
    ] = &confirmed[..]
    else {
        panic!("{confirmed:?}")
    };
    assert_eq!(stream.direction, konf_media::Direction::SendReceive);
}

#[test]
fn a_phone_without_a_trunk_may_be_behind_a_nat() {
    let mut bench = Bench::new(5);
    let stranger = Incoming { trunk: None, ..incoming(1) };
    let effects = bench.sip(konf_sip::Event::Incoming(stranger));
    let Effect::Media(ToMedia::Open { stream, .. }) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(stream.source, SourceRule::Latch { signalling: [192, 0, 2, 10].into() });
}

#[test]
fn beyond_its_capacity_and_while_the_journal_fails_the_edge_turns_calls_away() {
    let mut bench = Bench::new(1);
    let turned_away = |effects: Vec<Effect>| {
        matches!(
            effects[..],
            [Effect::Sip(konf_sip::Command::Reject { status: 503, retry_after: Some(_), .. })]
        )
    };
    bench.board.handle_sip(bench.clock.now(), konf_sip::Event::Incoming(incoming(1)), false);
    assert!(turned_away(bench.effects()));
    assert!(!turned_away(bench.call(2)));
    assert!(turned_away(bench.call(3)));
    assert_eq!(bench.board.legs(), 1);
}

#[test]
fn an_answered_leg_and_its_grant_are_in_the_journal_before_it_is_in_the_room() {
    let mut bench = Bench::new(5);
    let effects = bench.answered(1);
    assert!(matches!(&effects[0], Effect::Note(Note::Leg(open, _)) if open.grant.is_none()));
    let ask = ask_of(&effects);
    let granted = bench.granted(Role::Participant);
    bench.board.handle_reply(bench.clock.now(), ask, Some(granted));
    let effects = bench.effects();
    let place =
        |wanted: fn(&Effect) -> bool| effects.iter().position(wanted).expect("among the effects");
    let noted = place(|e| matches!(e, Effect::Note(Note::Leg(open, _)) if open.grant.is_some()));
    let joined = place(|e| matches!(e, Effect::Note(Note::Record(RecordEvent::LegJoined(_)))));
    let mixed = place(|e| {
        let room = RoomId(1_012_345);
        matches!(e, Effect::Media(ToMedia::Command(konf_media::Command::Join { room: r, .. })) if *r == room)
    });
    assert!(noted < joined && noted < mixed, "{effects:?}");
}

#[test]
fn a_leg_ends_with_the_numbers_of_its_media() {
    let mut bench = Bench::new(5);
    bench.answered(1);
    let effects = bench.sip(bye());
    assert!(
        matches!(
            effects[..],
            [Effect::Media(ToMedia::Command(konf_media::Command::RemoveLeg { leg: LegId(1) }))]
        ),
        "{effects:?}"
    );
    let effects = bench.media(konf_media::Event::Closed { leg: LegId(1), stats: stats() });
    let left = effects.iter().find_map(|effect| match effect {
        Effect::Note(Note::Record(RecordEvent::LegLeft(left))) => Some(left),
        _ => None,
    });
    let left = left.expect("a record of the leg");
    assert_eq!((left.end.reason, left.end.who), (EndReason::HungUp, Party::Caller));
    assert_eq!(left.quality.as_ref().unwrap().packets_lost, 3);
    assert_eq!(bench.board.legs(), 0);
}

#[test]
fn a_caller_who_gives_up_before_the_answer_leaves_no_record() {
    let mut bench = Bench::new(5);
    bench.call(1);
    bench.sip(bye());
    let effects = bench.media(konf_media::Event::Closed { leg: LegId(1), stats: stats() });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Note(Note::Record(_)))), "{effects:?}");
    assert_eq!(bench.board.legs(), 0);
}

#[test]
fn keys_arrive_from_media_and_from_signalling() {
    let mut bench = Bench::new(5);
    let effects = bench.answered(1);
    bench.board.handle_reply(
        bench.clock.now(),
        ask_of(&effects),
        Some(ControlReply::Admission(Admission::NoSeatHeld)),
    );
    bench.effects();
    for digit in [1, 2, 3, 4, 5, 6] {
        bench.media(konf_media::Event::Digit {
            leg: LegId(1),
            digit: konf_media::Digit::Number(digit),
        });
    }
    bench.media(konf_media::Event::Digit { leg: LegId(1), digit: konf_media::Digit::Hash });
    let mut effects = Vec::new();
    for key in "654321#".chars() {
        // Long after the others: they are no second reports of the same presses.
        let now = bench.clock.now();
        let now = Now { mono: now.mono + Duration::from_secs(6), ..now };
        bench.board.handle_sip(now, konf_sip::Event::Key { call: CallId(1), key }, true);
        effects.extend(bench.effects());
    }
    let credentials = effects.iter().find_map(|effect| match effect {
        Effect::Ask { call: EdgeCall::Admit(request), .. } => request.credentials.clone(),
        _ => None,
    });
    let expected = KeyedCredentials { number: "123456".into(), code: "654321".into() };
    assert_eq!(credentials, Some(expected));
}

#[test]
fn a_phone_that_sends_each_key_both_ways_enters_it_once() {
    let mut bench = Bench::new(5);
    let effects = bench.answered(1);
    bench.board.handle_reply(
        bench.clock.now(),
        ask_of(&effects),
        Some(ControlReply::Admission(Admission::NoSeatHeld)),
    );
    let mut effects = Vec::new();
    for key in "112233#445566#".chars() {
        let digit = match key.to_digit(10) {
            Some(digit) => konf_media::Digit::Number(digit as u8),
            None => konf_media::Digit::Hash,
        };
        bench.effects();
        effects.extend(bench.media(konf_media::Event::Digit { leg: LegId(1), digit }));
        effects.extend(bench.sip(konf_sip::Event::Key { call: CallId(1), key }));
    }
    let credentials = effects.iter().find_map(|effect| match effect {
        Effect::Ask { call: EdgeCall::Admit(request), .. } => request.credentials.clone(),
        _ => None,
    });
    let expected = KeyedCredentials { number: "112233".into(), code: "445566".into() };
    assert_eq!(credentials, Some(expected));
}

#[test]
fn a_re_invite_keeps_the_source_of_our_stream() {
    let mut bench = Bench::new(5);
    let opened = bench.call(1);
    let Effect::Media(ToMedia::Open { stream: before, .. }) = &opened[0] else { panic!() };
    let effects =
        bench.sip(konf_sip::Event::MediaChanged { call: CallId(1), offer: offer(50_000) });
    let [Effect::Media(ToMedia::Command(konf_media::Command::UpdateLeg { stream, .. }))] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(stream.remote.port(), 50_000);
    assert_eq!((stream.ssrc, stream.first_sequence), (before.ssrc, before.first_sequence));
}

#[test]
fn a_drained_edge_ends_its_calls_as_the_operators_doing() {
    let mut bench = Bench::new(5);
    bench.answered(1);
    bench.board.drain(bench.clock.now());
    assert!(matches!(bench.effects()[..], [Effect::Sip(konf_sip::Command::Drain)]));
    bench.board.hang_up_all();
    assert!(matches!(
        bench.effects()[..],
        [Effect::Sip(konf_sip::Command::HangUp { call: CallId(1), .. })]
    ));
    let how = Hangup { by_peer: false, detail: "hung up".into() };
    bench.sip(konf_sip::Event::Ended { call: CallId(1), how });
    let effects = bench.media(konf_media::Event::Closed { leg: LegId(1), stats: stats() });
    let reason = effects.iter().find_map(|effect| match effect {
        Effect::Note(Note::Record(RecordEvent::LegLeft(left))) => Some(left.end.reason),
        _ => None,
    });
    assert_eq!(reason, Some(EndReason::Operator));
}

#[test]
fn a_name_that_nobody_recorded_still_ends_when_it_is_played() {
    let bench = Bench::new(5);
    let clips = bench.board.clips(&[Sound::NameOf(LegId(9))], Rate::Narrow);
    assert_eq!(clips.len(), 1);
    assert_eq!(clips[0].samples.len(), 160);
}

#[test]
fn a_conference_number_with_a_leading_zero_is_a_room_of_its_own() {
    let rooms = ["1234", "01234", "0001234", "9999999999"]
        .map(|n| room_of(&ConferenceNumber::new(n).unwrap()).0);
    assert_eq!(rooms, [11_234, 101_234, 10_001_234, 19_999_999_999]);
}

#[test]
fn wideband_legs_get_prompts_as_they_were_made_and_telephones_half_of_it() {
    let bench = Bench::new(1);
    let clip = |rate| bench.board.phrase(Language::En, Phrase::Welcome, rate);
    let [narrow, wide, full] = [Rate::Narrow, Rate::Wide, Rate::Full].map(clip);
    assert_eq!((narrow.rate, wide.rate, &full), (Rate::Narrow, Rate::Wide, &wide));
    assert_eq!(wide.samples.len().div_ceil(2), narrow.samples.len());
    assert_eq!(bench.board.best_rate(), Rate::Narrow);
}

//! Strangers, floods and garbage.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::hall::{Hall, level_db, payload_type, rtp, silence, tone};
use crate::{Codec, Command, SourceRule, Stream};

fn level(hall: &Hall, phone: usize, hz: f64) -> f64 {
    let heard = &hall.phones[phone].heard;
    level_db(&heard[heard.len() - 8_000..], hz, 4_000.0)
}

/// What a stranger sends: a tone of 1,000 Hz in packets that look right.
fn forged(hall: &Hall, phone: usize, n: u16) -> Vec<u8> {
    let sound = tone(1_000.0, 20_000.0);
    let samples: Vec<i16> = (0..160).map(|i| sound(i64::from(n) * 160 + i)).collect();
    let mut payload = vec![0; 160];
    crate::codec::g711::encode(Codec::Pcma, &samples, &mut payload);
    let phone = &hall.phones[phone];
    let sequence = phone.sequence.wrapping_add(n);
    rtp(payload_type(phone.codec), sequence, phone.timestamp, phone.ssrc, &payload)
}

#[test]
fn nothing_of_a_stranger_is_heard_and_nothing_goes_to_it() {
    let mut hall = Hall::new(1);
    let victim = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    for n in 0..150 {
        let bytes = forged(&hall, victim, n % 4);
        hall.inject(victim, "203.0.113.5:4000".parse().unwrap(), bytes);
        hall.step();
    }
    assert!(level(&hall, listener, 400.0).abs() < 0.5);
    assert!(level(&hall, listener, 1_000.0) < -40.0);
    assert_eq!(hall.stats(victim).packets_refused, 150);
    assert_eq!(hall.phones[victim].packets.len(), 150);
}

/// A stranger whose description names a host that has nothing to do with it (RELIABILITY.md, row 31).
#[test]
fn nothing_goes_to_an_address_that_only_sdp_names_until_it_speaks() {
    let mut hall = Hall::new(3);
    let phone = hall.enter(1, Codec::Pcma, 0, silence());
    let leg = hall.phones[phone].leg;
    let stranger = "203.0.113.5:4000".parse::<SocketAddr>().unwrap();
    let stream = Stream {
        source: SourceRule::Latch { signalling: stranger.ip() },
        rtcp: crate::Rtcp::Separate("203.0.113.6:4001".parse().unwrap()),
        ..hall.stream(phone)
    };
    hall.command(Command::RemoveLeg { leg });
    hall.command(Command::AddLeg { leg, stream });
    hall.phones[phone].sending = false;
    hall.phones[phone].packets.clear();
    hall.phones[phone].reports.clear();
    hall.run_ms(10_000);
    assert!(hall.phones[phone].packets.is_empty() && hall.phones[phone].reports.is_empty());
    hall.phones[phone].sending = true;
    hall.run_ms(2_000);
    let sent = hall.phones[phone].packets.len();
    assert!((95..=100).contains(&sent), "{sent}: after its fourth packet");
}

#[test]
fn a_phone_behind_a_nat_is_latched_and_then_alone() {
    let mut hall = Hall::new(2);
    let phone = hall.call(Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    let outside: SocketAddr = "198.51.100.9:31000".parse().unwrap();
    let leg = hall.phones[phone].leg;
    let stream = Stream {
        remote: "10.0.0.5:4000".parse().unwrap(),
        source: SourceRule::Latch { signalling: outside.ip() },
        ..hall.stream(phone)
    };
    hall.command(Command::UpdateLeg { leg, stream: stream.clone() });
    hall.command(Command::Join { leg, room: crate::RoomId(1) });
    hall.phones[phone].address = outside;
    hall.run_ms(2_000);
    assert!(level(&hall, listener, 400.0).abs() < 0.5);
    assert_eq!(hall.stats(phone).packets_refused, 3);
    // From another port of the same address, and from the address in SDP.
    for n in 0..100 {
        let bytes = forged(&hall, phone, n % 4);
        hall.inject(phone, SocketAddr::new(outside.ip(), 31_001), bytes.clone());
        hall.inject(phone, stream.remote, bytes);
        hall.step();
    }
    assert!(level(&hall, listener, 1_000.0) < -40.0);
    assert!(level(&hall, listener, 400.0).abs() < 0.5);
    assert_eq!(hall.stats(phone).packets_refused, 203);
}

#[test]
fn a_flood_of_one_leg_is_cut_and_others_hear_each_other() {
    let mut hall = Hall::new(3);
    let bad = hall.enter(1, Codec::Pcma, 1_000, silence());
    let good = hall.enter(1, Codec::Pcma, 2_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 3_000, silence());
    let address = hall.phones[bad].address;
    for n in 0..100u32 {
        for i in 0..200u32 {
            let ssrc = n * 200 + i;
            hall.inject(bad, address, rtp(8, i as u16, i * 7_919, ssrc % 1_000, &[0x2a; 160]));
        }
        hall.step();
    }
    assert!(level(&hall, listener, 400.0).abs() < 0.5);
    // 10,000 packets/s for 2 s, of which 500/s and 250 more are looked at.
    assert!(hall.stats(bad).packets_refused > 18_000, "{:?}", hall.stats(bad));
    assert_eq!(hall.stats(good).packets_refused, 0);
}

#[test]
fn rtcp_on_the_same_port_is_no_sound_and_has_to_be_whole() {
    let mut hall = Hall::new(4);
    let phone = hall.call(Codec::Pcma, 0, silence());
    let address = hall.phones[phone].address;
    for kind in [200, 201, 202, 203, 204] {
        hall.inject(phone, address, vec![0x80, kind, 0, 1, 0, 0, 0, 1]);
    }
    hall.step();
    let stats = hall.stats(phone);
    // A sender's report without what a sender says, a receiver's, and three that are none.
    assert_eq!(stats.packets_refused, 4, "{stats:?}");
}

#[test]
fn what_is_malformed_is_counted() {
    let mut hall = Hall::new(5);
    let phone = hall.call(Codec::Pcma, 0, silence());
    hall.phones[phone].sending = false;
    let address = hall.phones[phone].address;
    let whole = rtp(8, 1, 1, 1, &[0xd5; 160]);
    let bad = [
        vec![],
        whole[..11].to_vec(),
        // No payload, an unknown payload type, too long, version 1, padding beyond the packet.
        whole[..12].to_vec(),
        rtp(77, 1, 1, 1, &[0xd5; 160]),
        rtp(8, 1, 1, 1, &[0xd5; 1_601]),
        [&[0x40], &whole[1..]].concat(),
        [&[0xa0], &whole[1..]].concat(),
    ];
    let count = bad.len() as u64;
    for bytes in bad {
        hall.inject(phone, address, bytes);
    }
    hall.step();
    let stats = hall.stats(phone);
    assert_eq!((stats.packets_refused, stats.packets_received), (count, 0));
}

/// Bytes that are nearly RTP, so that they get further than random ones.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let header = (any::<u8>(), 0usize..6, any::<u16>(), any::<u32>(), 0u32..3);
    let payload = proptest::collection::vec(any::<u8>(), 0..400);
    let near = (header, payload).prop_map(|((first, kind, sequence, timestamp, ssrc), payload)| {
        let kind = [8, 0x88, 101, 13, 200, 0][kind];
        let mut bytes = rtp(kind, sequence % 300, timestamp, ssrc, &payload);
        bytes[0] = if first < 200 { 0x80 } else { first };
        bytes
    });
    prop_oneof![9 => near, 1 => proptest::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_leave_the_engine_whole(
        datagrams in proptest::collection::vec((datagram(), 0u32..60), 0..300),
    ) {
        let mut hall = Hall::new(6);
        let phone = hall.enter(1, Codec::Pcma, 0, silence());
        let listener = hall.enter(1, Codec::Pcmu, 0, silence());
        hall.phones[phone].sending = false;
        let address = hall.phones[phone].address;
        for (bytes, pause_ms) in datagrams {
            hall.inject(phone, address, bytes);
            hall.run_ms(i64::from(pause_ms));
        }
        hall.run_ms(100);
        prop_assert_eq!(hall.phones[listener].packets.len() as i64, hall.now_us / 20_000);
        prop_assert!(hall.stats(phone).delay_ms <= 1_200);
    }
}

/// Something that is nearly Opus or G.722: any payload, at timestamps that overlap, leave holes and jump.
fn coded() -> impl Strategy<Value = (Vec<u8>, u16, i32, u32)> {
    let payload = prop_oneof![
        3 => proptest::collection::vec(any::<u8>(), 0..120),
        1 => (any::<u8>(), 0usize..1_275).prop_map(|(toc, length)| vec![toc; length]),
    ];
    let step = prop_oneof![4 => Just(960), 2 => -4_000..20_000, 1 => any::<i32>()];
    (payload, 0u16..4, step, 0u32..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payloads_of_a_codec_with_a_memory_leave_the_engine_whole(
        codec in prop_oneof![Just(Codec::Opus), Just(Codec::G722)],
        packets in proptest::collection::vec(coded(), 0..200),
    ) {
        let mut hall = Hall::new(7);
        let phone = hall.enter(1, codec, 0, silence());
        let listener = hall.enter(1, Codec::Pcmu, 0, silence());
        hall.phones[phone].sending = false;
        let address = hall.phones[phone].address;
        let (mut sequence, mut timestamp) = (0u16, 0u32);
        for (payload, ahead, step, pause_ms) in packets {
            sequence = sequence.wrapping_add(ahead);
            timestamp = timestamp.wrapping_add_signed(step);
            hall.inject(phone, address, rtp(payload_type(codec), sequence, timestamp, 1, &payload));
            hall.run_ms(i64::from(pause_ms));
        }
        hall.run_ms(100);
        prop_assert_eq!(hall.phones[listener].packets.len() as i64, hall.now_us / 20_000);
        prop_assert!(hall.stats(phone).delay_ms <= 1_200);
    }
}

/// Longest and shortest Opus packets as fast as they are let in: what is kept is bounded, and so is a tick's work.
#[test]
fn a_flood_of_opus_packets_is_bounded_and_disturbs_nobody() {
    for (toc, step, length) in [(0x1b, 1u32, 1_200), (0xe0, 120, 30), (0x1b, 5_760, 1_200)] {
        let mut hall = Hall::new(8);
        let singer = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
        let flooder = hall.enter(1, Codec::Opus, 0, silence());
        let listener = hall.enter(1, Codec::Pcma, 0, silence());
        hall.phones[flooder].sending = false;
        let address = hall.phones[flooder].address;
        let mut payload = vec![0x55; length];
        // Six frames of 20 ms in a packet, or one of 2.5 ms.
        (payload[0], payload[1]) = (toc, 6);
        for n in 0..150u32 {
            for i in 0..20 {
                let k = n * 20 + i;
                let bytes = rtp(111, k as u16, k.wrapping_mul(step), 1, &payload);
                hall.inject(flooder, address, bytes);
            }
            hall.step();
        }
        assert!(hall.stats(flooder).delay_ms <= 1_024, "{:?}", hall.stats(flooder));
        assert!(hall.stats(flooder).packets_refused > 500, "{:?}", hall.stats(flooder));
        assert_eq!(hall.phones[listener].packets.len(), 150);
        assert_eq!(hall.stats(singer).packets_lost, 0);
    }
}

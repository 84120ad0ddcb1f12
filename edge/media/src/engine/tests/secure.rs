//! Calls over SRTP (RELIABILITY.md, row 33).

use std::net::SocketAddr;

use super::hall::{Hall, level_db, payload_type, rtp, silence, tone};
use crate::srtp::Srtp;
use crate::srtp::tests::turned;
use crate::{Codec, Command, RoomId, SourceRule, SrtpKeys, SrtpSuite, Stream};

fn keys(of: u8) -> SrtpKeys {
    SrtpKeys::new(SrtpSuite::AesCm128HmacSha1Tag80, [of; 30], [of + 1; 30])
}

/// Gives a phone and its leg the keys `of`, and the leg a rule for its source.
fn secure(hall: &mut Hall, phone: usize, of: u8, source: SourceRule) {
    let leg = hall.phones[phone].leg;
    let stream = Stream { srtp: Some(keys(of)), source, ..hall.stream(phone) };
    hall.command(Command::UpdateLeg { leg, stream });
    hall.phones[phone].srtp = Some(Srtp::new(&turned(&keys(of))));
}

fn heard(hall: &Hall, phone: usize, hz: f64) -> f64 {
    let heard = &hall.phones[phone].heard;
    level_db(&heard[heard.len() - 8_000..], hz, 4_000.0)
}

#[test]
fn two_phones_hear_each_other_and_nobody_else_does() {
    let mut hall = Hall::new(1);
    let one = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let other = hall.enter(1, Codec::Pcmu, 3_000, tone(700.0, 4_000.0));
    hall.command(Command::RemoveLeg { leg: hall.phones[one].leg });
    secure(&mut hall, one, 10, SourceRule::Exact);
    hall.command(Command::Join { leg: hall.phones[one].leg, room: RoomId(1) });
    secure(&mut hall, other, 20, SourceRule::Exact);
    hall.run_ms(20_000);
    assert!(heard(&hall, one, 700.0).abs() < 0.5);
    assert!(heard(&hall, other, 400.0).abs() < 0.5);
    let stats = hall.stats(one);
    assert!(stats.encrypted);
    assert_eq!((stats.packets_refused, stats.packets_unauthentic), (0, 0));
    // Numbers of SRTP begin low, and its reports are sealed.
    assert!(hall.phones[one].packets[0].2 < 0x8000);
    let (_, _, report) = hall.phones[one].reports[0].clone();
    let phone = hall.phones[one].srtp.as_mut().unwrap();
    assert!(report.len() > 14 && phone.open_rtcp(&report).unwrap()[1] == 200);
}

#[test]
fn wrong_tags_replays_and_clear_packets_are_dropped_and_the_call_stays() {
    let mut hall = Hall::new(2);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    secure(&mut hall, phone, 10, SourceRule::Exact);
    hall.run_ms(1_000);
    let from = hall.phones[phone].address;
    let mut stranger = Srtp::new(&turned(&keys(30)));
    for n in 0..100_u16 {
        let (ssrc, timestamp) = (hall.phones[phone].ssrc, hall.phones[phone].timestamp);
        let sequence = hall.phones[phone].sequence.wrapping_add(n % 5);
        let sound = [if n % 2 == 0 { 0x2a } else { 0xaa }; 160];
        let clear = rtp(payload_type(Codec::Pcma), sequence, timestamp, ssrc, &sound);
        let mut forged = clear.clone();
        stranger.seal_rtp(&mut forged, 0);
        hall.inject(phone, from, clear);
        hall.inject(phone, from, forged);
        hall.step();
    }
    let stats = hall.stats(phone);
    assert_eq!((stats.packets_refused, stats.packets_unauthentic), (200, 200));
    assert_eq!(stats.packets_received, 150);
    hall.run_ms(200);
    assert!(heard(&hall, listener, 400.0).abs() < 0.5);
}

#[test]
fn nobody_is_latched_without_the_key() {
    let mut hall = Hall::new(3);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let outside: SocketAddr = "198.51.100.9:31000".parse().unwrap();
    let inside: SocketAddr = "10.0.0.5:4000".parse().unwrap();
    hall.phones[phone].address = inside;
    hall.phones[phone].sending = false;
    secure(&mut hall, phone, 10, SourceRule::Latch { signalling: outside.ip() });
    // Another behind the same NAT sends well-formed packets, in the clear and under another key.
    let neighbour: SocketAddr = "198.51.100.9:40000".parse().unwrap();
    let mut stranger = Srtp::new(&turned(&keys(30)));
    for n in 0..50 {
        let mut bytes = rtp(payload_type(Codec::Pcma), n, u32::from(n) * 160, 9, &[0x55; 160]);
        hall.inject(phone, neighbour, bytes.clone());
        stranger.seal_rtp(&mut bytes, 0);
        hall.inject(phone, neighbour, bytes);
        hall.step();
    }
    assert_eq!(hall.stats(phone).remote, Some(inside));
    assert_eq!(hall.stats(phone).packets_received, 0);
    hall.phones[phone].sending = true;
    hall.phones[phone].address = outside;
    hall.run_ms(1_000);
    assert_eq!(hall.stats(phone).remote, Some(outside));
}

#[test]
fn keys_change_with_the_stream_and_the_same_keys_go_on() {
    let mut hall = Hall::new(4);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    secure(&mut hall, phone, 10, SourceRule::Exact);
    hall.run_ms(1_000);
    // Negotiated again with the keys that hold: what was sent before is a replay still.
    let leg = hall.phones[phone].leg;
    let stream = Stream { srtp: Some(keys(10)), ..hall.stream(phone) };
    hall.command(Command::UpdateLeg { leg, stream });
    hall.run_ms(1_000);
    assert_eq!(hall.stats(phone).packets_refused, 0);
    secure(&mut hall, phone, 50, SourceRule::Exact);
    hall.run_ms(2_000);
    assert_eq!(hall.stats(phone).packets_refused, 0);
    assert!(heard(&hall, listener, 400.0).abs() < 0.5);
}

//! Reports between legs and phones.

use std::net::SocketAddr;

use super::hall::{Hall, silence, tone};
use crate::{Codec, Command, Direction, Event, Rtcp, SourceRule, Stream};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// What a phone says that receives the leg, answering its sender report `to`, which it has held for a second.
pub(super) fn answer(hall: &Hall, phone: usize, loss: u8, to: &[u8]) -> Vec<u8> {
    let middle = word(to, 10);
    let mut bytes = vec![0x81, 201, 0, 7];
    for word in [
        hall.phones[phone].ssrc,
        hall.stream(phone).ssrc,
        u32::from(loss) << 24 | 7,
        0,
        80,
        middle,
        1 << 16,
    ] {
        bytes.extend(word.to_be_bytes());
    }
    bytes
}

fn is_bye(report: &[u8]) -> bool {
    report[report.len() - 7] == 203
}

fn update(hall: &mut Hall, phone: usize, stream: Stream) {
    let leg = hall.phones[phone].leg;
    hall.command(Command::UpdateLeg { leg, stream });
}

#[test]
fn a_phone_is_told_what_was_sent_and_what_was_lost() {
    let mut hall = Hall::new(1);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    hall.phones[phone].network.loss = 0.1;
    hall.run_ms(60_000);
    let reports = &hall.phones[phone].reports;
    assert!((8..=20).contains(&reports.len()), "{} in a minute", reports.len());
    let (at_us, to, last) = reports.last().unwrap();
    assert_eq!(*to, hall.phones[phone].address);
    assert_eq!(last[..4], [0x81, 200, 0, 12]);
    assert_eq!(i64::from(word(last, 20)), at_us / 20_000);
    assert_eq!(word(last, 28), hall.phones[phone].ssrc);
    let lost = f64::from(word(last, 32) & 0xff_ffff);
    assert!((0.07..0.13).contains(&(lost / word(last, 20) as f64)), "{lost} lost");
    let stats = hall.stats(phone);
    assert_eq!((stats.round_trip_ms, stats.remote_loss_percent), (None, None));
}

#[test]
fn what_a_phone_says_of_us_stands_in_the_statistics() {
    let mut hall = Hall::new(2);
    let phone = hall.enter(1, Codec::Pcma, 1_000, silence());
    hall.run_ms(10_000);
    let (at_us, _, report) = hall.phones[phone].reports.last().unwrap().clone();
    let bytes = answer(&hall, phone, 26, &report);
    let from = hall.phones[phone].address;
    hall.put(at_us.max(hall.now_us - 500_000) + 1_080_000, phone, from, bytes);
    hall.run_ms(2_000);
    let stats = hall.stats(phone);
    assert_eq!((stats.remote_loss_percent, stats.remote_jitter_us), (Some(10), Some(10_000)));
    let expected = (at_us.max(10_000_000 - 500_000) - at_us) / 1_000 + 80;
    assert_eq!(stats.round_trip_ms.map(i64::from), Some(expected));
    assert_eq!(stats.packets_refused, 0);
}

#[test]
fn a_forged_goodbye_ends_nothing_and_is_not_heard() {
    let mut hall = Hall::new(3);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    hall.run_ms(1_000);
    let ssrc = hall.phones[phone].ssrc.to_be_bytes();
    let goodbye = [&[0x80, 201, 0, 1][..], &ssrc, &[0x81, 203, 0, 1], &ssrc].concat();
    for source in [hall.phones[phone].address, address("203.0.113.5:4000")] {
        hall.inject(phone, source, goodbye.clone());
        // Alone it is no compound packet.
        hall.inject(phone, source, goodbye[8..].to_vec());
    }
    hall.run_ms(3_000);
    assert!(!hall.events.iter().any(|event| matches!(event, Event::Closed { .. })));
    let heard = &hall.phones[listener].heard;
    assert!(super::hall::level_db(&heard[heard.len() - 8_000..], 400.0, 4_000.0).abs() < 0.5);
    assert_eq!(hall.stats(phone).packets_refused, 3);
}

#[test]
fn reports_have_ports_of_their_own() {
    let mut hall = Hall::new(4);
    let phone = hall.enter(1, Codec::Pcma, 1_000, silence());
    let reports_to = address("192.0.2.77:4711");
    let stream = Stream { rtcp: Rtcp::Separate(reports_to), ..hall.stream(phone) };
    update(&mut hall, phone, stream);
    hall.run_ms(10_000);
    let reports = hall.phones[phone].reports.clone();
    assert!(reports.iter().all(|(_, to, _)| *to == reports_to) && !reports.is_empty());
    let bytes = answer(&hall, phone, 128, &reports[0].2);
    // From a neighbour of that port, and from a stranger.
    for source in ["192.0.2.77:4712", "203.0.113.5:4711"] {
        hall.inject(phone, address(source), bytes.clone());
    }
    hall.step();
    assert_eq!(hall.stats(phone).remote_loss_percent, None);
    hall.inject(phone, reports_to, bytes);
    hall.step();
    assert_eq!(hall.stats(phone).remote_loss_percent, Some(50));
    assert_eq!(hall.stats(phone).packets_refused, 2);
}

#[test]
fn a_phone_behind_a_nat_is_told_where_its_reports_come_from() {
    let mut hall = Hall::new(5);
    let phone = hall.enter(1, Codec::Pcma, 1_000, silence());
    let outside = address("198.51.100.9:31000");
    let stream = Stream {
        remote: address("10.0.0.5:4000"),
        source: SourceRule::Latch { signalling: outside.ip() },
        rtcp: Rtcp::Separate(address("10.0.0.5:4001")),
        ..hall.stream(phone)
    };
    update(&mut hall, phone, stream);
    hall.phones[phone].address = outside;
    let mapped = address("198.51.100.9:31007");
    let bytes = [&[0x80, 201, 0, 1][..], &hall.phones[phone].ssrc.to_be_bytes()].concat();
    // Before the sound is known to come from there.
    hall.inject(phone, mapped, bytes.clone());
    hall.step();
    assert_eq!(hall.stats(phone).packets_refused, 1 + 1);
    hall.run_ms(1_000);
    hall.inject(phone, mapped, bytes.clone());
    hall.run_ms(10_000);
    assert_eq!(hall.phones[phone].reports.last().unwrap().1, mapped);
    // Then from there alone.
    hall.inject(phone, address("198.51.100.9:31009"), bytes);
    hall.run_ms(10_000);
    assert_eq!(hall.phones[phone].reports.last().unwrap().1, mapped);
}

#[test]
fn nothing_is_reported_before_the_call_is_confirmed() {
    let mut hall = Hall::new(6);
    let phone = hall.call(Codec::Pcma, 1_000, silence());
    hall.phones[phone].sending = false;
    let stream = Stream { direction: Direction::ReceiveOnly, ..hall.stream(phone) };
    update(&mut hall, phone, stream);
    hall.run_ms(20_000);
    hall.command(Command::RemoveLeg { leg: hall.phones[phone].leg });
    hall.listen();
    assert!(hall.phones[phone].reports.is_empty());
}

#[test]
fn a_leg_on_hold_is_still_reported_to() {
    let mut hall = Hall::new(7);
    let phone = hall.enter(1, Codec::Pcma, 1_000, silence());
    hall.run_ms(1_000);
    let stream = Stream { direction: Direction::Inactive, ..hall.stream(phone) };
    update(&mut hall, phone, stream);
    let before = hall.phones[phone].reports.len();
    hall.run_ms(20_000);
    assert!(hall.phones[phone].reports.len() >= before + 2);
    assert_eq!(hall.phones[phone].reports.last().unwrap().2[1], 201, "nothing was sent");
}

#[test]
fn a_leg_that_ends_says_goodbye_once() {
    let mut hall = Hall::new(8);
    let phone = hall.enter(1, Codec::Pcma, 1_000, silence());
    hall.run_ms(10_000);
    assert!(!hall.phones[phone].reports.iter().any(|(_, _, report)| is_bye(report)));
    hall.command(Command::RemoveLeg { leg: hall.phones[phone].leg });
    // Another tick passes before anybody asks what is to be sent.
    hall.run_ms(100);
    let byes = hall.phones[phone].reports.iter().filter(|(_, _, report)| is_bye(report)).count();
    assert_eq!(byes, 1);
}

#[test]
fn a_steady_call_is_judged_well_and_a_lossy_one_is_not() {
    let mut hall = Hall::new(9);
    let good = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let bad = hall.enter(1, Codec::Pcma, 1_000, tone(500.0, 4_000.0));
    hall.phones[bad].network.loss = 0.05;
    hall.run_ms(4_000);
    assert_eq!(hall.stats(good).mos_x100, None, "too early to say");
    hall.run_ms(26_000);
    let (good, bad) = (hall.stats(good), hall.stats(bad));
    assert_eq!((good.mos_x100, good.mos_now_x100), (Some(441), Some(441)));
    assert_eq!((good.concealed_ms, good.discarded_ms), (0, 0));
    // 5 % lost: R is 77, MOS 3.9.
    let lost_ms = bad.packets_lost * 20;
    assert!(bad.concealed_ms.abs_diff(lost_ms) <= 60, "{} of {lost_ms}", bad.concealed_ms);
    assert!((370..410).contains(&bad.mos_x100.unwrap()), "{bad:?}");
}

#[test]
fn the_silence_of_a_phone_that_suppresses_it_is_no_loss() {
    let mut hall = Hall::new(10);
    let phone = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    hall.run_ms(5_000);
    hall.phones[phone].sending = false;
    hall.run_ms(2_000);
    hall.phones[phone].sending = true;
    hall.phones[phone].spurt = true;
    hall.run_ms(5_000);
    let stats = hall.stats(phone);
    assert_eq!((stats.concealed_ms, stats.packets_lost), (0, 0), "{stats:?}");
    assert!(stats.mos_x100 > Some(430), "{stats:?}");
}

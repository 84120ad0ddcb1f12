use super::*;

const OWN: u32 = 0x1111_1111;
const PEER: u32 = 0x2222_2222;
const SAID: Said = Said { ssrc: OWN, timestamp: 8_000 };

fn wall() -> WallClock {
    let mut wall = WallClock::default();
    wall.set(0, Duration::from_secs(1_700_000_000));
    wall
}

fn heard(expected: u64, received: u64) -> Heard {
    Heard { ssrc: PEER, highest: 0x1_0005, expected, received, jitter: 40 }
}

/// What the peer of `reporter` gets.
fn report(reporter: &mut Reporter, now_us: i64, heard: Option<Heard>) -> Vec<u8> {
    let mut bytes = Vec::new();
    reporter.report(wall().moment(now_us), SAID, heard, &mut bytes);
    bytes
}

#[test]
fn reports_come_every_five_seconds_at_uneven_times() {
    let mut reporter = Reporter::new(0, 7);
    let mut times = Vec::new();
    for now_us in (0..1_000_000_000).step_by(20_000) {
        if reporter.is_due(now_us) {
            report(&mut reporter, now_us, None);
            times.push(now_us);
        }
    }
    assert!((1_250_000..=3_770_000).contains(&times[0]), "{}", times[0]);
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (2_500_000..=7_520_000).contains(gap)));
    assert!(gaps.iter().any(|&gap| gap < 3_500_000) && gaps.iter().any(|&gap| gap > 6_500_000));
    assert!((180..=220).contains(&times.len()), "{}", times.len());
}

#[test]
fn a_receiver_of_nothing_says_its_name() {
    let bytes = report(&mut Reporter::new(0, 1), 0, None);
    assert_eq!(bytes[..8], [0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11]);
    assert_eq!(bytes[8..18], [0x81, 202, 0, 6, 0x11, 0x11, 0x11, 0x11, 1, 16]);
    assert_eq!(bytes.len(), 8 + 28);
    assert!(bytes[18..34].iter().all(u8::is_ascii_hexdigit));
    assert_eq!(compound::read(&bytes, PEER), Ok(compound::Compound::default()));
}

#[test]
fn a_sender_says_what_it_sent_and_how_it_hears() {
    let mut reporter = Reporter::new(0, 1);
    (0..250).for_each(|_| reporter.note_sent(160));
    let bytes = report(&mut reporter, 500_000, Some(heard(200, 150)));
    assert_eq!(bytes[..4], [0x81, 200, 0, 12]);
    let words: Vec<u32> =
        bytes[4..52].chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
    let expected = [
        OWN,
        (1_700_000_000_u64 + NTP_TO_UNIX_S) as u32,
        1 << 31,
        8_000,
        250,
        40_000,
        PEER,
        (64 << 24) | 50,
        0x1_0005,
        40,
        0,
        0,
    ];
    assert_eq!(words, expected);
    // Nothing sent and nothing heard since.
    let next = report(&mut reporter, 5_500_000, Some(heard(200, 150)));
    assert_eq!(next[..4], [0x80, 201, 0, 1]);
}

#[test]
fn two_peers_measure_the_way_there_and_back() {
    let (mut own, mut peer) = (Reporter::new(0, 1), Reporter::new(0, 2));
    let there_us = 30_000;
    own.note_sent(160);
    let first = report(&mut own, 1_000_000, None);
    peer.handle(1_000_000 + there_us, PEER, Some(OWN), &first).unwrap();
    let mut answer = Vec::new();
    let heard = Heard { ssrc: OWN, ..heard(100, 95) };
    let said = Said { ssrc: PEER, timestamp: 0 };
    // The wall clock of the peer is an hour ahead, and its answer waits for two seconds.
    let at = wall().moment(3_000_000 + 3_600_000_000);
    peer.report(Moment { now_us: 3_000_000 + there_us, ..at }, said, Some(heard), &mut answer);
    own.handle(3_000_000 + 2 * there_us, OWN, Some(PEER), &answer).unwrap();
    let remote = own.remote();
    let round_trip_us = remote.round_trip_us.unwrap();
    assert!((round_trip_us - 60_000).abs() < 50, "{round_trip_us}");
    assert_eq!((remote.loss_percent(), remote.jitter), (Some(5), Some(40)));
}

#[test]
fn nobody_invents_a_way_there_and_back() {
    let mut own = Reporter::new(0, 1);
    own.note_sent(160);
    let sent = report(&mut own, 1_000_000, None);
    let middle = u32::from_be_bytes(sent[10..14].try_into().unwrap());
    let mut answer = |last_report, delay| {
        let mut bytes = Vec::new();
        let block =
            Block { ssrc: OWN, loss: 0, lost: 0, highest: 1, jitter: 0, last_report, delay };
        Writer::new(&mut bytes).receiver_report(PEER, Some(&block));
        own.handle(2_000_000, OWN, None, &bytes).unwrap();
        own.remote().round_trip_us
    };
    assert_eq!(answer(middle ^ 1, 0), None, "of no report of ours");
    assert_eq!(answer(0, 0), None, "of no report at all");
    assert_eq!(answer(middle, u32::MAX), None, "held for longer than it took");
    assert_eq!(answer(middle, 1 << 15), Some(500_000));
}

#[test]
fn blocks_about_others_say_nothing_of_us() {
    let mut own = Reporter::new(0, 1);
    let mut bytes = Vec::new();
    let block =
        Block { ssrc: 5, loss: 9, lost: 9, highest: 9, jitter: 9, last_report: 0, delay: 0 };
    Writer::new(&mut bytes).receiver_report(PEER, Some(&block));
    own.handle(0, OWN, None, &bytes).unwrap();
    assert_eq!(own.remote(), Remote::default());
}

#[test]
fn a_sender_report_of_another_source_is_not_answered() {
    let (mut own, mut stranger) = (Reporter::new(0, 1), Reporter::new(0, 2));
    stranger.note_sent(160);
    let bytes = report(&mut stranger, 1_000_000, None);
    own.handle(1_000_000, PEER, Some(3), &bytes).unwrap();
    assert_eq!(own.peer_report, None);
    own.handle(1_000_000, PEER, Some(OWN), &bytes).unwrap();
    assert!(own.peer_report.is_some());
}

#[test]
fn the_last_report_says_goodbye() {
    let mut bytes = Vec::new();
    let mut reporter = Reporter::new(0, 1);
    reporter.bye(wall().moment(0), SAID, None, &mut bytes);
    assert_eq!(bytes[bytes.len() - 8..], [0x81, 203, 0, 1, 0x11, 0x11, 0x11, 0x11]);
    assert!(compound::read(&bytes, PEER).is_ok());
}

#[test]
fn what_is_no_compound_packet_is_refused() {
    let mut reporter = Reporter::new(0, 1);
    reporter.note_sent(160);
    let good = report(&mut reporter, 0, Some(heard(2, 1)));
    let mut refused = |bytes: &[u8]| reporter.handle(0, PEER, None, bytes).is_err();
    assert!(!refused(&good));
    for length in 0..good.len() {
        // Cut between the report and the name, what is left is a whole packet.
        assert_eq!(refused(&good[..length]), length != 52, "{length} bytes");
    }
    let name = &good[52..];
    assert!(refused(name), "a name without a report before it");
    assert!(refused(&[&[0x80, 203, 0, 1, 0, 0, 0, 1][..], &good].concat()), "a BYE before it");
    assert!(refused(&[&good[..], &[1]].concat()));
    let mut more_blocks = good.clone();
    more_blocks[0] = 0x82;
    assert!(refused(&more_blocks));
    let mut other_version = good.clone();
    other_version[52] = 0x41;
    assert!(refused(&other_version));
    // Padding: only at the end, in words, and not more than there is.
    let pad = |last: u8| [&good[..], &[0xa0, 204, 0, 2, 0, 0, 0, 1, 0, 0, 0, last]].concat();
    assert!(!refused(&pad(4)) && !refused(&pad(8)));
    assert!(refused(&pad(0)) && refused(&pad(3)) && refused(&pad(12)) && refused(&pad(255)));
    assert!(refused(&[&pad(4)[..], name].concat()));
}

#[test]
fn the_wall_clock_is_told_in_seconds_since_1900() {
    // RFC 868 and RFC 5905 name this one: 1 January 1970 is 2,208,988,800.
    let mut wall = WallClock::default();
    wall.set(10_000_000, Duration::ZERO);
    assert_eq!(wall.moment(10_000_000).ntp, 2_208_988_800 << 32);
    assert_eq!(wall.moment(10_500_000).ntp, (2_208_988_800 << 32) | (1 << 31));
    // Before the wall clock was told it is some time.
    assert_eq!(WallClock::default().moment(-5).ntp, 2_208_988_800 << 32);
}

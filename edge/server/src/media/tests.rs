use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_media::SourceRule;

use super::*;

pub(super) fn stream(remote: SocketAddr, source: SourceRule) -> Stream {
    Stream {
        remote,
        source,
        codec: konf_media::Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        opus: konf_media::OpusWishes::default(),
        rtcp: konf_media::Rtcp::Mux,
        srtp: None,
        direction: konf_media::Direction::SendReceive,
        ssrc: 1,
        first_sequence: 0,
        first_timestamp: 0,
    }
}

pub(super) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket
}

/// 20 ms of a steady level.
pub(super) fn packet(number: u16, ssrc: u8) -> [u8; 172] {
    let mut packet = [0xb4; 172];
    packet[..4].copy_from_slice(&[0x80, 8, (number >> 8) as u8, number as u8]);
    packet[4..8].copy_from_slice(&(u32::from(number) * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&[0, 0, 0, ssrc]);
    packet
}

fn start(threads: usize) -> Result<Media> {
    Media::start(Setup { seed: 1, threads, realtime: false, suppress_noise: true })
}

/// A leg and its address.
async fn open(media: &mut Media, leg: u64, phone: &UdpSocket, trunk: bool) -> SocketAddr {
    let own = socket();
    own.set_nonblocking(true).unwrap();
    let address = own.local_addr().unwrap();
    let phone = phone.local_addr().unwrap();
    let source = match trunk {
        true => SourceRule::Exact,
        false => SourceRule::Latch { signalling: phone.ip() },
    };
    let open = ToMedia::Open { leg: LegId(leg), stream: stream(phone, source), socket: own };
    media.order(open).await.unwrap();
    address
}

async fn command(media: &mut Media, command: Command) {
    media.order(ToMedia::Command(command)).await.unwrap();
}

#[tokio::test]
async fn a_flood_against_one_leg_takes_nothing_from_another() {
    let mut media = start(1).unwrap();
    let phones = [socket(), socket()];
    let target = open(&mut media, 1, &phones[0], false).await;
    open(&mut media, 2, &phones[1], false).await;
    // Ten thousand packets a second of 251 SSRCs; the machine may make it fewer.
    let until = monotonic() + Duration::from_millis(1_500);
    let flood = thread::spawn(move || {
        let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut sent = 0u16;
        while monotonic() < until {
            for _ in 0..50 {
                let _ = attacker.send_to(&packet(sent, (sent % 251) as u8), target);
                sent = sent.wrapping_add(1);
            }
            thread::sleep(Duration::from_millis(5));
        }
        sent
    });
    let (mut arrivals, mut buffer) = (Vec::new(), [0; 2_048]);
    while monotonic() < until && phones[1].recv_from(&mut buffer).is_ok() {
        arrivals.push(monotonic());
    }
    let sent = flood.join().unwrap();
    assert!(sent > 5_000, "{sent} are no flood");
    assert!(arrivals.len() >= 60, "{} packets in 1.5 s", arrivals.len());
    let gap = |pair: &[Instant]| pair[1] - pair[0];
    let gaps = arrivals.windows(2).map(gap).filter(|gap| *gap > Duration::from_millis(45)).count();
    assert!(gaps <= 2, "{gaps} gaps: the machine may stall, the flood may not");
    let refused = media.stats(LegId(1)).unwrap().packets_refused;
    assert!(refused > 100, "{refused}");

    command(&mut media, Command::RemoveLeg { leg: LegId(2) }).await;
    assert!(matches!(media.next_event().await, Ok(Event::Closed { leg: LegId(2), .. })));
    media.end().unwrap();
}

#[tokio::test]
async fn a_trunk_is_followed_to_a_new_address_and_nobody_else_is_heard() {
    let mut media = start(1).unwrap();
    let leg = LegId(1);
    let peers = [socket(), socket()];
    let address = open(&mut media, 1, &peers[0], true).await;
    for (number, peer) in (0..).zip(&peers) {
        if number > 0 {
            let stream = stream(peer.local_addr().unwrap(), SourceRule::Exact);
            command(&mut media, Command::UpdateLeg { leg, stream }).await;
        }
        peer.recv_from(&mut [0; 2_048]).expect("the peer is sent to");
        peer.send_to(&packet(number, 1), address).unwrap();
        socket().send_to(&packet(number, 1), address).unwrap();
        let until = monotonic() + Duration::from_secs(5);
        let received = || media.stats(leg).map_or(0, |stats| stats.packets_received);
        while received() <= u64::from(number) && monotonic() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    command(&mut media, Command::RemoveLeg { leg }).await;
    let Ok(Event::Closed { stats, .. }) = media.next_event().await else { panic!("no end") };
    assert_eq!(stats.packets_received, 2, "{stats:?}");
    media.end().unwrap();
}

#[tokio::test]
async fn a_thread_that_fails_is_no_silence() {
    let media = start(2).unwrap();
    let Media { gone, .. } = &media;
    drop(Obituary(Arc::clone(gone)));
    let mut media = media;
    let said = media.next_event().await.unwrap_err().to_string();
    assert!(said.contains("failed"), "{said}");
    media.end().unwrap();
}

#[tokio::test]
async fn reports_leave_from_a_socket_of_their_own_and_the_last_one_says_goodbye() {
    let mut media = start(1).unwrap();
    let (phone, phone_reports) = (socket(), socket());
    let (own, reports) = (socket(), socket());
    own.set_nonblocking(true).unwrap();
    reports.set_nonblocking(true).unwrap();
    let reports_from = reports.local_addr().unwrap();
    let own_address = own.local_addr().unwrap();
    let leg = LegId(1);
    let stream = Stream {
        rtcp: konf_media::Rtcp::Separate(phone_reports.local_addr().unwrap()),
        ..stream(phone.local_addr().unwrap(), SourceRule::Exact)
    };
    media.order(ToMedia::Open { leg, stream, socket: own }).await.unwrap();
    media.order(ToMedia::Reports { leg, socket: reports }).await.unwrap();
    let mut buffer = [0; 2_048];
    phone.recv_from(&mut buffer).expect("sound is sent");
    // A receiver's report with nothing but who it is of: the first, which counts; then one of a stranger, which does not.
    let said = [0x80, 201, 0, 1, 0, 0, 0, 9];
    phone_reports.send_to(&said, reports_from).unwrap();
    socket().send_to(&said, reports_from).unwrap();
    let until = monotonic() + Duration::from_secs(10);
    let stats = || media.stats(leg).unwrap_or_default();
    while stats().packets_refused == 0 && monotonic() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((stats().packets_refused, stats().local), (1, Some(own_address)));
    command(&mut media, Command::RemoveLeg { leg }).await;
    loop {
        let (length, from) = phone_reports.recv_from(&mut buffer).expect("a report");
        assert_eq!(from, reports_from);
        // The last 8 bytes are a BYE with our SSRC (RFC 3550, 6.6).
        if buffer[length - 8..length] == [0x81, 203, 0, 1, 0, 0, 0, 1] {
            break;
        }
    }
    media.end().unwrap();
}

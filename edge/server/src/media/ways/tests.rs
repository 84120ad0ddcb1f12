use std::thread;

use super::super::tests::{packet, socket, stream};
use super::*;
use crate::clock::{monotonic, since_epoch};

/// A tick of one block with all legs in it.
fn begin(ways: &mut Ways, now: Instant, wall: Duration) {
    let legs: Vec<LegId> = ways.legs().collect();
    ways.arrange([legs.into_iter()].into_iter());
    ways.begin(now, wall);
}

/// What is read in one tick: when each packet came, and its first octet.
fn read(ways: &mut Ways, now: Instant, wall: Duration) -> Vec<(Instant, u8)> {
    let mut read = Vec::new();
    begin(ways, now, wall);
    ways.receive(0, |at, _, _, bytes| read.push((at, bytes[0])));
    read
}

#[test]
fn a_packet_is_dated_when_it_came_and_not_when_it_is_read() {
    for rule in [SourceRule::Exact, SourceRule::Latch { signalling: [127, 0, 0, 1].into() }] {
        let (own, phone) = (socket(), socket());
        let (address, sender) = (own.local_addr().unwrap(), phone.local_addr().unwrap());
        let mut ways = Ways::new(monotonic());
        ways.open(LegId(1), &stream(sender, rule), own);
        let before = monotonic();
        phone.send_to(&[1, 2, 3], address).unwrap();
        let after = monotonic();
        thread::sleep(Duration::from_millis(60));
        let mut read = Vec::new();
        begin(&mut ways, monotonic(), since_epoch());
        ways.receive(0, |at, leg, source, bytes| {
            read.push((at, leg, source, bytes.to_vec()));
        });
        let [(at, LegId(1), source, bytes)] = &read[..] else { panic!("{read:?}") };
        assert_eq!((source, &bytes[..]), (&sender, &[1, 2, 3][..]));
        let tolerance = Duration::from_millis(20);
        assert!(*at + tolerance > before && *at < after + tolerance, "{:?}", *at - before);
    }
}

#[test]
fn whatever_comes_together_is_read_in_order_and_nothing_is_left_behind() {
    let (own, phone) = (socket(), socket());
    let address = own.local_addr().unwrap();
    let mut ways = Ways::new(monotonic());
    ways.open(LegId(1), &stream(phone.local_addr().unwrap(), SourceRule::Exact), own);
    let mut sent = 0u8;
    let mut heard = Vec::new();
    // Long steady, so that the leg is no longer asked twice; then two at once, a pause, five at once.
    let plan = [[1; 120].as_slice(), &[2, 1, 1, 0, 5, 1, 1], &[1; 60], &[2, 1, 1, 1]].concat();
    let mut behind = 0;
    for count in plan {
        // Ticks are shorter here.
        thread::sleep(Duration::from_millis(2));
        for _ in 0..count {
            phone.send_to(&[sent], address).unwrap();
            sent = sent.wrapping_add(1);
        }
        heard.extend(
            read(&mut ways, monotonic(), since_epoch()).into_iter().map(|(_, number)| number),
        );
        behind = behind.max(usize::from(sent) - heard.len());
    }
    assert!(behind <= 1, "{behind} packets were left for later");
    thread::sleep(Duration::from_millis(2));
    heard.extend(read(&mut ways, monotonic(), since_epoch()).into_iter().map(|(_, number)| number));
    assert_eq!(heard, (0..sent).collect::<Vec<u8>>());
}

fn send(ways: &mut Ways, leg: u64, phone: &UdpSocket) {
    let destination = phone.local_addr().unwrap();
    let bytes = &packet(0, leg as u8);
    ways.send(&Transmit { leg: LegId(leg), destination, bytes, rtcp: false });
}

#[test]
fn legs_go_and_come_and_each_sends_from_its_own_socket() {
    let mut ways = Ways::new(monotonic());
    let phones: Vec<UdpSocket> = (0..4).map(|_| socket()).collect();
    let mut addresses = Vec::new();
    for (leg, phone) in (0..).map(LegId).zip(&phones) {
        let own = socket();
        addresses.push(own.local_addr().unwrap());
        ways.open(leg, &stream(phone.local_addr().unwrap(), SourceRule::Exact), own);
    }
    let gone = ways.take(LegId(1)).unwrap();
    assert!(ways.take(LegId(1)).is_none());
    for order in [[0, 3, 2, 1], [2, 1, 0, 3]] {
        begin(&mut ways, monotonic(), since_epoch());
        for leg in order {
            send(&mut ways, leg, &phones[leg as usize]);
        }
    }
    ways.put(gone);
    begin(&mut ways, monotonic(), since_epoch());
    send(&mut ways, 1, &phones[1]);
    for (leg, phone) in (0..).zip(&phones) {
        let mut buffer = [0; 2_048];
        for _ in 0..if leg == 1 { 1 } else { 2 } {
            let (_, from) = phone.recv_from(&mut buffer).unwrap();
            assert_eq!((from, buffer[11]), (addresses[usize::from(leg)], leg));
        }
        phone.set_nonblocking(true).unwrap();
        assert!(phone.recv_from(&mut buffer).is_err(), "a leg that was away has sent");
    }
    assert_eq!(ways.legs().count(), 4);
}

#[test]
fn what_a_stall_of_200_ms_leaves_is_kept() {
    let (own, phone) = (socket(), socket());
    let address = own.local_addr().unwrap();
    let mut ways = Ways::new(monotonic());
    ways.open(LegId(1), &stream(phone.local_addr().unwrap(), SourceRule::Exact), own);
    for number in 0..20 {
        phone.send_to(&packet(number, 1), address).unwrap();
    }
    assert_eq!(read(&mut ways, monotonic(), since_epoch()).len(), 20);
}

#[test]
fn each_block_reads_its_own_legs_in_the_order_of_the_engine() {
    let (phones, mut ways) = ([0; 4].map(|_| socket()), Ways::new(monotonic()));
    let mut addresses = Vec::new();
    for (leg, phone) in (0..).map(LegId).zip(&phones) {
        let own = socket();
        addresses.push(own.local_addr().unwrap());
        ways.open(leg, &stream(phone.local_addr().unwrap(), SourceRule::Exact), own);
    }
    // Leg 9 is not here, leg 1 is nowhere in the engine.
    for blocks in [vec![vec![3, 0], vec![9, 2]], vec![vec![2], vec![0, 3]]] {
        ways.arrange(blocks.iter().map(|legs| legs.iter().copied().map(LegId)));
        assert_eq!(ways.blocks(), blocks.len());
        for (phone, address) in phones.iter().zip(&addresses) {
            phone.send_to(&[0], address).unwrap();
        }
        thread::sleep(Duration::from_millis(2));
        ways.begin(monotonic(), since_epoch());
        for (block, legs) in blocks.iter().enumerate() {
            let mut read = Vec::new();
            ways.receive(block, |_, leg, _, _| read.push(leg.0));
            let here: Vec<u64> = legs.iter().copied().filter(|&leg| leg != 9).collect();
            assert_eq!(read, here);
        }
    }
}

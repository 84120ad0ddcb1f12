use super::*;

const TICK_US: i64 = 20_000;

fn payload(code: u8, end: bool, duration: u16) -> [u8; 4] {
    let [high, low] = duration.to_be_bytes();
    [code, if end { 0x8a } else { 0x0a }, high, low]
}

struct Line {
    receiver: EventReceiver,
    now_us: i64,
}

impl Line {
    fn new() -> Self {
        Self { receiver: EventReceiver::new(8_000), now_us: 0 }
    }

    fn packet(&mut self, code: u8, timestamp: u32, end: bool, duration: u16) -> Option<Digit> {
        self.now_us += TICK_US;
        self.receiver.handle(self.now_us, 0, timestamp, &payload(code, end, duration))
    }
}

#[test]
fn a_press_with_its_repeated_end_is_one_digit() {
    let mut line = Line::new();
    assert_eq!(line.packet(5, 1000, false, 160), Some(Digit::Number(5)));
    for duration in [320, 480] {
        assert_eq!(line.packet(5, 1000, false, duration), None);
    }
    for _ in 0..3 {
        assert_eq!(line.packet(5, 1000, true, 640), None);
    }
}

#[test]
fn the_same_key_twice_is_two_digits_even_if_every_end_is_lost() {
    let mut line = Line::new();
    assert_eq!(line.packet(11, 1000, false, 160), Some(Digit::Hash));
    assert_eq!(line.packet(11, 1000, false, 320), None);
    assert_eq!(line.packet(11, 2600, false, 160), Some(Digit::Hash));
}

#[test]
fn an_end_packet_alone_is_a_digit_and_what_comes_late_is_not() {
    let mut line = Line::new();
    assert_eq!(line.packet(10, 1000, true, 640), Some(Digit::Star));
    assert_eq!(line.packet(10, 1000, false, 160), None);
    assert_eq!(line.packet(1, 2600, false, 160), Some(Digit::Number(1)));
    assert_eq!(line.packet(10, 1000, true, 640), None);
    assert_eq!(line.packet(1, 2600, true, 640), None);
}

#[test]
fn a_press_of_half_a_minute_in_segments_is_one_digit() {
    let mut line = Line::new();
    let mut digits = Vec::new();
    for packet in 0..1_500u32 {
        let samples = packet * 160 + 160;
        let segment = (samples - 1) / SEGMENT;
        let timestamp = 77u32.wrapping_add(segment * SEGMENT);
        let duration = (samples - segment * SEGMENT) as u16;
        digits.extend(line.packet(3, timestamp, false, duration));
    }
    assert_eq!(digits, [Digit::Number(3)]);
}

#[test]
fn a_timestamp_that_creeps_is_one_press() {
    let mut line = Line::new();
    assert_eq!(line.packet(7, 1000, false, 160), Some(Digit::Number(7)));
    assert_eq!(line.packet(7, 1160, false, 320), None);
    assert_eq!(line.packet(7, 1320, false, 480), None);
}

#[test]
fn other_events_and_short_packets_say_nothing() {
    let mut receiver = EventReceiver::new(8_000);
    assert_eq!(receiver.handle(0, 0, 1, &payload(16, false, 160)), None);
    assert_eq!(receiver.handle(0, 0, 2, &[1, 2, 3]), None);
    assert!(!receiver.is_pressing(1));
}

#[test]
fn the_leg_is_quiet_while_a_key_is_down_and_a_little_longer() {
    let mut line = Line::new();
    line.packet(1, 1000, false, 160);
    assert!(line.receiver.is_pressing(line.now_us + 200_000));
    line.packet(1, 1000, true, 320);
    assert!(line.receiver.is_pressing(line.now_us + 39_000));
    assert!(!line.receiver.is_pressing(line.now_us + 40_000));
}

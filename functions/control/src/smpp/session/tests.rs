use super::*;

const START: UnixMs = UnixMs(1_000_000);

/// A session and what its SMSC hears.
struct Bench {
    session: Session,
    now: UnixMs,
}

impl Bench {
    fn new() -> Self {
        Bench { session: Session::new("konf", &Secret::new("secret"), START), now: START }
    }

    fn bound() -> Self {
        let mut bench = Bench::new();
        assert_eq!(bench.heard().len(), 1);
        bench.say(0, 1, Body::BindTransceiverResp);
        assert_eq!(bench.events(), [Event::Bound]);
        bench
    }

    fn say(&mut self, status: u32, sequence: u32, body: Body) {
        self.session.handle_bytes(&codec::encode(&Pdu { status, sequence, body }), self.now);
    }

    fn heard(&mut self) -> Vec<Pdu> {
        let bytes: Vec<_> = std::iter::from_fn(|| self.session.poll_transmit()).collect();
        bytes.iter().map(|bytes| codec::decode(bytes).unwrap().unwrap().0).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn submit(&mut self, token: u64) {
        self.session.submit(token, Message::default(), self.now);
    }

    fn pass(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while let Some((at, _)) = self.session.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = at.max(self.now);
            self.session.handle_timeout(self.now);
        }
        self.now = end;
    }
}

fn settled(token: u64, outcome: Outcome) -> Event {
    Event::Settled { token, outcome }
}

fn taken(id: &str) -> Body {
    Body::SubmitSmResp { message_id: id.to_owned() }
}

#[test]
fn it_binds_and_says_so_or_why_not() {
    let mut bench = Bench::new();
    let credentials =
        Body::BindTransceiver { system_id: "konf".to_owned(), password: Secret::new("secret") };
    assert_eq!(bench.heard(), [Pdu { status: 0, sequence: 1, body: credentials }]);
    bench.say(0x0e, 1, Body::BindTransceiverResp);
    assert_eq!(bench.events(), [Event::Closed(Reason::BindRefused(0x0e))]);
    assert_eq!(bench.session.poll_timeout(), None);

    let mut bench = Bench::new();
    bench.pass(ANSWER_MS);
    assert_eq!(bench.events(), [Event::Closed(Reason::Silent("the bind"))]);
}

#[test]
fn a_message_goes_when_it_is_bound_and_each_answer_is_told_apart() {
    let mut bench = Bench::new();
    bench.submit(1);
    assert_eq!(bench.heard().len(), 1, "only the bind");
    bench.say(0, 1, Body::BindTransceiverResp);
    for token in 2..=4 {
        bench.submit(token);
    }
    let sequences: Vec<u32> = bench.heard().iter().map(|pdu| pdu.sequence).collect();
    assert_eq!(sequences, [2, 3, 4, 5]);
    bench.say(0, 3, taken("m-3"));
    bench.say(0, 2, taken("m-2"));
    bench.say(0x0b, 4, Body::SubmitSmResp { message_id: String::new() });
    bench.say(0x08, 5, Body::GenericNack);
    let expected = [
        Event::Bound,
        settled(2, Outcome::Taken { message_id: "m-3".to_owned() }),
        settled(1, Outcome::Taken { message_id: "m-2".to_owned() }),
        settled(3, Outcome::Refused(0x0b)),
        settled(4, Outcome::Later),
    ];
    assert_eq!(bench.events(), expected);
    // An answer that comes twice is nothing.
    bench.say(0, 2, taken("m-2"));
    assert!(bench.events().is_empty());
}

#[test]
fn no_more_than_the_window_is_under_way_and_a_throttle_makes_a_pause() {
    let mut bench = Bench::bound();
    for token in 0..15 {
        bench.submit(token);
    }
    assert_eq!(bench.heard().len(), WINDOW);
    bench.say(0, 2, taken("a"));
    assert_eq!(bench.heard().len(), 1);
    bench.say(status::THROTTLED, 3, taken(""));
    assert!(bench.heard().is_empty());
    assert_eq!(bench.events()[1], settled(1, Outcome::Later));
    bench.pass(PAUSE_MS - 1);
    assert!(bench.heard().is_empty());
    bench.pass(1);
    assert_eq!(bench.heard().len(), 1);
}

#[test]
fn without_an_answer_nobody_knows_and_what_was_not_sent_was_not_taken() {
    let mut bench = Bench::bound();
    for token in 0..12 {
        bench.submit(token);
    }
    bench.pass(ANSWER_MS - 1);
    assert!(bench.events().is_empty());
    bench.session.handle_broken();
    let events = bench.events();
    for (token, event) in events[..12].iter().enumerate() {
        let outcome = if token < WINDOW { Outcome::Unknown } else { Outcome::Later };
        assert_eq!(*event, settled(token as u64, outcome));
    }
    assert_eq!(events[12..], [Event::Closed(Reason::Broken)]);
    // Nothing goes any more.
    bench.submit(99);
    assert_eq!(bench.events(), [settled(99, Outcome::Later)]);
}

#[test]
fn a_message_that_is_not_answered_is_given_up_and_the_link_stays() {
    let mut bench = Bench::bound();
    bench.submit(1);
    bench.pass(ANSWER_MS);
    assert_eq!(bench.events(), [settled(1, Outcome::Unknown)]);
    bench.say(0, 2, taken("late"));
    assert!(bench.events().is_empty());
}

#[test]
fn silence_is_enquired_about_and_no_answer_is_the_end() {
    let mut bench = Bench::bound();
    bench.pass(IDLE_MS - 1);
    assert!(bench.heard().is_empty());
    bench.pass(1);
    let heard = bench.heard();
    assert!(matches!(heard[..], [Pdu { body: Body::EnquireLink, .. }]), "{heard:?}");
    bench.say(0, heard[0].sequence, Body::EnquireLinkResp);
    bench.pass(IDLE_MS);
    assert_eq!(bench.heard().len(), 1);
    bench.pass(ANSWER_MS);
    assert_eq!(bench.events(), [Event::Closed(Reason::Silent("an enquiry"))]);
}

#[test]
fn what_the_other_side_asks_is_answered() {
    let mut bench = Bench::bound();
    bench.say(0, 70, Body::EnquireLink);
    bench.say(0, 71, Body::DeliverSm(Message::default()));
    bench.say(0, 72, Body::Other(0x102));
    bench.say(0, 73, Body::Other(0x8000_0102));
    assert_eq!(bench.events(), [Event::Delivered { sequence: 71, message: Message::default() }]);
    bench.session.acknowledge(71, status::OK);
    let heard = bench.heard();
    let expected =
        [(70, 0, Body::EnquireLinkResp), (72, 3, Body::GenericNack), (71, 0, Body::DeliverSmResp)];
    let expected = expected.map(|(sequence, status, body)| Pdu { status, sequence, body });
    assert_eq!(heard, expected);
    bench.say(0, 74, Body::Unbind);
    assert_eq!(bench.heard(), [Pdu { status: 0, sequence: 74, body: Body::UnbindResp }]);
    assert_eq!(bench.events(), [Event::Closed(Reason::Unbound)]);
}

#[test]
fn we_leave_politely() {
    let mut bench = Bench::bound();
    bench.session.unbind(bench.now);
    let heard = bench.heard();
    assert!(matches!(heard[..], [Pdu { body: Body::Unbind, .. }]));
    bench.say(0, heard[0].sequence, Body::UnbindResp);
    assert_eq!(bench.events(), [Event::Closed(Reason::Unbound)]);
}

#[test]
fn bytes_in_any_pieces_are_the_same_and_nonsense_is_the_end() {
    let mut bench = Bench::bound();
    let one = codec::encode(&Pdu { status: 0, sequence: 9, body: Body::EnquireLink });
    for byte in [one.clone(), one].concat() {
        bench.session.handle_bytes(&[byte], bench.now);
    }
    assert_eq!(bench.heard().len(), 2);
    bench.session.handle_bytes(b"HTTP/1.1 400 Bad Request", bench.now);
    assert!(matches!(bench.events()[..], [Event::Closed(Reason::Codec(_))]));
}

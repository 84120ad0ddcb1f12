//! Many strangers, strangers that ask much, and strangers that are somebody else.

use super::*;

fn other(at: usize, text: &str) -> String {
    text.replace("call@", &format!("call{at}@")).replace("z9hG4bKf", &format!("z9hG4bK{at}f"))
}

#[test]
fn what_a_stranger_sends_beyond_its_allowance_is_not_answered_and_the_trunk_is_not_bound_by_it() {
    let limited = || Config { stranger_calls_per_second: 20, calls_max: 10_000, ..config() };
    let options = message("OPTIONS sip:192.0.2.1", "o", "1 OPTIONS", "", "", "");
    let mut world = World::with(limited(), udp("203.0.113.1:5060"));
    for _ in 0..5_000 {
        world.hear(&options);
    }
    assert_eq!(world.lines().len(), 500, "five seconds of 100 a second");
    world.pass(seconds(1));
    assert_eq!(world.status(&options), "200", "it comes back");
    world.flow = udp(TRUNK);
    for _ in 0..5_000 {
        world.hear(&options);
    }
    assert_eq!(world.lines().len(), 5_000);
}

#[test]
fn calls_beyond_a_strangers_allowance_are_refused_without_state() {
    let config = Config { stranger_calls_per_second: 20, calls_max: 10_000, ..config() };
    let mut world = World::with(config, udp("203.0.113.1:5060"));
    for at in 0..300 {
        world.hear(&other(at, &invite("f", SDP)));
    }
    assert_eq!((world.endpoint.calls(), world.endpoint.calls.len()), (100, 100));
    assert!(world.sent[0].1.starts_with("SIP/2.0 503 ") && world.sent[0].1.contains("Retry-After"));
    assert_eq!(world.lines().len(), 200);
}

#[test]
fn one_address_gets_only_a_share_of_the_calls_without_an_ack() {
    let mut world = World::with(Config { calls_max: 80, ..config() }, udp("203.0.113.1:5060"));
    for at in 0..50 {
        world.hear(&other(at, &invite("f", SDP)));
    }
    assert_eq!(world.endpoint.calls(), 10);
    world.lines();
    world.flow = udp("203.0.113.2:5060");
    assert_eq!(world.status(&invite("t", SDP)), "100");
}

/// Everything that goes to a sender that never shows that it hears us, and what it sent.
fn sent_and_received(texts: &[String], end: impl Fn(&mut World, CallId)) -> (usize, usize) {
    let mut world = World::new();
    let mut received = 0;
    for text in texts {
        world.hear(text);
        received += text.len();
        if let Some(Event::Incoming(incoming)) = world.events.pop() {
            end(&mut world, incoming.call);
        }
        let sent: usize = world.sent.iter().map(|(_, text)| text.len()).sum();
        assert!(sent <= 2 * received, "{sent} for {received}");
    }
    world.pass(seconds(100));
    world.assert_forgotten();
    (world.sent.iter().map(|(_, text)| text.len()).sum(), received)
}

#[test]
fn a_forged_sender_brings_no_more_than_twice_what_was_sent_whatever_becomes_of_the_call() {
    let cancel = message("CANCEL sip:konf@192.0.2.1", "f", "1 CANCEL", "", "", "");
    let guess = message("ACK sip:konf@192.0.2.1", "f", "1 ACK", "guess", "", "");
    let blind = message("ACK sip:konf@192.0.2.1", "f", "1 ACK", "", "", "");
    let bye = inside("BYE", "b", 2, "guess", "", "");
    for first in [invite("f", SDP), invite("f", "")] {
        let scripts = [
            vec![first.clone()],
            vec![first.clone(); 5],
            vec![first.clone(), cancel.clone(), cancel.clone()],
            vec![first.clone(), blind.clone(), guess.clone(), bye.clone()],
        ];
        for script in &scripts {
            let ends: [fn(&mut World, CallId); 4] = [
                |_, _| {},
                |w, call| w.command(Command::Answer { call, media: MEDIA.parse().unwrap() }),
                |w, call| w.command(Command::Reject { call, status: 486, retry_after: None }),
                |w, call| {
                    w.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
                    w.command(Command::HangUp { call, reason: "x".into() });
                },
            ];
            for end in ends {
                let (sent, received) = sent_and_received(script, end);
                assert!(sent <= 2 * received, "{sent} for {received}: {script:?}");
            }
        }
    }
}

#[test]
fn an_ack_that_does_not_know_our_tag_confirms_nothing() {
    let mut world = World::new();
    let (call, tag) = world.answered(&invite("1", SDP));
    world.hear(&message("ACK sip:konf@192.0.2.1", "1", "1 ACK", "", "", ""));
    world.hear(&message("ACK sip:konf@192.0.2.1", "1", "1 ACK", "guess", "", ""));
    assert!(world.events.is_empty());
    world.hear(&ack("1", 1, &tag, ""));
    assert_eq!(world.events.remove(0), Event::Confirmed { call });
}

#[test]
fn the_answer_to_a_stranger_is_repeated_for_as_much_as_it_sends() {
    let mut world = World::new();
    world.answered(&invite("1", SDP));
    let tries: usize = (0..5).filter(|_| world.status(&invite("1", SDP)) == "200").count();
    assert_eq!(tries, 5, "each repetition of the INVITE brings the answer again");
    world.pass(seconds(9));
    assert_eq!(world.ended(), Hangup { by_peer: false, detail: "no ACK".into() });
    assert_eq!(world.endpoint.calls(), 0, "the room is free within ten seconds");
}

#[test]
fn a_stranger_that_has_shown_itself_gets_everything_repeated() {
    let mut world = World::new();
    let (call, _) = world.confirmed();
    world.command(Command::HangUp { call, reason: "end".into() });
    world.pass(seconds(31));
    assert_eq!(world.lines(), ["BYE"; 10]);
}

#[test]
fn who_has_called_before_gets_in_while_strangers_flood() {
    for trunks in [Vec::new(), config().trunks] {
        let config = Config { calls_max: 40, trunks, ..config() };
        let mut world = World::with(config, udp("198.51.100.7:5060"));
        let (_, tag) = world.confirmed();
        world.hear(&inside("BYE", "bye", 2, &tag, "", ""));
        world.pass(seconds(3_600));
        for at in 0..2_000 {
            world.flow = udp(&format!("203.0.113.{}:5060", 1 + at % 250));
            world.hear(&other(at, &invite("f", SDP)));
        }
        assert_eq!(world.endpoint.calls(), 20);
        world.lines();
        let again = |branch: &str| invite(branch, SDP).replace("call@", &format!("{branch}@"));
        world.flow = udp("198.51.100.8:5060");
        assert_eq!(world.status(&again("new")), "503");
        world.flow = udp("198.51.100.7:5060");
        assert_eq!(world.status(&again("old")), "100");
    }
}

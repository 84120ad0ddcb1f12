//! Rooms in which not everybody has the same codec.

use super::hall::{Hall, Sound, level_db_at, tone_at};
use crate::frame::power;
use crate::{Codec, Command, Rate, RoomId};

const AMPLITUDE: f64 = 3_000.0;

const CODECS: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

fn hz(phone: usize) -> f64 {
    500.0 + 150.0 * phone as f64
}

fn sings(codec: Codec, hz: f64) -> Sound {
    tone_at(codec.sampling(), hz, AMPLITUDE)
}

/// Level of `hz` at `phone` in the last second.
fn hears(hall: &Hall, phone: usize, hz: f64) -> f64 {
    let phone = &hall.phones[phone];
    let second = phone.codec.rate() as usize;
    let heard = &phone.heard[phone.heard.len() - second..];
    level_db_at(phone.codec.sampling(), heard, hz, AMPLITUDE)
}

#[test]
fn everybody_hears_everybody_else_at_the_right_level_whatever_the_codecs() {
    for codecs in CODECS.iter().flat_map(|&a| CODECS.map(|b| [a, b])) {
        let mut hall = Hall::new(31);
        for (phone, codec) in codecs.into_iter().chain([codecs[0]]).enumerate() {
            hall.enter(1, codec, 1_900 * phone as i64, sings(codec, hz(phone)));
        }
        hall.run_ms(3_000);
        for phone in 0..3 {
            for other in 0..3 {
                let level = hears(&hall, phone, hz(other));
                println!("{codecs:?}: {phone} hears {other} at {level:.1} dB");
                if phone == other {
                    // Opus has noise of its own between the tones of the others.
                    let most = if hall.phones[phone].codec == Codec::Opus { -30.0 } else { -40.0 };
                    assert!(level < most, "{codecs:?}: {phone} hears itself at {level:.1} dB");
                } else {
                    let most = if codecs.contains(&Codec::Opus) { 2.0 } else { 0.5 };
                    assert!(level.abs() < most, "{codecs:?}: {phone}, {other}: {level:.1} dB");
                }
            }
        }
    }
}

#[test]
fn high_sounds_pass_between_those_who_can_hear_them_and_fold_down_for_nobody() {
    let mut hall = Hall::new(32);
    let opus = hall.enter(1, Codec::Opus, 1_000, sings(Codec::Opus, 5_000.0));
    let listeners = CODECS.map(|codec| hall.enter(1, codec, 2_000, Box::new(|_| 0)));
    hall.run_ms(3_000);
    let [pcma, pcmu, g722, full] = listeners;
    for narrow in [pcma, pcmu] {
        // 5 kHz would fold down to 3 kHz.
        let level = hears(&hall, narrow, 3_000.0);
        assert!(level < -45.0, "folded: {level:.1} dB");
    }
    for wide in [g722, full] {
        let level = hears(&hall, wide, 5_000.0);
        assert!(level.abs() < 2.0, "5 kHz: {level:.1} dB");
    }
    hall.phones[opus].sound = sings(Codec::Opus, 10_000.0);
    hall.run_ms(2_000);
    let level = hears(&hall, full, 10_000.0);
    assert!(level.abs() < 3.0, "10 kHz: {level:.1} dB");
    // 10 kHz would fold down to 6 kHz.
    let level = hears(&hall, g722, 6_000.0);
    assert!(level < -45.0, "folded: {level:.1} dB");
}

#[test]
fn a_room_of_telephones_hears_as_before_when_a_better_one_comes_and_goes() {
    let mut hall = Hall::new(33);
    let talker = hall.enter(1, Codec::Pcma, 1_000, sings(Codec::Pcma, 560.0));
    let listener = hall.enter(1, Codec::Pcmu, 7_000, Box::new(|_| 0));
    let other = hall.enter(1, Codec::Pcma, 9_000, sings(Codec::Pcma, 90.0));
    hall.run_ms(1_000);
    for codec in [Codec::Opus, Codec::G722, Codec::Opus] {
        let wide = hall.enter(1, codec, 3_000, Box::new(|_| 0));
        hall.run_ms(2_000);
        assert!(hears(&hall, wide, 560.0).abs() < 2.0);
        let leg = hall.phones[wide].leg;
        hall.command(Command::RemoveLeg { leg });
        hall.run_ms(2_000);
    }
    for (phone, most) in [(listener, 1_600), (other, 1_450), (talker, 350)] {
        // From one sample to the next: a tone of 560 Hz makes 1,319, one of 90 Hz 212.
        let heard = &hall.phones[phone].heard[2_000..];
        let step = heard.windows(2).map(|w| (w[1] - w[0]).abs()).max().unwrap();
        println!("{phone}: a step of {step}");
        assert!(step < most, "{phone}: a click of {step}");
    }
    let (low, high) = super::hall::envelope_at(Rate::Narrow, &hall.phones[other].heard[2_000..]);
    println!("between {low} and {high}");
    assert!(low > 0.3 * high, "between {low} and {high}");
    assert!(hears(&hall, talker, 560.0) < -40.0);
}

#[test]
fn a_leg_whose_codec_changes_in_the_call_is_heard_and_hears_as_well_as_it_can_then() {
    let mut hall = Hall::new(34);
    let changing = hall.enter(1, Codec::Pcma, 1_000, sings(Codec::Pcma, hz(0)));
    let others = [Codec::Pcma, Codec::G722, Codec::Opus]
        .map(|codec| hall.enter(1, codec, 5_000, sings(codec, hz(1))));
    for codec in [Codec::G722, Codec::Opus, Codec::Pcmu, Codec::Opus, Codec::G722, Codec::Pcma] {
        hall.phones[changing].set_codec(codec);
        hall.phones[changing].sound = sings(codec, hz(0));
        let (leg, stream) = (hall.phones[changing].leg, hall.stream(changing));
        hall.command(Command::UpdateLeg { leg, stream });
        hall.run_ms(2_000);
        // Three say the same at their own times, and their sum may be anything up to three times as loud.
        assert!(hears(&hall, changing, hz(1)) < 10.0, "{codec:?}");
        for other in others {
            let level = hears(&hall, other, hz(0));
            assert!(level.abs() < 2.0, "{codec:?}: {level:.1} dB");
        }
        assert!(hall.stats(changing).delay_ms < 25, "{codec:?}: {:?}", hall.stats(changing));
    }
}

/// Who only listens hears the shared stream, and one of its own while it speaks: the seams between the two streams are not
/// to be heard.
#[test]
fn going_over_between_the_shared_stream_and_ones_own_dents_a_tone_hardly() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut hall = Hall::new(35);
        hall.enter(1, Codec::Pcma, 1_000, sings(Codec::Pcma, 440.0));
        let listener = hall.enter(1, codec, 3_000, Box::new(|_| 0));
        hall.run_ms(2_000);
        let third = hall.enter(1, codec, 5_000, Box::new(|_| 0));
        for i in 0..5 {
            let speaker = [listener, third][i % 2];
            hall.phones[speaker].sound = sings(codec, 1_500.0);
            hall.run_ms(100 + 20 * i as i64);
            hall.phones[speaker].sound = Box::new(|_| 0);
            // The room is loud all the time: after 10 s the leg shares again.
            hall.run_ms(11_000);
        }
        let rate = codec.sampling();
        let heard = &hall.phones[listener].heard[rate.hz() as usize..];
        // What the third one says is heard besides.
        let (low, high) = super::hall::envelope_at(rate, heard);
        println!("{codec:?}: between {low} and {high}");
        // An Opus encoder that begins anew overshoots by up to 2.7 dB for 20 ms at some moments.
        assert!(low > 0.7 * 2_121.0 && high < 1.4 * 3_000.0, "{codec:?}: {low}, {high}");
    }
}

#[test]
fn who_leaves_a_loud_room_hears_no_crack() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut hall = Hall::new(36);
        hall.enter(1, Codec::Pcma, 1_000, sings(Codec::Pcma, 440.0));
        let listener = hall.enter(1, codec, 3_000, Box::new(|_| 0));
        hall.run_ms(3_000);
        let leg = hall.phones[listener].leg;
        hall.command(Command::Leave { leg });
        let before = hall.phones[listener].heard.len();
        hall.run_ms(2_000);
        let heard = &hall.phones[listener].heard[before..];
        let loudest = crate::frame::peak(heard);
        println!("{codec:?}: {loudest}");
        assert!(f64::from(loudest) < 1.3 * AMPLITUDE, "{codec:?}: {loudest}");
        let end = &heard[heard.len() - codec.rate() as usize..];
        assert!(crate::frame::peak(end) < 60, "{codec:?}");
    }
}

#[test]
fn who_only_hisses_shares_the_encoder_of_those_who_listen() {
    let mut hall = Hall::new(37);
    hall.enter(1, Codec::Opus, 1_000, sings(Codec::Opus, 700.0));
    let hisses: Sound = Box::new(|n| ((n as u32).wrapping_mul(2_654_435_761) >> 16) as i16 % 29);
    let hisser = hall.enter(1, Codec::Opus, 5_000, hisses);
    let listener = hall.enter(1, Codec::Opus, 9_000, Box::new(|_| 0));
    hall.run_ms(3_000);
    let last = |phone: usize| hall.phones[phone].heard[2 * 48_000..].to_vec();
    let apart: Vec<i16> = last(hisser).iter().zip(last(listener)).map(|(a, b)| a - b).collect();
    // Encoders of their own would make of the tone what differs by more than this.
    assert!(power(&apart) < 4.0, "{}", power(&apart));
    assert!(hears(&hall, hisser, 700.0).abs() < 2.0);
}

/// Whether both have heard the same for so long: encoders of their own would make of a tone what differs by more.
fn hear_the_same(hall: &Hall, (one, other): (usize, usize), seconds: f64) -> bool {
    let last = |phone: usize| {
        let heard = &hall.phones[phone].heard;
        &heard[heard.len() - (seconds * 48_000.0) as usize..]
    };
    let apart: Vec<i16> = last(one).iter().zip(last(other)).map(|(a, b)| a - b).collect();
    // -50 dB: at first what one decoder remembers differs a little from what the other does.
    power(last(one)) > 10_000.0 && power(&apart) < power(last(one)) * 1e-5
}

#[test]
fn who_is_let_into_a_loud_room_shares_at_once() {
    let mut hall = Hall::new(38);
    hall.enter(1, Codec::Opus, 1_000, sings(Codec::Opus, 700.0));
    let listener = hall.enter(1, Codec::Opus, 9_000, Box::new(|_| 0));
    let waits = hall.call(Codec::Opus, 5_000, Box::new(|_| 0));
    hall.run_ms(1_000);
    hall.command(Command::Join { leg: hall.phones[waits].leg, room: RoomId(1) });
    hall.run_ms(500);
    assert!(hear_the_same(&hall, (listener, waits), 0.3));
}

#[test]
fn who_has_spoken_shares_again_in_a_pause_of_another() {
    let mut hall = Hall::new(39);
    let tone = sings(Codec::Opus, 700.0);
    // A tenth of each second is silent.
    let pauses: Sound = Box::new(move |n| if n % 48_000 < 4_800 { 0 } else { tone(n) });
    hall.enter(1, Codec::Opus, 1_000, pauses);
    let listener = hall.enter(1, Codec::Opus, 9_000, Box::new(|_| 0));
    let speaker = hall.enter(1, Codec::Opus, 5_000, sings(Codec::Opus, 1_500.0));
    hall.run_ms(1_000);
    hall.phones[speaker].sound = Box::new(|_| 0);
    hall.run_ms(1_400);
    assert!(!hear_the_same(&hall, (listener, speaker), 0.3), "too soon");
    hall.run_ms(3_000);
    assert!(hear_the_same(&hall, (listener, speaker), 0.5));
}

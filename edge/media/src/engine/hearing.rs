//! What each leg hears in a tick, as the packet that it is sent.

use crate::codec::g711;
use crate::encoding::Spares;
use crate::frame::{FRAME, FRAME_MAX, subtract};
use crate::leg::{Events, Leg};
use crate::mix::Mix;
use crate::outbox::Outbox;
use crate::room::Room;
use crate::voice::{SILENCE, envelope};
use crate::{Event, Rate};

/// Where one leg's sound is made after the other's.
pub(super) struct Desk {
    room: Box<[i32; FRAME_MAX]>,
    limited: Box<[i16; FRAME_MAX]>,
    sum: Box<[i32; FRAME_MAX]>,
    before: Box<[i32; FRAME_MAX]>,
    frame: Box<[i16; FRAME_MAX]>,
    spares: Spares,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            room: Box::new([0; FRAME_MAX]),
            limited: Box::new([0; FRAME_MAX]),
            sum: Box::new([0; FRAME_MAX]),
            before: Box::new([0; FRAME_MAX]),
            frame: Box::new([0; FRAME_MAX]),
            spares: Spares::default(),
        }
    }
}

/// Makes the packet of one leg.
pub(super) fn speak(
    leg: &mut Leg,
    mut room: Option<&mut Room>,
    desk: &mut Desk,
    outbox: &mut Outbox,
    events: &mut Events,
) {
    if !leg.sends() {
        leg.rest();
        return;
    }
    let rate = leg.rate();
    let is_g711 = g711::knows(leg.stream.codec);
    let shared = leg.ear.shares();
    let alone = if is_g711 {
        leg.adds || !leg.player.is_idle()
    } else {
        let differs = leg.adds_more_than_hiss() || !leg.player.is_idle();
        let is_faint = room.as_mut().is_none_or(|room| room.is_faint());
        leg.ear.is_alone(differs || room.is_none(), is_faint)
    };
    if let Some(room) = &room
        && alone
        && shared
        && !is_g711
    {
        part(leg, room, desk, true);
    }
    match room {
        room if alone => {
            own_mix(leg, room, desk, events);
            leg.is_sent(envelope(&desk.frame[..rate.frame()]));
            encode(leg, rate, desk, outbox);
        }
        Some(room) if !(is_g711 && room.is_quiet()) => {
            leg.is_sent(room.envelope());
            let recipe = leg.recipe;
            let loss = leg.contact.remote_loss_percent();
            outbox.push(leg, room.shared(rate, &recipe, loss));
            leg.ear.limiter = room.limiter(rate);
            leg.ear.share(&recipe, &mut desk.spares);
        }
        _ => {
            leg.is_sent(SILENCE);
            outbox.push(leg, &[g711::silence(leg.stream.codec); FRAME]);
        }
    }
}

/// What the leg hears goes on in a stream of its own. `in_tick` says that the room's stream may be ahead of it by this tick.
fn part(leg: &mut Leg, room: &Room, desk: &mut Desk, in_tick: bool) {
    let mut own = leg.ear.take_encoding(&leg.recipe, &mut desk.spares);
    room.part(&leg.recipe, &mut own, in_tick);
    leg.ear.give_back(own);
}

/// The leg leaves the room, between two ticks.
pub(super) fn leave(leg: &mut Leg, room: &Room, desk: &mut Desk) {
    if leg.ear.shares() && leg.ear.has_heard() {
        part(leg, room, desk, false);
        leg.ear.stop_sharing();
    }
}

/// The leg's own packet of the desk's frame.
fn encode(leg: &mut Leg, rate: Rate, desk: &mut Desk, outbox: &mut Outbox) {
    let frame = &desk.frame[..rate.frame()];
    let codec = leg.stream.codec;
    if g711::knows(codec) {
        let mut payload = [0; FRAME];
        g711::encode(codec, frame, &mut payload);
        outbox.push(leg, &payload);
        return;
    }
    let recipe = leg.recipe;
    let mut encoding = leg.ear.take_encoding(&recipe, &mut desk.spares);
    encoding.set_loss(leg.contact.remote_loss_percent());
    outbox.push(leg, encoding.encode(frame));
    leg.ear.give_back(encoding);
}

/// The room without the leg itself, and what plays to it alone: into the desk's frame.
fn own_mix(leg: &mut Leg, room: Option<&mut Room>, desk: &mut Desk, events: &mut Events) {
    let length = leg.rate().frame();
    if let Some(room) = room {
        if passes_plainly(leg, room, &mut desk.frame[..length]) {
            return;
        }
        room_mix(leg, room, desk);
    } else {
        desk.sum[..length].fill(0);
    }
    let sum = &mut desk.sum[..length];
    if !leg.player.is_idle() {
        let id = leg.id;
        leg.player.render(sum, |playback| {
            events.push_back(Event::Played { leg: id, playback });
        });
    }
    leg.ear.limiter.limit(sum, &mut desk.frame[..length]);
}

/// Nearly always: nothing plays to the leg, its rate is the room's, and what it hears fits 16 bits. One pass then does.
fn passes_plainly(leg: &Leg, room: &mut Room, frame: &mut [i16]) -> bool {
    let is_plain = leg.player.is_idle()
        && leg.adds
        && room.former().is_none()
        && room.mix().rate() == leg.rate();
    is_plain && leg.ear.limiter.pass_without(room.mix().sum(), leg.voice(), frame)
}

/// The room without the leg itself: into the desk's sum. When the room changes its rate, one mix fades into the other.
fn room_mix(leg: &mut Leg, room: &mut Room, desk: &mut Desk) {
    let rate = leg.rate();
    let least = room.rate();
    let Some(former) = room.former().filter(|former| rate <= former.rate().min(least)) else {
        without(leg, room.mix(), false, desk);
        return;
    };
    without(leg, former, true, desk);
    leg.ear.forget_descent();
    desk.before[..rate.frame()].copy_from_slice(&desk.sum[..rate.frame()]);
    without(leg, room.mix(), false, desk);
    fade(&desk.before[..rate.frame()], &mut desk.sum[..rate.frame()]);
}

/// `mix` without the leg itself, at the leg's rate: into the desk's sum. `as_before` is for a room's former mix.
fn without(leg: &mut Leg, mix: &mut Mix, as_before: bool, desk: &mut Desk) {
    let rate = leg.rate();
    let (adds, voice) = match as_before {
        true => (leg.adds_as_before, leg.voice_as_before()),
        false => (leg.adds, leg.voice()),
    };
    if mix.rate() == rate {
        let sum = &mut desk.sum[..rate.frame()];
        sum.copy_from_slice(mix.sum());
        if adds {
            subtract(sum, voice);
        }
    } else if adds {
        let whole = &mut desk.room[..mix.rate().frame()];
        whole.copy_from_slice(mix.sum());
        subtract(whole, voice);
        let frame = &mut desk.frame[..rate.frame()];
        let descent = leg.ear.descent(|| mix.descent(rate));
        descent.descend(whole, &mut desk.limited[..whole.len()], frame);
        widen(frame, &mut desk.sum[..rate.frame()]);
    } else {
        leg.ear.forget_descent();
        widen(mix.heard_at(rate), &mut desk.sum[..rate.frame()]);
    }
}

/// `to` becomes what goes from `from` to it in a straight line.
fn fade(from: &[i32], to: &mut [i32]) {
    let step = 1.0 / (from.len() as f32 + 1.0);
    for (i, (&from, to)) in from.iter().zip(to).enumerate() {
        let weight = (i as f32 + 1.0) * step;
        *to = (from as f32 * (1.0 - weight) + *to as f32 * weight) as i32;
    }
}

fn widen(frame: &[i16], sum: &mut [i32]) {
    for (sum, &sample) in sum.iter_mut().zip(frame) {
        *sum = i32::from(sample);
    }
}

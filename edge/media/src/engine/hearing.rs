//! What each leg hears in a tick, as the packet that it is sent.

use crate::codec::g711;
use crate::frame::{FRAME, FRAME_MAX, subtract};
use crate::leg::{Events, Leg};
use crate::outbox::Outbox;
use crate::room::Room;
use crate::{Event, Rate};

/// Where one leg's sound is made after the other's.
pub(super) struct Desk {
    room: Box<[i32; FRAME_MAX]>,
    limited: Box<[i16; FRAME_MAX]>,
    sum: Box<[i32; FRAME_MAX]>,
    frame: Box<[i16; FRAME_MAX]>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            room: Box::new([0; FRAME_MAX]),
            limited: Box::new([0; FRAME_MAX]),
            sum: Box::new([0; FRAME_MAX]),
            frame: Box::new([0; FRAME_MAX]),
        }
    }
}

/// Makes the packet of one leg.
pub(super) fn speak(
    leg: &mut Leg,
    room: Option<&mut Room>,
    desk: &mut Desk,
    outbox: &mut Outbox,
    events: &mut Events,
) {
    if !leg.sends() {
        leg.rest();
        return;
    }
    let rate = leg.rate();
    let is_quiet = room.as_ref().is_none_or(|room| room.is_quiet());
    let differs = leg.adds || !leg.player.is_idle();
    let is_g711 = g711::knows(leg.stream.codec);
    let shared = leg.ear.shares();
    let alone =
        if is_g711 { differs } else { leg.ear.is_alone(differs || room.is_none(), is_quiet) };
    if let Some(room) = &room
        && alone
        && shared
        && !is_g711
    {
        part(leg, room, true);
    }
    match room {
        room if alone => {
            own_mix(leg, room, desk, events);
            encode(leg, &desk.frame[..rate.frame()], outbox);
        }
        Some(room) if !(is_g711 && is_quiet) => {
            let recipe = leg.recipe;
            let loss = leg.contact.remote_loss_percent();
            outbox.push(leg, room.shared(rate, &recipe, loss));
            leg.ear.limiter = room.limiter(rate);
            leg.ear.share();
        }
        _ => outbox.push(leg, &[g711::silence(leg.stream.codec); FRAME]),
    }
}

/// What the leg hears goes on in a stream of its own. `in_tick` says that the room's stream may be ahead of it by this tick.
fn part(leg: &mut Leg, room: &Room, in_tick: bool) {
    let mut own = leg.ear.take_encoding(&leg.recipe);
    room.part(&leg.recipe, &mut own, in_tick);
    leg.ear.give_back(own);
}

/// The leg leaves the room, between two ticks.
pub(super) fn leave(leg: &mut Leg, room: &Room) {
    if leg.ear.shares() && leg.ear.has_heard() {
        part(leg, room, false);
        leg.ear.stop_sharing();
    }
}

/// The leg's own packet of `frame`.
fn encode(leg: &mut Leg, frame: &[i16], outbox: &mut Outbox) {
    let codec = leg.stream.codec;
    if g711::knows(codec) {
        let mut payload = [0; FRAME];
        g711::encode(codec, frame, &mut payload);
        outbox.push(leg, &payload);
        return;
    }
    let recipe = leg.recipe;
    let mut encoding = leg.ear.take_encoding(&recipe);
    encoding.set_loss(leg.contact.remote_loss_percent());
    outbox.push(leg, encoding.encode(frame));
    leg.ear.give_back(encoding);
}

/// The room without the leg itself, and what plays to it alone: into the desk's frame.
fn own_mix(leg: &mut Leg, room: Option<&mut Room>, desk: &mut Desk, events: &mut Events) {
    let rate = leg.rate();
    let sum = &mut desk.sum[..rate.frame()];
    match room {
        None => sum.fill(0),
        Some(room) if room.rate() == rate => {
            sum.copy_from_slice(room.sum());
            if leg.adds {
                subtract(sum, leg.voice());
            }
        }
        Some(room) => lower_mix(leg, room, rate, desk),
    }
    let sum = &mut desk.sum[..rate.frame()];
    if !leg.player.is_idle() {
        let id = leg.id;
        leg.player.render(sum, |playback| {
            events.push_back(Event::Played { leg: id, playback });
        });
    }
    leg.ear.limiter.limit(sum, &mut desk.frame[..rate.frame()]);
}

/// The same in a room of a higher rate, without what plays: into the desk's sum.
fn lower_mix(leg: &mut Leg, room: &mut Room, rate: Rate, desk: &mut Desk) {
    let sum = &mut desk.sum[..rate.frame()];
    if !leg.adds {
        leg.ear.forget_descent();
        widen(room.heard_at(rate), sum);
        return;
    }
    let whole = &mut desk.room[..room.rate().frame()];
    whole.copy_from_slice(room.sum());
    subtract(whole, leg.voice());
    let frame = &mut desk.frame[..rate.frame()];
    let descent = leg.ear.descent(|| room.descent(rate));
    descent.descend(whole, &mut desk.limited[..whole.len()], frame);
    widen(frame, sum);
}

fn widen(frame: &[i16], sum: &mut [i32]) {
    for (sum, &sample) in sum.iter_mut().zip(frame) {
        *sum = i32::from(sample);
    }
}

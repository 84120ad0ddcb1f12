//! The ends of conferences and of legs, by the monotonic clock: a wall clock that jumps moves nothing.

use std::time::{Duration, Instant};

use konf_contract::link::{
    ControlReply, EdgeCall, EndReason, ExtensionReply, ExtensionRequest, Party, RecordEvent,
};
use konf_contract::{ConferenceNumber, LegId, UnixMs, Window};
use konf_prompts::Phrase;

use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Asked, Now, Output, Switchboard};

/// "The conference is over. Goodbye." takes a little less; said so early that the room closes at its end.
pub(crate) const CLOSING: Duration = Duration::from_secs(3);
/// After an extension was asked for in vain, and how much of it is left to chance: control comes back for all rooms at
/// once.
const EXTENSION_RETRY: Duration = Duration::from_secs(30);
const EXTENSION_RETRY_SPREAD_MS: u64 = 2_000;
/// Between an extension and the next question.
const EXTENSION_PAUSE: Duration = Duration::from_secs(1);
/// "In five minutes" is true for so long: a late reply and an order of less than five minutes are told from each other.
const FIVE_MINUTES_GRACE: Duration = Duration::from_secs(30);
/// PRODUCT.md, section 4, "longest leg": warned in time to call again, and told at the end.
const LIMIT_WARNING: Duration = Duration::from_secs(5 * 60);
/// [`Phrase::LegLimitNow`] takes seven seconds in Czech.
pub(crate) const LIMIT_SAID: Duration = Duration::from_secs(8);
/// Who asks for an extension beside the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// An organiser's `*98`.
    Leg(LegId),
    /// An organiser, through control.
    Control,
}

/// No window lies further away; keeps the arithmetic of clocks within their range.
const FURTHEST_MS: i64 = 366 * 24 * 3_600_000;

/// Where `wall` lies on the monotonic clock, as both stand now. The past is now.
pub(crate) fn instant(now: Now, wall: UnixMs) -> Instant {
    now.mono + milliseconds(wall.since(now.wall))
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(ms.clamp(0, FURTHEST_MS).unsigned_abs())
}

/// Too late to come in, the closing words included.
pub(crate) fn is_over(now: Now, window: &Window) -> bool {
    instant(now, window.end) <= now.mono + CLOSING
}

fn earlier(instant: Instant, by: Duration, now: Now) -> Instant {
    instant.checked_sub(by).unwrap_or(now.mono).max(now.mono)
}

/// What control's answer means for the end.
enum Decision {
    Extended(UnixMs),
    /// The room has learnt of it already, or the answer is about an end that has moved since.
    Known,
    Refused,
    Missing,
}

impl Switchboard {
    // ── conferences
    pub(crate) fn set_clock(&mut self, now: Now, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get(conference) else { return };
        let decide = earlier(room.end_at, self.config.warning, now).max(room.start_at);
        if room.start_at > now.mono {
            self.timers.set(Timer::Open(conference.clone()), room.start_at);
        }
        self.timers.set(Timer::Decide(conference.clone()), decide);
        self.timers.set(Timer::Over(conference.clone()), earlier(room.end_at, CLOSING, now));
    }

    pub(crate) fn open(&mut self, now: Now, conference: &ConferenceNumber) {
        for leg in self.seated(conference) {
            let waits = |stage: &Stage| matches!(stage, Stage::Waiting { .. });
            if self.legs.get(&leg).is_some_and(|call| waits(&call.stage)) {
                self.waited(now, leg);
            }
        }
    }

    pub(crate) fn decide(&mut self, now: Now, conference: &ConferenceNumber) {
        self.ask_extension(now, conference, None);
    }

    pub(crate) fn ask_extension(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        by: Option<Asker>,
    ) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if room.closing.is_some() || (by.is_some() && room.organiser_asks) {
            return;
        }
        room.organiser_asks |= by.is_some();
        let end = room.window.end;
        let request = ExtensionRequest {
            conference: conference.clone(),
            booking: room.booking.clone(),
            end,
            by_organiser: by.is_some(),
        };
        let (conference, booking) = (conference.clone(), room.booking.clone());
        let asked = Asked::Extension { conference, booking, end, by };
        self.ask(now, asked, EdgeCall::Extend(request));
    }

    pub(crate) fn extension_reply(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        asked: UnixMs,
        by: Option<Asker>,
        reply: Option<ControlReply>,
    ) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if by.is_some() {
            room.organiser_asks = false;
        }
        if room.closing.is_some() {
            return;
        }
        let decision = decision(room.window.end, asked, reply);
        match by {
            Some(asker) => self.answer_organiser(now, conference, asker, decision),
            None => self.decided(now, conference, decision),
        }
    }

    /// The last one hung up while control was asked: what it reserved may go back.
    pub(crate) fn extended_in_vain(
        &mut self,
        conference: ConferenceNumber,
        booking: String,
        reply: Option<ControlReply>,
    ) {
        if let Some(ControlReply::Extension(ExtensionReply::Extended { .. })) = reply {
            let empty = RecordEvent::RoomEmpty { conference, booking, closed: None };
            self.outputs.push_back(Output::Record(empty));
        }
    }

    fn answer_organiser(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        asker: Asker,
        decision: Decision,
    ) {
        let phrase = match decision {
            Decision::Extended(end) => {
                // Those who were told that it ends are told that it does not.
                if self.extend(now, conference, end) {
                    return;
                }
                Phrase::Extended
            }
            Decision::Known => Phrase::Extended,
            Decision::Refused | Decision::Missing => Phrase::CannotExtend,
        };
        // Who asked through control sees the end move, or not.
        let Asker::Leg(organiser) = asker else { return };
        let talks = |stage: &Stage| matches!(stage, Stage::Talking(_));
        if self.legs.get(&organiser).is_some_and(|call| talks(&call.stage)) {
            self.tell(organiser, &[phrase]);
        }
    }

    fn decided(&mut self, now: Now, conference: &ConferenceNumber, decision: Decision) {
        match decision {
            Decision::Extended(end) => {
                self.extend(now, conference, end);
            }
            Decision::Known => {}
            Decision::Refused => self.warn(now, conference),
            Decision::Missing => {
                self.warn(now, conference);
                let spread = Duration::from_millis(self.random() % EXTENSION_RETRY_SPREAD_MS);
                let again = now.mono + EXTENSION_RETRY + spread;
                self.timers.set(Timer::Decide(conference.clone()), again);
            }
        }
    }

    /// Once per end.
    fn warn(&mut self, now: Now, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if std::mem::replace(&mut room.warned, true) {
            return;
        }
        let left = room.end_at.saturating_duration_since(now.mono);
        let mut phrases = vec![Phrase::WarningTone];
        if left + FIVE_MINUTES_GRACE >= self.config.warning {
            phrases.push(Phrase::EndsInFive);
        }
        self.tell_room_now(conference, &phrases);
    }

    /// Moves the end, never to an earlier one. Nobody is disturbed, unless all had been told that it ends: then all are
    /// told, and `true` is returned.
    pub(crate) fn extend(&mut self, now: Now, conference: &ConferenceNumber, end: UnixMs) -> bool {
        let Some(room) = self.rooms.get_mut(conference) else { return false };
        let longer = end.since(room.window.end);
        if longer <= 0 || room.closing.is_some() {
            return false;
        }
        room.end_at += milliseconds(longer);
        room.window.end = end;
        let end_at = room.end_at;
        let warned = std::mem::replace(&mut room.warned, false);
        if warned {
            self.tell_room_now(conference, &[Phrase::Extended]);
        }
        self.set_clock(now, conference);
        // A slice that is shorter than the warning is decided anew, but not in a circle without a pause.
        let decide = earlier(end_at, self.config.warning, now).max(now.mono + EXTENSION_PAUSE);
        self.timers.set(Timer::Decide(conference.clone()), decide);
        warned
    }

    /// The end as booked and extended.
    pub(crate) fn over(&mut self, now: Now, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get(conference) else { return };
        let end_at = room.end_at;
        self.close_at(now, conference, end_at, (EndReason::ConferenceEnded, Party::Konf));
    }

    /// Somebody ends it before its time.
    pub(crate) fn end_room(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        reason: EndReason,
        who: Party,
    ) {
        self.close_at(now, conference, now.mono + CLOSING, (reason, who));
    }

    fn close_at(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        at: Instant,
        end: (EndReason, Party),
    ) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if room.closing.is_some() {
            return;
        }
        room.closing = Some(end);
        room.announcements.clear();
        self.timers.clear_room(conference);
        self.timers.set(Timer::Close(conference.clone()), at);
        self.tell_room_now(conference, &[Phrase::ConferenceOver]);
        for leg in self.seated(conference) {
            if self.legs.get(&leg).is_some_and(|call| !call.in_mix) {
                self.farewell(now, leg, &[Phrase::ConferenceOver], end.0, end.1);
            }
        }
    }

    /// All have heard that it is over.
    pub(crate) fn close(&mut self, conference: &ConferenceNumber) {
        let Some(end) = self.rooms.get(conference).and_then(|room| room.closing) else { return };
        for leg in self.seated(conference) {
            if let Some(call) = self.legs.get_mut(&leg) {
                call.end = Some(end);
            }
            self.hang_up(leg);
        }
    }

    // ── legs
    /// From the answer, whatever the wall clock does meanwhile (RELIABILITY.md, row 14).
    pub(crate) fn watch_leg_limit(&mut self, now: Now, leg: LegId, limit_s: Option<u32>) {
        let answered = self.legs.get(&leg).and_then(|call| call.answered);
        let (Some(limit_s), Some(answered)) = (limit_s, answered) else { return };
        let limit = answered.mono + Duration::from_secs(limit_s.into());
        let warning = earlier(limit, LIMIT_WARNING, now);
        if warning > now.mono {
            self.timers.set(Timer::LimitWarning(leg), warning);
        }
        self.timers.set(Timer::LimitSaid(leg), earlier(limit, LIMIT_SAID, now));
        self.timers.set(Timer::Limit(leg), limit.max(now.mono));
    }

    pub(crate) fn limit_warning(&mut self, leg: LegId) {
        self.play(leg, &[Phrase::LegLimitInFive]);
    }

    /// From here on the seat is held, even if the caller or the network is quicker than we are.
    pub(crate) fn limit_said(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.end = Some((EndReason::LegLimit, Party::Network));
        self.tell(leg, &[Phrase::LegLimitNow]);
    }

    pub(crate) fn limit(&mut self, leg: LegId) {
        self.hang_up(leg);
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn decision(end: UnixMs, asked: UnixMs, reply: Option<ControlReply>) -> Decision {
    match reply {
        Some(ControlReply::Extension(ExtensionReply::Extended { end: new })) if new > end => {
            Decision::Extended(new)
        }
        Some(ControlReply::Extension(ExtensionReply::Extended { end: new })) if new > asked => {
            Decision::Known
        }
        _ if asked < end => Decision::Known,
        Some(ControlReply::Extension(_) | ControlReply::Failed { retry: false, .. }) => {
            Decision::Refused
        }
        _ => Decision::Missing,
    }
}

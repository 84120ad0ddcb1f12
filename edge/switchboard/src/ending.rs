//! The last words, the hang-up and the record: every leg ends with (result, reason, who).

use konf_contract::LegId;
use konf_contract::link::{EndReason, LegEnd, LegLeft, Party, Quality, RecordEvent};
use konf_prompts::Phrase;

use crate::leg::Leg;
use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Now, Output, Switchboard, entry};

/// Of what a peer says about the end of a call; a reason phrase of SIP is shorter.
const DETAIL_MAX: usize = 200;

impl Switchboard {
    /// Says why, then hangs up. The seat is free at once, and the room no longer hears this leg.
    pub(crate) fn farewell(
        &mut self,
        now: Now,
        leg: LegId,
        phrases: &[Phrase],
        reason: EndReason,
        who: Party,
    ) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if call.is_leaving() {
            return;
        }
        call.end = Some((reason, who));
        call.typed.clear();
        if matches!(call.stage, Stage::Recording { stopped: false }) {
            self.outputs.push_back(Output::StopRecording { leg });
        }
        self.timers.clear_leg(leg);
        self.music(leg, false);
        self.stop_playing(leg);
        self.leave_mix(now, leg);
        let last = self.play(leg, phrases);
        if let Some(call) = self.legs.get_mut(&leg) {
            call.go(Stage::Farewell { last });
        }
        self.timers.set(Timer::Farewell(leg), now.mono + entry::PROMPT_LONGEST);
    }

    /// Once; [`crate::Input::Ended`] frees the leg.
    pub(crate) fn hang_up(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if matches!(call.stage, Stage::HungUp) {
            return;
        }
        call.go(Stage::HungUp);
        call.typed.clear();
        let reason = call.end.map_or("ended", |(reason, _)| reason.label()).to_owned();
        self.timers.clear_leg(leg);
        if let Some(conference) = self.conference_of(leg) {
            self.leave_floor(leg, &conference);
        }
        self.outputs.push_back(Output::HangUp { leg, reason });
    }

    pub(crate) fn media_lost(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        // Who hears the last words keeps the reason of those.
        call.end.get_or_insert((EndReason::MediaLost, Party::Network));
        self.hang_up(leg);
    }

    pub(crate) fn ended(
        &mut self,
        now: Now,
        leg: LegId,
        by: Party,
        detail: String,
        quality: Option<Quality>,
    ) {
        let Some(call) = self.legs.get(&leg) else { return };
        if let Some(left) = leg_left(now, leg, call, by, detail, quality) {
            self.outputs.push_back(Output::Record(RecordEvent::LegLeft(left)));
        }
        self.leave_mix(now, leg);
        self.timers.clear_leg(leg);
        let Some(call) = self.legs.remove(&leg) else { return };
        let held = matches!(call.end, Some((EndReason::LegLimit, _)));
        self.let_name_go(now, leg, held);
        if let Some(grant) = call.grant {
            self.give_seat_back(leg, &grant.conference);
        }
    }
}

/// The one record of a call; none for a call that was never answered.
fn leg_left(
    now: Now,
    leg: LegId,
    call: &Leg,
    by: Party,
    mut detail: String,
    quality: Option<Quality>,
) -> Option<LegLeft> {
    let answered = call.answered?;
    let grant = call.grant.as_ref();
    let (reason, who) = call.end.unwrap_or(match by {
        // The shell ended it on its own: it goes down.
        Party::Konf => (EndReason::Operator, Party::Konf),
        by => (EndReason::HungUp, by),
    });
    detail.truncate(detail.floor_char_boundary(DETAIL_MAX));
    Some(LegLeft {
        leg,
        caller: call.caller.clone(),
        grant: grant.map(|grant| grant.grant.clone()),
        conference: grant.map(|grant| grant.conference.clone()),
        booking: grant.map(|grant| grant.booking.clone()),
        role: grant.map(|grant| grant.role),
        answered: answered.wall,
        joined: call.joined,
        ended: now.wall,
        duration_ms: now.mono.saturating_duration_since(answered.mono).as_millis() as u64,
        end: LegEnd { reason, who, detail: (!detail.is_empty()).then_some(detail) },
        quality: quality.map(Box::new),
    })
}

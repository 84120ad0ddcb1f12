//! What is free around a time.

use konf_api::ledger::EdgeLoad;
use konf_contract::{UnixMs, Window};

/// A time at which so long a conference for so many fits, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub start: UnixMs,
    pub free: bool,
}

/// Times are looked at in steps of half an hour: two before the one that is wanted and six from it on.
const STEP_MS: i64 = 30 * UnixMs::MINUTE;
const BEFORE: i64 = 2;
const SLOTS: i64 = 8;

/// What to ask the load of; `minutes` is that of one conference.
pub fn span(around: UnixMs, minutes: u32) -> Window {
    let start = around.plus_ms(-BEFORE * STEP_MS);
    let last = start.plus_ms((SLOTS - 1) * STEP_MS);
    Window { start, end: last.plus_ms(i64::from(minutes) * UnixMs::MINUTE) }
}

/// The slots that are not over at `now`.
pub fn slots(
    loads: &[EdgeLoad],
    around: UnixMs,
    minutes: u32,
    people: u32,
    now: UnixMs,
) -> Vec<Slot> {
    let first = span(around, minutes).start;
    (0..SLOTS)
        .map(|at| first.plus_ms(at * STEP_MS))
        .filter(|start| start.minutes() >= now.minutes())
        .map(|start| Slot { start, free: fits(loads, start, minutes, people) })
        .collect()
}

/// One edge holds a whole conference.
fn fits(loads: &[EdgeLoad], start: UnixMs, minutes: u32, people: u32) -> bool {
    let (from, to) = (start.minutes(), start.minutes() + i64::from(minutes));
    loads.iter().any(|load| {
        // A step counts until the next one.
        let ends = load.steps.iter().skip(1).map(|step| step.minute).chain([i64::MAX]);
        let peak = load
            .steps
            .iter()
            .zip(ends)
            .filter(|(step, end)| step.minute < to && *end > from)
            .map(|(step, _)| step.taken)
            .max();
        people <= load.capacity.saturating_sub(peak.unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use konf_api::ledger::LoadStep;

    fn load(capacity: u32, steps: &[(i64, u32)]) -> EdgeLoad {
        let steps = steps.iter().map(|&(minute, taken)| LoadStep { minute, taken }).collect();
        EdgeLoad { edge: "a".into(), labels: Vec::new(), capacity, steps }
    }

    fn shown(loads: &[EdgeLoad], minutes: u32, people: u32, now: i64) -> String {
        let around = UnixMs::from_minutes(600);
        let slots = slots(loads, around, minutes, people, UnixMs::from_minutes(now));
        slots
            .iter()
            .map(|slot| format!("{}{} ", slot.start.minutes(), if slot.free { "+" } else { "-" }))
            .collect()
    }

    #[test]
    fn a_slot_is_free_when_one_edge_has_the_seats_all_through() {
        // Full from 600 to 660; 5 of 10 taken from 720 on.
        let edge = load(10, &[(540, 0), (600, 10), (660, 0), (720, 5)]);
        assert_eq!(
            shown(std::slice::from_ref(&edge), 30, 2, 0),
            "540+ 570+ 600- 630- 660+ 690+ 720+ 750+ "
        );
        assert_eq!(
            shown(std::slice::from_ref(&edge), 60, 6, 0),
            "540+ 570- 600- 630- 660+ 690- 720- 750- "
        );
        let second = load(4, &[(540, 0)]);
        assert_eq!(
            shown(&[edge.clone(), second], 60, 4, 0),
            "540+ 570+ 600+ 630+ 660+ 690+ 720+ 750+ "
        );
        assert_eq!(shown(&[edge], 30, 2, 690), "690+ 720+ 750+ ");
        assert_eq!(shown(&[], 30, 2, 720), "720- 750- ");
    }
}

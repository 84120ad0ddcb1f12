//! Numbers for Prometheus: what of the edge is seen from outside (infra/dashboards/README.md names all of them).
//!
//! The edge's task counts what passes through it and writes the page when somebody asks; the media threads publish theirs
//! every second and are never asked. No number of a conference or a telephone, no name and no address stands in a label.

mod http;
mod lateness;
mod process;
mod tally;

use std::time::Duration;

use konf_contract::metrics::Page;

pub(crate) use self::http::{Scrapes, serve};
pub(crate) use self::lateness::Lateness;
pub(crate) use self::tally::Tally;
use crate::edge::PRODUCT;

/// What the rest of the edge says of itself, at the moment of asking.
pub(crate) struct State<'a> {
    pub(crate) legs: usize,
    pub(crate) rooms: usize,
    pub(crate) capacity: u32,
    pub(crate) ticks_late: u64,
    pub(crate) lateness: &'a Lateness,
    pub(crate) sip: &'a konf_sip::Counters,
    pub(crate) journal_waiting: u64,
    pub(crate) journal_healthy: bool,
    pub(crate) link_up: bool,
    pub(crate) heartbeat_age: Option<Duration>,
}

/// The whole page.
pub(crate) fn page(state: &State<'_>, tally: &Tally) -> String {
    let mut page = Page::default();
    page.info("konf_edge_info", "The edge's version.", "version", PRODUCT);
    page.gauge("konf_edge_legs", "Calls that are up, in a room or not.", state.legs);
    page.gauge("konf_edge_rooms", "Rooms with somebody in them.", state.rooms);
    page.gauge("konf_edge_capacity", "Calls that this edge can hold.", state.capacity);
    tally.write(&mut page);
    state.lateness.write(&mut page);
    page.counter(
        "konf_edge_ticks_late_total",
        "Ticks of the mix that began a whole tick (20 ms) too late.",
        state.ticks_late,
    );
    write_sip(&mut page, state.sip);
    page.gauge(
        "konf_edge_journal_records",
        "Records that control has not acknowledged.",
        state.journal_waiting,
    );
    page.gauge(
        "konf_edge_journal_healthy",
        "Whether the disk takes what is written; without, no new calls are taken.",
        u8::from(state.journal_healthy),
    );
    page.gauge("konf_edge_link_up", "Whether control is reached.", u8::from(state.link_up));
    if let Some(age) = state.heartbeat_age {
        page.gauge(
            "konf_edge_heartbeat_age_seconds",
            "Since control noted a heartbeat.",
            age.as_secs_f64(),
        );
    }
    process::write(&mut page);
    page.into_text()
}

fn write_sip(page: &mut Page, sip: &konf_sip::Counters) {
    page.counters(
        "konf_edge_sip_requests_total",
        "SIP requests that were understood.",
        sip.requests().map(|(method, count)| ([("method", method)], count)),
    );
    page.counters(
        "konf_edge_sip_responses_total",
        "SIP responses sent.",
        sip.responses().map(|(class, count)| ([("class", class)], count)),
    );
    page.counter(
        "konf_edge_sip_dropped_total",
        "SIP messages of strangers that were not read, being too many.",
        sip.dropped,
    );
}

#[cfg(test)]
mod tests;

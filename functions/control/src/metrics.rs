//! Numbers of control for Prometheus, at `metrics_listen`. `infra/dashboards/README.md` names each.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use konf_contract::metrics::{CONTENT_TYPE, Page};
use konf_host::world_of;
use konf_ledger::{Ledger, Numbers};

use crate::policies::Policies;
use crate::server::{Handler, fault};

/// The worlds of policies: a label's values are written in the source.
const WORLDS: [&str; 7] =
    ["tariff", "admission", "extension", "offers", "restriction", "placement", "keys"];

pub struct Scrapes {
    pub ledger: Ledger,
    pub policies: Arc<Policies>,
}

impl Handler for Scrapes {
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => match self.page().await {
                Ok(page) => answer(page),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "numbers cannot be given");
                    fault(StatusCode::SERVICE_UNAVAILABLE, "the ledger could not answer")
                }
            },
            (_, "/metrics") => fault(StatusCode::METHOD_NOT_ALLOWED, "expected GET"),
            _ => fault(StatusCode::NOT_FOUND, "known is /metrics"),
        }
    }
}

fn answer(page: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(page));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

impl Scrapes {
    async fn page(&self) -> Result<String> {
        let mut page = Page::default();
        page.info("konf_control_info", "Version of control.", "version", env!("CARGO_PKG_VERSION"));
        numbers(&mut page, &self.ledger.numbers().await?);
        policies(&mut page, &self.calls());
        Ok(page.into_text())
    }

    /// Of each world: calls and failures of all its policies since they were loaded.
    fn calls(&self) -> Vec<(&'static str, u64, u64)> {
        let slots = self.policies.host().slots();
        let of_slot = |slot: &konf_host::SlotInfo| {
            let world = world_of(&slot.interface)?;
            let name = WORLDS.into_iter().find(|name| *name == world.name)?;
            let counted = || slot.policies.iter().map(|policy| policy.counted);
            Some((name, counted().map(|c| c.calls).sum(), counted().map(|c| c.failures).sum()))
        };
        slots.iter().filter_map(of_slot).collect()
    }
}

fn numbers(page: &mut Page, numbers: &Numbers) {
    page.counters(
        "konf_orders_total",
        "Answers committed, by what became of the message.",
        numbers.outcomes.iter().map(|&(name, count)| ([("outcome", name)], count)),
    );
    for (name, help, value) in [
        ("konf_bookings_ahead", "Conferences that are booked and not over.", numbers.booked_ahead),
        ("konf_inbound_unanswered", "Messages in without an answer.", numbers.unanswered),
        ("konf_outbox_waiting", "Messages out that have not left.", numbers.waiting),
        ("konf_dead_letters", "Messages out that were given up.", numbers.dead),
        ("konf_legs_unrated", "Legs that have no price yet.", numbers.unrated),
        ("konf_requests_open", "Requests that wait for an operator.", numbers.requests.open),
        ("konf_requests_soon", "Open requests due within 15 minutes.", numbers.requests.soon),
        ("konf_requests_late", "Open requests past their deadline.", numbers.requests.late),
    ] {
        page.gauge(name, help, value);
    }
    let waited = numbers.waiting_ms as f64 / 1_000.0;
    page.gauge("konf_outbox_age_seconds", "Since the oldest message out was written.", waited);
    page.counters(
        "konf_requests_handled_total",
        "Requests that are done, in time or after their deadline.",
        [("true", numbers.requests.in_time), ("false", numbers.requests.missed)]
            .map(|(in_time, count)| ([("in_time", in_time)], u64::from(count))),
    );
}

fn policies(page: &mut Page, calls: &[(&'static str, u64, u64)]) {
    let of = |at: fn(&(&'static str, u64, u64)) -> u64| {
        calls.iter().map(move |call| ([("world", call.0)], at(call)))
    };
    let name = "konf_policy_calls_total";
    page.counters(name, "Calls of the policies that are loaded.", of(|call| call.1));
    let name = "konf_policy_failures_total";
    page.counters(name, "Those that failed; another policy answered.", of(|call| call.2));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_page_has_orders_outbox_dead_letters_requests_and_policies() {
        let mut page = Page::default();
        let requests =
            konf_ledger::RequestCounts { open: 3, soon: 1, late: 1, missed: 2, in_time: 7 };
        numbers(
            &mut page,
            &Numbers {
                outcomes: vec![("booked", 5), ("requested", 3)],
                booked_ahead: 4,
                unanswered: 0,
                waiting: 2,
                waiting_ms: 1_500,
                dead: 1,
                requests,
                unrated: 0,
            },
        );
        policies(&mut page, &[("tariff", 9, 1)]);
        let samples: String = page
            .into_text()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|l| format!("{l}\n"))
            .collect();
        expect![[r#"
            konf_orders_total{outcome="booked"} 5
            konf_orders_total{outcome="requested"} 3
            konf_bookings_ahead 4
            konf_inbound_unanswered 0
            konf_outbox_waiting 2
            konf_dead_letters 1
            konf_legs_unrated 0
            konf_requests_open 3
            konf_requests_soon 1
            konf_requests_late 1
            konf_outbox_age_seconds 1.5
            konf_requests_handled_total{in_time="true"} 7
            konf_requests_handled_total{in_time="false"} 2
            konf_policy_calls_total{world="tariff"} 9
            konf_policy_failures_total{world="tariff"} 1
        "#]]
        .assert_eq(&samples);
    }
}

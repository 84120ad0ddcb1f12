//! Which page shows what.

use anyhow::Result;
use http::Method;
use konf_api::ledger::{RatedLeg, StatementQuestion};
use konf_contract::{ConferenceNumber, UnixMs, Window};
use konf_ledger::{BookingFilter, BookingLine, OperatorRole, SenderPart};
use serde_json::Value;

use super::form::Fields;
use super::{Shown, Visit};
use super::{
    capacity, dedicated, messages, people, policies, requests, restrictions, rooms, search,
};
use crate::clock;

/// Requests that are done, on one page.
const CLOSED_SHOWN: u32 = 50;
/// As many lines as one reads.
const LINES_SHOWN: u32 = 500;
const FOUND_SHOWN: u32 = 100;
const DAY_MS: i64 = 86_400_000;

impl Visit<'_> {
    /// Nothing where there is no such page, or not for this role. `whole` is a sender in full, whom somebody asked to see.
    pub(super) async fn page(&self, path: &str, whole: Option<&str>) -> Result<Option<Shown>> {
        let Visit { desk, tongue, .. } = self;
        let (tongue, role, now) = (*tongue, self.session.role, clock::now());
        let form = Some(&self.form).filter(|_| role >= OperatorRole::Operator);
        let shown = |cs, en, body| Some(Shown { title: tongue.say(cs, en), body, renews: false });
        let renewed = |cs, en, body| Some(Shown { title: tongue.say(cs, en), body, renews: true });
        Ok(match path {
            "/desk" | "/desk/" => renewed("Kapacita", "Capacity", self.capacity(now).await?),
            "/desk/rooms" => {
                let lines = desk.rooms().await;
                let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
                renewed("Místnosti", "Rooms", rooms::body(tongue, lines, now))
            }
            "/desk/requests" => {
                let open = desk.ledger.requests(LINES_SHOWN).await?;
                let closed = desk.ledger.closed_requests(CLOSED_SHOWN).await?;
                renewed("Požadavky", "Requests", requests::list(tongue, &open, &closed, now))
            }
            "/desk/messages" => {
                let lines = desk.ledger.outbox(LINES_SHOWN).await?;
                shown("Zprávy", "Messages", messages::body(tongue, &lines, form))
            }
            "/desk/dedicated" => {
                let lines = desk.ledger.dedicated(LINES_SHOWN).await?;
                shown("Vyhrazené", "Dedicated", dedicated::body(tongue, &lines, form))
            }
            "/desk/search" => shown("Hledání", "Search", self.search().await?),
            "/desk/restrictions" => {
                let lines = desk.ledger.restrictions().await?;
                shown("Omezení", "Restrictions", restrictions::body(tongue, &lines, form))
            }
            "/desk/policies" => {
                let (lines, audit) = desk.policy_lines().await?;
                renewed("Pravidla", "Policies", policies::body(tongue, &lines, &audit, now))
            }
            "/desk/audit" if role >= OperatorRole::Operator => {
                let lines = desk.ledger.audit(LINES_SHOWN).await?;
                shown("Záznam", "Audit", people::audit(tongue, &lines))
            }
            "/desk/operators" if role >= OperatorRole::Admin => {
                let lines = desk.ledger.operators().await?;
                shown("Účty", "Accounts", people::operators(tongue, &lines, &self.form))
            }
            path => return self.one(path, whole, now).await,
        })
    }

    /// A page about one thing, which its address names.
    async fn one(&self, path: &str, whole: Option<&str>, now: UnixMs) -> Result<Option<Shown>> {
        let Visit { desk, tongue, .. } = self;
        let form = Some(&self.form).filter(|_| self.session.role >= OperatorRole::Operator);
        if let Some(what) = path.strip_prefix("/desk/price/") {
            return Ok(self.price(what).await?.map(|body| Shown {
                title: tongue.say("Cena hovorů", "Price of calls"),
                body,
                renews: false,
            }));
        }
        let id = path.strip_prefix("/desk/requests/").unwrap_or_default();
        let Some(request) = desk.ledger.request(id).await? else { return Ok(None) };
        let body = requests::one(*tongue, &request, whole, form, now);
        let title = tongue.say("Požadavek", "Request");
        Ok(Some(Shown { title, body, renews: false }))
    }

    async fn capacity(&self, now: UnixMs) -> Result<String> {
        let given = Fields::of_query(self.request);
        let (from, before, after) = search::day(given.given("day"), now);
        let span = Window { start: from, end: from.plus_ms(DAY_MS) };
        let usage = self.desk.ledger.usage(span, capacity::STEP_MIN).await?;
        let drawn = capacity::body(self.tongue, &usage, from, (&before, &after));
        let connected = serde_json::json!(self.desk.edges.lines());
        Ok(drawn + &capacity::edges(self.tongue, &self.desk.ledger.edges().await?, &connected))
    }

    async fn search(&self) -> Result<String> {
        let given = Fields::of_query(self.request);
        let asked = given.text("q");
        let found = self.found(asked).await?;
        Ok(search::body(self.tongue, asked, found.as_deref()))
    }

    /// A conference's number first; digits that are none may be the end of a telephone's.
    async fn found(&self, asked: &str) -> Result<Option<Vec<BookingLine>>> {
        let ledger = &self.desk.ledger;
        if search::is_conference(asked) {
            let number = ConferenceNumber::new(asked)?;
            let filter =
                BookingFilter { number: Some(number), limit: FOUND_SHOWN, ..Default::default() };
            let found = ledger.bookings(&filter).await?;
            if !found.is_empty() {
                return Ok(Some(found));
            }
        }
        match SenderPart::parse(asked) {
            Some(part) => Ok(Some(ledger.bookings_of(&part, FOUND_SHOWN).await?)),
            None => Ok(None),
        }
    }

    /// `NUMBER`, or `NUMBER/EDGE/BOOT/SEQUENCE` of one leg.
    async fn price(&self, what: &str) -> Result<Option<String>> {
        let (number, record) = what.split_once('/').map_or((what, None), |(n, r)| (n, Some(r)));
        let Ok(number) = ConferenceNumber::new(number) else { return Ok(None) };
        let facts = self.desk.ledger.statement_facts(&StatementQuestion { number }).await?;
        let Some(record) = record else { return Ok(Some(search::legs(self.tongue, &facts))) };
        let Some(leg) = facts.legs.iter().find(|leg| key(leg) == record) else { return Ok(None) };
        let explained = self.explain(record).await?;
        Ok(Some(search::explained(self.tongue, leg, &explained)))
    }

    async fn explain(&self, record: &str) -> Result<Value> {
        let Some(policies) = &self.desk.policies else { return Ok(Value::Null) };
        let query = format!("record={record}");
        match policies.answer(&Method::GET, "explain", &query, b"", &self.session.name).await {
            Ok(explained) => Ok(explained.unwrap_or_default()),
            // Not rated yet, or longer ago than the log goes back.
            Err(error) if error.is::<crate::policies::Refusal>() => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }
}

fn key(leg: &RatedLeg) -> String {
    format!("{}/{}/{}", leg.record.edge, leg.record.boot, leg.record.sequence)
}

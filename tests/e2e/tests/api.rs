//! Programs that use the REST API, and one that tries to break it.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use konf_harness::api::{Api, Endpoint};
use konf_harness::baresip::Baresip;
use konf_harness::konf::{Konf, unix_seconds};
use konf_harness::process::binaries;
use konf_harness::wait_for;
use serde_json::{Value, json};

use crate::support::credentials;

const SHOP: [&str; 8] = [
    "conferences:read",
    "conferences:write",
    "credentials:read",
    "statements:read",
    "rooms:read",
    "rooms:write",
    "webhooks:read",
    "webhooks:write",
];
const CUSTOMER: &str = "+420606111222";

/// RFC 3339 in Prague, so many seconds from now, rounded down to the minute.
fn time_in(seconds: u64) -> Result<String> {
    let at = format!("@{}", unix_seconds() + seconds);
    let output = Command::new("date")
        .args(["-d", &at, "+%Y-%m-%dT%H:%M:00%:z"])
        .env("TZ", "Europe/Prague")
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn wanted(start: &str, minutes: u32, people: u32) -> Value {
    json!({ "start": start, "minutes": minutes, "people": people, "orderer": { "phone": CUSTOMER } })
}

#[test]
fn a_program_orders_changes_and_cancels_and_a_repeat_is_the_same_order() -> Result<()> {
    let mut konf = Konf::start(12)?;
    let api = Api::new(&konf, &SHOP, None)?;
    let start = time_in(2 * 86_400)?;
    let booked = api.post("/conferences", "key-1", &wanted(&start, 60, 10))?;
    ensure!(booked.status == 201, "{booked:?}");
    assert_eq!(booked.body["start"], start.as_str());
    let codes = credentials(&konf, CUSTOMER)?;
    assert_eq!(booked.location, Some(format!("/api/v1/conferences/{}", codes.number)));
    assert_eq!(api.post("/conferences", "key-1", &wanted(&start, 60, 10))?, booked);
    let shown = api.get(&format!("/conferences/{}/credentials", codes.number))?;
    let all = json!({ "number": codes.number, "pin": codes.pin, "password": codes.password });
    assert_eq!(shown.body, all);

    // Full: what would fit is offered, held for this orderer, and taken once.
    let full = api.post("/conferences", "key-2", &wanted(&start, 60, 10))?;
    assert_eq!((full.status, &full.body["type"]), (409, &"/api/v1/problems/offers".into()));
    let offer = full.body["offers"][0]["id"].as_str().context("no offer")?;
    assert_eq!(api.get(&format!("/offers/{offer}"))?.body["id"], offer);
    let stranger = Api::new(&konf, &SHOP, Some("+420606999999"))?;
    assert_eq!(stranger.press(&format!("/offers/{offer}/accept"), "key-1")?.status, 404);
    let taken = api.press(&format!("/offers/{offer}/accept"), "key-3")?;
    ensure!(taken.status == 201, "{taken:?}");
    assert_eq!(api.press(&format!("/offers/{offer}/accept"), "key-3")?, taken);

    // A crash between the answer and its arrival: the same key gets the same answer.
    konf.crash_control()?;
    konf.start_control()?;
    assert_eq!(api.post("/conferences", "key-1", &wanted(&start, 60, 10))?, booked);
    assert_eq!(api.get("/conferences")?.body["items"].as_array().map(Vec::len), Some(2));

    let path = format!("/conferences/{}", codes.number);
    let changed = api.patch(&path, &json!({ "minutes": 45, "people": 5 }))?;
    assert_eq!(
        (changed.status, &changed.body["minutes"], &changed.body["people"]),
        (200, &45.into(), &5.into())
    );
    assert_eq!(stranger.delete(&path)?.status, 404);
    assert_eq!(api.delete(&path)?.body["state"], "cancelled");
    assert_eq!(api.delete(&path)?.status, 200);
    assert_eq!(api.patch(&path, &json!({ "minutes": 60 }))?.status, 409);

    for (body, at) in [
        (wanted("2020-01-01T10:00:00+01:00", 60, 10), "#/start"),
        (wanted(&start, 1_500, 10), "#/minutes"),
        (wanted(&start, 60, 1), "#/people"),
        (
            json!({ "start": start, "minutes": 60, "people": 10, "orderer": { "phone": "12" } }),
            "#/orderer/phone",
        ),
    ] {
        let refused = api.post("/conferences", &format!("key {at}").replace(' ', "-"), &body)?;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["pointer"]),
            (422, &at.into()),
            "{refused:?}"
        );
    }
    let logs = konf.logs();
    for secret in [codes.pin.as_str(), &codes.password, CUSTOMER, &api.token] {
        assert!(!logs.contains(secret), "a secret is in the logs");
    }
    konf.passed()
}

#[test]
fn a_long_conference_ordered_by_the_api_is_approved_by_the_api() -> Result<()> {
    let konf = Konf::start(40)?;
    let shop = Api::new(&konf, &SHOP, Some(CUSTOMER))?;
    let desk = Api::new(
        &konf,
        &["requests:read", "requests:write", "policies:read", "policies:write"],
        None,
    )?;
    let order = json!({ "start": time_in(4 * 86_400)?, "minutes": 180, "people": 30 });
    let queued = shop.post("/conferences", "long", &order)?;
    assert_eq!(queued.status, 202, "{queued:?}");
    let id = queued.body["request"].as_str().context("no request")?;
    assert_eq!(desk.get("/requests")?.body["items"][0]["order"]["people"], 30);
    assert_eq!(desk.get(&format!("/requests/{id}"))?.body["orderer"], CUSTOMER);
    assert_eq!(shop.get("/requests")?.status, 403);
    let approve = format!("/requests/{id}/approve");
    assert_eq!(
        desk.post(&approve, "a", &json!({ "people": 60 }))?.body["type"],
        "/api/v1/problems/full"
    );
    let approved = desk.post(&approve, "b", &json!({ "minutes": 150 }))?;
    assert_eq!(approved.status, 201, "{approved:?}");
    let codes = credentials(&konf, CUSTOMER)?;
    assert_eq!(shop.get(&format!("/conferences/{}", codes.number))?.body["minutes"], 150);
    assert_eq!(desk.get("/requests?state=closed")?.body["items"][0]["result"], "approved");

    // The rules by the API: the default decides, and there is nothing to roll back.
    let policies = desk.get("/policies")?;
    let tariff = |line: &&Value| line["world"] == "tariff";
    let lines = policies.body["items"].as_array().context("no policies")?;
    assert_eq!(lines.iter().find(tariff).context("no tariff")?["state"], "default");
    assert_eq!(desk.post("/policies/tariff/rollback", "c", &json!({}))?.status, 404);
    assert_eq!(desk.post("/policies/tariff/7/activate", "d", &json!({}))?.status, 404);
    let functions = desk.get("/functions")?;
    let names = functions.body["items"].as_array().context("no functions")?;
    assert!(names.iter().any(|line| line["name"] == "order"), "{functions:?}");
    konf.passed()
}

#[test]
fn a_program_leads_a_room_and_is_told_of_all_that_happens() -> Result<()> {
    let konf = Konf::start(40)?;
    let api = Api::new(&konf, &SHOP, Some(CUSTOMER))?;
    let endpoint = Endpoint::start()?;
    let events = [
        "conference.booked",
        "conference.started",
        "conference.ended",
        "participant.joined",
        "participant.left",
        "participant.muted",
        "participant.unmuted",
        "record.rated",
    ];
    let hook = json!({ "url": endpoint.url, "events": events });
    let made = api.post("/webhooks", "hook", &hook)?;
    ensure!(made.status == 201, "{made:?}");
    endpoint.set_secret(made.body["secret"].as_str().context("no secret")?);
    let order = json!({ "start": time_in(0)?, "minutes": 60, "people": 5 });
    let booked = api.post("/conferences", "order", &order)?;
    ensure!(booked.status == 201, "{booked:?}");
    let codes = credentials(&konf, CUSTOMER)?;
    let room = format!("/conferences/{}/room", codes.number);
    assert_eq!(api.get(&room)?.status, 404, "nobody is inside");

    let mut anna = Baresip::start(&konf.dir, "anna", 500.0, "udp")?;
    anna.dial(&format!("sip:konf@127.0.0.1:{}", konf.sip_port))?;
    anna.key(&format!("{}#", codes.keys()))?;
    let joined = endpoint.wait("participant.joined")?;
    assert_eq!(joined["data"]["conference"], codes.number.as_str());
    assert_eq!(endpoint.wait("conference.started")?["data"]["people"], 5);
    let leg = wait_for("the room", Duration::from_secs(10), || {
        api.get(&room).ok()?.body["participants"][0]["leg"].as_u64()
    })?;
    assert_eq!(joined["data"]["leg"], leg);

    let one = format!("{room}/participants/{leg}");
    assert_eq!(api.patch(&one, &json!({ "muted": true }))?.body["participants"][0]["muted"], true);
    assert_eq!(endpoint.wait("participant.muted")?["data"]["leg"], leg);
    let locked = api.patch(&room, &json!({ "locked": true, "mode": "lecture" }))?;
    assert_eq!((&locked.body["locked"], &locked.body["mode"]), (&true.into(), &"lecture".into()));
    assert_eq!(
        api.patch(&format!("{room}/participants/99"), &json!({ "muted": true }))?.status,
        404
    );
    let other = Api::new(&konf, &SHOP, Some("+420606999999"))?;
    assert_eq!(other.delete(&one)?.status, 404);
    assert_eq!(other.get("/rooms")?.body["items"], json!([]));
    assert_eq!(api.get("/rooms")?.body["items"][0]["number"], codes.number.as_str());
    assert_eq!(api.delete(&room)?.status, 200);

    let left = endpoint.wait("participant.left")?;
    assert_eq!(left["data"]["reason"], "closed-by-organiser", "{left}");
    endpoint.wait("conference.ended")?;
    let rated = endpoint.wait("record.rated")?;
    assert!(rated["data"]["czk"].is_string() && rated["data"]["tariff"].is_string(), "{rated}");
    let told = endpoint.events()?;
    let mut ids: Vec<&String> = told.iter().map(|(id, _)| id).collect();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "nothing was told twice");
    let hook = made.body["id"].as_str().unwrap_or_default();
    wait_for("all told", Duration::from_secs(10), || {
        let lines = api.get(&format!("/webhooks/{hook}/deliveries")).ok()?.body;
        lines["items"].as_array()?.iter().all(|line| line["state"] == "delivered").then_some(())
    })?;
    let statement = api.get(&format!("/conferences/{}/statement", codes.number))?;
    assert_eq!(statement.body["legs"].as_array().map(Vec::len), Some(1), "{statement:?}");
    konf.passed()
}

/// A document cannot say which times are over and which offers are held; and what is cancelled is still there to be seen.
const UNFIT_CHECKS: &str = "positive_data_acceptance,use_after_free";

/// Schemathesis reads the OpenAPI document and sends what it says, what it does not say, and what follows from answers.
#[test]
fn a_fuzzer_with_the_document_finds_no_fault() -> Result<()> {
    let konf = Konf::start(2_000)?;
    let document = konf.get("/api/v1/openapi.json")?;
    let paths = document["paths"].as_object().context("no paths")?;
    let operations = paths.values().filter_map(Value::as_object).flat_map(|path| path.values());
    let scopes: BTreeSet<&str> =
        operations.filter_map(|operation| operation["security"][0]["token"][0].as_str()).collect();
    let scopes: Vec<&str> = scopes.into_iter().collect();
    let api = Api::new(&konf, &scopes, None)?;
    // Something to find for what is read.
    let start = time_in(86_400)?;
    ensure!(api.post("/conferences", "seed", &wanted(&start, 60, 5))?.status == 201);
    ensure!(api.post("/conferences", "seed-2", &wanted(&start, 600, 5))?.status == 202);
    let fuzzer = binaries()?.join("../venv/bin/schemathesis");
    ensure!(
        fuzzer.exists(),
        "the fuzzer is not installed: run `cargo xtask test`, which installs it"
    );
    let output = Command::new(fuzzer)
        .current_dir(&konf.dir)
        .args(["run", &format!("http://{}/api/v1/openapi.json", konf.http)])
        .args(["--header", &format!("Authorization: Bearer {}", api.token)])
        .args([
            "--max-time",
            "60",
            "--max-examples",
            "20",
            "--generation-database",
            "none",
            "--no-color",
        ])
        .args([
            "--checks",
            "all",
            "--exclude-checks",
            UNFIT_CHECKS,
            "--exclude-operation-id",
            "revokeToken",
        ])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let logs = konf.logs();
    ensure!(!logs.contains("panicked"), "control panicked");
    konf.passed()
}

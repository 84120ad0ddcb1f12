use expect_test::expect;
use konf_api::ledger::Sender;
use serde_json::json;

use crate::asked::Method;
use crate::testing::{NOW, World, jana};

const ORDER: &str = "day=2027-07-09&time=14:00&minutes=60&people=10&language=en&once=o1&do=order";

fn order() -> serde_json::Value {
    json!({ "order": {
        "language": "en", "window": { "start": 1_815_134_400_000_i64, "end": 1_815_138_000_000_i64 },
        "wall": "2027-07-09T14:00", "zone": "Europe/Prague", "seats": 10,
    } })
}

fn stored() -> serde_json::Value {
    json!({ "id": "m1", "state": "received", "received": NOW, "now": NOW })
}

fn location(answer: &crate::answer::Answer) -> (u16, &str) {
    (answer.status, answer.header("location").unwrap_or_default())
}

#[test]
fn a_page_lets_nothing_in_that_is_not_its_own() {
    let world = World::new();
    let answer = world.visit(Method::Get, "/", "", false);
    let headers: String =
        answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    expect![[r#"
        cache-control: no-store
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        cross-origin-opener-policy: same-origin
        content-type: text/html; charset=utf-8
        content-security-policy: default-src 'none'; style-src 'nonce-03030303030303030303030303030303'; script-src 'nonce-03030303030303030303030303030303'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        set-cookie: __Host-konf=0101010101010101010101010101010101010101010101010101010101010101; Path=/; HttpOnly; SameSite=Lax; Secure
    "#]].assert_eq(&headers);
    assert_eq!(answer.body.matches("<script").count(), 1);
    assert!(world.get("/").header("set-cookie").is_none(), "the browser has one");
}

#[test]
fn a_form_of_nobodys_page_changes_nothing() {
    let world = World::signed_in(&jana());
    for path in ["/", "/sign-in", "/sign-out", "/offers", "/conferences/123456/cancel"] {
        let answer = world.visit(Method::Post, path, &format!("csrf=0&{ORDER}"), true);
        assert_eq!(answer.status, 403, "{path}");
        let answer = world.visit(Method::Post, path, ORDER, false);
        assert_eq!(answer.status, 403, "{path}");
    }
    for path in ["/admit", "/conferences", "/conferences/123456", "/sign-in/link"] {
        assert_eq!(world.visit(Method::Post, path, ORDER, false).status, 404, "{path}");
    }
    let paths: Vec<_> = world.asked.borrow().iter().map(|(path, _)| path.clone()).collect();
    assert!(paths.iter().all(|path| path == "/v1/sessions"), "{paths:?}");
}

#[test]
fn a_stranger_is_asked_who_it_is_before_anything_is_booked() {
    let world = World::new();
    world.answer("/read", &order());
    world.answer("/render", &json!([]));
    world.answer("/v1/sign-ins", &json!({ "sent": { "until": NOW } }));
    let answer = world.post("/", &format!("{ORDER}&phone=606123456&email=Jana@example.cz"));
    assert_eq!(location(&answer), (303, "/sign-in/code"));
    let told = world.told("/v1/sign-ins").unwrap();
    assert_eq!(told["client"], "203.0.113.7");
    assert_eq!(told["contact"], json!({ "sms": "+420606123456" }));
    let pending = told["pending"].as_str().unwrap();
    assert!(pending.contains("conf 9.7.2027 14:00 60 10") && pending.contains("jana@example.cz"));
    assert!(world.told("/v1/inbound").is_none() && world.told("/process").is_none());

    // The code is right: what was pending is done, under a new cookie.
    world.answer(
        "/v1/sign-ins/confirm",
        &json!({ "signed-in": {
        "sign_in": "s1", "contact": { "sms": "+420606123456" }, "pending": pending,
    } }),
    );
    world.answer("/v1/inbound", &stored());
    world.answer("/process", &json!({ "answer": { "booked": { "number": "123456" } } }));
    let answer = world.post("/sign-in/code", "code=123 456");
    assert_eq!(location(&answer), (303, "/conferences/123456?ordered=1"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-konf=") && !cookie.contains("cccc"), "{cookie}");
    let processed = world.told("/process").unwrap();
    assert_eq!(processed["copies"], json!([{ "email": "jana@example.cz" }]));
    assert_eq!(processed["message"]["gateway"], "web");
    assert_eq!(processed["message"]["gateway_id"], "sms:+420606123456 s1");
}

#[test]
fn what_is_wrong_is_said_at_its_field_and_the_rest_is_kept() {
    let world = World::new();
    world.answer("/read", &json!({ "fault": "too-few-people" }));
    let answer =
        world.post("/", "day=2027-07-09&time=14:00&minutes=60&people=1&phone=112&do=order");
    assert_eq!(answer.status, 422);
    for part in [
        "There must be at least 2 people.",
        "Write a telephone number as +420 606 123 456.",
        "value=\"2027-07-09\"",
        "value=\"112\"",
        "aria-invalid=\"true\"",
        "id=\"people-error\"",
        "href=\"#people\"",
    ] {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
    let answer = world.post("/", "day=x&time=14:00&minutes=60&people=10&phone=606123456");
    assert!(answer.body.contains("Write the day as 9.7.2027."), "{}", answer.body);
    let answer = world.post("/", ORDER);
    assert!(answer.body.contains("There must be at least 2 people."), "the grammar is asked first");
    world.answer("/read", &order());
    let answer = world.post("/", ORDER);
    assert!(
        answer.body.contains("Write a telephone number or an e-mail address"),
        "{}",
        answer.body
    );
}

#[test]
fn what_a_stranger_wrote_stays_text() {
    let world = World::new();
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%0D%0ASet-Cookie:%20x=1";
    let form = format!(
        "day={evil}&time={evil}&minutes={evil}&people={evil}&phone={evil}&email={evil}&once={evil}"
    );
    for answer in [
        world.post("/", &form),
        world.post("/free", &form),
        world.post("/sign-in", &format!("contact={evil}&next={evil}")),
        world.get(&format!("/sign-in?next={evil}&lang={evil}")),
        world.get(&format!("/{evil}")),
    ] {
        assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
        for (name, value) in &answer.headers {
            assert!(!value.contains(['\r', '\n']) && !value.contains("alert"), "{name}: {value}");
        }
    }
}

#[test]
fn one_who_is_signed_in_books_at_once_and_a_full_slot_is_answered_with_offers() {
    let world = World::signed_in(&jana());
    world.answer("/read", &order());
    world.answer("/v1/inbound", &stored());
    world.answer("/process", &json!({ "answer": { "offered": { "offers": 2 } } }));
    assert_eq!(location(&world.post("/", ORDER)), (303, "/offers"));
    assert_eq!(world.told("/v1/inbound").unwrap()["gateway_id"], "sms:+420606123456 o1");
    let offer = |index: i64| {
        json!({
            "offer": format!("o{index}"), "index": index, "edge": "a", "seats": 10, "language": "en", "until": NOW.plus_ms(600_000),
            "window": { "start": NOW.plus_ms(index * 3_600_000), "end": NOW.plus_ms(index * 3_600_000 + 1_800_000) },
        })
    };
    world.answer(
        "/v1/facts/offers",
        &json!({ "now": NOW, "restriction": null, "offers": [offer(1), offer(2)] }),
    );
    let page = world.get("/offers").body;
    assert!(page.contains("Take 2") && page.contains("13:20"), "{page}");
    world.answer("/process", &json!({ "answer": { "booked": { "number": "654321" } } }));
    assert_eq!(location(&world.post("/offers", "index=2")), (303, "/conferences/654321?ordered=1"));
    assert_eq!(world.told("/process").unwrap()["message"]["text"], "2");
    let gone = world.post("/offers", "index=7");
    assert!(gone.body.contains("This offer is no longer held."), "{}", gone.body);
}

#[test]
fn a_night_when_the_clocks_change_is_asked_about() {
    let world = World::signed_in(&jana());
    world.answer(
        "/read",
        &json!({ "question": { "choices": [
        { "start": 1_824_942_600_000_i64, "text": "konf 31.10.2027 0230 60 10 A" },
        { "start": 1_824_946_200_000_i64, "text": "konf 31.10.2027 0230 60 10 B" },
    ] } }),
    );
    let page = world.post("/", "day=2027-10-31&time=02:30&minutes=60&people=10").body;
    assert!(
        page.contains("value=\"choice:1\"") && page.contains("name=\"day\" value=\"2027-10-31\""),
        "{page}"
    );
    world.answer("/v1/inbound", &stored());
    world.answer("/process", &json!({ "answer": { "booked": { "number": "123456" } } }));
    world.post("/", "day=2027-10-31&time=02:30&minutes=60&people=10&do=choice:1");
    assert_eq!(world.told("/v1/inbound").unwrap()["text"], "konf 31.10.2027 0230 60 10 B");
}

#[test]
fn a_wrong_code_and_one_that_is_gone_are_told_and_sign_nobody_in() {
    let world = World::new();
    world.answer("/v1/sign-ins/confirm", &json!({ "wrong": { "tries": 2 } }));
    let answer = world.post("/sign-in/code", "code=000000");
    assert!(answer.body.contains("Tries left: 2.") && answer.header("set-cookie").is_none());
    world.answer("/v1/sign-ins/confirm", &"gone");
    let answer = world.post("/sign-in/code", "code=000000");
    assert_eq!((answer.status, answer.header("set-cookie")), (410, None));
    assert_eq!(world.post("/sign-in/code", "code=12345").status, 422);
    // A link is confirmed by a button, not by being looked at.
    let link = format!("/sign-in/link/{}", "a".repeat(64));
    assert!(world.get(&link).body.contains("<button>Sign in</button>"));
    assert_eq!(world.get("/sign-in/link/x").status, 404);
}

#[test]
fn nobody_sees_what_is_anothers() {
    let world = World::new();
    assert_eq!(
        location(&world.get("/conferences/123456")),
        (303, "/sign-in?next=/conferences/123456")
    );
    assert_eq!(location(&world.get("/c/123456")), (303, "/conferences/123456"));
    assert_eq!(location(&world.get("/conferences")), (303, "/sign-in?next=/conferences"));
    let world = World::signed_in(&jana());
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": null }));
    for answer in [
        world.get("/conferences/123456"),
        world.post("/conferences/123456/codes", ""),
        world.post("/conferences/123456/cancel", ""),
        world.get("/conferences/x"),
    ] {
        assert_eq!(answer.status, 404);
    }
    assert!(world.told("/v1/facts/credentials").is_none() && world.told("/process").is_none());
}

#[test]
fn pin_and_password_are_shown_on_demand_alone() {
    let world = World::signed_in(&jana());
    let booking = json!({
        "booking": "b1", "number": "123456", "seats": 10, "language": "en", "state": "booked",
        "window": { "start": NOW.plus_ms(3_000_000), "end": NOW.plus_ms(6_600_000) },
    });
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": booking }));
    world.answer(
        "/v1/facts/credentials",
        &json!({
            "now": NOW, "booking": booking, "pin": "111222", "password": "33334444",
        }),
    );
    assert!(!world.get("/conferences/123456").body.contains("111222"));
    let page = world.post("/conferences/123456/codes", "").body;
    assert!(page.contains("111222#") && page.contains("33334444#"), "{page}");
    world.answer("/v1/inbound", &stored());
    world.answer("/process", &json!({ "answer": "cancelled" }));
    let answer = world.post("/conferences/123456/cancel", "");
    assert_eq!(location(&answer), (303, "/conferences/123456"));
    assert_eq!(world.told("/process").unwrap()["message"]["text"], "storno 123456");
}

#[test]
fn an_address_is_asked_by_a_link_and_the_ledger_is_down_is_told() {
    let world = World::new();
    assert_eq!(world.post("/sign-in", "contact=jana@example.cz").status, 503);
    world.answer("/render", &json!([]));
    world.answer("/v1/sign-ins", &"too-many");
    let answer = world.post("/sign-in", "contact=jana@example.cz");
    assert_eq!(answer.status, 429);
    assert!(answer.body.contains("We cannot send another code now."), "{}", answer.body);
    world.answer("/v1/sign-ins", &json!({ "sent": { "until": NOW } }));
    assert_eq!(
        location(&world.post("/sign-in", "contact=jana@example.cz")),
        (303, "/sign-in/sent")
    );
    let told = world.told("/v1/sign-ins").unwrap();
    assert_eq!(told["contact"], json!(Sender::Email("jana@example.cz".into())));
    assert!(told["proof"]["link"].is_string());
}

fn booking() -> serde_json::Value {
    json!({
        "booking": "b1", "number": "123456", "seats": 10, "language": "cs", "state": "booked",
        "window": { "start": 1_815_134_400_000_i64, "end": 1_815_138_000_000_i64 },
    })
}

#[test]
fn a_change_goes_to_the_schedule_and_one_that_does_not_fit_keeps_what_was_typed() {
    let world = World::signed_in(&jana());
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": booking() }));
    world.answer("/read", &order());
    world.answer("/change", &"changed");
    let form = "day=2027-07-09&time=14:00&minutes=60&people=12&language=cs";
    let answer = world.post("/conferences/123456/change", form);
    assert_eq!(location(&answer), (303, "/conferences/123456?changed=1"));
    let told = world.told("/change").unwrap();
    assert_eq!((&told["number"], &told["order"]["seats"]), (&json!("123456"), &json!(10)));
    world.answer("/change", &json!({ "refused": { "reason": "nothing fits" } }));
    let page = world.post("/conferences/123456/change", form).body;
    assert!(page.contains("There is no room for so many then."), "{page}");
    assert!(page.contains("<details open>") && page.contains("value=\"12\""), "{page}");
    world.answer("/read", &json!({ "non-standard": { "language": "cs" } }));
    let page = world.post("/conferences/123456/change", form).body;
    assert!(page.contains("has to be ordered from an operator"), "{page}");
}

#[test]
fn weeks_are_orders_of_their_own_and_what_became_of_each_is_told() {
    let world = World::signed_in(&jana());
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": booking() }));
    world.answer("/read", &order());
    world.answer("/v1/inbound", &stored());
    world.answer("/process", &json!({ "answer": { "booked": { "number": "111111" } } }));
    let page = world.post("/conferences/123456/weekly", "weeks=2").body;
    for day in ["Fri 16 Jul 2027 – booked", "Fri 23 Jul 2027 – booked"] {
        assert!(page.contains(day), "{page}");
    }
    let told = world.told("/v1/inbound").unwrap();
    assert_eq!(told["text"], "konf 23.7.2027 14:00 60 10");
    assert_eq!(told["gateway_id"], "sms:+420606123456 b1 week 2");
    world.answer("/read", &json!({ "question": { "choices": [] } }));
    let page = world.post("/conferences/123456/weekly", "weeks=99").body;
    assert_eq!(page.matches("not possible").count(), 8, "{page}");
}

fn live() -> serde_json::Value {
    let leg = |leg: u64, more: serde_json::Value| {
        let mut status = json!({
            "leg": leg, "caller": format!("+420…{leg:03}"), "role": "participant", "muted": false, "joined": NOW,
        });
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        status
    };
    json!({ "now": NOW, "room": {
        "conference": "123456", "booking": "b1", "seats": 10, "locked": true, "mode": "lecture",
        "window": { "start": NOW, "end": NOW.plus_ms(3_600_000) },
        "legs": [
            leg(1, json!({ "role": "organiser", "speaking": true })),
            leg(2, json!({ "muted": true, "hand": 1 })),
            leg(3, json!({ "joined": null, "caller": "<b>&\"" })),
        ],
    } })
}

#[test]
fn the_live_room_shows_who_speaks_and_its_buttons_go_to_the_edge() {
    let world = World::signed_in(&jana());
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": booking() }));
    world.answer("/v1/rooms", &live());
    let page = world.get("/conferences/123456/live").body;
    for part in [
        "+420…001",
        "speaks",
        "hand up",
        "waits for the start",
        "Locked.",
        "&lt;b&gt;&amp;&quot;",
        "Unlock",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let events = world.get("/conferences/123456/events");
    assert_eq!(events.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let lines: Vec<&str> = events.body.lines().collect();
    assert_eq!((lines[0], lines[1], &lines[2][..6], lines.len()), ("retry: 1500", "", "data: ", 4));
    world.answer("/v1/rooms/act", &"done");
    for (button, act) in [
        ("mute:2", json!({ "mute": { "leg": 2, "muted": true } })),
        ("unmute:2", json!({ "mute": { "leg": 2, "muted": false } })),
        ("drop:2", json!({ "drop": { "leg": 2 } })),
        ("mute-all", json!({ "mute-all": { "muted": true } })),
        ("lock", json!({ "lock": { "locked": true } })),
        ("lecture", json!({ "mode": { "mode": "lecture" } })),
        ("extend", json!("extend")),
        ("close", json!("close")),
    ] {
        let answer = world.post("/conferences/123456/act", &format!("act={button}"));
        assert_eq!(location(&answer), (303, "/conferences/123456/live"), "{button}");
        assert_eq!(world.told("/v1/rooms/act").unwrap()["act"], act);
    }
    for button in ["", "drop", "drop:x", "explode"] {
        assert_eq!(world.post("/conferences/123456/act", &format!("act={button}")).status, 404);
    }
    world.answer("/v1/rooms/act", &"not-found");
    let page = world.post("/conferences/123456/act", "act=drop:9").body;
    assert!(page.contains("no longer there"), "{page}");
}

#[test]
fn who_watches_a_conference_that_is_over_is_told_to_stop() {
    let world = World::signed_in(&jana());
    let mut over = booking();
    over["state"] = json!("ended");
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": over }));
    assert!(world.get("/conferences/123456/events").body.starts_with("event: over\n"));
    assert_eq!(location(&world.get("/conferences/123456/live")), (303, "/conferences/123456"));
}

#[test]
fn a_guest_is_invited_with_a_pin_of_their_own_that_can_be_taken_back() {
    let world = World::signed_in(&jana());
    world.answer("/v1/facts/booking", &json!({ "now": NOW, "booking": booking() }));
    world.answer("/render", &json!([]));
    world.answer("/v1/guests", &"invited");
    let answer = world.post("/conferences/123456/invite", "contact=Petr@example.cz");
    assert_eq!(location(&answer), (303, "/conferences/123456?invited=1"));
    let told = world.told("/v1/guests").unwrap();
    assert_eq!(told["contact"], json!({ "email": "petr@example.cz" }));
    assert_eq!(told["pin"], world.told("/render").unwrap()["message"]["invited"]["pin"]);
    let page = world.post("/conferences/123456/invite", "contact=nobody").body;
    assert!(page.contains("Write a telephone number"), "{page}");
    world.answer("/v1/guests", &"too-many");
    let page = world.post("/conferences/123456/invite", "contact=606111222").body;
    assert!(page.contains("No more can be invited"), "{page}");
    let guests = json!([
        { "guest": "g1", "contact": "p…@example.cz", "revoked": false },
        { "guest": "g2", "contact": "+420…222", "revoked": true },
    ]);
    world.answer("/v1/facts/guests", &json!({ "now": NOW, "guests": guests }));
    let page = world.get("/conferences/123456").body;
    assert!(page.contains("value=\"g1\"") && !page.contains("value=\"g2\""), "{page}");
    world.answer("/v1/guests/revoke", &json!({}));
    let answer = world.post("/conferences/123456/revoke", "guest=g1");
    assert_eq!(location(&answer), (303, "/conferences/123456"));
    assert_eq!(world.told("/v1/guests/revoke").unwrap()["guest"], "g1");
}

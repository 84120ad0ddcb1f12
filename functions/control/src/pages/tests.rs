use std::sync::Arc;

use expect_test::expect;
use konf_api::ledger::{Effect, MessageBody, OutboxMessage, Proposal, RequestedOrder, Sender};
use konf_contract::{Language, Msisdn, UnixMs, Window};
use konf_ledger::{
    EdgeSeats, EdgeUsage, Ledger, OperatorRole, RequestLine, RestrictionLine, Settings, UsageStep,
};
use serde_json::json;

use super::markup::Tongue;
use super::*;
use crate::accounts::Accounts;
use crate::link::Edges;

const PASSWORD: &str = "correct horse battery";
const NUMBER: &str = "+420606123456";
const EVIL: &str = "<script>alert(1)</script>\"'&";

struct Office {
    desk: Desk,
    _folder: tempfile::TempDir,
}

/// A browser: what it holds.
struct Browser<'a> {
    office: &'a Office,
    cookie: String,
}

impl Office {
    async fn new() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 10, labels: Vec::new() }];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let accounts = Accounts::new(ledger.clone());
        for (name, role) in [
            ("vera", OperatorRole::Viewer),
            ("ota", OperatorRole::Operator),
            ("adam", OperatorRole::Admin),
        ] {
            accounts.put(name, role, &Secret::new(PASSWORD)).await.unwrap();
        }
        let desk = Desk {
            ledger,
            edges: Edges::default(),
            token: Secret::new("a token of the tests"),
            outbox: Arc::default(),
            policies: None,
            host: None,
            accounts,
            secure: true,
        };
        Office { desk, _folder: folder }
    }

    fn browser(&self) -> Browser<'_> {
        Browser { office: self, cookie: String::new() }
    }

    async fn signed_in(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let response = browser.post("/desk/sign-in", &form).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("__Host-konf-desk="), "{cookie}");
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    /// A request, a dead letter's message and a restriction, all of them written by somebody evil.
    async fn with_things_in_it() -> Office {
        let office = Office::new().await;
        let sender = Sender::Sms(Msisdn::parse(NUMBER).unwrap());
        let message = OutboxMessage {
            recipient: sender.clone(),
            kind: "receipt".to_owned(),
            body: MessageBody::Sms { parts: vec!["Prijato.".to_owned()] },
            not_before: None,
        };
        let effect = Effect::Enqueue {
            text: EVIL.to_owned(),
            received: clock::now(),
            due: clock::now().plus_ms(60 * UnixMs::MINUTE),
            language: Language::Cs,
            order: None,
        };
        let proposal =
            Proposal { inbound: None, sender: sender.clone(), effect, messages: vec![message] };
        office.desk.ledger.commit(&proposal, "").await.unwrap();
        office.desk.restrict("jana@example.cz", EVIL, None, "ota").await.unwrap();
        office
    }

    async fn request(&self) -> String {
        self.desk.ledger.requests(1).await.unwrap()[0].id.clone()
    }
}

impl Browser<'_> {
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
        more: &[(&str, &str)],
    ) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT_LANGUAGE, "en");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        handle(&self.office.desk, &request.body(Bytes::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.send(Method::GET, path, "", &[]).await;
        (response.status(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    async fn post(&self, path: &str, form: &str) -> Response<Bytes> {
        self.send(Method::POST, path, form, &[("sec-fetch-site", "same-origin")]).await
    }

    /// With the token that this browser's pages carry.
    async fn submit(&self, path: &str, form: &str) -> Response<Bytes> {
        let (_, page) = self.get("/desk").await;
        let token = page.split("name=form value=\"").nth(1).unwrap().split('"').next().unwrap();
        self.post(path, &format!("form={token}&{form}")).await
    }
}

const PAGES: [&str; 9] = [
    "/desk",
    "/desk/rooms",
    "/desk/requests",
    "/desk/messages",
    "/desk/search",
    "/desk/restrictions",
    "/desk/policies",
    "/desk/audit",
    "/desk/operators",
];

#[tokio::test]
async fn nobody_sees_or_does_anything_before_signing_in() {
    let office = Office::with_things_in_it().await;
    let stranger = office.browser();
    for path in PAGES {
        let (status, page) = stranger.get(path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(page.contains("type=password") && !page.contains("script"), "{path}");
    }
    let close = format!("/desk/requests/{}/close", office.request().await);
    assert_eq!(stranger.post(&close, "note=x").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(office.desk.ledger.requests(9).await.unwrap().len(), 1);
    for form in
        ["name=ota&password=wrong", "name=nobody&password=wrong", "", "name=%FF&password=%00"]
    {
        let response = stranger.post("/desk/sign-in", form).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().get(header::SET_COOKIE).is_none());
    }
    let foreign = stranger
        .send(
            Method::POST,
            "/desk/sign-in",
            "name=ota&password=x",
            &[("sec-fetch-site", "cross-site")],
        )
        .await;
    assert_eq!(foreign.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_signs_out_is_out() {
    let office = Office::new().await;
    let browser = office.signed_in("ota").await;
    assert_eq!(browser.get("/desk/requests").await.0, StatusCode::OK);
    let response = browser.submit("/desk/sign-out", "").await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("Max-Age=0"), "{cookie}");
    assert_eq!(browser.get("/desk/requests").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_that_another_page_made_does_nothing() {
    let office = Office::with_things_in_it().await;
    let browser = office.signed_in("ota").await;
    let close = format!("/desk/requests/{}/close", office.request().await);
    // Without the token, with a wrong one, and with that of somebody else who is signed in.
    let (_, others) = office.signed_in("adam").await.get("/desk").await;
    let others = others.split("name=form value=\"").nth(1).unwrap().split('"').next().unwrap();
    for form in ["note=x".to_owned(), "form=&note=x".to_owned(), format!("form={others}&note=x")] {
        assert_eq!(browser.post(&close, &form).await.status(), StatusCode::FORBIDDEN, "{form}");
    }
    let (_, page) = browser.get("/desk").await;
    let own = page.split("name=form value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("form={own}&note=x");
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let response =
            browser.send(Method::POST, &close, &form, &[foreign, ("host", "konf.example")]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{foreign:?}");
    }
    assert_eq!(office.desk.ledger.requests(9).await.unwrap().len(), 1);
    assert_eq!(browser.post(&close, &form).await.status(), StatusCode::SEE_OTHER);
    assert!(office.desk.ledger.requests(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_role_sees_and_does_what_is_its_own() {
    let office = Office::with_things_in_it().await;
    let (vera, ota, adam) = (
        office.signed_in("vera").await,
        office.signed_in("ota").await,
        office.signed_in("adam").await,
    );
    for (path, seen) in [
        ("/desk/audit", [false, true, true]),
        ("/desk/operators", [false, false, true]),
        ("/desk/requests", [true, true, true]),
        ("/desk/restrictions", [true, true, true]),
    ] {
        for (browser, seen) in [&vera, &ota, &adam].into_iter().zip(seen) {
            assert_eq!(browser.get(path).await.0 == StatusCode::OK, seen, "{path}");
        }
    }
    let close = format!("/desk/requests/{}/close", office.request().await);
    for (browser, path, form) in [
        (&vera, close.as_str(), "note=x"),
        (&vera, "/desk/restrictions", "sender=606123456&reason=x"),
        (&vera, "/desk/messages/drop", "id=x"),
        (&ota, "/desk/operators", "name=eva&role=admin&password=correct+horse+battery"),
        (&ota, "/desk/operators/remove", "name=adam"),
    ] {
        assert_eq!(browser.submit(path, form).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!vera.get("/desk/restrictions").await.1.contains("/desk/restrictions/lift"));
    let saved =
        adam.submit("/desk/operators", "name=eva&role=viewer&password=correct+horse+battery").await;
    assert_eq!(saved.headers()[header::LOCATION], "/desk/operators?done=saved");
    assert!(adam.get("/desk/operators?done=saved").await.1.contains("Saved."));
    let eva = office.signed_in("eva").await;
    adam.submit("/desk/operators/remove", "name=eva").await;
    assert_eq!(eva.get("/desk").await.0, StatusCode::UNAUTHORIZED, "signed out with the account");
}

#[tokio::test]
async fn nothing_becomes_markup_and_a_whole_number_shows_only_to_who_is_noted() {
    let office = Office::with_things_in_it().await;
    let adam = office.signed_in("adam").await;
    let request = format!("/desk/requests/{}", office.request().await);
    for path in PAGES.into_iter().chain([
        request.as_str(),
        "/desk/search?q=%3Cscript%3E",
        "/desk?lang=%3Cscript%3E&done=%3Cscript%3E",
        "/desk/%3Cscript%3E",
    ]) {
        let (_, page) = adam.get(path).await;
        // The only one of ours, where something is live.
        let foreign = page.replacen("<script>const main=", "", 1);
        assert!(!foreign.contains("<script"), "{path}: {page}");
        assert!(!page.contains("606123456") && !page.contains("jana@"), "{path}");
    }
    assert!(
        adam.get(&request)
            .await
            .1
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;")
    );
    let response = adam.submit(&format!("{request}/show"), "").await;
    assert!(String::from_utf8_lossy(response.body()).contains(NUMBER));
    let audit = adam.get("/desk/audit").await.1;
    assert!(audit.contains("show sender") && audit.contains("+420…456") && !audit.contains(NUMBER));
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn restrictions_are_made_and_lifted_without_showing_whose_they_are() {
    let office = Office::new().await;
    let ota = office.signed_in("ota").await;
    let made = ota.submit("/desk/restrictions", "sender=606+123+456&reason=spam&days=7").await;
    assert_eq!(made.headers()[header::LOCATION], "/desk/restrictions?done=restricted");
    for (form, said) in [
        ("sender=x&reason=spam", "neither a telephone number"),
        ("sender=606123456&reason=", "reason is empty"),
        ("sender=606123456&reason=x&days=many", "is no number"),
        ("sender=606123456&reason=x&days=0", "days is 0"),
    ] {
        let response = ota.submit("/desk/restrictions", form).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{form}");
        let page = String::from_utf8_lossy(response.body()).into_owned();
        assert!(page.contains(said) && page.contains("role=alert"), "{form}: {page}");
    }
    let (_, page) = ota.get("/desk/restrictions").await;
    assert!(page.contains("+420…456") && !page.contains("606123456"));
    let mark = page.split("name=mark value=").nth(1).unwrap().split('>').next().unwrap();
    let lifted = ota.submit("/desk/restrictions/lift", &format!("mark={mark}")).await;
    assert_eq!(lifted.headers()[header::LOCATION], "/desk/restrictions?done=lifted");
    assert!(office.desk.ledger.restrictions().await.unwrap().is_empty());
    let again = ota.submit("/desk/restrictions/lift", &format!("mark={mark}")).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let audit = office.desk.ledger.audit(10).await.unwrap();
    let actions: Vec<_> =
        audit.iter().map(|line| (line.by.as_str(), line.action.as_str())).collect();
    assert_eq!(actions[..2], [("ota", "lift restriction"), ("ota", "restrict")]);
}

fn request(uri: &str, accepted: &str) -> Request<Bytes> {
    let request = Request::get(uri).header(header::ACCEPT_LANGUAGE, accepted);
    request.body(Bytes::new()).unwrap()
}

#[test]
fn a_page_speaks_what_was_asked_for_then_what_the_browser_prefers_then_czech() {
    for (uri, accepted, tongue) in [
        ("/desk/policies?lang=en", "cs", Tongue::En),
        ("/desk/policies", "de-DE,en;q=0.8,cs;q=0.5", Tongue::En),
        ("/desk/policies", "sk", Tongue::Cs),
        ("/desk/policies?lang=xx", "", Tongue::Cs),
    ] {
        assert_eq!(Tongue::of(&request(uri, accepted)), tongue, "{uri} {accepted}");
    }
    let mut chosen = request("/desk", "cs");
    chosen.headers_mut().insert(header::COOKIE, HeaderValue::from_static("konf-desk-lang=en"));
    assert_eq!(Tongue::of(&chosen), Tongue::En);
    let asked = request("/desk?lang=en", "cs");
    assert!(Tongue::En.cookie(&asked).unwrap().starts_with("konf-desk-lang=en; Path=/desk;"));
    assert_eq!(Tongue::En.cookie(&chosen), None);
}

#[test]
fn the_page_of_policies_shows_versions_calls_latencies_and_differences_and_nothing_becomes_markup()
{
    let lines = [
        json!({ "world": "tariff", "version": 3, "state": "canary", "percent": 5, "decides": false, "changed": 0,
            "digest": "sha256:0123456789abcdef", "note": "<script>alert(1)</script>", "fault": null,
            "counted": { "calls": 1204, "failures": 2, "p50_us": 31, "p99_us": 212, "compared": 400, "different": 10 } }),
        json!({ "world": "tariff", "version": 0, "state": "default", "decides": true, "digest": "sha256:ffffffffffff",
            "counted": null }),
    ];
    let audit = [
        json!({ "at": 0, "world": "tariff", "version": 3, "change": "canary", "by": "a\"b", "note": "" }),
    ];
    let page = policies::body(Tongue::En, &lines, &audit, UnixMs(0));
    for shown in [
        "1204",
        "31",
        "212",
        "10 of 400 (2.5 %)",
        "canary 5 %",
        "● decides",
        "01234567",
        "a&quot;b",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    assert!(page.contains("<span class=bad>2</span>"), "failures stand out");
    assert!(page.contains("1 Jan 01:00:00"), "Czech wall time");
    assert!(!page.contains("<script>"));
    assert!(policies::body(Tongue::Cs, &lines, &audit, UnixMs(0)).contains("● rozhoduje"));
}

// ── pages as text ───────────────────────────────────────────────────────────────────────────────────────────────────

/// A page's markup as what one reads: a line for each element that stands alone.
fn read(markup: &str) -> String {
    let broken = markup
        .replace("</tr>", "\n")
        .replace("</p>", "\n")
        .replace("</h2>", "\n")
        .replace("</td>", " | ");
    let broken = broken.replace("</th>", " | ").replace("</li>", "\n");
    let mut text = String::new();
    let mut inside = false;
    for character in broken.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            character if !inside => text.push(character),
            _ => {}
        }
    }
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// 2027-07-09T12:00:00Z, 14:00 in Prague.
const START: UnixMs = UnixMs(1_815_134_400_000);

fn asked(id: &str, due_min: i64, order: Option<RequestedOrder>) -> RequestLine {
    RequestLine {
        id: id.to_owned(),
        sender: Sender::Sms(Msisdn::parse(NUMBER).unwrap()),
        text: "Dobry den, potrebujeme spojit 40 lidi, nejlepe zitra dopoledne kolem desate"
            .to_owned(),
        language: Language::Cs,
        order,
        received: START.plus_ms(-30 * UnixMs::MINUTE),
        due: START.plus_ms(due_min * UnixMs::MINUTE),
        closed: None,
        result: None,
        by: None,
        note: None,
        booking: None,
    }
}

#[test]
fn requests_are_read_by_their_deadline_in_both_languages() {
    let window = Window { start: START, end: START.plus_ms(180 * UnixMs::MINUTE) };
    let open = [
        asked("r-1", -5, None),
        asked("r-2", 10, Some(RequestedOrder { window, seats: 30 })),
        asked("r-3", 40, None),
    ];
    let closed = RequestLine {
        closed: Some(START),
        result: Some("declined".to_owned()),
        by: Some("ota".to_owned()),
        note: Some("plno".to_owned()),
        ..asked("r-0", 5, None)
    };
    let shown = |tongue| read(&requests::list(tongue, &open, std::slice::from_ref(&closed), START));
    expect![[r#"
        Čeká 3; do 15 minut vyprší 1, po termínu 1.
        Čekají
        Vyřídit do | Od koho | Co chce | Přijato |
        9.7.2027 13:55 po termínu | +420…456 | Dobry den, potrebujeme spojit 40 lidi, nejlepe zitra dopoled… | 9.7.2027 13:30 |
        9.7.2027 14:10, zbývá 10 min | +420…456 | 9.7.2027 14:00, 180 min, 30 osob | 9.7.2027 13:30 |
        9.7.2027 14:40 | +420…456 | Dobry den, potrebujeme spojit 40 lidi, nejlepe zitra dopoled… | 9.7.2027 13:30 |
        Vyřízené
        Vyřízeno | Od koho | Výsledek | Kdo | Poznámka |
        9.7.2027 14:00 | +420…456 | odmítnuto | ota | plno |
    "#]].assert_eq(&shown(Tongue::Cs));
    expect![[r#"
        3 wait: 1 due within 15 minutes, 1 late.
        Waiting
        Due | From | What | Received |
        9 Jul 2027 13:55 late | +420…456 | Dobry den, potrebujeme spojit 40 lidi, nejlepe zitra dopoled… | 9 Jul 2027 13:30 |
        9 Jul 2027 14:10, 10 min left | +420…456 | 9 Jul 2027 14:00, 180 min, 30 people | 9 Jul 2027 13:30 |
        9 Jul 2027 14:40 | +420…456 | Dobry den, potrebujeme spojit 40 lidi, nejlepe zitra dopoled… | 9 Jul 2027 13:30 |
        Done
        Done | From | Result | Who | Note |
        9 Jul 2027 14:00 | +420…456 | declined | ota | plno |
    "#]].assert_eq(&shown(Tongue::En));
}

#[test]
fn the_capacity_is_drawn_and_stands_beside_as_a_table() {
    let step = |at: i64, booked, extended, offered| UsageStep {
        from: START.plus_ms(at * 15 * UnixMs::MINUTE),
        booked,
        extended,
        offered,
    };
    let usage = EdgeUsage {
        edge: "edge-1".to_owned(),
        capacity: 40,
        active: true,
        steps: vec![step(0, 10, 0, 0), step(1, 10, 0, 0), step(2, 20, 10, 5), step(3, 0, 0, 0)],
    };
    let page = capacity::body(Tongue::En, &[usage], START, ("2027-07-08", "2027-07-10"));
    expect![[r#"
        ← 2027-07-08Now2027-07-10 → booked
         extended
         offered
         free
        edge-1
        40 seats; at most 35 are taken, at 14:30
        14:0017:0020:0023:0002:0005:0008:0011:0014:00As a tableSteps
        From | Booked | Extended | Offered | Free |
        9 Jul 2027 14:00 | 10 | 0 | 0 | 30 |
        9 Jul 2027 14:30 | 20 | 10 | 5 | 5 |
        9 Jul 2027 14:45 | 0 | 0 | 0 | 40 |
    "#]]
    .assert_eq(&read(&page));
    // The booked ones stand on the ground, the extended and offered ones on them, and the rest is free.
    for drawn in [
        "<rect class=b x=0.0 y=120.0 width=480.0 height=40.0 />",
        "<rect class=b x=480.0 y=80.0 width=240.0 height=80.0 />",
        "<rect class=e x=480.0 y=40.0 width=240.0 height=40.0 />",
        "<rect class=o x=480.0 y=20.0 width=240.0 height=20.0 />",
    ] {
        assert!(page.contains(drawn), "{drawn} is not in {page}");
    }
    assert!(page.contains(
        "role=img aria-label=\"Seats over time, edge-1: 40 seats; at most 35 are taken, at 14:30\""
    ));
}

#[test]
fn a_room_shows_who_is_heard_badly_in_words_too() {
    let leg = |caller: &str, mos: u32, more: serde_json::Value| {
        let mut leg = json!({
            "edge": "edge-1", "conference": "100001", "ends": START, "locked": true, "mode": "lecture",
            "people": "2 of 20", "caller": caller, "role": "participant", "muted": false, "joined": 1,
            "quality": { "mos_now_x100": mos, "codec": "opus", "packets_lost": 1, "packets_received": 99,
                "jitter_us": 12_000, "delay_ms": 61 },
        });
        leg.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        leg
    };
    let lines = [
        leg("+420606…456", 420, json!({ "role": "organiser", "speaking": true })),
        leg("", 290, json!({ "hand": 1 })),
        leg("<b>", 340, json!({ "joined": null })),
    ];
    let page = rooms::body(Tongue::Cs, &lines, START);
    expect![[r#"
        Stav v 9.7.2027 14:00:00
        100001 (2 z 20 osob, přednáška, zamčeno, do 14:00, edge-1)
        Volající | Role | Stav | Kodek | Jitter | Ztraceno | Zdržení | MOS |
        +420606…456 | organizátor | mluví | opus | 12 ms | 1.0 % | 61 ms | 4.2 |
        skryté číslo | účastník | hlásí se | opus | 12 ms | 1.0 % | 61 ms | 2.9 špatné |
        &lt;b&gt; | účastník | čeká | opus | 12 ms | 1.0 % | 61 ms | 3.4 ujde |
    "#]]
    .assert_eq(&read(&page));
    assert!(page.contains("&lt;b&gt;"));
}

#[test]
fn a_restrictions_mark_says_nothing_of_whose_it_is() {
    let line = |number: &str| RestrictionLine {
        sender: Sender::Sms(Msisdn::parse(number).unwrap()),
        reason: "spam".to_owned(),
        until: None,
        since: START,
        by: "ota".to_owned(),
    };
    let (one, other) =
        (restrictions::mark(&line(NUMBER)), restrictions::mark(&line("+420606123457")));
    assert!(one != other && one.len() == 16 && !one.contains("123456"));
}

#[tokio::test]
async fn what_is_live_comes_as_an_event_to_who_is_signed_in_and_nothing_else_does() {
    let office = Office::with_things_in_it().await;
    let vera = office.signed_in("vera").await;
    let accept = [("accept", "text/event-stream")];
    let news = vera.send(Method::GET, "/desk/requests", "", &accept).await;
    assert_eq!(news.headers()[header::CONTENT_TYPE], "text/event-stream");
    let said = String::from_utf8(news.body().to_vec()).unwrap();
    assert!(said.starts_with("retry: ") && said.ends_with("\n\n"), "{said}");
    assert!(said.lines().skip(1).all(|line| line.is_empty() || line.starts_with("data: ")));
    let (_, page) = vera.get("/desk/requests").await;
    let body: String = said.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    // Times in it go on meanwhile.
    let beginning: String = body.chars().take(60).collect();
    assert!(!beginning.is_empty() && page.contains(&beginning), "{body}");
    assert!(!body.contains("<html") && page.contains("new EventSource("));
    let still = vera.send(Method::GET, "/desk/search", "", &accept).await;
    assert_eq!(still.status(), StatusCode::NOT_FOUND);
    let nobody = office.browser().send(Method::GET, "/desk/requests", "", &accept).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}

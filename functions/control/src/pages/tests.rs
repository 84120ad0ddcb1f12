use konf_contract::UnixMs;
use serde_json::json;

use super::markup::Tongue;
use super::*;

fn basic(credentials: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = format!("Basic {}", STANDARD.encode(credentials));
    headers.insert(header::AUTHORIZATION, value.parse().unwrap());
    headers
}

fn request(uri: &str, accepted: &str) -> Request<Bytes> {
    let request = Request::get(uri).header(header::ACCEPT_LANGUAGE, accepted);
    request.body(Bytes::new()).unwrap()
}

#[test]
fn the_password_is_what_stands_behind_the_first_colon() {
    assert_eq!(password(&basic("anybody:to:ken")).as_deref(), Some("to:ken"));
    assert_eq!(password(&basic("no colon")), None);
    let mut bearer = HeaderMap::new();
    bearer.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer YTpi"));
    assert_eq!(password(&bearer), None);
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
    let page = policies::page(Tongue::En, &lines, &audit, UnixMs(0));
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
    assert!(policies::page(Tongue::Cs, &lines, &audit, UnixMs(0)).contains("● rozhoduje"));
}

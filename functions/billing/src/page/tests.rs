use expect_test::expect;

use super::*;
use crate::statement;

fn shown(change: impl FnOnce(&mut Statement)) -> String {
    let mut statement = statement::statement(&statement::tests::facts()).unwrap();
    change(&mut statement);
    page(&statement).replace(STYLE, "…")
}

#[test]
fn the_page_tells_what_the_statement_tells() {
    expect![[r#"
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>Statement of conference 284917</title><style>…</style></head>
        <body><h1>Statement of conference 284917</h1>
        <p>2027-07-09 14:00:00 +02:00 – 2027-07-09 15:00:00 +02:00</p>
        <table><thead><tr><th>Caller</th><th>Network</th><th>From – to</th><th>Duration</th><th>Billed s</th><th>CZK without VAT</th><th>Tariff</th><th>Ended</th></tr></thead>
        <tbody>
        <tr><td>+420…456</td><td>o2-mobile</td><td>2027-07-09 14:00:03 +02:00 – 2027-07-09 14:01:04 +02:00</td><td class="n">0:01:01.000</td><td class="n">61</td><td class="n">4.0667</td><td>own-mobile<br><small>sha256:12ab</small></td><td>hung up (caller)</td></tr>
        <tr><td>withheld</td><td>internet</td><td>2027-07-09 14:00:30 +02:00 – 2027-07-09 14:30:30 +02:00</td><td class="n">0:30:00.500</td><td class="n">0</td><td class="n">0.0000</td><td>other-network<br><small></small></td><td>hung up (caller)</td></tr>
        <tr><td>+420…456</td><td>o2-mobile</td><td>2027-07-09 14:10:00 +02:00 – 2027-07-09 15:20:00 +02:00</td><td class="n">1:10:00.000</td><td class="n"></td><td class="n">not rated yet</td><td></td><td>70 minutes of a mobile network (network)</td></tr>
        </tbody></table>
        <p>Without VAT: 4.07 CZK<br>VAT 21 %: 0.85 CZK<br><strong>With VAT: 4.92 CZK</strong></p>
        <p>Calls still to be rated: 1</p>
        </body></html>
    "#]].assert_eq(&shown(|_| {}));
}

#[test]
fn the_page_is_in_the_language_of_the_order() {
    let page = shown(|statement| statement.language = Language::Cs);
    for text in [
        "lang=\"cs\"",
        "Výpis konference 284917",
        "skryté číslo",
        "zatím neoceněno",
        "S DPH: 4.92 CZK",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
}

#[test]
fn what_comes_from_the_wire_cannot_write_html() {
    let page = shown(|statement| {
        statement.legs[0].network = "<script>alert('x')</script>\"&".into();
        statement.legs[0].price.as_mut().unwrap().tariff = Some("<i>".into());
    });
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
    assert!(!page.contains("<script") && !page.contains("<i>"));
}

#[test]
fn durations_show_the_milliseconds_that_decide() {
    assert_eq!(duration(0), "0:00:00.000");
    assert_eq!(duration(61_001), "0:01:01.001");
    assert_eq!(duration(4_200_000), "1:10:00.000");
    assert_eq!(duration(u64::MAX), "5124095576030:25:51.615");
}

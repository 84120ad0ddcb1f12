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
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Statement of conference 284917</title><style>…</style></head>
        <body><h1>Statement of conference 284917</h1>
        <p>2027-07-09 14:00:00 – 15:00:00</p>
        <table><thead><tr><th scope="col">Caller</th><th scope="col">Network</th><th scope="col">From – to</th><th scope="col">Duration</th><th scope="col">Billed s</th><th scope="col">CZK without VAT</th><th scope="col">Tariff</th><th scope="col">Ended</th></tr></thead>
        <tbody>
        <tr><td data-column="Caller"><span>+420…456</span></td><td data-column="Network"><span>o2-mobile</span></td><td data-column="From – to"><span>14:00:03 – 14:01:04</span></td><td class="n" data-column="Duration"><span>0:01:01.000</span></td><td class="n" data-column="Billed s"><span>61</span></td><td class="n" data-column="CZK without VAT"><span>4.0667</span></td><td data-column="Tariff"><span>own-mobile<br><small title="sha256:12ab">sha256:12ab</small></span></td><td data-column="Ended"><span>hung up (caller)</span></td></tr>
        <tr><td data-column="Caller"><span>withheld</span></td><td data-column="Network"><span>internet</span></td><td data-column="From – to"><span>14:00:30 – 14:30:30</span></td><td class="n" data-column="Duration"><span>0:30:00.500</span></td><td class="n" data-column="Billed s"><span>0</span></td><td class="n" data-column="CZK without VAT"><span>0.0000</span></td><td data-column="Tariff"><span>other-network<br><small title=""></small></span></td><td data-column="Ended"><span>hung up (caller)</span></td></tr>
        <tr><td data-column="Caller"><span>+420…456</span></td><td data-column="Network"><span>o2-mobile</span></td><td data-column="From – to"><span>14:10:00 – 15:20:00</span></td><td class="n" data-column="Duration"><span>1:10:00.000</span></td><td class="n" data-column="Billed s"><span></span></td><td class="n" data-column="CZK without VAT"><span>not rated yet</span></td><td data-column="Tariff"><span></span></td><td data-column="Ended"><span>70 minutes of a mobile network (network)</span></td></tr>
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

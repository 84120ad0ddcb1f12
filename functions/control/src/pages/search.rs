//! Conferences by number or by a part of who ordered them, and what each leg of one cost.

use konf_api::ledger::{Amount, BookingState, RatedLeg, StatementFacts};
use konf_contract::UnixMs;
use konf_ledger::BookingLine;
use serde_json::Value;

use super::markup::{Tongue, minute, second, table, text};

/// `asked` is what was looked for; `found` is none where that was not understood.
pub(super) fn body(tongue: Tongue, asked: &str, found: Option<&[BookingLine]>) -> String {
    let label = tongue.say(
        "Číslo konference, nebo kdo ji objednal: +420…456, 456, j…@example.cz",
        "Conference number, or who ordered it: +420…456, 456, j…@example.cz",
    );
    let form = format!(
        "<section><form method=get action=/desk/search role=search><p><label for=q>{label}</label>\
        <input id=q name=q value=\"{}\" maxlength=100 autocomplete=off></p><p><button>{}</button></p></form></section>",
        text(asked),
        tongue.say("Hledat", "Search"),
    );
    match found {
        _ if asked.is_empty() => form,
        Some(lines) => form + &list(tongue, lines),
        None => {
            let said = tongue.say(
                "Napište 4 až 10 číslic konference, aspoň 3 poslední číslice telefonu, nebo e-mail.",
                "Give the 4 to 10 digits of a conference, at least the last 3 of a telephone, or an e-mail address.",
            );
            form + "<section role=alert><p class=bad>" + said + "</p></section>"
        }
    }
}

fn list(tongue: Tongue, lines: &[BookingLine]) -> String {
    let heads = [
        tongue.say("Číslo", "Number"),
        tongue.say("Začátek", "Start"),
        tongue.say("Konec", "End"),
        tongue.say("Osob", "People"),
        tongue.say("Uvnitř", "Inside"),
        tongue.say("Stav", "State"),
        tongue.say("Edge", "Edge"),
        tongue.say("Objednal", "Ordered by"),
    ];
    let rows = lines.iter().map(|line| {
        let number = line.number.as_str();
        [
            format!("<a href=/desk/price/{number}>{number}</a>"),
            minute(tongue, line.window.start),
            minute(tongue, line.window.end),
            line.seats.to_string(),
            line.seats_taken.to_string(),
            state(tongue, line.state).to_owned(),
            text(&line.edge),
            text(&line.sender),
        ]
    });
    table(tongue.say("Nalezeno", "Found"), "found", &heads, rows, tongue)
}

fn state(tongue: Tongue, state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => tongue.say("objednáno", "booked"),
        BookingState::Cancelled => tongue.say("zrušeno", "cancelled"),
        BookingState::Ended => tongue.say("skončilo", "ended"),
    }
}

/// The legs of a conference with their prices.
pub(super) fn legs(tongue: Tongue, facts: &StatementFacts) -> String {
    let Some(booking) = &facts.booking else {
        let none = tongue.say("Takovou konferenci nemáme.", "There is no such conference.");
        return format!("<section><p>{none}</p></section>");
    };
    let head = format!(
        "<p>{}, {} – {}, {}</p>",
        booking.number,
        minute(tongue, booking.window.start),
        minute(tongue, booking.window.end),
        state(tongue, booking.state)
    );
    let heads = [
        tongue.say("Od", "From"),
        tongue.say("Volající", "Caller"),
        tongue.say("Síť", "Network"),
        tongue.say("Délka", "Length"),
        tongue.say("Účtováno", "Billed"),
        tongue.say("Cena bez DPH", "Price without VAT"),
        "",
    ];
    let rows = facts.legs.iter().map(|leg| {
        let key = &leg.record;
        let why = format!(
            "<a href=\"/desk/price/{}/{}/{}/{}\">{}</a>",
            booking.number,
            text(&key.edge),
            text(&key.boot),
            key.sequence,
            tongue.say("Proč tolik", "Why so much")
        );
        let rating = leg.rating.as_ref();
        [
            second(tongue, leg.leg.answered),
            who(tongue, leg),
            text(&leg.leg.caller.network),
            format!("{:.1} s", leg.leg.duration_ms as f64 / 1_000.0),
            rating.map_or("–".to_owned(), |rating| format!("{} s", rating.billed_s)),
            rating
                .map_or(tongue.say("čeká", "not yet").to_owned(), |rating| crowns(rating.amount)),
            why,
        ]
    });
    head + &table(tongue.say("Hovory", "Calls"), "legs", &heads, rows, tongue)
}

fn who(tongue: Tongue, leg: &RatedLeg) -> String {
    let number = leg.leg.caller.number.as_ref();
    number.map_or(tongue.say("skryté číslo", "withheld").to_owned(), |number| {
        text(&number.masked())
    })
}

/// Why a leg costs what it costs. `explained` is what `policies/explain` answers.
pub(super) fn explained(tongue: Tongue, leg: &RatedLeg, explained: &Value) -> String {
    let call = &explained["decision"];
    let rating = leg.rating.as_ref();
    let seconds = leg.leg.duration_ms as f64 / 1_000.0;
    let asked = call["input"].as_object().map(|fields| {
        let fields = fields.iter().map(|(name, value)| format!("{name} = {value}"));
        fields.collect::<Vec<_>>().join(", ")
    });
    let asked = text(&asked.unwrap_or_default());
    let digest = text(call["digest"].as_str().unwrap_or_default().get(..15).unwrap_or_default());
    let network = text(&leg.leg.caller.network);
    let again = match explained["again"].is_null() {
        true => tongue.say("Znovu se zeptat nelze.", "It can't be asked again."),
        false if explained["again"] == call["output"] => tongue.say(
            "Na stejný dotaz odpovídá znovu stejně, bit po bitu.",
            "Asked the same again, it answers the same, bit for bit.",
        ),
        false => tongue.say(
            "Na stejný dotaz odpovídá jinak!",
            "Asked the same again, it answers something else!",
        ),
    };
    let (billed, rule) = rating.map_or(("–".to_owned(), String::new()), |rating| {
        (rating.billed_s.to_string(), text(&rating.rule))
    });
    let amount = rating.map_or(0, |rating| rating.amount.0);
    let price = rating.map_or("–".to_owned(), |rating| crowns(rating.amount));
    let (from, to) = (second(tongue, leg.leg.answered), second(tongue, leg.leg.ended));
    let steps = match tongue {
        Tongue::Cs => [
            format!("Hovor trval od {from} do {to}; monotonní hodiny naměřily {seconds:.3} s. To se účtuje."),
            format!("Volající přišel ze sítě {network}, jak řekl trunk."),
            format!("Pravidlo ceny (tariff, {digest}) dostalo: {asked}."),
            format!("Odpovědělo: účtovat {billed} s podle pravidla „{rule}“."),
            format!("To je přesně {amount} šedesátin tisíciny haléře; 6 000 000 z nich je koruna: {price} bez DPH."),
            "Zaokrouhlí se až řádek vyúčtování, jednou, od poloviny nahoru; DPH se počítá ze součtu.".to_owned(),
            again.to_owned(),
        ],
        Tongue::En => [
            format!("The call lasted from {from} to {to}; the monotonic clock measured {seconds:.3} s. That is billed."),
            format!("The caller came from the network {network}, as the trunk said."),
            format!("The rule of prices (tariff, {digest}) was asked: {asked}."),
            format!("It answered: bill {billed} s by the rule “{rule}”."),
            format!("That is exactly {amount} sixtieths of a thousandth of a heller; 6,000,000 of them are a crown: {price} without VAT."),
            "Only the line of the statement is rounded, once, half up; VAT is on the sum.".to_owned(),
            again.to_owned(),
        ],
    };
    let steps: String = steps.iter().map(|step| format!("<li>{step}</li>")).collect();
    format!("<section><ol>{steps}</ol></section>")
}

/// With four decimals, half up, as on a statement.
fn crowns(amount: Amount) -> String {
    const DECIMALS: i64 = 10_000;
    let unit = Amount::PER_CZK / DECIMALS;
    let rounded = amount.0.saturating_add(unit / 2).div_euclid(unit);
    format!("{}.{:04} CZK", rounded / DECIMALS, rounded % DECIMALS)
}

/// What was asked for, understood: a number, or who ordered.
pub(super) fn is_conference(asked: &str) -> bool {
    (4..=10).contains(&asked.len()) && asked.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where the drawing of a day begins: what `?day=` says, or the hour that runs.
pub(super) fn day(given: Option<&str>, now: UnixMs) -> (UnixMs, String, String) {
    let zone = jiff::tz::get!("Europe/Prague");
    let given = given.and_then(|day| day.parse::<jiff::civil::Date>().ok());
    let today =
        || jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone.clone());
    let date = given.unwrap_or_else(|| today().date());
    let from = match given {
        Some(date) => {
            date.to_zoned(zone.clone()).ok().map(|day| UnixMs(day.timestamp().as_millisecond()))
        }
        None => None,
    };
    let from = from.unwrap_or(UnixMs(now.0 - now.0.rem_euclid(3_600_000)));
    let beside = |day: Result<jiff::civil::Date, jiff::Error>| day.unwrap_or(date).to_string();
    (from, beside(date.yesterday()), beside(date.tomorrow()))
}

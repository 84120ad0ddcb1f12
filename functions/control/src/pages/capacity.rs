//! Seats over time, drawn for each edge, and the edges as they are now.

use std::fmt::Write as _;

use konf_contract::UnixMs;
use konf_ledger::{EdgeLine, EdgeUsage, UsageStep};
use serde_json::Value;

use super::markup::{Tongue, minute, second, table, text, time_of_day};

/// A quarter of an hour: the eye tells 96 columns apart on a desk.
pub(super) const STEP_MIN: u32 = 15;
/// Lines that part the day, each with its hour.
const DAY_PARTS: i32 = 8;
/// Of the drawing, in its own units: ten for each column of a day.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 160.0;

/// Each edge's day, from `from` on; `before` and `after` are the days beside it, as addresses say them.
pub(super) fn body(
    tongue: Tongue,
    usage: &[EdgeUsage],
    from: UnixMs,
    (before, after): (&str, &str),
) -> String {
    let days = format!(
        "<nav aria-label=\"{}\"><a href=\"/desk?day={before}\">← {before}</a><a href=/desk>{}</a>\
        <a href=\"/desk?day={after}\">{after} →</a></nav>",
        tongue.say("Dny", "Days"),
        tongue.say("Nyní", "Now"),
    );
    let legend = [Layer::Booked, Layer::Extended, Layer::Offered, Layer::Free].map(|layer| {
        format!(
            "<li><svg width=16 height=16 class=cap aria-hidden=true><rect width=16 height=16 class={} /></svg> {}</li>",
            layer.class(),
            layer.name(tongue)
        )
    });
    let mut out = format!("{days}<ul class=legend>{}</ul>", legend.concat());
    for edge in usage {
        out += &drawing(tongue, edge, from);
    }
    if usage.is_empty() {
        out += tongue.say("<p>Žádný edge.</p>", "<p>No edge.</p>");
    }
    out
}

#[derive(Clone, Copy)]
enum Layer {
    Booked,
    Extended,
    Offered,
    Free,
}

impl Layer {
    fn class(self) -> &'static str {
        match self {
            Layer::Booked => "b",
            Layer::Extended => "e",
            Layer::Offered => "o",
            Layer::Free => "f",
        }
    }

    fn name(self, tongue: Tongue) -> &'static str {
        match self {
            Layer::Booked => tongue.say("objednáno", "booked"),
            Layer::Extended => tongue.say("prodlouženo", "extended"),
            Layer::Offered => tongue.say("nabídnuto", "offered"),
            Layer::Free => tongue.say("volno", "free"),
        }
    }
}

fn drawing(tongue: Tongue, edge: &EdgeUsage, from: UnixMs) -> String {
    let name = text(&edge.edge);
    let seats = edge.capacity;
    // Of the same height the first.
    let busiest = edge.steps.iter().rev().max_by_key(|step| step.taken());
    let (peak, at) = busiest.map_or((0, from), |step| (step.taken(), step.from));
    let at = time_of_day(at);
    let summary = match (tongue, peak) {
        (Tongue::Cs, 0) => format!("{seats} míst; žádné není obsazeno"),
        (Tongue::En, 0) => format!("{seats} seats; none is taken"),
        (Tongue::Cs, _) => format!("{seats} míst; nejvíc je obsazeno {peak} v {at}"),
        (Tongue::En, _) => format!("{seats} seats; at most {peak} are taken, at {at}"),
    };
    let inactive = match edge.active {
        true => "",
        false => tongue.say(" (nebere objednávky)", " (takes no bookings)"),
    };
    format!(
        "<section><h2>{name}{inactive}</h2><p class=soft>{summary}</p>{}<details><summary>{}</summary>{}</details></section>",
        svg(tongue, edge, from, &summary),
        tongue.say("Jako tabulka", "As a table"),
        steps(tongue, edge),
    )
}

/// As tall as the edge has seats, or as were taken where it had more before.
fn svg(tongue: Tongue, edge: &EdgeUsage, from: UnixMs, summary: &str) -> String {
    let most = edge.steps.iter().map(UsageStep::taken).max().unwrap_or(0);
    let top = f64::from(edge.capacity.max(most).max(1));
    let column = WIDTH / edge.steps.len().max(1) as f64;
    let name = text(&edge.edge);
    let title = tongue.say("Místa v čase", "Seats over time");
    let mut out = format!(
        "<svg class=cap viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=none role=img aria-label=\"{title}, {name}: {summary}\">\
        <rect class=f width={WIDTH} height={HEIGHT} />"
    );
    for (layer, seats) in [
        (Layer::Booked, of_booked as Seats),
        (Layer::Extended, of_extended),
        (Layer::Offered, of_offered),
    ] {
        for (at, run) in runs(&edge.steps) {
            let (below, height) = seats(&run);
            if height == 0 {
                continue;
            }
            let tall = HEIGHT * f64::from(height) / top;
            let y = HEIGHT * (1.0 - f64::from(below + height) / top);
            let (x, wide) = (column * at.start as f64, column * at.len() as f64);
            let _ = write!(
                out,
                "<rect class={} x={x:.1} y={y:.1} width={wide:.1} height={tall:.1} />",
                layer.class()
            );
        }
    }
    for part in 1..DAY_PARTS {
        let x = f64::from(part) * WIDTH / f64::from(DAY_PARTS);
        let _ = write!(out, "<line x1={x:.0} x2={x:.0} y1=0 y2={HEIGHT} />");
    }
    let hour = |part: i32| {
        let at = from.plus_ms(i64::from(part) * i64::from(24 / DAY_PARTS) * 60 * UnixMs::MINUTE);
        format!("<span>{}</span>", time_of_day(at))
    };
    let hours: String = (0..=DAY_PARTS).map(hour).collect();
    out + "</svg><div class=hours aria-hidden=true>" + &hours + "</div>"
}

/// What lies below a layer, and the layer.
type Seats = fn(&UsageStep) -> (u32, u32);

fn of_booked(step: &UsageStep) -> (u32, u32) {
    (0, step.booked)
}

fn of_extended(step: &UsageStep) -> (u32, u32) {
    (step.booked, step.extended)
}

fn of_offered(step: &UsageStep) -> (u32, u32) {
    (step.booked + step.extended, step.offered)
}

/// Steps that follow each other and are alike, as one.
fn runs(steps: &[UsageStep]) -> Vec<(std::ops::Range<usize>, UsageStep)> {
    let alike = |a: &UsageStep, b: &UsageStep| {
        (a.booked, a.extended, a.offered) == (b.booked, b.extended, b.offered)
    };
    let mut at = 0;
    let run = |run: &[UsageStep]| {
        at += run.len();
        (at - run.len()..at, run[0])
    };
    steps.chunk_by(alike).map(run).collect()
}

fn steps(tongue: Tongue, edge: &EdgeUsage) -> String {
    let heads = [
        tongue.say("Od", "From"),
        tongue.say("Objednáno", "Booked"),
        tongue.say("Prodlouženo", "Extended"),
        tongue.say("Nabídnuto", "Offered"),
        tongue.say("Volno", "Free"),
    ];
    let rows = runs(&edge.steps).into_iter().map(|(_, step)| {
        let free = edge.capacity.saturating_sub(step.taken());
        let [booked, extended, offered, free] =
            [step.booked, step.extended, step.offered, free].map(|seats| seats.to_string());
        [minute(tongue, step.from), booked, extended, offered, free]
    });
    let id = format!("steps-{}", text(&edge.edge));
    table(tongue.say("Kroky", "Steps"), &id, &heads, rows, tongue)
}

/// `connected` are the lines of `GET edges`: those that have joined control now.
pub(super) fn edges(tongue: Tongue, known: &[EdgeLine], connected: &Value) -> String {
    let heads = [
        tongue.say("Edge", "Edge"),
        tongue.say("Spojení", "Link"),
        tongue.say("Volání", "Calls"),
        tongue.say("Unese", "Can hold"),
        tongue.say("K objednání", "Bookable"),
        tongue.say("Obsazeno nyní", "Taken now"),
        tongue.say("Verze", "Version"),
        tongue.say("Ozval se", "Heard"),
    ];
    let rows = known.iter().map(|edge| {
        let all = connected.as_array().map(Vec::as_slice).unwrap_or_default();
        let line = all.iter().find(|line| line["edge"] == edge.name.as_str());
        let link = match line {
            Some(_) => format!("<span class=good>● {}</span>", tongue.say("spojen", "up")),
            None => format!("<span class=bad>○ {}</span>", tongue.say("nespojen", "down")),
        };
        let number = |key: &str| {
            let found = line.and_then(|line| line[key].as_u64());
            found.map_or("–".to_owned(), |found| found.to_string())
        };
        let heard = line.and_then(|line| line["heard"].as_i64()).map(UnixMs).or(edge.hello);
        [
            text(&edge.name),
            link,
            number("legs"),
            number("capacity"),
            edge.capacity.to_string(),
            edge.taken_now.to_string(),
            text(edge.version.as_deref().unwrap_or("–")),
            heard.map_or("–".to_owned(), |at| second(tongue, at)),
        ]
    });
    table(tongue.say("Media edge", "Media edges"), "edges", &heads, rows, tongue)
}

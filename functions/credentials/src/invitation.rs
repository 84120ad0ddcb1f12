//! An iCalendar file (RFC 5545) for one conference.

use jiff::Timestamp;
use konf_contract::{ConferenceNumber, UnixMs, Window};

/// RFC 5545, section 3.1: "Lines of text SHOULD NOT be longer than 75 octets, excluding the line break."
const OCTETS_MAX: usize = 75;

pub(crate) struct Invitation<'a> {
    pub(crate) number: &'a ConferenceNumber,
    /// As it was booked first: what the calendar knows it by.
    pub(crate) first_start: UnixMs,
    /// How often it was moved before and with this.
    pub(crate) sequence: u32,
    /// The order address and whoever gets this; none: published, for nobody in particular.
    pub(crate) between: Option<(&'a str, &'a str)>,
    pub(crate) window: &'a Window,
    pub(crate) status: Status,
    pub(crate) summary: String,
    pub(crate) location: String,
    pub(crate) description: String,
    /// Empty when there is none.
    pub(crate) url: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Confirmed,
    /// Of an event that was confirmed before.
    Cancelled,
}

impl Invitation<'_> {
    /// The file, made at `now`. Whoever ordered is its only guest: participants are the organiser's to invite. A request
    /// with a later sequence moves what stands in the calendar, a cancellation takes it away (RFC 5546, sections 3.2.2 and
    /// 3.2.5).
    pub(crate) fn text(&self, now: UnixMs) -> String {
        let (status, method) = match (self.status, self.between) {
            (Status::Confirmed, Some(_)) => ("CONFIRMED", "REQUEST"),
            (Status::Cancelled, Some(_)) => ("CANCELLED", "CANCEL"),
            (Status::Confirmed, None) => ("CONFIRMED", "PUBLISH"),
            (Status::Cancelled, None) => ("CANCELLED", "PUBLISH"),
        };
        let mut lines = vec![
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//Konf//Conference on demand//EN".to_owned(),
            "CALSCALE:GREGORIAN".to_owned(),
            format!("METHOD:{method}"),
            "BEGIN:VEVENT".to_owned(),
            // A number comes back after 30 days; with the start it is unique.
            format!("UID:{}-{}@konf", self.number, self.first_start.minutes()),
            format!("DTSTAMP:{}", utc(now)),
            format!("DTSTART:{}", utc(self.window.start)),
            format!("DTEND:{}", utc(self.window.end)),
            format!("SEQUENCE:{}", self.sequence),
            format!("STATUS:{status}"),
            format!("SUMMARY:{}", escape(&self.summary)),
            format!("LOCATION:{}", escape(&self.location)),
            format!("DESCRIPTION:{}", escape(&self.description)),
        ];
        if let Some((organiser, guest)) = self.between {
            lines.push(format!("ORGANIZER;CN=Konf:mailto:{}", escape(organiser)));
            // Nobody is asked whether they come to what they have ordered.
            lines.push(format!("ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{}", escape(guest)));
        }
        if !self.url.is_empty() && !self.url.contains(char::is_control) {
            lines.push(format!("URL:{}", self.url));
        }
        lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
        lines.iter().map(|line| fold(line)).collect()
    }
}

/// `20270709T120000Z`.
fn utc(at: UnixMs) -> String {
    let instant = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// RFC 5545, section 3.3.11.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Cuts a content line into lines of at most 75 octets, never within a character, and ends it.
fn fold(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 8);
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > OCTETS_MAX {
            folded.push_str("\r\n ");
            used = 1;
        }
        folded.push(c);
        used += c.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let line = format!("DESCRIPTION:{}", "ř".repeat(100));
        let folded = fold(&line);
        assert!(folded.split("\r\n").all(|line| line.len() <= OCTETS_MAX));
        assert_eq!(folded.replace("\r\n ", "").trim_end(), line);
    }

    #[test]
    fn every_line_of_a_file_ends_as_the_standard_says() {
        let number = ConferenceNumber::new("123456").unwrap();
        let window = Window { start: UnixMs(0), end: UnixMs(60_000) };
        let text = Invitation {
            number: &number,
            first_start: UnixMs(0),
            sequence: 1,
            between: Some(("orders@konf.example", "a@b.cz\r\nX:y")),
            window: &window,
            status: Status::Cancelled,
            summary: "a\r\nATTENDEE:x".to_owned(),
            location: String::new(),
            description: "ž ".repeat(90),
            url: "https://a.cz/\r\nX:y",
        }
        .text(UnixMs(0));
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= OCTETS_MAX && !line.contains(['\r', '\n'])));
        assert!(!lines.iter().any(|line| line.starts_with("ATTENDEE:") || line.starts_with("X:")));
        assert!(lines.contains(&"DTEND:19700101T000100Z") && lines.contains(&"STATUS:CANCELLED"));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a,b;c\\d\ne\r"), "a\\,b\\;c\\\\d\\ne");
    }
}

//! Times as the API writes and reads them (RFC 3339).

use jiff::Timestamp;
use konf_contract::UnixMs;

/// A time with its offset; nothing else.
pub(crate) fn instant(text: &str) -> Option<UnixMs> {
    // jiff also reads a space for the T and a zone's name in brackets.
    let plain =
        text.len() <= 40 && text.as_bytes().get(10).is_some_and(|c| matches!(c, b'T' | b't'));
    if !plain || text.contains('[') {
        return None;
    }
    let at: Timestamp = text.parse().ok()?;
    Some(UnixMs(at.as_millisecond()))
}

/// Wall time in Prague with its offset: `2027-07-09T14:00:00+02:00`.
pub(crate) fn text(at: UnixMs) -> String {
    let zone = jiff::tz::get!("Europe/Prague");
    match Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_offset() {
        let at = instant("2027-07-09T12:00:00Z").unwrap();
        assert_eq!(text(at), "2027-07-09T14:00:00+02:00");
        assert_eq!(instant("2027-07-09T14:00:00.000+02:00"), Some(at));
        for wrong in [
            "2027-07-09T14:00",
            "2027-07-09 12:00:00Z",
            "2027-07-09T14:00:00+02:00[Europe/Prague]",
            "2027-13-09T12:00:00Z",
            "",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}

//! Bookings by a part of who ordered them, as it is shown elsewhere: `+420…456`, `j…@example.cz`.

use crate::Ledger;
use crate::error::Result;
use crate::listing::{BOOKING_COLUMNS, BookingLine, booking_line, lines};

/// Fewer digits say nothing about who it is.
const DIGITS_MIN: usize = 3;
/// The longest address of a mail (RFC 5321, 4.5.3.1.3).
const BYTES_MAX: usize = 256;

/// A sender, or what is known of one: a pattern over its key.
#[derive(Clone, PartialEq, Eq)]
pub struct SenderPart(String);

impl std::fmt::Debug for SenderPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SenderPart(…)")
    }
}

impl SenderPart {
    /// The beginning and the end with `…`, `...` or `*` between them; the last digits of a telephone number; or all of it.
    /// None when it is neither.
    pub fn parse(text: &str) -> Option<SenderPart> {
        let text = text.trim().to_lowercase().replace("...", "…").replace('*', "…");
        if text.len() > BYTES_MAX {
            return None;
        }
        match text.contains('@') {
            true => SenderPart::of_mail(&text),
            false => SenderPart::of_telephone(&text),
        }
    }

    fn of_mail(text: &str) -> Option<SenderPart> {
        let (name, domain) = text.split_once('@')?;
        let known = |part: &str| part.chars().any(char::is_alphanumeric);
        if !known(name) || !known(domain) {
            return None;
        }
        Some(SenderPart(format!("email:{}", escaped(text).replace('…', "%"))))
    }

    fn of_telephone(text: &str) -> Option<SenderPart> {
        let plain: String =
            text.chars().filter(|c| !c.is_whitespace() && !"-()".contains(*c)).collect();
        let (head, tail) = plain.split_once('…').unwrap_or(("", &plain));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if let (true, Some(whole)) = (head.is_empty(), tail.strip_prefix('+')) {
            let enough = whole.len() >= DIGITS_MIN && digits(whole);
            return enough.then(|| SenderPart(format!("sms:{tail}")));
        }
        let international = head.is_empty() || head.strip_prefix('+').is_some_and(digits);
        let fits = international && digits(tail) && tail.len() >= DIGITS_MIN;
        fits.then(|| SenderPart(format!("sms:{head}%{tail}")))
    }
}

/// What LIKE takes for itself, as it is.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

impl Ledger {
    /// Those that start last come first.
    pub async fn bookings_of(&self, who: &SenderPart, limit: u32) -> Result<Vec<BookingLine>> {
        let mut tx = self.store().read().await?;
        let query = format!(
            "SELECT {BOOKING_COLUMNS} FROM booking WHERE sender_key LIKE $1 ESCAPE '\\'
             ORDER BY start_ms DESC, id LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(&who.0)
            .bind(lines(limit))
            .fetch_all(&mut *tx)
            .await?;
        let now = self.now();
        rows.iter().map(|row| booking_line(row, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_sender_is_what_others_see_of_it() {
        for (text, pattern) in [
            ("+420…456", Some("sms:+420%456")),
            ("+420...456", Some("sms:+420%456")),
            ("456", Some("sms:%456")),
            ("606 123 456", Some("sms:%606123456")),
            ("+420 606 123 456", Some("sms:+420606123456")),
            ("J…@Example.cz", Some("email:j%@example.cz")),
            ("a_b%@example.cz", Some(r"email:a\_b\%@example.cz")),
            ("56", None),
            ("", None),
            ("…", None),
            ("@", None),
            ("…@…", None),
            ("+", None),
            ("jana", None),
            ("42a…456", None),
        ] {
            assert_eq!(SenderPart::parse(text).map(|part| part.0).as_deref(), pattern, "{text}");
        }
        assert_eq!(SenderPart::parse(&"1".repeat(300)), None);
    }
}

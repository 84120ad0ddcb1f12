//! What the mail server in front has found out about a sender (RFC 8601).
//!
//! Only the topmost `Authentication-Results` counts, and only when it is of that server: it takes away what strangers
//! have written under its name, and puts its own on top.

use mail_parser::Message;

use super::raw_fields;

/// Whether the server in front, of that name, has proven the domain of `from`.
pub(super) fn prove(message: &Message<'_>, authserv_id: Option<&str>, from: &str) -> bool {
    let (Some(authserv_id), Some((_, domain))) = (authserv_id, from.rsplit_once('@')) else {
        return false;
    };
    let mut fields =
        raw_fields(message).filter(|(name, _)| name.eq_ignore_ascii_case("authentication-results"));
    let Some((_, topmost)) = fields.next() else { return false };
    says(&topmost, authserv_id, domain)
}

/// `mx.example; dmarc=pass header.from=example.com; dkim=pass header.d=example.com`.
///
/// DMARC decides by itself. Without it a signature, or an envelope that may come from there, counts for exactly the
/// domain that is seen: what else is aligned is for DMARC to say.
fn says(field: &str, authserv_id: &str, domain: &str) -> bool {
    let plain = without_comments(field);
    let mut parts = plain.split(';');
    let name = parts.next().unwrap_or_default();
    // A version may follow the name.
    let name = name.split_whitespace().next().unwrap_or_default();
    if !name.eq_ignore_ascii_case(authserv_id) {
        return false;
    }
    let results: Vec<Found> = parts.map(Found::read).collect();
    // What DMARC has found wrong no single result makes good.
    let is_failed = |found: &Found| found.method == "dmarc" && found.result == "fail";
    !results.iter().any(is_failed) && results.iter().any(|found| found.proves(domain))
}

struct Found {
    method: String,
    result: String,
    /// `header.from` and the like with their values, all in lower case.
    properties: Vec<(String, String)>,
}

impl Found {
    fn read(part: &str) -> Found {
        let lower = part.to_ascii_lowercase().replace('"', "");
        let mut pairs = lower.split_whitespace().filter_map(|word| word.split_once('='));
        let (method, result) = pairs.next().unwrap_or_default();
        // The method may have a version: `dkim/1`.
        let method = method.split('/').next().unwrap_or_default();
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Found {
            method: method.to_owned(),
            result: result.to_owned(),
            properties: pairs.map(own).collect(),
        }
    }

    fn proves(&self, domain: &str) -> bool {
        if self.result != "pass" {
            return false;
        }
        match self.method.as_str() {
            "dmarc" => self.of("header.from", domain),
            "dkim" => self.of("header.d", domain),
            "spf" => self.of("smtp.mailfrom", domain),
            _ => false,
        }
    }

    /// The value is a domain or an address in it.
    fn of(&self, property: &str, domain: &str) -> bool {
        self.properties.iter().any(|(name, value)| {
            let value = value.rsplit_once('@').map_or(value.as_str(), |(_, domain)| domain);
            name == property && value == domain
        })
    }
}

/// Comments may hold anything, in brackets within each other.
fn without_comments(field: &str) -> String {
    let (mut depth, mut is_quoted, mut is_escaped) = (0u32, false, false);
    let mut plain = String::with_capacity(field.len());
    for c in field.chars() {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match c {
            '\\' => is_escaped = true,
            '"' if depth == 0 => {
                is_quoted = !is_quoted;
                plain.push(' ');
            }
            // What is quoted has no separators: it is no result of its own.
            ';' | '=' | ' ' if is_quoted => plain.push('_'),
            '(' if !is_quoted => depth = depth.saturating_add(1),
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, expected: bool) {
        assert_eq!(says(field, "mx.konf.example", "example.com"), expected, "{field}");
    }

    #[test]
    fn what_the_server_in_front_has_proven_counts() {
        check(" mx.konf.example; dmarc=pass (p=REJECT) header.from=example.com", true);
        check(" MX.konf.example 1;\r\n\tdkim=pass header.d=example.com header.s=a", true);
        check("mx.konf.example; spf=pass smtp.mailfrom=jana@example.com; dmarc=none", true);
        check("mx.konf.example; spf=fail; dkim=pass header.d=Example.COM", true);
    }

    #[test]
    fn what_it_has_not_proven_does_not() {
        for field in [
            "",
            "mx.konf.example; none",
            "mx.konf.example; dmarc=fail header.from=example.com",
            "mx.konf.example; dmarc=pass header.from=other.example",
            "mx.konf.example; dkim=pass header.d=other.example",
            "mx.konf.example; dkim=pass header.d=mail.example.com",
            "mx.konf.example; spf=pass smtp.mailfrom=jana@other.example",
            "mx.konf.example; spf=pass smtp.helo=example.com",
            "mx.konf.example; spf=softfail smtp.mailfrom=example.com",
            "mx.konf.example; dmarc=fail header.from=example.com; spf=pass smtp.mailfrom=example.com",
        ] {
            check(field, false);
        }
    }

    #[test]
    fn what_a_stranger_writes_in_its_name_does_not() {
        for field in [
            "mx.evil.example; dmarc=pass header.from=example.com",
            "mx.konf.example.evil; dmarc=pass header.from=example.com",
            "mx.konf.example; spf=fail (dmarc=pass header.from=example.com) smtp.mailfrom=x",
            "mx.konf.example; spf=fail reason=\"; dmarc=pass header.from=example.com\"",
            "mx.konf.example; spf=fail reason=\"a\\\"; dmarc=pass header.from=example.com\"",
            "mx.konf.example (; dmarc=pass header.from=example.com",
        ] {
            check(field, false);
        }
    }
}

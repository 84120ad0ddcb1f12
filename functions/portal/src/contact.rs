//! Where somebody can be written to.

use konf_api::ledger::Sender;
use konf_contract::Msisdn;

use crate::tongue::Tongue;

/// RFC 5321, section 4.5.3.1.
const ADDRESS_BYTES_MAX: usize = 254;

/// A telephone number as people write it.
pub(crate) fn phone(text: &str) -> Option<Sender> {
    Msisdn::parse(text).ok().map(Sender::Sms)
}

/// A plain address: no name around it, no quotes, nothing that a header would take for more. In lower case.
pub(crate) fn email(text: &str) -> Option<Sender> {
    let (user, domain) = text.split_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let good = !user.is_empty()
        && !user.starts_with('.')
        && !user.ends_with('.')
        && !user.contains("..")
        && user.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label)
        && text.len() <= ADDRESS_BYTES_MAX;
    good.then(|| Sender::Email(text.to_lowercase()))
}

/// Either.
pub(crate) fn either(text: &str) -> Option<Sender> {
    if text.contains('@') { email(text) } else { phone(text) }
}

/// What the one who sits there may read back, and one who looks over the shoulder not quite.
pub(crate) fn masked(contact: &Sender) -> String {
    match contact {
        Sender::Sms(number) => number.masked(),
        Sender::Email(address) => match address.split_once('@') {
            Some((user, domain)) => {
                format!("{}…@{domain}", user.chars().next().map(String::from).unwrap_or_default())
            }
            None => "…".to_owned(),
        },
    }
}

pub(crate) fn no_phone(tongue: Tongue) -> &'static str {
    tongue.say(
        "Telefonní číslo napište jako 606 123 456 nebo +420 606 123 456.",
        "Write a telephone number as +420 606 123 456.",
    )
}

pub(crate) fn no_email(tongue: Tongue) -> &'static str {
    tongue.say(
        "E-mailovou adresu napište jako jana@example.cz.",
        "Write an e-mail address as jana@example.cz.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_or_none() {
        assert_eq!(
            email("Jana.Nova+x@Example.cz"),
            Some(Sender::Email("jana.nova+x@example.cz".into()))
        );
        for text in [
            "",
            "@",
            "jana",
            "jana@",
            "jana@cz",
            "@a.cz",
            "a@b@c.cz",
            "a b@c.cz",
            "a@c.cz\r\nBcc: d@e.cz",
            "\"a\"@c.cz",
            "<a@c.cz>",
            "a,b@c.cz",
            "a@-c.cz",
            "a..b@c.cz",
            "a@c..cz",
            "ž@c.cz",
        ] {
            assert_eq!(email(text), None, "{text}");
        }
        assert_eq!(email(&format!("{}@example.cz", "a".repeat(250))), None);
    }

    #[test]
    fn a_masked_contact_does_not_say_who_it_is() {
        assert_eq!(masked(&either("606 123 456").unwrap()), "+420…456");
        assert_eq!(masked(&either("jana@example.cz").unwrap()), "j…@example.cz");
    }
}

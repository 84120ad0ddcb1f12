//! Two languages.

use konf_contract::Language;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tongue(pub Language);

impl Tongue {
    /// What was asked for first (`?lang=`), then what was chosen before (a cookie), then what the browser prefers; Czech
    /// where none of them says it.
    pub fn of(asked: Option<&str>, chosen: Option<&str>, accepted: Option<&str>) -> Tongue {
        let accepted = accepted.unwrap_or_default().split(',').find_map(known);
        let language = asked.and_then(known).or_else(|| chosen.and_then(known)).or(accepted);
        Tongue(language.unwrap_or(Language::Cs))
    }

    pub fn say<T>(self, cs: T, en: T) -> T {
        match self.0 {
            Language::Cs => cs,
            Language::En => en,
        }
    }

    /// As HTML and HTTP write it.
    pub fn tag(self) -> &'static str {
        self.say("cs", "en")
    }
}

/// Slovak is read in Czech.
fn known(tag: &str) -> Option<Language> {
    match tag.trim().get(..2).unwrap_or_default() {
        "cs" | "sk" => Some(Language::Cs),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// `1 minuta`, `2 minuty`, `5 minut`; `1 minute`, `2 minutes`.
pub(crate) fn minutes(count: i64, tongue: Tongue) -> String {
    let word = match count {
        1 => tongue.say("minuta", "minute"),
        2..=4 => tongue.say("minuty", "minutes"),
        _ => tongue.say("minut", "minutes"),
    };
    format!("{count} {word}")
}

/// `1 osoba`, `2 osoby`, `5 osob`; `1 person`, `2 people`.
pub(crate) fn people(count: u32, tongue: Tongue) -> String {
    let word = match count {
        1 => tongue.say("osoba", "person"),
        2..=4 => tongue.say("osoby", "people"),
        _ => tongue.say("osob", "people"),
    };
    format!("{count} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_goes_before_the_cookie_and_the_cookie_before_the_browser() {
        let of = |asked, chosen, accepted| Tongue::of(asked, chosen, accepted).tag();
        assert_eq!(of(Some("en"), Some("cs"), Some("cs")), "en");
        assert_eq!(of(None, Some("en"), Some("cs")), "en");
        assert_eq!(of(None, None, Some("de-DE, en;q=0.8, cs;q=0.5")), "en");
        assert_eq!(of(Some("xx"), Some("é"), Some("sk")), "cs");
        assert_eq!(of(None, None, None), "cs");
    }
}

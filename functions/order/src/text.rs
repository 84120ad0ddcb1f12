//! Brings what people type into one alphabet: lower-case ASCII letters, digits, plain punctuation and spaces.

/// No order stands further down than this in a message; an SMS of ten parts has 1,530 characters.
const CHARACTERS_MAX: usize = 16_000;

/// As many lines of a mail are looked at.
const LINES_MAX: usize = 200;

/// The lines of a message that its sender wrote: without quoted text and without what follows a signature's mark or a
/// forwarded message's rule. Each is folded.
pub(crate) fn own_lines(message: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let head: String = message.chars().take(CHARACTERS_MAX).collect();
    for line in head.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}']).take(LINES_MAX) {
        let folded = fold(line);
        let trimmed = folded.trim();
        if trimmed == "--" || trimmed.starts_with("-----") {
            break;
        }
        if !trimmed.is_empty() && !trimmed.starts_with('>') {
            lines.push(trimmed.to_owned());
        }
    }
    lines
}

/// One line in the common alphabet. Characters that have no place in it stay as they are and separate words.
pub(crate) fn fold(line: &str) -> String {
    let mut folded = String::with_capacity(line.len());
    for c in line.chars() {
        match fold_char(c) {
            Folded::As(c) => folded.push(c),
            Folded::Pair(a, b) => folded.extend([a, b]),
            Folded::Nothing => {}
        }
    }
    folded
}

enum Folded {
    As(char),
    Pair(char, char),
    Nothing,
}

fn fold_char(c: char) -> Folded {
    Folded::As(match c {
        ' '..='~' => c.to_ascii_lowercase(),
        // The full-width forms lie in the order of ASCII (Unicode, U+FF01 to U+FF5E).
        '\u{ff01}'..='\u{ff5e}' => {
            let plain = u8::try_from(u32::from(c) - 0xfee0).unwrap_or(b' ');
            char::from(plain).to_ascii_lowercase()
        }
        // Combining marks of decomposed text, soft hyphen, zero-width characters, byte order mark.
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {
            return Folded::Nothing;
        }
        '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '′' | '″' | '´'
        | '\t' => ' ',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁄' => '-',
        '·' | '•' | '․' => '.',
        '∶' => ':',
        '…' => '.',
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' | 'ă' | 'Á' | 'À' | 'Â' | 'Ä' | 'Ã' | 'Å' | 'Ą'
        | 'Ă' => 'a',
        'č' | 'ć' | 'ç' | 'Č' | 'Ć' | 'Ç' => 'c',
        'ď' | 'đ' | 'Ď' | 'Đ' => 'd',
        'é' | 'ě' | 'è' | 'ê' | 'ë' | 'ę' | 'É' | 'Ě' | 'È' | 'Ê' | 'Ë' | 'Ę' => 'e',
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => 'i',
        'ĺ' | 'ľ' | 'ł' | 'Ĺ' | 'Ľ' | 'Ł' => 'l',
        'ň' | 'ń' | 'ñ' | 'Ň' | 'Ń' | 'Ñ' => 'n',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ő' | 'ø' | 'Ó' | 'Ò' | 'Ô' | 'Ö' | 'Õ' | 'Ő' | 'Ø' => {
            'o'
        }
        'ř' | 'ŕ' | 'Ř' | 'Ŕ' => 'r',
        'š' | 'ś' | 'ş' | 'Š' | 'Ś' | 'Ş' => 's',
        'ť' | 'ţ' | 'Ť' | 'Ţ' => 't',
        'ú' | 'ů' | 'ù' | 'û' | 'ü' | 'ű' | 'Ú' | 'Ů' | 'Ù' | 'Û' | 'Ü' | 'Ű' => 'u',
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => 'y',
        'ž' | 'ź' | 'ż' | 'Ž' | 'Ź' | 'Ż' => 'z',
        'ß' => return Folded::Pair('s', 's'),
        // NBSP, thin and ideographic spaces.
        c if c.is_whitespace() => ' ',
        c => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_plain() {
        assert_eq!(fold("ＫＯＮＦ ０９０７\u{a0}1400"), "konf 0907 1400");
        assert_eq!(fold("„Konf 9.7.“ 14∶00"), " konf 9.7.  14:00");
        assert_eq!(fold("Příliš žluťoučký kůň"), "prilis zlutoucky kun");
        assert_eq!(fold("ko\u{200b}nf r\u{30c}"), "konf r");
    }

    #[test]
    fn quoted_lines_and_signatures_are_not_the_senders() {
        let mail = "Dobrý den,\r\n> konf 0101 1000 10 5\r\nkonf 0907 1400 60 10\r\n-- \r\nkonf 0202 1000 10 5";
        assert_eq!(own_lines(mail), ["dobry den,", "konf 0907 1400 60 10"]);
    }
}

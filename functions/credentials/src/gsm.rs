//! The alphabet of SMS: GSM 03.38 (3GPP TS 23.038, section 6.2.1), without accents.

/// What one message holds. A longer one would be cut into parts that may arrive alone.
pub const SEPTETS_MAX: usize = 160;

/// Of the default alphabet: what Konf's messages use besides ASCII letters and digits.
const PLAIN: &str = " \n\r@$_!\"#%&'()*+,-./:;<=>?£¥§¤";

/// Cost two septets: an escape goes before them.
const EXTENDED: &str = "^{}\\[~]|€";

/// How many septets a character takes; absent when the alphabet has none.
pub fn septets_of(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || PLAIN.contains(c) {
        Some(1)
    } else if EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// How many septets a text takes; absent when a character would turn it into UCS-2.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(septets_of).sum()
}

/// The text in that alphabet: accents go, typographic signs become plain, the unknown becomes `?`.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    match c {
        'á' | 'ä' | 'à' | 'â' => 'a',
        'Á' | 'Ä' | 'À' | 'Â' => 'A',
        'č' | 'ç' => 'c',
        'Č' | 'Ç' => 'C',
        'ď' => 'd',
        'Ď' => 'D',
        'é' | 'ě' | 'ë' | 'è' | 'ê' => 'e',
        'É' | 'Ě' | 'Ë' | 'È' | 'Ê' => 'E',
        'í' | 'î' => 'i',
        'Í' | 'Î' => 'I',
        'ľ' | 'ĺ' | 'ł' => 'l',
        'Ľ' | 'Ĺ' | 'Ł' => 'L',
        'ň' | 'ñ' => 'n',
        'Ň' | 'Ñ' => 'N',
        'ó' | 'ö' | 'ô' | 'ő' => 'o',
        'Ó' | 'Ö' | 'Ô' | 'Ő' => 'O',
        'ř' | 'ŕ' => 'r',
        'Ř' | 'Ŕ' => 'R',
        'š' => 's',
        'Š' => 'S',
        'ť' => 't',
        'Ť' => 'T',
        'ú' | 'ů' | 'ü' | 'ű' => 'u',
        'Ú' | 'Ů' | 'Ü' | 'Ű' => 'U',
        'ý' => 'y',
        'Ý' => 'Y',
        'ž' => 'z',
        'Ž' => 'Z',
        '\u{a0}' | '\t' => ' ',
        '–' | '—' => '-',
        '„' | '“' | '”' => '"',
        '’' | '‘' => '\'',
        c if septets_of(c).is_some() => c,
        _ => '?',
    }
}

/// Puts lines into as few messages as hold them whole; a line too long for one message is cut.
pub(crate) fn pack(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for line in lines {
        for piece in pieces(&fold(&line)) {
            match parts.last_mut() {
                Some(part) if fits(part, 1, &piece) => {
                    part.push('\n');
                    part.push_str(&piece);
                }
                _ => parts.push(piece),
            }
        }
    }
    parts
}

fn fits(part: &str, between: usize, piece: &str) -> bool {
    let count = |text| septets(text).unwrap_or(SEPTETS_MAX);
    count(part) + between + count(piece) <= SEPTETS_MAX
}

fn pieces(line: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let cost = septets_of(c).unwrap_or(1);
        if used + cost > SEPTETS_MAX {
            let rest = found.last_mut().and_then(cut_at_a_space).unwrap_or_default();
            used = septets(&rest).unwrap_or(0);
            found.push(rest);
        }
        if let Some(piece) = found.last_mut() {
            piece.push(c);
        }
        used += cost;
    }
    found
}

/// Takes off the last word, so that it is not torn; a text without a space is.
fn cut_at_a_space(piece: &mut String) -> Option<String> {
    let (kept, word) = piece.rsplit_once(' ')?;
    let (kept, word) = (kept.len(), word.to_owned());
    piece.truncate(kept);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_characters_count_twice_and_strange_ones_do_not_count() {
        assert_eq!(septets("abc"), Some(3));
        assert_eq!(septets("a[b]"), Some(6));
        assert_eq!(septets("č"), None);
        assert_eq!(septets("`"), None);
    }

    #[test]
    fn folded_text_is_always_gsm() {
        let czech = "Příliš žluťoučký kůň úpěl ďábelské ódy – „ÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ“ 😀";
        assert_eq!(fold(czech), "Prilis zlutoucky kun upel dabelske ody - \"ACDEEINORSTUUYZ\" ?");
        assert!(septets(&fold(czech)).is_some());
    }

    #[test]
    fn lines_are_kept_whole_and_only_cut_when_they_must() {
        let parts = pack(["a".repeat(100), "b".repeat(59), "c".repeat(10), "d".repeat(161)]);
        assert_eq!(parts.iter().map(String::len).collect::<Vec<_>>(), [160, 10, 160, 1]);
        let words = pack([format!("{} {}", "e".repeat(100), "f".repeat(70))]);
        assert_eq!(words, ["e".repeat(100), "f".repeat(70)]);
        assert!(pack(["[".repeat(81)]).iter().all(|part| septets(part).unwrap() <= SEPTETS_MAX));
    }
}

//! Cuts a folded line into digits, words and signs.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    /// Whether it follows the one before without a space.
    pub(crate) attached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Digits(&'a str),
    Word(&'a str),
    Sign(char),
}

pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    let mut attached = false;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            run(rest, |c| c.is_ascii_digit())
        } else if first.is_alphabetic() {
            run(rest, char::is_alphabetic)
        } else {
            first.len_utf8()
        };
        let (this, next) = rest.split_at(length);
        rest = next;
        if first.is_whitespace() {
            attached = false;
            continue;
        }
        let kind = if first.is_ascii_digit() {
            Kind::Digits(this)
        } else if first.is_alphabetic() {
            Kind::Word(this)
        } else {
            Kind::Sign(first)
        };
        found.push(Token { kind, attached });
        attached = true;
    }
    found
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

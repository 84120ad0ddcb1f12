//! The forms in which parts of a message are signed (RFC 6376, section 3.4).

/// Header, with the last line's end, and body.
pub(crate) fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.windows(4).position(|end| end == b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, b""),
    }
}

/// Name and value of each field, as they stand, folds included, in their order.
pub(crate) fn fields(head: &str) -> Vec<(&str, &str)> {
    let mut fields = Vec::new();
    let mut start = 0;
    for (at, _) in head.match_indices("\r\n") {
        let next = &head[at + 2..];
        if !next.starts_with([' ', '\t']) {
            fields.extend(head[start..at].split_once(':'));
            start = at + 2;
        }
    }
    fields
}

/// The fields of `names`, each in the form that `form` gives. Section 5.4.2: of several fields of a name the last one
/// counts first; one that is not there counts as nothing.
pub(crate) fn picked<N: AsRef<str>>(
    fields: &[(&str, &str)],
    names: &[N],
    form: impl Fn(&str, &str) -> String,
) -> String {
    let mut left: Vec<Option<&(&str, &str)>> = fields.iter().map(Some).collect();
    let mut picked = String::new();
    for name in names {
        let found = left.iter_mut().rev().find(|field| {
            field.is_some_and(|(this, _)| this.trim().eq_ignore_ascii_case(name.as_ref()))
        });
        if let Some((name, value)) = found.and_then(Option::take) {
            picked.push_str(&form(name, value));
            picked.push_str("\r\n");
        }
    }
    picked
}

/// Section 3.4.1, without the line's end.
pub(crate) fn simple_field(name: &str, value: &str) -> String {
    format!("{name}:{value}")
}

/// Section 3.4.2, without the line's end.
pub(crate) fn relaxed_field(name: &str, value: &str) -> String {
    let words: Vec<&str> =
        value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim().to_ascii_lowercase(), words.join(" "))
}

/// Section 3.4.3.
pub(crate) fn simple_body(body: &[u8]) -> Vec<u8> {
    let mut simple = body.to_vec();
    while simple.ends_with(b"\r\n") {
        simple.truncate(simple.len() - 2);
    }
    simple.extend(b"\r\n");
    simple
}

/// Section 3.4.4.
pub(crate) fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut relaxed = Vec::with_capacity(body.len());
    let mut empty = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = relaxed_line(line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        relaxed.extend(b"\r\n".repeat(std::mem::take(&mut empty)));
        relaxed.extend(line);
        relaxed.extend(b"\r\n");
    }
    relaxed
}

fn relaxed_line(line: &[u8]) -> Vec<u8> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut relaxed = Vec::with_capacity(line.len());
    for byte in line {
        match (is_space(byte), relaxed.last()) {
            (true, Some(b' ')) => {}
            (true, _) => relaxed.push(b' '),
            (false, _) => relaxed.push(*byte),
        }
    }
    if relaxed.last() == Some(&b' ') {
        relaxed.pop();
    }
    relaxed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sections 3.4.3 to 3.4.5.
    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(relaxed_field("A", " X"), "a:X");
        assert_eq!(relaxed_field("B ", " Y\t\r\n\tZ  "), "b:Y Z");
        assert_eq!(simple_field("B ", " Y\t\r\n\tZ  "), "B : Y\t\r\n\tZ  ");
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(simple_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C \r\nD \t E\r\n");
        assert_eq!((relaxed_body(b"\r\n\r\n"), simple_body(b"")), (Vec::new(), b"\r\n".to_vec()));
    }
}

use super::*;

fn said(esm_class: u8, data_coding: u8, payload: &[u8]) -> Option<Words> {
    read(&Message { esm_class, data_coding, payload: payload.to_vec(), ..Message::default() })
}

fn whole(text: &str) -> Option<Words> {
    Some(Words { text: text.to_owned(), part: None })
}

#[test]
fn each_alphabet_is_read() {
    assert_eq!(said(0, 0, b"konf 0907 1400 60 10"), whole("konf 0907 1400 60 10"));
    // @, the escaped euro, é and an escape that nobody knows.
    assert_eq!(said(0, 0, &[0, 0x1b, 0x65, 5, 0x1b, b'a', 0x80]), whole("@€éa\u{fffd}"));
    assert_eq!(said(0, 3, b"caf\xe9"), whole("café"));
    assert_eq!(said(0, 1, b"conf"), whole("conf"));
    assert_eq!(said(0, 8, &[0, b'k', 0x01, 0x59]), whole("kř"));
    // Big-endian, a pair of surrogates, half a pair, half a character.
    assert_eq!(said(0, 8, &[0xd8, 0x3d, 0xde, 0x00, 0xd8, 0x3d, 7]), whole("😀\u{fffd}"));
    for coding in [2, 4, 6, 9, 0xf5] {
        assert_eq!(said(0, coding, b"x"), None, "{coding}");
    }
}

#[test]
fn both_headers_and_the_parameters_number_the_parts() {
    let part = |reference, total, part| {
        Some(Words { text: "konf".to_owned(), part: Some((reference, total, part)) })
    };
    assert_eq!(said(0x40, 0, b"\x05\x00\x03\x2a\x02\x01konf"), part(42, 2, 1));
    assert_eq!(said(0x40, 0, b"\x06\x08\x04\x01\x02\x03\x02konf"), part(258, 3, 2));
    // Another element before it; one part of one is whole.
    assert_eq!(said(0x40, 0, b"\x09\x24\x02\x00\x00\x00\x03\x2a\x02\x01konf"), part(42, 2, 1));
    assert_eq!(said(0x40, 0, b"\x05\x00\x03\x2a\x01\x01konf"), whole("konf"));
    let sar = Message { payload: b"konf".to_vec(), sar: Some((7, 2, 2)), ..Message::default() };
    assert_eq!(read(&sar), part(7, 2, 2));
    // Without the flag the bytes are text; with it they must be a header.
    assert_eq!(said(0x40, 0, b""), None);
    assert_eq!(said(0x40, 0, b"\x05\x00\x03"), None);
    assert_eq!(said(0x40, 0, b"\x03\x00\x09\x01konf"), None);
}

#[test]
fn what_is_written_is_read_the_same() {
    for (text, coding) in [("PIN 135790# [*6] {€}~^|\\", 0), ("Žluťoučký", 8), ("é@\n", 0), ("", 0)]
    {
        let (data_coding, payload) = write(text);
        assert_eq!(data_coding, coding, "{text}");
        assert_eq!(said(0, data_coding, &payload), whole(text));
    }
}

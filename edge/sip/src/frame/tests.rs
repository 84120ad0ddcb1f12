use super::*;

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::default();
    framer.push(bytes);
    std::iter::from_fn(|| framer.next()).take(10).collect()
}

#[test]
fn messages_and_pings_in_one_read_are_told_apart() {
    let one = b"A sip:a SIP/2.0\r\nL: 3\r\n\r\nxyz".to_vec();
    let two = b"B sip:a SIP/2.0\r\nContent-\r\n Length: 0\r\nl:0\r\n\r\n".to_vec();
    let bytes = [b"\r\n".as_slice(), &one, b"\r\n\r\n", &two].concat();
    assert_eq!(frames(&bytes), [Frame::Message(one), Frame::Ping, Frame::Message(two)]);
}

#[test]
fn a_body_is_waited_for() {
    assert!(frames(b"A sip:a SIP/2.0\r\nl: 4\r\n\r\nxyz").is_empty());
    assert!(frames(b"A sip:a SIP/2.0\r\nl: 4\r\n\r").is_empty());
    assert!(frames(b"\r\n\r").is_empty());
}

#[test]
fn a_stream_that_is_no_sip_is_given_up_early() {
    for bytes in
        [b"GET / HTTP/1.1\r\n".to_vec(), vec![b'x'; START_LINE_MAX], vec![0; START_LINE_MAX]]
    {
        assert!(matches!(frames(&bytes)[0], Frame::Broken { .. }));
    }
    let endless = [b"A sip:a SIP/2.0\r\n".as_slice(), &b"X: y\r\n".repeat(HEAD_MAX / 5)].concat();
    assert!(matches!(frames(&endless)[0], Frame::Broken { .. }));
}

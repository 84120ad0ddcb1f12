use super::*;

/// What the other side of `keys` has.
pub(crate) fn turned(keys: &SrtpKeys) -> SrtpKeys {
    SrtpKeys::new(keys.suite(), *keys.send(), *keys.receive())
}

pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn keys(suite: SrtpSuite) -> SrtpKeys {
    let own = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
    SrtpKeys::new(suite, [0x5a; 30], own.try_into().unwrap())
}

fn both(suite: SrtpSuite) -> (Srtp, Srtp) {
    let keys = keys(suite);
    (Srtp::new(&keys), Srtp::new(&turned(&keys)))
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = hex("800f1234decafbadcafebabe");
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend([0xab; 160]);
    packet
}

fn sealed(srtp: &mut Srtp, packet: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 2, 3];
    bytes.extend(packet);
    srtp.seal_rtp(&mut bytes, 3);
    assert_eq!(bytes[..3], [1, 2, 3]);
    bytes.split_off(3)
}

/// The packets that libsrtp's own tests check themselves with (`srtp_driver.c`, `srtp_validate`).
#[test]
fn packets_are_those_that_libsrtp_makes() {
    let (mut own, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag80);
    let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
    let secure = sealed(&mut own, &plain);
    let expected = "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb";
    assert_eq!(secure, hex(expected));
    assert_eq!(peer.open_rtp(&secure), Ok(&plain[..]));

    let plain = hex("81c8000bcafebabeabababababababababababababababab");
    let mut secure = plain.clone();
    own.seal_rtcp(&mut secure, 0);
    let expected = "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
    assert_eq!(secure, hex(expected));
    assert_eq!(peer.open_rtcp(&secure), Ok(&plain[..]));
}

#[test]
fn a_short_tag_is_four_bytes_on_rtp_and_ten_on_rtcp() {
    let (mut own, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag32);
    let secure = sealed(&mut own, &rtp(1));
    assert_eq!(secure.len(), rtp(1).len() + 4);
    assert_eq!(peer.open_rtp(&secure), Ok(&rtp(1)[..]));
    let mut report = hex("80c90001cafebabe");
    own.seal_rtcp(&mut report, 0);
    assert_eq!(report.len(), 8 + 4 + 10);
    assert!(peer.open_rtcp(&report).is_ok());
}

#[test]
fn a_changed_bit_anywhere_is_refused_and_leaves_no_trace() {
    let (mut own, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag80);
    let secure = sealed(&mut own, &rtp(7));
    for bit in 0..secure.len() * 8 {
        let mut forged = secure.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(peer.open_rtp(&forged), Err(Unauthentic), "bit {bit}");
    }
    assert_eq!(peer.open_rtp(&secure), Ok(&rtp(7)[..]));
    assert_eq!(peer.open_rtp(&secure), Err(Unauthentic), "a replay");
    let mut report = hex("80c90001cafebabe");
    own.seal_rtcp(&mut report, 0);
    for bit in 0..report.len() * 8 {
        let mut forged = report.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(peer.open_rtcp(&forged), Err(Unauthentic), "bit {bit}");
    }
    assert!(peer.open_rtcp(&report).is_ok());
    assert_eq!(peer.open_rtcp(&report), Err(Unauthentic), "a replay");
}

#[test]
fn sequence_numbers_wrap_and_half_of_them_is_lost() {
    let (mut own, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag80);
    for number in 32_000..200_000_u32 {
        let plain = rtp(number as u16);
        let secure = sealed(&mut own, &plain);
        if number % 2 == 0 {
            assert_eq!(peer.open_rtp(&secure), Ok(&plain[..]), "packet {number}");
        }
    }
}

#[test]
fn sources_and_extensions_stay_readable() {
    let (_, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag80);
    let sender = keys(SrtpSuite::AesCm128HmacSha1Tag80);
    let cipher = Cipher::new(sender.send(), Label::Rtp);
    // Two contributing sources and an extension of one word.
    let mut packet = hex("92080005000000000000000100000002000000030bde0001aabbccdd");
    let header = packet.len();
    packet.extend([7; 20]);
    let plain = packet.clone();
    cipher.apply(1, 5, &mut packet[header..]);
    let tag = cipher.sign(&[&packet, &[0; 4]]);
    packet.extend(&tag[..10]);
    assert_eq!(peer.open_rtp(&packet), Ok(&plain[..]));
}

#[test]
fn whatever_comes_is_refused() {
    let (_, mut peer) = both(SrtpSuite::AesCm128HmacSha1Tag32);
    for length in 0..64 {
        for first in [0x00, 0x80, 0x8f, 0x90, 0x9f, 0xff] {
            let packet: Vec<u8> = std::iter::repeat_n(first, length).collect();
            assert_eq!(peer.open_rtp(&packet), Err(Unauthentic));
            assert_eq!(peer.open_rtcp(&packet), Err(Unauthentic));
        }
    }
}

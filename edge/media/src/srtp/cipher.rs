//! AES in counter mode and HMAC-SHA1 with session keys (RFC 3711, 4).

use aes::cipher::{BlockEncrypt, KeyInit};
use aes::{Aes128, Block};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{SrtpKeys, Unauthentic};

/// Blocks encrypted at once: as many as the processor keeps in flight.
const AT_ONCE: usize = 8;

/// `n_a` of both suites: 160 bits (RFC 3711, 5.2).
const AUTH_KEY: usize = 20;
const AES_KEY: usize = 16;
const SALT: usize = 14;

/// For which packets keys are derived (RFC 3711, 4.3).
#[derive(Clone, Copy)]
pub(super) enum Label {
    Rtp,
    Rtcp,
}

impl Label {
    /// Of the keys for encryption, authentication and salting.
    fn octets(self) -> [u8; 3] {
        match self {
            Self::Rtp => [0, 1, 2],
            Self::Rtcp => [3, 4, 5],
        }
    }
}

/// The session keys of one direction, for RTP or for RTCP.
pub(super) struct Cipher {
    aes: Aes128,
    salt: [u8; SALT],
    hmac: Hmac<Sha1>,
}

impl Cipher {
    /// Derived from a master key and its salt; the rate of derivation is 0 (RFC 3711, 4.3.1).
    pub(super) fn new(master: &[u8; SrtpKeys::LENGTH], label: Label) -> Self {
        let mut master_salt = [0; SALT];
        master_salt.copy_from_slice(&master[AES_KEY..]);
        let master = aes(&master[..AES_KEY]);
        let [encryption, authentication, salting] = label.octets();
        let derive = |label: u8, key: &mut [u8]| {
            let mut counter = [0; 16];
            counter[..SALT].copy_from_slice(&master_salt);
            counter[7] ^= label;
            keystream(&master, counter, key);
        };
        let (mut key, mut auth_key, mut salt) = ([0; AES_KEY], [0; AUTH_KEY], [0; SALT]);
        derive(encryption, &mut key);
        derive(authentication, &mut auth_key);
        derive(salting, &mut salt);
        Self { aes: aes(&key), salt, hmac: hmac(&auth_key) }
    }

    /// Encrypts or decrypts what packet `index` of `ssrc` says (RFC 3711, 4.1.1).
    pub(super) fn apply(&self, ssrc: u32, index: u64, payload: &mut [u8]) {
        let mut counter = [0; 16];
        counter[..SALT].copy_from_slice(&self.salt);
        xor(&mut counter[4..8], &ssrc.to_be_bytes());
        xor(&mut counter[8..14], &index.to_be_bytes()[2..]);
        keystream(&self.aes, counter, payload);
    }

    /// The whole tag of `parts`, of which a suite may send less.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> [u8; 20] {
        self.hmac_of(parts).finalize().into_bytes().into()
    }

    /// In a time that does not tell how much of `tag` is right.
    pub(super) fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<(), Unauthentic> {
        self.hmac_of(parts).verify_truncated_left(tag).map_err(|_| Unauthentic)
    }

    fn hmac_of(&self, parts: &[&[u8]]) -> Hmac<Sha1> {
        let mut hmac = self.hmac.clone();
        parts.iter().for_each(|part| hmac.update(part));
        hmac
    }
}

/// Adds the key stream from `counter` on to `bytes`. Its last two bytes count blocks, from 0: a datagram has fewer.
fn keystream(aes: &Aes128, counter: [u8; 16], bytes: &mut [u8]) {
    let mut number = u16::from_be_bytes([counter[14], counter[15]]);
    for part in bytes.chunks_mut(AT_ONCE * 16) {
        let mut blocks = [Block::from(counter); AT_ONCE];
        let blocks = &mut blocks[..part.len().div_ceil(16)];
        for block in &mut *blocks {
            block[14..].copy_from_slice(&number.to_be_bytes());
            number = number.wrapping_add(1);
        }
        aes.encrypt_blocks(blocks);
        for (bytes, block) in part.chunks_mut(16).zip(blocks) {
            xor(bytes, block);
        }
    }
}

fn xor(bytes: &mut [u8], with: &[u8]) {
    bytes.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
}

fn aes(key: &[u8]) -> Aes128 {
    Aes128::new_from_slice(key).expect("a key of 16 bytes")
}

fn hmac(key: &[u8]) -> Hmac<Sha1> {
    <Hmac<Sha1> as Mac>::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::hex;

    #[test]
    fn the_key_stream_is_that_of_rfc_3711_b_2() {
        let aes = aes(&hex("2B7E151628AED2A6ABF7158809CF4F3C"));
        let counter: [u8; 16] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut stream = vec![0; 16 * 0xff02];
        keystream(&aes, counter, &mut stream);
        for (block, expected) in [
            (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
            (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
            (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
            (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
            (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
            (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
        ] {
            assert_eq!(stream[16 * block..][..16], hex(expected), "block {block:x}");
        }
    }

    #[test]
    fn session_keys_are_those_of_rfc_3711_b_3() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
        let cipher = Cipher::new(&master.try_into().unwrap(), Label::Rtp);
        assert_eq!(cipher.salt, *hex("30CBBC08863D8C85D49DB34A9AE1"));
        let other = aes(&hex("C61E7A93744F39EE10734AFE3FF7A087"));
        let (mut ours, mut theirs) = ([0; 16], [0; 16]);
        keystream(&cipher.aes, [0; 16], &mut ours);
        keystream(&other, [0; 16], &mut theirs);
        assert_eq!(ours, theirs);
        let other = hmac(&hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
        let theirs: [u8; 20] = other.chain_update(b"x").finalize().into_bytes().into();
        assert_eq!(cipher.sign(&[b"x"]), theirs);
    }
}

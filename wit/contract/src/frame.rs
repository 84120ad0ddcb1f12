//! How a message lies on a QUIC stream: its length as four bytes, most significant first, then JSON.
//!
//! JSON, since edges and control are upgraded one by one: an unknown field is passed over, and a field that a later
//! version adds is an `Option` that an older peer leaves out.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message. Sized for a heartbeat of 2,000 legs of about 800 bytes; anything longer is refused before memory
/// is taken.
pub const LENGTH_MAX: usize = 1 << 21;

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a message of {0} bytes is longer than {LENGTH_MAX}")]
    TooLong(usize),
    #[error("a message is not what was expected")]
    Malformed(#[source] serde_json::Error),
}

/// The length that the four bytes before a message announce.
pub fn length(prefix: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(prefix) as usize;
    if length <= LENGTH_MAX { Ok(length) } else { Err(FrameError::TooLong(length)) }
}

/// The message with its length before it.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).map_err(FrameError::Malformed)?;
    let length = bytes.len() - 4;
    if length > LENGTH_MAX {
        return Err(FrameError::TooLong(length));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(bytes)
}

/// The message whose JSON is `body`, without its length.
pub fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back() {
        let bytes = encode(&vec!["a", "b"]).unwrap();
        assert_eq!(length([bytes[0], bytes[1], bytes[2], bytes[3]]).unwrap(), bytes.len() - 4);
        assert_eq!(decode::<Vec<String>>(&bytes[4..]).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_memory_is_taken() {
        assert!(matches!(length([0xff; 4]), Err(FrameError::TooLong(_))));
    }
}

//! One message: four bytes of length, least significant first, then its JSON.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message that is accepted, in bytes. Stdin of an attempt travels inside a message.
pub const LONGEST_FRAME: usize = 256 << 20;

/// Why bytes are not messages.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The length says more than [`LONGEST_FRAME`].
    #[error("a message of {length} bytes is longer than the {LONGEST_FRAME} that are accepted")]
    TooLong {
        /// What the message says of its length.
        length: usize,
    },
    /// The JSON is not a message.
    #[error("not a message of this protocol: {0}")]
    Json(#[from] serde_json::Error),
}

/// The bytes of a message.
///
/// # Panics
///
/// Never for the messages of this crate: all of them are representable in JSON and shorter than 4 GiB.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).expect("messages are representable in JSON and memory does not fail");
    let length = u32::try_from(bytes.len() - 4).expect("messages are shorter than 4 GiB");
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub struct Decoder<T> {
    buffer: Vec<u8>,
    message: PhantomData<T>,
}

impl<T> Default for Decoder<T> {
    fn default() -> Self {
        Self { buffer: Vec::new(), message: PhantomData }
    }
}

impl<T: DeserializeOwned> Decoder<T> {
    /// Adds bytes as they were read; gives the messages that are now complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<T>, FrameError> {
        self.buffer.extend_from_slice(bytes);
        let mut messages = Vec::new();
        let mut at = 0;
        while let Some(head) = self.buffer.get(at..at + 4) {
            let length = head.iter().rev().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
            if length > LONGEST_FRAME {
                return Err(FrameError::TooLong { length });
            }
            let Some(body) = self.buffer.get(at + 4..at + 4 + length) else { break };
            messages.push(serde_json::from_slice(body)?);
            at += 4 + length;
        }
        self.buffer.drain(..at);
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_however_the_bytes_are_cut() {
        let sent = vec![String::new(), "a".repeat(300), "ü".to_owned()];
        let bytes: Vec<u8> = sent.iter().flat_map(encode).collect();
        for size in [1, 2, 3, 5, 7, 299, bytes.len()] {
            let mut decoder = Decoder::<String>::default();
            let got: Vec<String> = bytes.chunks(size).flat_map(|part| decoder.push(part).unwrap()).collect();
            assert_eq!(got, sent, "chunks of {size}");
        }
    }

    #[test]
    fn an_absurd_length_is_refused_before_it_is_waited_for() {
        let error = Decoder::<String>::default().push(&[0xff; 4]).unwrap_err();
        assert!(matches!(error, FrameError::TooLong { .. }), "{error}");
    }

    #[test]
    fn what_is_not_a_message_is_refused() {
        let error = Decoder::<u32>::default().push(&encode(&"text")).unwrap_err();
        assert!(matches!(error, FrameError::Json(_)), "{error}");
    }
}

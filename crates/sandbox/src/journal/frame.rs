//! Frames: a payload with its length and two checksums.
//!
//! The header has its own checksum, so that a damaged length is damage and not a record that seems to go
//! on beyond the end of the file.

use thiserror::Error;

const HEADER: usize = 12;
/// No object comes near; a larger length is damage.
const LONGEST: usize = 64 << 20;

/// A journal that cannot be trusted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// The checksum of a record's header or content is wrong.
    #[error("the record at offset {offset} is damaged: its checksum does not fit")]
    Checksum {
        /// Where the record begins, in bytes.
        offset: u64,
    },
    /// The checksum fits and the content does not: not written by this program.
    #[error("the record at offset {offset} is not one that this version writes")]
    Content {
        /// Where the record begins, in bytes.
        offset: u64,
    },
}

/// Wraps a payload.
pub(super) fn encode(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = Vec::with_capacity(HEADER + payload.len());
    out.extend(length);
    out.extend(crc32fast::hash(&length).to_le_bytes());
    out.extend(crc32fast::hash(payload).to_le_bytes());
    out.extend(payload);
    out
}

/// The payload at an offset and where the next frame begins; `None` at the end, and for a frame that was
/// not written to its end.
pub(super) fn decode(bytes: &[u8], at: usize) -> Result<Option<(&[u8], usize)>, Damage> {
    let rest = &bytes[at..];
    let damaged = || Damage::Checksum { offset: at as u64 };
    // A file may have grown before its content arrived: after a power loss the tail reads as zeros.
    if rest.len() < HEADER || rest.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let word = |from: usize| u32::from_le_bytes([rest[from], rest[from + 1], rest[from + 2], rest[from + 3]]);
    let length = word(0) as usize;
    if crc32fast::hash(&rest[..4]) != word(4) || length > LONGEST {
        return Err(damaged());
    }
    let Some(payload) = rest.get(HEADER..HEADER + length) else { return Ok(None) };
    if crc32fast::hash(payload) == word(8) {
        return Ok(Some((payload, at + HEADER + length)));
    }
    let last = rest.len() == HEADER + length;
    // No payload ends in a zero byte.
    if last && payload.last() == Some(&0) { Ok(None) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_are_read_back(payloads in proptest::collection::vec(proptest::collection::vec(1u8.., 0..64), 0..8)) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| encode(payload)).collect();
            let (mut at, mut found) = (0, Vec::new());
            while let Some((payload, next)) = decode(&bytes, at).unwrap() {
                found.push(payload.to_vec());
                at = next;
            }
            prop_assert_eq!(found, payloads);
            prop_assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn a_tail_of_zeros_is_no_record() {
        let mut bytes = encode(b"{}");
        let end = bytes.len();
        bytes.extend([0; 40]);
        assert_eq!(decode(&bytes, end), Ok(None));
        let mut half = encode(b"{\"a\":1}");
        let length = half.len();
        half[length - 3..].fill(0);
        assert_eq!(decode(&half, 0), Ok(None));
    }
}

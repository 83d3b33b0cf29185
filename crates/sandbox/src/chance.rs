//! Chance: UIDs, name suffixes and the token.

use std::fmt::Write as _;

use crate::status::{self, Refusal};

/// The letters of generated names: no vowels, no characters that are taken for one another.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn unavailable(error: getrandom::Error) -> Refusal {
    status::internal(format!("the system gives no random numbers: {error}"))
}

/// A version 4 UUID.
pub(crate) fn uid() -> Result<String, Refusal> {
    let mut bytes = bytes::<16>().map_err(unavailable)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// Five letters, as `generateName` appends them.
pub(crate) fn suffix() -> Result<String, Refusal> {
    let bytes = bytes::<5>().map_err(unavailable)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}

/// Sixteen hexadecimal digits, as names of events end in.
pub(crate) fn event_suffix() -> Result<String, Refusal> {
    Ok(hex(&bytes::<8>().map_err(unavailable)?))
}

/// A number that nobody can guess, in hexadecimal.
pub(crate) fn secret() -> Result<String, getrandom::Error> {
    Ok(hex(&bytes::<32>()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_else(|_| unreachable!("writing to a String cannot fail"));
        text
    })
}

/// Letters that stand for a number: the same for the same number (`rand.SafeEncodeString` of it).
pub(crate) fn safe_encode(number: u32) -> String {
    number.to_string().bytes().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_version_4() {
        let uid = uid().unwrap();
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert_ne!(uid, super::uid().unwrap());
    }

    #[test]
    fn hashes_are_written_without_vowels() {
        assert_eq!(safe_encode(2_976_309_283), "6fcb74f6d7");
    }
}

//! The little of DER that certificates and keys need.

/// An element: tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let used = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            out.push(0x80 | used.len() as u8);
            out.extend_from_slice(used);
        }
    }
    out.extend_from_slice(content);
    out
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A non-negative integer of big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    match digits.first() {
        None => element(0x02, &[0]),
        Some(first) if first & 0x80 != 0 => element(0x02, &[&[0], digits].concat()),
        Some(_) => element(0x02, digits),
    }
}

/// An object identifier of encoded bytes.
pub(super) fn oid(bytes: &[u8]) -> Vec<u8> {
    element(0x06, bytes)
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// Bits, of which the last byte leaves so many unused.
pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    element(0x03, &[&[unused], bytes].concat())
}

/// `[n]`, explicitly tagged.
pub(super) fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xA0 | number, content)
}

pub(super) fn null() -> Vec<u8> {
    element(0x05, &[])
}

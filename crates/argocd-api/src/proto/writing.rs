//! Fields to the wire; the opposite of [`apimachinery::protobuf::wire`].

const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;

/// A number or truth value.
pub(super) fn number(out: &mut Vec<u8>, field: u32, value: i64) {
    varint(out, u64::from(field) << 3 | VARINT);
    // A negative number is its complement to two, in ten bytes.
    varint(out, value.cast_unsigned());
}

/// A text, bytes, a message, or packed numbers.
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(out, u64::from(field) << 3 | LENGTH_DELIMITED);
    // No slice is longer than what 64 bits can count.
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

//! Fields on the wire.

use super::Error;

/// The content of a field by its wire type.
pub enum Wire<'a> {
    /// A number of any width, or a truth value.
    Varint(u64),
    /// Eight bytes, the lowest first.
    Fixed64(u64),
    /// A text, bytes, a message, or numbers one after the other.
    Bytes(&'a [u8]),
    /// No built-in kind has fields of four bytes.
    Fixed32,
}

/// A field and its content.
pub struct Field<'a> {
    /// The number by which the message knows the field.
    pub number: u32,
    /// The content.
    pub wire: Wire<'a>,
}

/// The fields of a message; ends after the first damage.
pub struct Fields<'a> {
    rest: &'a [u8],
    last: u32,
}

impl<'a> Fields<'a> {
    /// Those of a message.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, last: 0 }
    }

    fn field(&mut self) -> Option<Field<'a>> {
        let tag = varint(&mut self.rest)?;
        self.last = u32::try_from(tag >> 3).ok()?;
        let wire = match tag & 7 {
            0 => Wire::Varint(varint(&mut self.rest)?),
            1 => Wire::Fixed64(u64::from_le_bytes(*self.rest.split_off(..8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                Wire::Bytes(self.rest.split_off(..length)?)
            }
            5 => {
                self.rest.split_off(..4)?;
                Wire::Fixed32
            }
            _ => return None,
        };
        Some(Field { number: self.last, wire })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(Error::Damaged { field: self.last }))
    }
}

/// Numbers that were written one after the other.
pub fn packed(mut bytes: &[u8]) -> impl Iterator<Item = Result<u64, Error>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let number = varint(&mut bytes);
        if number.is_none() {
            bytes = &[];
        }
        Some(number.ok_or(Error::Damaged { field: 0 }))
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

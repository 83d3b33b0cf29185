//! Giving a text to libyaml's parser.

use std::io::{self, BufRead, Read};

use libyaml_safer::{Encoding, Parser};

/// Bytes that the parser decodes at once, as many as go-yaml's. It holds each character of them in four bytes, and
/// finds a character that is not allowed only when it comes to them.
const CHUNK: usize = 512;

/// A text in chunks.
pub(crate) struct Chunks<'a> {
    rest: &'a str,
}

/// A parser of a text.
pub(crate) fn parser(text: &str) -> Parser<Chunks<'_>> {
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input(Chunks { rest: text });
    parser
}

impl BufRead for Chunks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.rest.as_bytes()[..self.rest.floor_char_boundary(CHUNK)])
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use libyaml_safer::EventData;

    use super::*;

    #[test]
    fn characters_are_read_whole_wherever_a_chunk_ends() {
        for before in 0..6 {
            let text = format!("{}{}", "a".repeat(CHUNK - before), "äö€😀".repeat(300));
            let mut parser = parser(&text);
            let value = std::iter::from_fn(|| parser.parse().ok()).find_map(|event| match event.data {
                EventData::Scalar { value, .. } => Some(value),
                _ => None,
            });
            assert_eq!(value.as_deref(), Some(&*text));
        }
    }
}

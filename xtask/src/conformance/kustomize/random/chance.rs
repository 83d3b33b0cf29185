//! Where randomness comes from.

/// A xorshift generator: the same seed gives the same case on every machine.
pub(super) struct Chance(u64);

impl Chance {
    /// The start for a seed, which is spread over all bits.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`, and 0 if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // The low bits of a xorshift are the weakest.
        usize::try_from((self.next() >> 16) % (end.max(1) as u64)).unwrap_or(0)
    }

    /// True once in `n` times.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the list.
    pub(super) fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// One of a list that may be empty.
    pub(super) fn any<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    /// The text once in `n` times.
    pub(super) fn maybe<'a>(&mut self, n: usize, text: &'a str) -> &'a str {
        if self.once_in(n) { text } else { "" }
    }

    /// Some value in YAML that fits into one line.
    pub(super) fn scalar(&mut self) -> &'static str {
        self.one(&SCALARS)
    }

    /// Some text in YAML, where numbers and truth values are in quotes.
    pub(super) fn text(&mut self) -> &'static str {
        self.one(&TEXTS)
    }
}

const SCALARS: [&str; 15] = [
    "x",
    "\"1\"",
    "1",
    "true",
    "\"true\"",
    "null",
    "~",
    "1.50",
    "'it''s'",
    "\"a: b\"",
    "2020-01-01",
    "0x1F",
    "yes",
    "\"\"",
    "1e3",
];

const TEXTS: [&str; 14] = [
    "x",
    "\"1\"",
    "\"true\"",
    "'it''s'",
    "\"a: b\"",
    "\"2020-01-01\"",
    "\"0x1F\"",
    "\"yes\"",
    "\"\"",
    "\"tab\\there\"",
    "\"two\\nlines\\n\"",
    "\"# no comment\"",
    "\" blank \"",
    "'{\"json\": [1]}'",
];

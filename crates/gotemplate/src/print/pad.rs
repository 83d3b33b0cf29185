//! Scalars with flags, width and precision (`fmt/format.go`).

use super::quoting::{can_backquote, escaped, quote_bytes};
use super::{Printer, format_float};
use crate::runes;

/// Each byte in decimals with a space behind it, and the length of that.
static DECIMALS: [([u8; 4], u8); 256] = {
    let mut all = [([b' '; 4], 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let digits = if byte >= 100 { 3 } else { 1 + (byte >= 10) as usize };
        let mut rest = byte;
        let mut at = digits;
        while at > 0 {
            at -= 1;
            all[byte].0[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        all[byte].1 = digits as u8 + 1;
        byte += 1;
    }
    all
};

/// At least so many digits; more than Rust's own formatting allows, too.
fn with_zeros(digits: String, precision: usize) -> String {
    let missing = precision.saturating_sub(digits.len());
    if missing == 0 { digits } else { "0".repeat(missing) + &digits }
}

impl Printer {
    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.extend(std::iter::repeat_n(byte, count));
    }

    pub(super) fn pad(&mut self, text: &[u8]) {
        let width = self.flags.width.unwrap_or(0).saturating_sub(runes::count(text));
        if !self.flags.minus {
            self.padding(width);
        }
        self.out.extend_from_slice(text);
        if self.flags.minus {
            self.padding(width);
        }
    }

    /// Pads with spaces, whatever the flags say.
    fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn truncated<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        match self.flags.precision {
            Some(precision) => runes::prefix(text, precision),
            None => text,
        }
    }

    pub(super) fn plain_string(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        if self.flags.width.is_none() {
            self.out.extend_from_slice(text);
        } else {
            self.pad(text);
        }
    }

    pub(super) fn quoted_string(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let mut quoted = Vec::with_capacity(text.len() + 2);
        if self.flags.sharp && can_backquote(text) {
            quoted.push(b'`');
            quoted.extend_from_slice(text);
            quoted.push(b'`');
        } else {
            quote_bytes(&mut quoted, text, b'"', self.flags.plus);
        }
        self.pad(&quoted);
    }

    pub(super) fn hex_string(&mut self, text: &[u8], is_upper: bool) {
        let text = &text[..self.flags.precision.unwrap_or(text.len()).min(text.len())];
        if text.is_empty() {
            self.padding(self.flags.width.unwrap_or(0));
            return;
        }
        let prefix = match (self.flags.sharp, is_upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut hex = String::from(prefix);
        for (at, byte) in text.iter().enumerate() {
            if self.flags.space && at > 0 {
                hex.push(' ');
                hex.push_str(prefix);
            }
            hex.push_str(&if is_upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(hex.as_bytes());
    }

    pub(super) fn unicode(&mut self, number: u64) {
        let precision = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{}", with_zeros(format!("{number:X}"), precision));
        let rune = i32::try_from(number).unwrap_or(-1);
        if self.flags.sharp && runes::is_print(rune) {
            text.push_str(&format!(" '{}'", runes::to_char(rune)));
        }
        self.pad_with_spaces(text.as_bytes());
    }

    pub(super) fn character(&mut self, number: u64) {
        let char = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pad(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    pub(super) fn quoted_character(&mut self, number: u64) {
        let char = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut out = vec![b'\''];
        escaped(&mut out, u32::from(char).cast_signed(), b'\'', self.flags.plus);
        out.push(b'\'');
        self.pad(&out);
    }

    /// Bytes in decimals with spaces between them. A chart that prints its files has millions.
    pub(super) fn plain_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(1024) {
            if self.is_over() {
                return;
            }
            self.out.reserve(4 * chunk.len());
            for byte in chunk {
                let (text, length) = &DECIMALS[usize::from(*byte)];
                self.out.extend_from_slice(&text[..usize::from(*length)]);
            }
        }
        if !bytes.is_empty() {
            self.out.pop();
        }
    }

    pub(super) fn digits(&mut self, bits: u64, base: u64, is_signed: bool, verb: char) {
        let is_negative = is_signed && bits.cast_signed() < 0;
        let magnitude = if is_negative { bits.wrapping_neg() } else { bits };
        let has_sign = is_negative || self.flags.plus || self.flags.space;
        let precision = match (self.flags.precision, self.flags.width) {
            (Some(0), _) if magnitude == 0 => {
                let zero = std::mem::take(&mut self.flags.zero);
                self.padding(self.flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => {
                width - usize::from(has_sign && width > 0)
            }
            _ => 0,
        };
        let digits = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let digits = with_zeros(digits, precision);
        let prefix = match (base, verb) {
            (8, 'O') if self.flags.sharp && !digits.starts_with('0') => "0o0",
            (_, 'O') => "0o",
            _ if !self.flags.sharp => "",
            (2, _) => "0b",
            (8, _) if !digits.starts_with('0') => "0",
            (16, 'X') => "0X",
            (16, _) => "0x",
            _ => "",
        };
        let sign = match (is_negative, self.flags.plus, self.flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (.., true) => " ",
            _ => "",
        };
        self.pad_with_spaces(format!("{sign}{prefix}{digits}").as_bytes());
    }

    pub(super) fn float(&mut self, number: f64, format: u8, precision: Option<usize>) {
        let precision = self.flags.precision.or(precision);
        let text = format_float(number, format, precision);
        let (sign, mut digits) = match text.strip_prefix(['-', '+']) {
            Some(rest) if text.starts_with('-') => ('-', rest.to_owned()),
            Some(rest) => ('+', rest.to_owned()),
            None => ('+', text),
        };
        let sign = if sign == '+' && self.flags.space && !self.flags.plus { ' ' } else { sign };
        if !number.is_finite() {
            let shows_sign = !number.is_nan() || self.flags.space || self.flags.plus;
            let text = if shows_sign { format!("{sign}{digits}") } else { digits };
            self.pad_with_spaces(text.as_bytes());
            return;
        }
        if self.flags.sharp && format != b'b' {
            digits = with_point(&digits, format, precision);
        }
        if !self.flags.plus && sign == '+' {
            self.pad(digits.as_bytes());
            return;
        }
        let width = self.flags.width.unwrap_or(0);
        if self.flags.zero && !self.flags.minus && width > digits.len() + 1 {
            self.out.push(sign as u8);
            self.padding(width - digits.len() - 1);
            self.out.extend_from_slice(digits.as_bytes());
            return;
        }
        self.pad(format!("{sign}{digits}").as_bytes());
    }
}

/// `%#g` and its kin: the point stays, and so do trailing zeros.
fn with_point(text: &str, format: u8, precision: Option<usize>) -> String {
    let is_hex = matches!(format, b'x' | b'X');
    let tail_at = text.find(if is_hex { ['p', 'P'] } else { ['e', 'E'] }).unwrap_or(text.len());
    let (number, tail) = text.split_at(tail_at);
    let mut missing = match format {
        b'g' | b'G' | b'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let significant = number.chars().filter(|char| *char != '.').skip_while(|char| *char == '0').count();
    missing -= significant as i64;
    let mut out = number.to_owned();
    if !number.contains('.') {
        if number == "0" {
            missing -= 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', usize::try_from(missing).unwrap_or(0)));
    out.push_str(tail);
    out
}

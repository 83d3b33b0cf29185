//! Go's `fmt`: what `print`, `printf` and an action make of a value.

mod float;
mod pad;
mod quoting;
mod value;

pub(crate) use float::format_float;
pub(crate) use quoting::{can_backquote, code_point, quote_bytes};
pub use quoting::{is_print, quote};

use crate::error::Limit;
use crate::runes;
use crate::value::Value;

/// The largest text that one call may make.
const MAX_TEXT: usize = 16 << 20;
/// Nesting of values that are printed; a map that holds itself ends here.
const MAX_DEPTH: usize = 10_000;
/// Go's limit of width and precision.
const MAX_NUMBER: i64 = 1_000_000;

/// `fmt.Sprintf`, cut where a limit was reached.
pub fn sprintf(format: &[u8], arguments: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.format(format, arguments);
    printer.out
}

/// `fmt.Sprintf`
pub(crate) fn try_sprintf(format: &[u8], arguments: &[Value]) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::default();
    printer.format(format, arguments);
    printer.finish()
}

/// `fmt.Sprint` of one value as text for messages.
pub(crate) fn sprint(value: &Value) -> String {
    let mut printer = Printer::default();
    printer.argument(value, 'v');
    String::from_utf8_lossy(&printer.out).into_owned()
}

/// `fmt.Sprint`: spaces between arguments of which neither is a string.
pub(crate) fn try_sprint(arguments: &[Value]) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::default();
    let mut was_string = false;
    for (at, argument) in arguments.iter().enumerate() {
        let is_string = matches!(argument, Value::String(_));
        if at > 0 && !is_string && !was_string {
            printer.out.push(b' ');
        }
        printer.argument(argument, 'v');
        was_string = is_string;
    }
    printer.finish()
}

/// `fmt.Sprintln`
pub(crate) fn try_sprintln(arguments: &[Value]) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::default();
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            printer.out.push(b' ');
        }
        printer.argument(argument, 'v');
    }
    printer.out.push(b'\n');
    printer.finish()
}

/// Appends one value as an action writes it.
pub(crate) fn append(out: &mut Vec<u8>, value: &Value) -> Result<(), Limit> {
    let mut printer = Printer { out: std::mem::take(out), ..Printer::default() };
    printer.start = printer.out.len();
    printer.action(value);
    let excess = printer.excess;
    *out = printer.out;
    excess.map_or(Ok(()), Err)
}

/// The flags between `%` and the verb.
#[derive(Clone, Copy, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`: fields with names.
    plus_v: bool,
    /// `%#v`: Go syntax.
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Flags {
    /// Whether a number is nothing but its digits and sign.
    fn is_plain(&self) -> bool {
        !(self.plus || self.sharp || self.space) && self.width.is_none() && self.precision.is_none()
    }
}

#[derive(Default)]
struct Printer {
    out: Vec<u8>,
    /// Where this call began to write.
    start: usize,
    flags: Flags,
    excess: Option<Limit>,
    /// A value is being shown in a complaint; its methods are not called.
    is_complaining: bool,
}

/// What is read from a format.
struct Reader<'a> {
    format: &'a [u8],
    at: usize,
    argument: usize,
    is_reordered: bool,
    is_good: bool,
}

impl Printer {
    fn finish(self) -> Result<Vec<u8>, Limit> {
        match self.excess {
            Some(limit) => Err(limit),
            None => Ok(self.out),
        }
    }

    /// Whether a limit was reached, after which nothing more is written.
    fn is_over(&mut self) -> bool {
        if self.out.len() - self.start > MAX_TEXT {
            self.excess.get_or_insert(Limit::Output(MAX_TEXT));
        }
        self.excess.is_some()
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn format(&mut self, format: &[u8], arguments: &[Value]) {
        let mut reader = Reader { format, at: 0, argument: 0, is_reordered: false, is_good: true };
        while !self.is_over() {
            let rest = &format[reader.at..];
            let plain = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..plain]);
            reader.at += plain;
            if reader.at >= format.len() {
                break;
            }
            reader.at += 1;
            reader.is_good = true;
            self.flags = Flags::default();
            if !self.verb(&mut reader, arguments) {
                break;
            }
        }
        if !reader.is_reordered && reader.argument < arguments.len() {
            self.extra(&arguments[reader.argument..]);
        }
    }

    fn extra(&mut self, arguments: &[Value]) {
        self.flags = Flags::default();
        self.text("%!(EXTRA ");
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            if argument.is_nil() {
                self.text("<nil>");
            } else {
                self.text(argument.type_name());
                self.out.push(b'=');
                self.argument(argument, 'v');
            }
        }
        self.out.push(b')');
    }

    /// One verb; false at the end of the format.
    fn verb(&mut self, reader: &mut Reader<'_>, arguments: &[Value]) -> bool {
        self.read_flags(reader);
        let mut after_index = reader.index(arguments.len());
        after_index = self.width(reader, arguments, after_index);
        after_index = self.precision(reader, arguments, after_index);
        if !after_index {
            reader.index(arguments.len());
        }
        if reader.at >= reader.format.len() {
            self.text("%!(NOVERB)");
            return false;
        }
        let (rune, width) = runes::decode(&reader.format[reader.at..]);
        reader.at += width;
        let verb = runes::to_char(rune);
        if verb == '%' {
            self.out.push(b'%');
        } else if !reader.is_good {
            self.text(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(argument) = arguments.get(reader.argument) {
            if matches!(verb, 'v' | 'w') {
                self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                self.flags.plus_v = std::mem::take(&mut self.flags.plus);
            }
            self.argument(argument, verb);
            reader.argument += 1;
        } else {
            self.text(&format!("%!{verb}(MISSING)"));
        }
        true
    }

    fn read_flags(&mut self, reader: &mut Reader<'_>) {
        while let Some(byte) = reader.peek() {
            match byte {
                b'#' => self.flags.sharp = true,
                b'0' => self.flags.zero = true,
                b'+' => self.flags.plus = true,
                b'-' => self.flags.minus = true,
                b' ' => self.flags.space = true,
                _ => break,
            }
            reader.at += 1;
        }
    }

    fn width(&mut self, reader: &mut Reader<'_>, arguments: &[Value], after_index: bool) -> bool {
        if reader.peek() != Some(b'*') {
            self.flags.width = reader.number();
            if after_index && self.flags.width.is_some() {
                reader.is_good = false;
            }
            return after_index;
        }
        reader.at += 1;
        match reader.int_argument(arguments) {
            Some(width) => {
                if width < 0 {
                    self.flags.minus = true;
                    self.flags.zero = false;
                }
                self.flags.width = Some(width.unsigned_abs() as usize);
            }
            None => self.text("%!(BADWIDTH)"),
        }
        false
    }

    fn precision(&mut self, reader: &mut Reader<'_>, arguments: &[Value], after_index: bool) -> bool {
        if reader.peek() != Some(b'.') {
            return after_index;
        }
        reader.at += 1;
        if after_index {
            reader.is_good = false;
        }
        let after_index = reader.index(arguments.len());
        if reader.peek() != Some(b'*') {
            self.flags.precision = Some(reader.number().unwrap_or(0));
            return after_index;
        }
        reader.at += 1;
        let precision = reader.int_argument(arguments).and_then(|precision| usize::try_from(precision).ok());
        self.flags.precision = precision;
        if precision.is_none() {
            self.text("%!(BADPREC)");
        }
        false
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// Digits; a number that is too large ends the format.
    fn number(&mut self) -> Option<usize> {
        let mut number: Option<i64> = None;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            let so_far = number.unwrap_or(0);
            if so_far > MAX_NUMBER {
                self.at = self.format.len();
                return None;
            }
            number = Some(so_far * 10 + i64::from(byte - b'0'));
            self.at += 1;
        }
        number.and_then(|number| usize::try_from(number).ok())
    }

    /// `[n]`: the argument that comes next.
    fn index(&mut self, arguments: usize) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.is_reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.iter().position(|byte| *byte == b']') else {
            self.is_good = false;
            self.at += 1;
            return false;
        };
        let digits = &rest[1..close];
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let index = is_number.then(|| String::from_utf8_lossy(digits).parse::<usize>().ok()).flatten();
        self.at += close + 1;
        match index {
            Some(index) if (1..=arguments).contains(&index) => {
                self.argument = index - 1;
                true
            }
            Some(_) => {
                self.is_good = false;
                true
            }
            None => {
                self.is_good = false;
                false
            }
        }
    }

    fn int_argument(&mut self, arguments: &[Value]) -> Option<i64> {
        let argument = arguments.get(self.argument)?;
        self.argument += 1;
        match argument {
            Value::Int(number, _) if (-MAX_NUMBER..=MAX_NUMBER).contains(number) => Some(*number),
            _ => None,
        }
    }
}

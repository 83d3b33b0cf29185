//! How a text or a number is written.

use super::{EmitError, Profile};
use crate::Rules;
use crate::scalar::is_plain_text;

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// A key of more bytes than this, or of several lines, needs a `?` in front.
const SIMPLE_KEY: usize = 128;

pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= SIMPLE_KEY && !key.contains(is_break)
}

/// The style that go-yaml wants (`stringv`), or what libyaml allows instead (`select_scalar_style`).
///
/// # Errors
/// The text holds a character that cannot be read back.
pub(super) fn style(text: &str, profile: Profile, is_simple_key: bool) -> Result<Style, EmitError> {
    let content = Content::of(text, profile)?;
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if is_plain_text(text) {
        Style::Plain
    } else {
        Style::Double
    };
    Ok(match wanted {
        _ if is_simple_key && content.has_breaks => Style::Double,
        Style::Literal if content.allows_literal => Style::Literal,
        Style::Plain if content.allows_plain => Style::Plain,
        Style::Plain if content.allows_single => Style::Single,
        _ => Style::Double,
    })
}

/// What libyaml's `analyze_scalar` finds out about a text in a block context.
struct Content {
    has_breaks: bool,
    allows_plain: bool,
    allows_single: bool,
    allows_literal: bool,
}

impl Content {
    fn of(text: &str, profile: Profile) -> Result<Self, EmitError> {
        let mut previous = None;
        let (mut has_breaks, mut break_space, mut space_break) = (false, false, false);
        let (mut has_tabs, mut is_special) = (false, false);
        let mut has_indicator = text.starts_with("---") || text.starts_with("...");
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            let is_followed_by_blank = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            has_indicator |= is_indicator(char, previous, is_followed_by_blank);
            match char {
                '\t' => has_tabs = true,
                '\u{7f}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'
                    if profile.through_json =>
                {
                    return Err(EmitError::ControlCharacter);
                }
                _ => is_special |= !is_printable(char),
            }
            has_breaks |= is_break(char);
            break_space |= char == ' ' && previous.is_some_and(is_break);
            space_break |= is_break(char) && previous == Some(' ');
            previous = Some(char);
        }
        let is_edge = |char: Option<char>| char.is_some_and(|char| char == ' ' || is_break(char));
        let edges = is_edge(text.chars().next()) || is_edge(previous);
        // go-yaml v2 escapes tabs; v3 leaves them in literals.
        is_special |= has_tabs && profile.rules == Rules::V2;
        let quotes = space_break || is_special || has_tabs;
        Ok(Self {
            has_breaks,
            allows_plain: !(edges || break_space || quotes || has_breaks || has_indicator),
            allows_single: !(break_space || quotes),
            allows_literal: !(space_break || is_special || previous == Some(' ')),
        })
    }
}

/// Whether a character would mean something to a parser where it stands.
fn is_indicator(char: char, previous: Option<char>, is_followed_by_blank: bool) -> bool {
    match (char, previous) {
        ('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>', None)
        | ('\'' | '"' | '%' | '@' | '`', None) => true,
        ('?' | '-', None) | (':', _) => is_followed_by_blank,
        ('#', Some(before)) => matches!(before, ' ' | '\t' | '\0') || is_break(before),
        _ => false,
    }
}

/// A line break of YAML 1.1.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml's table of what needs no escape; characters beyond the basic plane do.
fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && char != '\u{feff}'
}

pub(super) fn needs_escape(char: char) -> bool {
    !is_printable(char) || is_break(char) || matches!(char, '"' | '\\')
}

/// A character within double quotes.
pub(super) fn escape(char: char) -> String {
    let code = u32::from(char);
    let short = match char {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' | '\\' => char,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if code <= 0xff => return format!("\\x{code:02X}"),
        _ if code <= 0xffff => return format!("\\u{code:04X}"),
        _ => return format!("\\U{code:08X}"),
    };
    format!("\\{short}")
}

/// What the head of a literal says of the line breaks at its end.
pub(super) fn chomping(text: &str) -> &'static str {
    let mut from_end = text.chars().rev();
    match (from_end.next().is_some_and(is_break), from_end.next()) {
        (false, _) => "-",
        (true, None) => "+",
        (true, Some(before)) if is_break(before) => "+",
        (true, Some(_)) => "",
    }
}

/// Go's `strconv.FormatFloat(number, 'g', -1, 64)` with YAML's names for what is not finite. What passes
/// through JSON comes back as an integer where JSON wrote one.
pub(super) fn float(number: f64, profile: Profile) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // JSON writes such a number without fraction and exponent, and it is read back as an integer.
    let is_integer = number.fract() == 0.0 && (I64_MIN..U64_END).contains(&number);
    if profile.through_json && is_integer {
        return format!("{:.0}", number + 0.0);
    }
    value::shortest_float(number)
}

const I64_MIN: f64 = -9_223_372_036_854_775_808.0;
const U64_END: f64 = 18_446_744_073_709_551_616.0;

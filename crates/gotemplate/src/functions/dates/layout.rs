//! The elements of a Go layout.

/// What an element of a layout stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    Zone,
    Offset(Offset),
    /// Digits behind the second: how many, and whether zeros at the end are kept.
    Fraction {
        digits: usize,
        keeps_zeros: bool,
        separator: u8,
    },
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` where the offset is zero.
    pub(super) is_iso: bool,
    pub(super) has_colon: bool,
    pub(super) has_minutes: bool,
    pub(super) has_seconds: bool,
}

const OFFSETS: [(&str, Offset); 5] = [
    ("070000", Offset { is_iso: false, has_colon: false, has_minutes: true, has_seconds: true }),
    ("07:00:00", Offset { is_iso: false, has_colon: true, has_minutes: true, has_seconds: true }),
    ("0700", Offset { is_iso: false, has_colon: false, has_minutes: true, has_seconds: false }),
    ("07:00", Offset { is_iso: false, has_colon: true, has_minutes: true, has_seconds: false }),
    ("07", Offset { is_iso: false, has_colon: false, has_minutes: false, has_seconds: false }),
];

/// The text before the next element, the element, and its text; then what follows.
pub(super) fn next(layout: &str) -> (&str, Option<(Element, &str)>, &str) {
    for at in 0..layout.len() {
        if !layout.is_char_boundary(at) {
            continue;
        }
        if let Some((element, before, length)) = element_at(&layout[at..]) {
            let start = at + before;
            return (
                &layout[..start],
                Some((element, &layout[start..start + length])),
                &layout[start + length..],
            );
        }
    }
    (layout, None, "")
}

/// The element that a text begins with, how much of it is literal, and its length.
fn element_at(text: &str) -> Option<(Element, usize, usize)> {
    let is_word = |length: usize| !text[length..].starts_with(|char: char| char.is_ascii_lowercase());
    let (element, length) = match text.as_bytes() {
        [b'J', ..] if text.starts_with("January") => (Element::LongMonth, 7),
        [b'J', b'a', b'n', ..] if is_word(3) => (Element::Month, 3),
        [b'M', ..] if text.starts_with("Monday") => (Element::LongWeekday, 6),
        [b'M', b'o', b'n', ..] if is_word(3) => (Element::Weekday, 3),
        [b'M', b'S', b'T', ..] => (Element::Zone, 3),
        [b'0', b'1', ..] => (Element::ZeroMonth, 2),
        [b'0', b'2', ..] => (Element::ZeroDay, 2),
        [b'0', b'3', ..] => (Element::ZeroHour12, 2),
        [b'0', b'4', ..] => (Element::ZeroMinute, 2),
        [b'0', b'5', ..] => (Element::ZeroSecond, 2),
        [b'0', b'6', ..] => (Element::Year, 2),
        [b'0', b'0', b'2', ..] => (Element::ZeroYearDay, 3),
        [b'1', b'5', ..] => (Element::Hour, 2),
        [b'1', ..] => (Element::NumMonth, 1),
        [b'2', ..] if text.starts_with("2006") => (Element::LongYear, 4),
        [b'2', ..] => (Element::Day, 1),
        [b'_', b'2', ..] if text.starts_with("_2006") => return Some((Element::LongYear, 1, 4)),
        [b'_', b'2', ..] => (Element::UnderDay, 2),
        [b'_', b'_', b'2', ..] => (Element::UnderYearDay, 3),
        [b'3', ..] => (Element::Hour12, 1),
        [b'4', ..] => (Element::Minute, 1),
        [b'5', ..] => (Element::Second, 1),
        [b'P', b'M', ..] => (Element::UpperPm, 2),
        [b'p', b'm', ..] => (Element::LowerPm, 2),
        [sign @ (b'-' | b'Z'), ..] => {
            let (written, offset) = OFFSETS.iter().find(|(written, _)| text[1..].starts_with(written))?;
            (Element::Offset(Offset { is_iso: *sign == b'Z', ..*offset }), written.len() + 1)
        }
        [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
            let digits = text[1..].bytes().take_while(|byte| byte == digit).count();
            if text[1 + digits..].starts_with(|char: char| char.is_ascii_digit()) {
                return None;
            }
            (Element::Fraction { digits, keeps_zeros: *digit == b'0', separator: *separator }, digits + 1)
        }
        _ => return None,
    };
    Some((element, 0, length))
}

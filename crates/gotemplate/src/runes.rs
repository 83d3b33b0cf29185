//! Runes of byte strings, as Go decodes and classifies them.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// What the lexer reads behind the end.
pub(crate) const EOF: i32 = -1;
/// What a byte that is not UTF-8 decodes to.
pub(crate) const ERROR: i32 = 0xFFFD;

/// The first rune and its width; one byte of [`ERROR`] where the bytes are not UTF-8.
pub(crate) fn decode(text: &[u8]) -> (i32, usize) {
    let Some(first) = text.first() else { return (ERROR, 0) };
    if first.is_ascii() {
        return (i32::from(*first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (ERROR, 1),
    };
    let decoded = text.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match decoded.and_then(|text| text.chars().next()) {
        Some(char) => (u32::from(char).cast_signed(), width),
        None => (ERROR, 1),
    }
}

/// The last rune and its width.
pub(crate) fn decode_last(text: &[u8]) -> (i32, usize) {
    for width in 1..=text.len().min(4) {
        let (rune, decoded) = decode(&text[text.len() - width..]);
        if decoded == width && (rune != ERROR || width == 3) {
            return (rune, width);
        }
    }
    (ERROR, text.len().min(1))
}

/// The runes of a text with their widths.
pub(crate) fn iter(text: &[u8]) -> impl Iterator<Item = (i32, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let (rune, width) = decode(&text[at..]);
        at += width;
        Some((rune, width))
    })
}

/// The runes of a text as characters, as `[]rune(s)` gives them.
pub(crate) fn chars(text: &[u8]) -> Vec<char> {
    iter(text).map(|(rune, _)| to_char(rune)).collect()
}

/// The first runes of a text.
pub(crate) fn prefix(text: &[u8], count: usize) -> &[u8] {
    let end = iter(text).take(count).map(|(_, width)| width).sum();
    &text[..end]
}

/// How many runes there are.
pub(crate) fn count(text: &[u8]) -> usize {
    iter(text).count()
}

/// The rune as a character.
pub(crate) fn to_char(rune: i32) -> char {
    u32::try_from(rune).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Appends a rune as UTF-8.
pub(crate) fn push(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

fn category(rune: i32) -> Option<char> {
    u32::try_from(rune).ok().and_then(char::from_u32)
}

/// `unicode.IsLetter`
pub(crate) fn is_letter(rune: i32) -> bool {
    category(rune).is_some_and(|char| char.general_category_group() == GeneralCategoryGroup::Letter)
}

/// `unicode.IsDigit`
pub(crate) fn is_digit(rune: i32) -> bool {
    category(rune).is_some_and(|char| char.general_category() == GeneralCategory::DecimalNumber)
}

/// `unicode.IsSpace`
pub(crate) fn is_space(rune: i32) -> bool {
    matches!(rune, 9..=13 | 32 | 0x85 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000)
}

/// `unicode.IsPrint`
pub(crate) fn is_print(rune: i32) -> bool {
    use GeneralCategoryGroup::{Letter, Mark, Number, Punctuation, Symbol};
    if (32..127).contains(&rune) {
        return true;
    }
    category(rune).is_some_and(|char| {
        matches!(char.general_category_group(), Letter | Mark | Number | Punctuation | Symbol)
    })
}

/// `strings.TrimSpace`
pub(crate) fn trim_space(mut text: &[u8]) -> &[u8] {
    while let (rune, width @ 1..) = decode(text)
        && is_space(rune)
    {
        text = &text[width..];
    }
    while let (rune, width @ 1..) = decode_last(text)
        && is_space(rune)
    {
        text = &text[..text.len() - width];
    }
    text
}

/// `unicode.ToUpper`: the simple mapping of one rune.
pub(crate) fn to_upper(rune: char) -> char {
    let mut mapped = rune.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => rune,
    }
}

/// `unicode.ToLower`: the simple mapping of one rune.
pub(crate) fn to_lower(rune: char) -> char {
    rune.to_lowercase().next().unwrap_or(rune)
}

/// Maps every rune; what is not UTF-8 becomes the replacement character, as `strings.Map` does.
pub(crate) fn map(text: &[u8], mut change: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    iter(text).for_each(|(rune, _)| push(&mut out, change(to_char(rune))));
    out
}

/// `unicode.ToTitle`
pub(crate) fn to_title(rune: char) -> char {
    match rune {
        // The digraphs of Latin Extended-B have a title case of their own.
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        _ => to_upper(rune),
    }
}

/// `unicode.IsTitle`
pub(crate) fn is_title(rune: char) -> bool {
    rune.general_category() == GeneralCategory::TitlecaseLetter
}

/// `unicode.IsPunct`
pub(crate) fn is_punct(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// `unicode.IsNumber`
pub(crate) fn is_number(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Number
}

//! Writing YAML as go-yaml v2 does (`sigs.k8s.io/yaml.Marshal`), which is also how kustomize writes the
//! objects that it built.

use std::cmp::Ordering;

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use value::{Key, Map, Value};

use crate::scalar::is_plain_text;

/// go-yaml's line width.
const WIDTH: i32 = 80;

/// One document, with keys in go-yaml's natural order, long plain scalars folded at 80 columns, and a
/// final line break.
///
/// # Errors
/// None for any value; the emitter's own checks are passed on.
pub fn to_yaml(value: &Value) -> Result<String, EmitError> {
    let mut out = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output(&mut out);
    emitter.set_width(WIDTH);
    emitter.set_unicode(true);
    emitter.set_indent(2);
    emitter.emit(Event::stream_start(Encoding::Utf8))?;
    emitter.emit(Event::document_start(None, &[], true))?;
    emit(&mut emitter, value)?;
    emitter.emit(Event::document_end(true))?;
    emitter.emit(Event::stream_end())?;
    emitter.flush()?;
    drop(emitter);
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The emitter refused a value.
#[derive(Debug, thiserror::Error)]
#[error("writing YAML failed")]
pub struct EmitError(#[from] libyaml_safer::Error);

fn emit(emitter: &mut Emitter<'_>, value: &Value) -> Result<(), EmitError> {
    match value {
        Value::List(list) => {
            let style = if list.is_empty() { SequenceStyle::Flow } else { SequenceStyle::Block };
            emitter.emit(Event::sequence_start(None, None, true, style))?;
            list.iter().try_for_each(|item| emit(emitter, item))?;
            emitter.emit(Event::sequence_end())?;
        }
        Value::Map(map) => {
            let style = if map.is_empty() { MappingStyle::Flow } else { MappingStyle::Block };
            emitter.emit(Event::mapping_start(None, None, true, style))?;
            for (key, item) in in_natural_order(map) {
                scalar(emitter, key, style_of(key))?;
                emit(emitter, item)?;
            }
            emitter.emit(Event::mapping_end())?;
        }
        Value::String(text) => scalar(emitter, text, style_of(text))?,
        Value::Float(number) => scalar(emitter, &float(*number), ScalarStyle::Plain)?,
        other => scalar(emitter, &other.to_string(), ScalarStyle::Plain)?,
    }
    Ok(())
}

fn scalar(emitter: &mut Emitter<'_>, text: &str, style: ScalarStyle) -> Result<(), EmitError> {
    Ok(emitter.emit(Event::scalar(None, None, text, true, true, style))?)
}

/// go-yaml's `stringv`: literal for several lines, plain where that reads back as the same text.
fn style_of(text: &str) -> ScalarStyle {
    if text.contains('\n') {
        ScalarStyle::Literal
    } else if is_plain_text(text) {
        ScalarStyle::Plain
    } else {
        ScalarStyle::DoubleQuoted
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`, with YAML's names for what is not finite.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+.inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn in_natural_order(map: &Map) -> Vec<(&Key, &Value)> {
    let mut entries: Vec<(&Key, &Value)> = map.iter().collect();
    entries.sort_by(|(a, _), (b, _)| natural(a, b));
    entries
}

/// go-yaml's `keyList.Less`: letters after other characters, digits as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut after_digits = false;
    for at in 0..left.len().min(right.len()) {
        let (one, other) = (left[at], right[at]);
        if one == other {
            after_digits = one.is_numeric();
            continue;
        }
        let less = match (one.is_alphabetic(), other.is_alphabetic()) {
            (true, true) => one < other,
            (false, false) => return numbers(&left, &right, at),
            (is_letter, other_is_letter) => {
                if after_digits {
                    is_letter
                } else {
                    other_is_letter
                }
            }
        };
        return if less { Ordering::Less } else { Ordering::Greater };
    }
    left.len().cmp(&right.len())
}

fn numbers(left: &[char], right: &[char], at: usize) -> Ordering {
    let follows_a_number = (left[at] == '0' || right[at] == '0')
        && left[..at].iter().rev().take_while(|char| char.is_ascii_digit()).any(|char| *char != '0');
    let start = i64::from(follows_a_number);
    let number = |text: &[char]| {
        let digits: Vec<i64> = text[at..].iter().map_while(|char| char.to_digit(10)).map(i64::from).collect();
        let value = digits.iter().fold(start, |value, digit| value.wrapping_mul(10).wrapping_add(*digit));
        (value, digits.len())
    };
    number(left).cmp(&number(right)).then(left[at].cmp(&right[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        to_yaml(&value::from_json(json.as_bytes()).expect(json)).expect(json)
    }

    #[test]
    fn keys_are_in_natural_order() {
        let mut keys = ["a10", "A", "a2", "_b", "a1", "b"];
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, ["_b", "A", "a1", "a2", "a10", "b"]);
    }

    #[test]
    fn texts_are_quoted_where_they_would_read_back_as_something_else() {
        assert_eq!(
            shown(
                r#"{"a":"yes","b":"1","c":"x","d":"2020-01-01","e":"12:30:45","f":"","g":"a: b","h":"1.0"}"#
            ),
            "a: \"yes\"\nb: \"1\"\nc: x\nd: \"2020-01-01\"\ne: \"12:30:45\"\nf: \"\"\ng: 'a: b'\nh: \"1.0\"\n"
        );
    }

    #[test]
    fn several_lines_become_a_literal() {
        assert_eq!(shown(r#"{"a":"x\ny\n","b":"x\ny"}"#), "a: |\n  x\n  y\nb: |-\n  x\n  y\n");
    }

    #[test]
    fn lists_stand_at_the_level_of_their_key() {
        assert_eq!(
            shown(r#"{"l":[{"a":1,"b":[]},[1,2.5]],"m":{}}"#),
            "l:\n- a: 1\n  b: []\n- - 1\n  - 2.5\nm: {}\n"
        );
    }
}

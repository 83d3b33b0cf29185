//! Resource quantities: `100m`, `1.5Gi`, `12e6`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An amount with the family of suffixes that it is written in.
///
/// Amounts are kept exactly down to a nano, which is as fine as Kubernetes goes: finer ones are rounded
/// away from zero.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Decimal,
    Binary,
    Exponent,
}

/// A text that is not a quantity, in the API server's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// No number, or an unknown suffix.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// A suffix that does not exist.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 7] = [("", 0), ("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4), ("Pi", 5), ("Ei", 6)];
/// Suffixes with their power of ten.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (sign, rest) = match text.as_bytes().first() {
            Some(b'-') => (-1, &text[1..]),
            Some(b'+') => (1, &text[1..]),
            _ => (1, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(QuantityError::Format);
        }
        let (format, scale) = parse_suffix(suffix)?;
        let nanos = match scale {
            Scale::Ten(power) => scaled(whole, fraction, 1, power),
            Scale::Binary(power) => scaled(whole, fraction, 1i128 << (10 * power), 0),
        };
        Ok(Self { nanos: sign * nanos, format })
    }
}

enum Scale {
    Ten(i32),
    Binary(u32),
}

fn parse_suffix(suffix: &str) -> Result<(Format, Scale), QuantityError> {
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Ok((Format::Decimal, Scale::Ten(*power)));
    }
    if let Some((_, power)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        return Ok((Format::Binary, Scale::Binary(*power)));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    let power = exponent.parse::<i32>().map_err(|_| QuantityError::Suffix)?;
    Ok((Format::Exponent, Scale::Ten(power)))
}

/// The largest amount, as Kubernetes caps it: 2^63-1.
const LARGEST: i128 = i64::MAX as i128 * NANO;

/// `whole.fraction * factor * 10^power` in nanos, rounded up, and capped.
fn scaled(whole: &str, fraction: &str, factor: i128, power: i32) -> i128 {
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    let fraction = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let mut shift = power.saturating_sub(fraction).saturating_add(9);
    // Digits that cannot count any more are cut off before the arithmetic could overflow.
    let kept = digits.len().min(19);
    let cut = i32::try_from(digits.len() - kept).unwrap_or(i32::MAX);
    let mut lost = digits[kept..].bytes().any(|digit| digit != b'0');
    shift = shift.saturating_add(cut);
    let mut value: i128 = digits[..kept].parse::<i128>().unwrap_or(LARGEST);
    let mut factor = factor;
    while shift < 0 && factor % 2 == 0 && value % 5 == 0 && value > 0 {
        // Keeps the product small: a factor of ten comes out of both.
        (value, factor, shift) = (value / 5, factor / 2, shift + 1);
    }
    let Some(mut value) = value.checked_mul(factor) else { return LARGEST };
    while shift > 0 {
        value = value.saturating_mul(10);
        if value >= LARGEST {
            return LARGEST;
        }
        shift -= 1;
    }
    while shift < 0 && (value > 0 || lost) {
        lost |= value % 10 != 0;
        value /= 10;
        shift += 1;
        if value == 0 {
            break;
        }
    }
    (value + i128::from(lost)).min(LARGEST)
}

impl Quantity {
    /// The amount in thousandths, rounded up.
    pub fn millis(&self) -> i128 {
        let unit = NANO / 1000;
        self.nanos.div_euclid(unit) + i128::from(self.nanos.rem_euclid(unit) != 0)
    }

    /// The amount in whole units, rounded up.
    pub fn units(&self) -> i128 {
        self.nanos.div_euclid(NANO) + i128::from(self.nanos.rem_euclid(NANO) != 0)
    }

    /// Whether the amount is below zero.
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By amount, however it is written.
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// The canonical form: no fraction, and the largest suffix of the family with which there is none.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below_binary = self.nanos.abs() < 1024 * NANO || self.nanos % NANO != 0;
        match self.format {
            Format::Binary if !below_binary => {
                let (mut value, mut at) = (self.nanos / NANO, 0);
                while at + 1 < BINARY.len() && value % 1024 == 0 && value != 0 {
                    (value, at) = (value / 1024, at + 1);
                }
                write!(f, "{value}{}", BINARY[at].0)
            }
            format => {
                let (mut value, mut at) = (self.nanos, 0);
                while at + 1 < DECIMAL.len() && value % 1000 == 0 {
                    if value == 0 {
                        at = 3;
                        break;
                    }
                    (value, at) = (value / 1000, at + 1);
                }
                let (suffix, power) = DECIMAL[at];
                match (format, power) {
                    (Format::Exponent, 0) => write!(f, "{value}"),
                    (Format::Exponent, power) => write!(f, "{value}e{power}"),
                    _ => write!(f, "{value}{suffix}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_printed_in_canonical_form() {
        for (text, canonical) in [
            ("0", "0"),
            ("1", "1"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("1023Ki", "1023Ki"),
            ("0.5Ki", "512"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("1e3", "1e3"),
            ("0.1m", "100u"),
            ("0.0000000001", "1n"),
            ("-1.5", "-1500m"),
            ("+2Ki", "2Ki"),
            ("100000000000000000000", "9223372036854775807"),
            ("1.", "1"),
            (".5", "500m"),
        ] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-", "Ki", "1.2.3"] {
            assert_eq!(text.parse::<Quantity>(), Err(QuantityError::Format), "{text}");
        }
        for text in ["1x", "1 Gi", "1KiB", "1e", "1ee3"] {
            assert_eq!(text.parse::<Quantity>(), Err(QuantityError::Suffix), "{text}");
        }
    }

    #[test]
    fn quantities_compare_by_amount() {
        let read = |text: &str| text.parse::<Quantity>().unwrap();
        assert_eq!(read("1Ki"), read("1024"));
        assert!(read("1G") < read("1Gi"));
        assert_eq!((read("1500m").units(), read("0.1").millis()), (2, 100));
    }

    proptest! {
        #[test]
        fn the_canonical_form_means_the_same(number in 0u64..1_000_000_000_000, suffix in "(n|u|m|k|M|Ki|Mi|e3)?") {
            let quantity: Quantity = format!("{number}{suffix}").parse().unwrap();
            let again: Quantity = quantity.to_string().parse().unwrap();
            prop_assert_eq!(quantity, again);
            prop_assert_eq!(quantity.to_string(), again.to_string());
        }
    }
}

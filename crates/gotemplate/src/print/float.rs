//! `strconv.FormatFloat` for 64 bits.

/// Digits of a number: `0.DIGITS × 10^point`.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

/// More digits than any number has; the rest are zeros.
const EXACT: usize = 1_100;

/// Formats with `b`, `e`, `E`, `f`, `g`, `G`, `x` or `X`; without a precision, the shortest text that reads
/// back as the same number.
pub(crate) fn format_float(number: f64, format: u8, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let magnitude = number.abs();
    let text = match format {
        b'b' => binary(magnitude),
        b'x' | b'X' => hexadecimal(magnitude, format, precision),
        b'f' => plain(magnitude, precision),
        b'e' | b'E' => scientific(magnitude, format, precision),
        _ => general(magnitude, format, precision),
    };
    format!("{sign}{text}")
}

/// The digits of Rust's `{:e}`, without trailing zeros.
fn digits(number: f64, precision: Option<usize>) -> Digits {
    if number == 0.0 {
        return Digits { digits: Vec::new(), point: 0 };
    }
    let text = match precision {
        Some(precision) => format!("{number:.*e}", precision.min(EXACT)),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    Digits { digits, point: exponent.parse::<i32>().unwrap_or(0) + 1 }
}

fn scientific(number: f64, format: u8, precision: Option<usize>) -> String {
    let digits = digits(number, precision);
    let precision = precision.unwrap_or(digits.digits.len().saturating_sub(1));
    write_scientific(&digits, format, precision)
}

fn write_scientific(Digits { digits, point }: &Digits, format: u8, precision: usize) -> String {
    let mut out = String::new();
    out.push(digits.first().map_or('0', |digit| char::from(*digit)));
    if precision > 0 {
        out.push('.');
        out.extend(digits.iter().skip(1).take(precision).map(|digit| char::from(*digit)));
        let written = digits.len().saturating_sub(1).min(precision);
        out.extend(std::iter::repeat_n('0', precision - written));
    }
    let exponent = if digits.is_empty() { 0 } else { point - 1 };
    out.push(char::from(format));
    out.push(if exponent < 0 { '-' } else { '+' });
    out.push_str(&format!("{:02}", exponent.abs()));
    out
}

fn plain(number: f64, precision: Option<usize>) -> String {
    match precision {
        None => number.to_string(),
        Some(precision) => {
            let exact = precision.min(EXACT);
            let mut text = format!("{number:.exact$}");
            text.extend(std::iter::repeat_n('0', precision - exact));
            text
        }
    }
}

fn general(number: f64, format: u8, precision: Option<usize>) -> String {
    let Some(wanted) = precision.map(|precision| precision.max(1)) else {
        let text = value::shortest_float(number);
        return if format == b'G' { text.to_uppercase() } else { text };
    };
    let digits = digits(number, Some(wanted - 1));
    let count = digits.digits.len();
    let threshold = if wanted > count && count as i32 >= digits.point {
        count as i32
    } else {
        i32::try_from(wanted).unwrap_or(i32::MAX)
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= threshold {
        return write_scientific(&digits, format + b'e' - b'g', wanted.min(count).saturating_sub(1));
    }
    write_plain(&digits)
}

fn write_plain(Digits { digits, point }: &Digits) -> String {
    let mut out = String::new();
    if *point <= 0 {
        out.push('0');
    } else {
        let whole = point.unsigned_abs() as usize;
        out.extend(digits.iter().take(whole).map(|digit| char::from(*digit)));
        out.extend(std::iter::repeat_n('0', whole.saturating_sub(digits.len())));
    }
    let fraction: Vec<char> = if *point >= 0 {
        digits.iter().skip(point.unsigned_abs() as usize).map(|digit| char::from(*digit)).collect()
    } else {
        let zeros = std::iter::repeat_n('0', point.unsigned_abs() as usize);
        zeros.chain(digits.iter().map(|digit| char::from(*digit))).collect()
    };
    if !fraction.is_empty() {
        out.push('.');
        out.extend(fraction);
    }
    out
}

/// Mantissa of 53 bits (fewer for subnormal numbers) and exponent of two.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7FF).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn binary(number: f64) -> String {
    let (mantissa, exponent) = parts(number);
    let exponent = if mantissa == 0 { -1074 } else { exponent };
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(number: f64, format: u8, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(number);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One bit before the point, 60 behind it.
        let shift = mantissa.leading_zeros() as i32 - 3;
        mantissa <<= shift;
        exponent += 60 - shift;
    }
    if let Some(precision) = precision
        && precision < 15
    {
        let shift = precision * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
        Some(precision) => {
            fraction.truncate(precision);
            let missing = precision - fraction.len();
            fraction.extend(std::iter::repeat_n('0', missing));
        }
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{fraction}p{sign}{:02}", mantissa >> 60, exponent.abs());
    if format == b'X' { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::format_float;

    #[test]
    fn floats_are_written_as_go_does() {
        let shortest = [
            (1.0, "1"),
            (1e6, "1e+06"),
            (100_000.0, "100000"),
            (123_456_789.0, "1.23456789e+08"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (-0.5, "-0.5"),
            (0.0, "0"),
        ];
        for (number, text) in shortest {
            assert_eq!(format_float(number, b'g', None), text);
        }
        assert_eq!(format_float(2.5, b'f', Some(0)), "2");
        assert_eq!(format_float(12345.678, b'e', Some(2)), "1.23e+04");
        assert_eq!(format_float(100_000.0, b'g', Some(3)), "1e+05");
        assert_eq!(format_float(1.0, b'x', None), "0x1p+00");
        assert_eq!(format_float(1.0, b'b', None), "4503599627370496p-52");
    }
}

//! Floating-point numbers as Go's `strconv` writes them.

/// `strconv.FormatFloat(number, 'g', -1, 64)`: the shortest digits that read back as the same number, with an
/// exponent below 1e-4 and from 1e6 on. What is not finite is `NaN`, `+Inf` or `-Inf`.
pub fn shortest_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    general(&format!("{number:e}"), &number)
}

/// As [`shortest_float`], for the nearest number of 32 bits.
pub fn shortest_float32(number: f64) -> String {
    let narrow = number as f32;
    if !narrow.is_finite() {
        return shortest_float(f64::from(narrow));
    }
    general(&format!("{narrow:e}"), &narrow)
}

/// Chooses between both forms by the exponent, as `%g` of the shortest precision does.
fn general(scientific: &str, plain: &dyn std::fmt::Display) -> String {
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    let is_plain = match exponent.parse::<u32>() {
        Ok(exponent) if sign == '-' => exponent <= 4,
        Ok(exponent) => exponent < 6,
        Err(_) => unreachable!("Rust writes a whole exponent"),
    };
    if is_plain { plain.to_string() } else { format!("{digits}e{sign}{exponent:0>2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_by_strconv() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (-2.5e300, "-2.5e+300"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(shortest_float(number), text);
        }
        assert_eq!(shortest_float32(0.1), "0.1");
        assert_eq!(shortest_float32(16_777_217.0), "1.6777216e+07");
        assert_eq!(shortest_float32(1e300), "+Inf");
    }
}

//! sprig's arithmetic, and the conversions of `spf13/cast` under it.

use num_bigint::BigInt;
use num_traits::{Signed as _, Zero as _};

use super::arguments::*;
use crate::parse::{parse_float, parse_int};
use crate::print;

const FLOATS: Param = Param::Variadic(&Param::Float);
const INTS: Param = Param::Variadic(&Param::Int);

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "atoi", params: &[STRING], call: |_, a| Ok(Value::int(atoi(&utf8(a, 0)))) },
    Function { name: "int64", params: &[ANY], call: |_, a| Ok(Value::int64(to_int(&a[0]))) },
    Function { name: "int", params: &[ANY], call: |_, a| Ok(Value::int(to_int(&a[0]))) },
    Function { name: "float64", params: &[ANY], call: |_, a| Ok(Value::Float(to_float(&a[0]))) },
    Function { name: "toDecimal", params: &[ANY], call: to_decimal },
    Function { name: "seq", params: &[INTS], call: seq },
    Function { name: "until", params: &[INT], call: until },
    Function {
        name: "untilStep",
        params: &[INT, INT, INT],
        call: |run, a| Ok(ints(steps(run, int(a, 0), int(a, 1), int(a, 2))?)),
    },
    Function { name: "add1", params: &[ANY], call: |_, a| Ok(Value::int64(to_int(&a[0]).wrapping_add(1))) },
    Function {
        name: "add",
        params: &[ANYS],
        call: |_, a| Ok(Value::int64(a.iter().fold(0i64, |sum, value| sum.wrapping_add(to_int(value))))),
    },
    Function {
        name: "sub",
        params: &[ANY, ANY],
        call: |_, a| Ok(Value::int64(to_int(&a[0]).wrapping_sub(to_int(&a[1])))),
    },
    Function { name: "div", params: &[ANY, ANY], call: |_, a| divide(a, i64::wrapping_div) },
    Function { name: "mod", params: &[ANY, ANY], call: |_, a| divide(a, i64::wrapping_rem) },
    Function {
        name: "mul",
        params: &[ANY, ANYS],
        call: |_, a| {
            Ok(Value::int64(a.iter().fold(1i64, |product, value| product.wrapping_mul(to_int(value)))))
        },
    },
    Function {
        name: "add1f",
        params: &[ANY],
        call: |_, a| decimals(&[a[0].clone(), Value::int(1)], Decimal::add),
    },
    Function {
        name: "addf",
        params: &[ANYS],
        call: |_, a| decimals(&[&[Value::Float(0.0)], a].concat(), Decimal::add),
    },
    Function { name: "subf", params: &[ANY, ANYS], call: |_, a| decimals(a, Decimal::sub) },
    Function { name: "divf", params: &[ANY, ANYS], call: |_, a| decimals(a, Decimal::div) },
    Function { name: "mulf", params: &[ANY, ANYS], call: |_, a| decimals(a, Decimal::mul) },
    Function { name: "biggest", params: &[ANY, ANYS], call: max },
    Function { name: "max", params: &[ANY, ANYS], call: max },
    Function { name: "min", params: &[ANY, ANYS], call: min },
    Function { name: "maxf", params: &[ANY, ANYS], call: |_, a| extreme(a, |a, b| a > b) },
    Function { name: "minf", params: &[ANY, ANYS], call: |_, a| extreme(a, |a, b| a < b) },
    Function { name: "ceil", params: &[ANY], call: |_, a| Ok(Value::Float(to_float(&a[0]).ceil())) },
    Function { name: "floor", params: &[ANY], call: |_, a| Ok(Value::Float(to_float(&a[0]).floor())) },
    Function { name: "round", params: &[ANY, INT, FLOATS], call: round },
];

/// `strconv.Atoi` without the error: the nearest number where it is out of range.
fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    parse_int(text, 10).unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

/// `cast.ToInt64`, which gives 0 for what it does not know.
pub(crate) fn to_int(value: &Value) -> i64 {
    match value {
        // A duration is none of the types that cast knows.
        Value::Int(_, IntType::Duration) => 0,
        Value::Int(number, _) => *number,
        Value::Float(number) => float_to_int(*number),
        Value::Bool(flag) => i64::from(*flag),
        Value::String(text) => parse_int(without_zero_fraction(&text.to_text()), 0).unwrap_or(0),
        _ => 0,
    }
}

/// As amd64 converts: what does not fit is the least integer.
fn float_to_int(number: f64) -> i64 {
    if number.is_nan() || number >= 2f64.powi(63) || number < -(2f64.powi(63)) {
        i64::MIN
    } else {
        number as i64
    }
}

/// `cast` takes "1.00" for 1.
fn without_zero_fraction(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

/// `cast.ToFloat64`, which gives 0 for what it does not know.
pub(crate) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(_, IntType::Duration) => 0.0,
        Value::Int(number, int_type) if int_type.is_unsigned() => number.cast_unsigned() as f64,
        Value::Int(number, _) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::String(text) => parse_float(&text.to_text()).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Octal text to a number.
fn to_decimal(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    Ok(Value::int64(parse_int(&print::sprint(&a[0]), 8).unwrap_or(0)))
}

fn divide(a: &[Value], operation: fn(i64, i64) -> i64) -> Outcome {
    match to_int(&a[1]) {
        0 => fail("runtime error: integer divide by zero"),
        divisor => Ok(Value::int64(operation(to_int(&a[0]), divisor))),
    }
}

fn max(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    Ok(Value::int64(a.iter().map(to_int).max().unwrap_or(0)))
}

fn min(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    Ok(Value::int64(a.iter().map(to_int).min().unwrap_or(0)))
}

/// `math.Max` and `math.Min`: what is no number wins.
fn extreme(a: &[Value], is_better: fn(f64, f64) -> bool) -> Outcome {
    let mut numbers = a.iter().map(to_float);
    let first = numbers.next().unwrap_or(0.0);
    let best = numbers.fold(first, |best, number| {
        if best.is_nan() || number.is_nan() {
            f64::NAN
        } else if is_better(number, best) {
            number
        } else {
            best
        }
    });
    Ok(Value::Float(best))
}

fn round(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let round_on = a.get(2).map_or(0.5, to_float);
    let power = 10f64.powf(int(a, 1) as f64);
    let digit = power * to_float(&a[0]);
    let rounded = if digit.fract() >= round_on { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

fn ints(numbers: Vec<i64>) -> Value {
    Value::List(List::new(ListType::Ints, numbers.into_iter().map(Value::int).collect()))
}

fn until(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let count = int(a, 0);
    Ok(ints(steps(run, 0, count, if count < 0 { -1 } else { 1 })?))
}

/// sprig's `untilStep`, paid for before it is made.
fn steps(run: &mut Run<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, Failure> {
    let goes_down = stop < start;
    if goes_down && step >= 0 || !goes_down && step <= 0 {
        return Ok(Vec::new());
    }
    let distance = i128::from(stop) - i128::from(start);
    let count = distance.unsigned_abs().div_ceil(i128::from(step).unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    run.charge(count.saturating_mul(size_of::<Value>()))?;
    Ok((0..count as i64).map(|at| start + at * step).collect())
}

fn seq(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step) = match a.len() {
        1 => (1, int(a, 0), towards(1, int(a, 0))),
        2 => (int(a, 0), int(a, 1), towards(int(a, 0), int(a, 1))),
        3 => (int(a, 0), int(a, 2), int(a, 1)),
        _ => return Ok("".into()),
    };
    if a.len() == 3 && end < start && step > 0 {
        return Ok("".into());
    }
    let numbers = steps(run, start, end.saturating_add(towards(start, end)), step)?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}

/// shopspring's decimal: an integer and a power of ten.
struct Decimal {
    value: BigInt,
    exponent: i64,
}

/// Digits behind the point that a division gives.
const DIVISION_PRECISION: i64 = 16;

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

impl Decimal {
    /// The shortest decimal that reads back as the same number.
    fn new(number: f64) -> Result<Self, Failure> {
        let text = format!("{number:e}");
        Self::parse(&text).ok_or_else(|| {
            let shown = print::sprint(&Value::Float(number));
            Failure::message(format!("Cannot create a Decimal from {shown}"))
        })
    }

    /// Digits with an exponent; what is not finite has none.
    fn parse(scientific: &str) -> Option<Self> {
        let (mantissa, exponent) = scientific.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let value = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.parse::<i64>().ok()? - fraction.len() as i64;
        Some(Self { value, exponent })
    }

    /// Both with the same exponent.
    fn aligned(self, other: Self) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        let scale = |decimal: Self| decimal.value * power_of_ten(decimal.exponent - exponent);
        (scale(self), scale(other), exponent)
    }

    fn add(self, other: Self) -> Result<Self, Failure> {
        let (a, b, exponent) = self.aligned(other);
        Ok(Self { value: a + b, exponent })
    }

    fn sub(self, other: Self) -> Result<Self, Failure> {
        let (a, b, exponent) = self.aligned(other);
        Ok(Self { value: a - b, exponent })
    }

    fn mul(self, other: Self) -> Result<Self, Failure> {
        Ok(Self { value: self.value * other.value, exponent: self.exponent + other.exponent })
    }

    /// Half away from zero at the last digit.
    fn div(self, other: Self) -> Result<Self, Failure> {
        if other.value.is_zero() {
            return fail("decimal division by 0");
        }
        let (a, b, _) = self.aligned(other);
        let scaled = a * power_of_ten(DIVISION_PRECISION);
        let (quotient, rest) = (&scaled / &b, &scaled % &b);
        let is_negative = scaled.is_negative() != b.is_negative();
        let value = if rest.abs() * 2 < b.abs() {
            quotient
        } else if is_negative {
            quotient - 1
        } else {
            quotient + 1
        };
        Ok(Self { value, exponent: -DIVISION_PRECISION })
    }

    fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(0.0)
    }
}

fn decimals(a: &[Value], operation: fn(Decimal, Decimal) -> Result<Decimal, Failure>) -> Outcome {
    let mut numbers = a.iter().map(|value| Decimal::new(to_float(value)));
    let mut result = numbers.next().unwrap_or_else(|| Decimal::new(0.0))?;
    for number in numbers {
        result = operation(result, number?)?;
    }
    Ok(Value::Float(result.to_float()))
}

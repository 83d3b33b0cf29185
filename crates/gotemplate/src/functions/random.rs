//! sprig's random functions; the randomness is the environment's.

use super::arguments::*;
use super::encoding::base64;
use crate::runes;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "randAlphaNum",
        params: &[INT],
        call: |run, a| random_text(run, int(a, 0), |byte| byte.is_ascii_alphanumeric()),
    },
    Function {
        name: "randAlpha",
        params: &[INT],
        call: |run, a| random_text(run, int(a, 0), |byte| byte.is_ascii_alphabetic()),
    },
    Function {
        name: "randNumeric",
        params: &[INT],
        call: |run, a| random_text(run, int(a, 0), |byte| byte.is_ascii_digit()),
    },
    Function {
        name: "randAscii",
        params: &[INT],
        call: |run, a| random_text(run, int(a, 0), |byte| (32..127).contains(byte)),
    },
    Function { name: "randBytes", params: &[INT], call: random_bytes },
    Function { name: "randInt", params: &[INT, INT], call: random_int },
    Function { name: "shuffle", params: &[STRING], call: shuffle },
    Function { name: "uuidv4", params: &[], call: |run, _| Ok(uuid(run).into()) },
];

/// A negative count gives nothing, as sprig drops the error.
fn random_text(run: &mut Run<'_>, count: i64, is_wanted: fn(&u8) -> bool) -> Outcome {
    let count = usize::try_from(count).unwrap_or(0);
    run.charge(count)?;
    let alphabet: Vec<u8> = (0..=127).filter(is_wanted).collect();
    let text: Vec<u8> =
        (0..count).map(|_| alphabet[run.random_below(alphabet.len() as u64) as usize]).collect();
    Ok(text.into())
}

fn random_bytes(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Ok(count) = usize::try_from(int(a, 0)) else {
        return fail("runtime error: makeslice: len out of range");
    };
    run.charge(count.saturating_mul(3))?;
    let mut bytes = vec![0; count];
    run.environment().entropy.fill(&mut bytes);
    Ok(base64(&bytes).into())
}

fn random_int(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let (least, most) = (int(a, 0), int(a, 1));
    match most.checked_sub(least).and_then(|distance| u64::try_from(distance).ok()) {
        Some(distance @ 1..) => Ok(Value::int(least + run.random_below(distance).cast_signed())),
        _ => fail("invalid argument to Intn"),
    }
}

fn shuffle(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut chars = runes::chars(text(a, 0));
    run.charge(chars.len() * 4)?;
    for at in (1..chars.len()).rev() {
        chars.swap(at, run.random_below(at as u64 + 1) as usize);
    }
    Ok(String::from_iter(chars).into())
}

/// A random UUID of version 4, variant RFC 4122.
fn uuid(run: &Run<'_>) -> String {
    let mut bytes = [0; 16];
    run.environment().entropy.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

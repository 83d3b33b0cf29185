//! `eq`, `lt` and their kin.

use super::Slot;
use crate::print;
use crate::value::{Kind, Value};

type Outcome = Result<bool, String>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    None,
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_, int_type) if int_type.is_unsigned() => Basic::Uint,
        Value::Int(..) => Basic::Int,
        Value::Float(_) => Basic::Float,
        Value::Complex(..) => Basic::Complex,
        Value::String(_) => Basic::String,
        _ => Basic::None,
    }
}

/// `a == b || a == c …`
pub(super) fn eq(first: &Value, others: &[Slot]) -> Outcome {
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        if equal(first, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Value, b: &Value) -> Outcome {
    Ok(match (a, b) {
        (Value::Int(a_bits, _), Value::Int(b_bits, _)) => {
            // Signed and unsigned compare by value; the same bits are the same number unless one is negative.
            a_bits == b_bits && (basic(a) == basic(b) || *a_bits >= 0)
        }
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(ar, ai), Value::Complex(br, bi)) => ar == br && ai == bi,
        (Value::String(a), Value::String(b)) => a == b,
        _ if basic(a) != basic(b) => {
            if !a.is_nil() && !b.is_nil() {
                return incompatible(a, b);
            }
            false
        }
        _ => return equal_others(a, b),
    })
}

fn incompatible(a: &Value, b: &Value) -> Outcome {
    Err(format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()))
}

/// Neither is of a basic kind.
fn equal_others(a: &Value, b: &Value) -> Outcome {
    let (a_kind, b_kind) = (a.kind(), b.kind());
    if a_kind != b_kind && a_kind != Kind::Invalid && b_kind != Kind::Invalid {
        let b_shown = print::sprint(b);
        let (a_type, b_type) = (a.type_name(), b.type_name());
        return Err(format!("non-comparable types {}: {a_type}, {b_type}: {b_shown}", as_string(a)));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if matches!(b_kind, Kind::Struct | Kind::Ptr) => {
            Ok(a.type_name() == b.type_name() && (std::rc::Rc::ptr_eq(a, b) || a.equals(&**b)))
        }
        _ => Err(format!("non-comparable type {}: {}", as_string(b), b.type_name())),
    }
}

/// Go prints what it cannot compare with `%s`, numbers as the complaints that this gives.
fn as_string(value: &Value) -> String {
    String::from_utf8_lossy(&print::sprintf(b"%s", std::slice::from_ref(value))).into_owned()
}

fn is_nil(value: &Value) -> bool {
    value.is_nil() || value.as_list().is_some_and(crate::value::List::is_nil)
}

pub(super) fn lt(a: &Value, b: &Value) -> Outcome {
    const BAD: &str = "invalid type for comparison";
    let (a_kind, b_kind) = (basic(a), basic(b));
    if a_kind == Basic::None || b_kind == Basic::None {
        return Err(BAD.to_owned());
    }
    Ok(match (a, b) {
        (Value::Int(a_bits, _), Value::Int(b_bits, _)) => wide(a, *a_bits) < wide(b, *b_bits),
        (Value::Float(a), Value::Float(b)) => a < b,
        (Value::String(a), Value::String(b)) => a < b,
        _ if a_kind != b_kind => return incompatible(a, b),
        _ => return Err(BAD.to_owned()),
    })
}

fn wide(value: &Value, bits: i64) -> i128 {
    if basic(value) == Basic::Uint { i128::from(bits.cast_unsigned()) } else { i128::from(bits) }
}

/// Less or equal, which for what is not a number is neither less nor greater.
pub(super) fn le(a: &Value, b: &Value) -> Outcome {
    Ok(lt(a, b)? || equal(a, b)?)
}

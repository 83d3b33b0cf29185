//! `reflect.DeepEqual`.

use std::rc::Rc;

use super::{List, Map, Str, Value};
use crate::error::Limit;

/// Nesting of values that are compared; Go follows cycles by remembering pairs, which end here.
const MAX_DEPTH: usize = 10_000;

/// Whether both have the same type and the same content. Each pair of values costs one of the steps left.
///
/// # Errors
/// No steps are left, or the values are nested too deeply (or hold themselves).
pub(crate) fn deep_equal(a: &Value, b: &Value, steps: &mut u64) -> Result<bool, Limit> {
    Comparison { left: steps, depth: 0 }.equal(a, b)
}

struct Comparison<'a> {
    left: &'a mut u64,
    depth: usize,
}

impl Comparison<'_> {
    fn equal(&mut self, a: &Value, b: &Value) -> Result<bool, Limit> {
        *self.left = self.left.checked_sub(1).ok_or(Limit::Steps(0))?;
        Ok(match (a, b) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a, a_type), Value::Int(b, b_type)) => a_type == b_type && a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Complex(ar, ai), Value::Complex(br, bi)) => ar == br && ai == bi,
            (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => {
                a.is_same(b) || a.as_bytes() == b.as_bytes()
            }
            (Value::List(a), Value::List(b)) => return self.lists(a, b),
            (Value::Map(a), Value::Map(b)) => return self.maps(a, b),
            (Value::Object(a), Value::Object(b)) => {
                if a.type_name() != b.type_name() || a.string() != b.string() {
                    return Ok(false);
                }
                return Ok(Rc::ptr_eq(a, b) || self.entries(&a.entries(), &b.entries())?);
            }
            _ => false,
        })
    }

    fn lists(&mut self, a: &List, b: &List) -> Result<bool, Limit> {
        if a.list_type() != b.list_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
            return Ok(false);
        }
        if a.is_same(b) {
            return Ok(true);
        }
        for (a, b) in a.items().iter().zip(b.items().iter()) {
            if !self.deeper(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn maps(&mut self, a: &Map, b: &Map) -> Result<bool, Limit> {
        if a.map_type() != b.map_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
            return Ok(false);
        }
        if a.is_same(b) {
            return Ok(true);
        }
        for ((a_key, a), (b_key, b)) in a.entries().iter().zip(b.entries().iter()) {
            if a_key != b_key || !self.deeper(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn entries(&mut self, a: &[(Str, Value)], b: &[(Str, Value)]) -> Result<bool, Limit> {
        if a.len() != b.len() {
            return Ok(false);
        }
        for ((a_key, a), (b_key, b)) in a.iter().zip(b) {
            if a_key != b_key || !self.deeper(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn deeper(&mut self, a: &Value, b: &Value) -> Result<bool, Limit> {
        if self.depth >= MAX_DEPTH {
            return Err(Limit::Nesting(MAX_DEPTH));
        }
        self.depth += 1;
        let equal = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.equal(a, b));
        self.depth -= 1;
        equal
    }
}

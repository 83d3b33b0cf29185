//! sprig's functions of emptiness, choice and types.

use super::arguments::*;
use crate::value::Kind;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "default", params: &[ANY, ANYS], call: default },
    Function { name: "empty", params: &[ANY], call: |_, a| Ok(is_empty(&a[0]).into()) },
    Function {
        name: "coalesce",
        params: &[ANYS],
        call: |_, a| Ok(a.iter().find(|value| !is_empty(value)).cloned().unwrap_or_default()),
    },
    Function { name: "all", params: &[ANYS], call: |_, a| Ok((!a.iter().any(is_empty)).into()) },
    Function { name: "any", params: &[ANYS], call: |_, a| Ok((!a.iter().all(is_empty)).into()) },
    Function {
        name: "ternary",
        params: &[ANY, ANY, BOOL],
        call: |_, a| Ok(a[usize::from(!a[2].is_true())].clone()),
    },
    Function { name: "fail", params: &[STRING], call: |_, a| fail(utf8(a, 0)) },
    Function { name: "typeOf", params: &[ANY], call: |_, a| Ok(a[0].type_name().into()) },
    Function {
        name: "typeIs",
        params: &[STRING, ANY],
        call: |_, a| Ok((text(a, 0) == a[1].type_name().as_bytes()).into()),
    },
    Function { name: "typeIsLike", params: &[STRING, ANY], call: type_is_like },
    Function { name: "kindOf", params: &[ANY], call: |_, a| Ok(a[0].kind().name().into()) },
    Function {
        name: "kindIs",
        params: &[STRING, ANY],
        call: |_, a| Ok((text(a, 0) == a[1].kind().name().as_bytes()).into()),
    },
    Function {
        name: "deepEqual",
        params: &[ANY, ANY],
        call: |run, a| Ok(run.deep_equal(&a[0], &a[1])?.into()),
    },
];

/// sprig's emptiness: false for structs, as for whatever is not the zero value.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            matches!(object.kind(), Kind::Map | Kind::Slice) && object.entries().is_empty()
        }
        other => !other.is_true(),
    }
}

fn default(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let given = a.get(1).filter(|given| !is_empty(given));
    Ok(given.unwrap_or(&a[0]).clone())
}

fn type_is_like(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let (wanted, name) = (text(a, 0), a[1].type_name().as_bytes());
    Ok((wanted == name || name.strip_prefix(b"*") == Some(wanted)).into())
}

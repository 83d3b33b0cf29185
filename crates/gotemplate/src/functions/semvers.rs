//! sprig's functions of versions, on Masterminds' semantics.

use std::cmp::Ordering;
use std::rc::Rc;

use go_semver::{Constraints, Version, compare};

use super::arguments::*;
use crate::value::{Kind, Method, Object};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "semver",
        params: &[STRING],
        call: |_, a| Ok(Value::object(Semver { version: parsed(&utf8(a, 0))?, is_pointer: true })),
    },
    Function { name: "semverCompare", params: &[STRING, STRING], call: semver_compare },
];

/// Constraints that are kept parsed; charts have far fewer.
const MAX_KEPT: usize = 256;

fn parsed(text: &str) -> Result<Version, Failure> {
    Version::parse(text).map_err(|error| Failure::message(error.to_string()))
}

fn semver_compare(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let source = a[0].as_str().cloned().unwrap_or_default();
    let constraints = match run.constraints.get(&source) {
        Some(known) => known.clone(),
        None => {
            let constraints = Constraints::parse(&source.to_text());
            let constraints = Rc::new(constraints.map_err(|error| Failure::message(error.to_string()))?);
            if run.constraints.len() >= MAX_KEPT {
                run.constraints.clear();
            }
            run.constraints.insert(source, constraints.clone());
            constraints
        }
    };
    Ok(constraints.check(&parsed(&utf8(a, 1))?).into())
}

/// A version as a value: `*semver.Version`, or `semver.Version`, which its methods give and which has fewer
/// of them.
struct Semver {
    version: Version,
    is_pointer: bool,
}

/// A version made of another: written anew, with the `v` that the other had.
fn derived(mut version: Version) -> Value {
    let v = if version.original.starts_with('v') { "v" } else { "" };
    version.original = format!("{v}{version}");
    Value::object(Semver { version, is_pointer: false })
}

fn incremented(version: &Version, what: &str) -> Outcome {
    let mut next = Version { pre: String::new(), metadata: String::new(), ..version.clone() };
    let number = match what {
        // The next patch of a pre-release is its release.
        "patch" if !version.pre.is_empty() => return Ok(derived(next)),
        "patch" => &mut next.patch,
        "minor" => &mut next.minor,
        _ => &mut next.major,
    };
    match number.checked_add(1) {
        Some(sum) => *number = sum,
        None => return fail(format!("{what} version increment would overflow uint64")),
    }
    if what != "patch" {
        next.patch = 0;
    }
    if what == "major" {
        next.minor = 0;
    }
    Ok(derived(next))
}

/// Checks a part by putting it into a version.
fn checked(part: &str, separator: char) -> Result<String, Failure> {
    if !part.is_empty() {
        let version = format!("0.0.0{separator}{part}");
        Version::parse_strict(&version).map_err(|error| Failure::message(error.to_string()))?;
    }
    Ok(part.to_owned())
}

const VERSION: Param = Param::Object("*semver.Version");
const METHODS: &[Method] = &[
    Method { name: "Major", params: &[] },
    Method { name: "Minor", params: &[] },
    Method { name: "Patch", params: &[] },
    Method { name: "Prerelease", params: &[] },
    Method { name: "Metadata", params: &[] },
    Method { name: "String", params: &[] },
    Method { name: "IncPatch", params: &[] },
    Method { name: "IncMinor", params: &[] },
    Method { name: "IncMajor", params: &[] },
    Method { name: "SetPrerelease", params: &[STRING] },
    Method { name: "SetMetadata", params: &[STRING] },
];
const POINTER_METHODS: &[Method] = &[
    Method { name: "Original", params: &[] },
    Method { name: "LessThan", params: &[VERSION] },
    Method { name: "LessThanEqual", params: &[VERSION] },
    Method { name: "GreaterThan", params: &[VERSION] },
    Method { name: "GreaterThanEqual", params: &[VERSION] },
    Method { name: "Equal", params: &[VERSION] },
    Method { name: "Compare", params: &[VERSION] },
];

impl Object for Semver {
    fn type_name(&self) -> &str {
        if self.is_pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn kind(&self) -> Kind {
        if self.is_pointer { Kind::Ptr } else { Kind::Struct }
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        let pointer_methods = if self.is_pointer { POINTER_METHODS } else { &[] };
        METHODS.iter().chain(pointer_methods).find(|method| method.name.as_bytes() == name)
    }

    fn call(&self, method: &'static Method, a: &[Value], _: &mut Run<'_>) -> Outcome {
        let version = &self.version;
        let number = |number: u64| Ok(Value::Int(number.cast_signed(), IntType::Uint64));
        let order = a
            .first()
            .and_then(Value::as_object::<Self>)
            .map_or(Ordering::Greater, |other| compare(&self.version, &other.version));
        match method.name {
            "Major" => number(version.major),
            "Minor" => number(version.minor),
            "Patch" => number(version.patch),
            "Prerelease" => Ok(version.pre.clone().into()),
            "Metadata" => Ok(version.metadata.clone().into()),
            "String" => Ok(self.version.to_string().into()),
            "Original" => Ok(version.original.clone().into()),
            "IncPatch" => incremented(version, "patch"),
            "IncMinor" => incremented(version, "minor"),
            "IncMajor" => incremented(version, "major"),
            "SetPrerelease" => Ok(derived(Version { pre: checked(&utf8(a, 0), '-')?, ..version.clone() })),
            "SetMetadata" => Ok(derived(Version { metadata: checked(&utf8(a, 0), '+')?, ..version.clone() })),
            "LessThan" => Ok(order.is_lt().into()),
            "LessThanEqual" => Ok(order.is_le().into()),
            "GreaterThan" => Ok(order.is_gt().into()),
            "GreaterThanEqual" => Ok(order.is_ge().into()),
            "Equal" => Ok(order.is_eq().into()),
            _ => Ok(Value::int(order as i64)),
        }
    }

    fn string(&self) -> Option<Str> {
        Some(self.version.to_string().into())
    }

    fn json(&self) -> Option<Value> {
        Some(self.version.to_string().into())
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        let version = &self.version;
        let number = |number: u64| Value::Int(number.cast_signed(), IntType::Uint64);
        let text = |text: &str| Value::from(text);
        vec![
            ("major".into(), number(version.major)),
            ("minor".into(), number(version.minor)),
            ("patch".into(), number(version.patch)),
            ("pre".into(), text(&version.pre)),
            ("metadata".into(), text(&version.metadata)),
            ("original".into(), text(&version.original)),
        ]
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

//! What the containers of a Pod will do, read from its specification.

use value::Value;

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs until it is told to end.
    Runs,
    /// It ends with a code: at once, or after it was seen running.
    Exits { code: i64, at_once: bool },
    /// Its image cannot be pulled.
    NoImage,
}

/// A container with its fate.
pub(super) struct Container<'a> {
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) fate: Fate,
}

/// The containers of a Pod, in their order. Init containers are not among them: they end well.
pub(super) fn containers(pod: &Value) -> Vec<Container<'_>> {
    let list = pod.at(&["spec", "containers"]).and_then(Value::as_list).unwrap_or_default();
    let ends = pod.str_at(&["spec", "restartPolicy"]).is_some_and(|policy| policy != "Always");
    list.iter()
        .map(|container| Container {
            name: container.str_at(&["name"]).unwrap_or_default(),
            image: container.str_at(&["image"]).unwrap_or_default(),
            fate: fate(container, ends),
        })
        .collect()
}

/// Whether any container ends by itself.
pub(super) fn any_exits(pod: &Value) -> bool {
    containers(pod).iter().any(|container| matches!(container.fate, Fate::Exits { .. }))
}

/// Whether a container ends as soon as it starts, and the others do not wait for an image.
pub(super) fn all_at_once(pod: &Value) -> bool {
    let containers = containers(pod);
    let at_once = |container: &Container<'_>| matches!(container.fate, Fate::Exits { at_once: true, .. });
    containers.iter().any(at_once) && !containers.iter().any(|container| container.fate == Fate::NoImage)
}

fn fate(container: &Value, ends: bool) -> Fate {
    if container.str_at(&["image"]).is_some_and(|image| image.ends_with(":does-not-exist")) {
        return Fate::NoImage;
    }
    match exit_code(container) {
        Some(code) => Fate::Exits { code, at_once: true },
        None if ends => Fate::Exits { code: 0, at_once: false },
        None => Fate::Runs,
    }
}

/// The code that a command ends with, where that can be told from looking at it.
fn exit_code(container: &Value) -> Option<i64> {
    let words = ["command", "args"]
        .into_iter()
        .flat_map(|field| container.at(&[field]).and_then(Value::as_list).unwrap_or_default())
        .filter_map(Value::as_str);
    match words.collect::<Vec<_>>().as_slice() {
        ["true" | "/bin/true"] => Some(0),
        ["false" | "/bin/false"] => Some(1),
        ["sh" | "/bin/sh" | "bash" | "/bin/bash", "-c", script] => {
            let last = script.trim().trim_end_matches(';').rsplit([';', '\n']).next()?.trim();
            match last.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["exit", code] => code.parse().ok(),
                ["true"] => Some(0),
                ["false"] => Some(1),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(container: &str, policy: &str) -> Fate {
        let json = format!(r#"{{"spec":{{"restartPolicy":"{policy}","containers":[{container}]}}}}"#);
        let pod = value::from_json(json.as_bytes()).unwrap();
        containers(&pod)[0].fate
    }

    #[test]
    fn commands_tell_how_they_end() {
        assert_eq!(check(r#"{"image":"a:1"}"#, "Always"), Fate::Runs);
        assert_eq!(check(r#"{"image":"a:1"}"#, "Never"), Fate::Exits { code: 0, at_once: false });
        assert_eq!(check(r#"{"command":["false"]}"#, "Always"), Fate::Exits { code: 1, at_once: true });
        let script = r#"{"command":["sh","-c"],"args":["echo a; exit 3"]}"#;
        assert_eq!(check(script, "Never"), Fate::Exits { code: 3, at_once: true });
        assert_eq!(check(r#"{"image":"a:does-not-exist"}"#, "Never"), Fate::NoImage);
    }
}

//! Small facts of Go's standard library on which texts and matching depend.

use gotemplate::{IntType, Value};

/// `strconv.Quote`: what `%q` prints.
pub(crate) fn quote(text: &str) -> String {
    gotemplate::quote(text.as_bytes())
}

/// `fmt.Sprintf` of one value.
pub(crate) fn sprintf(format: &str, value: Value) -> String {
    String::from_utf8_lossy(&gotemplate::sprintf(format.as_bytes(), &[value])).into_owned()
}

/// `%q` of the characters of a text, each on its own.
pub(crate) fn quote_each(text: &str) -> String {
    let runes = text.chars().map(|char| Value::Int(u32::from(char).into(), IntType::Int32));
    sprintf("%q", Value::list_of(runes))
}

/// `path.Base`.
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return "/";
    }
    path.rsplit('/').next().unwrap_or(path)
}

/// `filepath.Ext`, with its dot.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |at| &name[at..])
}

/// `path.Clean`: a path without `.`, `..` and double slashes, as far as they can be taken out.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_path_clean_does() {
        for (path, wanted) in
            [("a/../b", "b"), ("../a", "../a"), ("a/..", "."), ("/..", "/"), ("a//b/./c", "a/b/c")]
        {
            assert_eq!(clean(path), wanted, "{path}");
        }
    }
}

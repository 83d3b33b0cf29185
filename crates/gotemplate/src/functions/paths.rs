//! sprig's functions of paths; those of the operating system are those of Linux.

use super::arguments::*;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "base", params: &[STRING], call: |_, a| Ok(base(text(a, 0)).to_vec().into()) },
    Function { name: "osBase", params: &[STRING], call: |_, a| Ok(base(text(a, 0)).to_vec().into()) },
    Function { name: "dir", params: &[STRING], call: |_, a| Ok(dir(text(a, 0)).into()) },
    Function { name: "osDir", params: &[STRING], call: |_, a| Ok(dir(text(a, 0)).into()) },
    Function { name: "clean", params: &[STRING], call: |_, a| Ok(clean(text(a, 0)).into()) },
    Function { name: "osClean", params: &[STRING], call: |_, a| Ok(clean(text(a, 0)).into()) },
    Function { name: "ext", params: &[STRING], call: |_, a| Ok(ext(text(a, 0)).to_vec().into()) },
    Function { name: "osExt", params: &[STRING], call: |_, a| Ok(ext(text(a, 0)).to_vec().into()) },
    Function { name: "isAbs", params: &[STRING], call: |_, a| Ok(text(a, 0).starts_with(b"/").into()) },
    Function { name: "osIsAbs", params: &[STRING], call: |_, a| Ok(text(a, 0).starts_with(b"/").into()) },
];

/// `path.Base`
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let path = &path[..end];
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(path, |at| &path[at + 1..]);
    if name.is_empty() { b"/" } else { name }
}

/// `path.Dir`
fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    clean(&path[..end])
}

/// `path.Ext`
fn ext(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| matches!(byte, b'/' | b'.')) {
        Some(at) if path[at] == b'.' => &path[at..],
        _ => b"",
    }
}

/// `path.Clean`
fn clean(path: &[u8]) -> Vec<u8> {
    let is_rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b"/"[..]);
    match (is_rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

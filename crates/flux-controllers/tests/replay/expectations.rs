//! What is expected of each recording.

use std::collections::BTreeMap;

use crate::recording;

/// What is expected of a recording.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// Everything that is compared is equal.
    Equal,
    /// Something differs on purpose; COMPATIBILITY.md has the reason too.
    Differs(#[expect(dead_code, reason = "shown by Debug")] String),
    /// On a real cluster everything is equal; what the sandbox still answers differently is the reason.
    OnRealClusters(#[expect(dead_code, reason = "shown by Debug")] String),
    /// Which of two outcomes comes about depends on what is seen first.
    Races(#[expect(dead_code, reason = "shown by Debug")] String),
    /// It needs a field that is refused; the text is part of what the refusal says.
    Refused(String),
}

/// Reads `expectations.txt`: lines of `<scenario> <equal|differs|real|races|refused> [reason or field]`.
pub(crate) fn read() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(recording::folder().join("expectations.txt")).expect("expectations");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let expected: BTreeMap<String, Expected> = lines.map(parse).collect();
    for entry in std::fs::read_dir(recording::folder()).expect("recordings") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a readable name");
        let is_scenario = entry.path().is_dir();
        assert!(!is_scenario || expected.contains_key(&name), "expectations.txt says nothing of {name}");
    }
    expected
}

fn parse(line: &str) -> (String, Expected) {
    let mut words = line.splitn(3, ' ').map(str::trim);
    let (name, word, rest) = (words.next(), words.next(), words.next().unwrap_or_default());
    let expected = match word {
        Some("equal") => Expected::Equal,
        Some("differs") if !rest.is_empty() => Expected::Differs(rest.to_owned()),
        Some("real") if !rest.is_empty() => Expected::OnRealClusters(rest.to_owned()),
        Some("races") if !rest.is_empty() => Expected::Races(rest.to_owned()),
        Some("refused") if !rest.is_empty() => Expected::Refused(rest.to_owned()),
        _ => panic!("unreadable line in expectations.txt: {line}"),
    };
    (name.expect("a name").to_owned(), expected)
}

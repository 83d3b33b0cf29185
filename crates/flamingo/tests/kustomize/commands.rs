//! The cases below `tests/kustomize/commands`. What they say was made by kustomize 5.8.2, with helm 4.3.1 for charts
//! (`cargo xtask conformance kustomize --remake`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::{run, write};

/// A case: its parts by name, and the words of the command.
struct Case {
    arguments: Vec<String>,
    directory: String,
    parts: BTreeMap<String, String>,
}

impl Case {
    fn parse(text: &str) -> Self {
        let head = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let words = yaml::parse(head("# run: ").expect("a command"), yaml::Rules::V2).expect("a list");
        let word = |word: &value::Value| word.as_str().expect("a text").to_owned();
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        let mut name = None;
        for line in text.split_inclusive('\n') {
            match line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
                Some(found) => {
                    parts.entry(found.to_owned()).or_default();
                    name = Some(found);
                }
                None => {
                    if let Some(part) = name.and_then(|name| parts.get_mut(name)) {
                        part.push_str(line);
                    }
                }
            }
        }
        Self {
            arguments: words.as_list().expect("a list").iter().map(word).collect(),
            directory: head("# build: ").unwrap_or_default().to_owned(),
            parts,
        }
    }

    /// What is wrong, if something is.
    fn check(&self) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().canonicalize().expect("a folder");
        for (name, text) in self.parts.iter().filter(|(name, _)| !name.starts_with('<')) {
            write(&place.join(name), text);
        }
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let (code, out, err) = run(&place.join(&self.directory), &arguments);
        let err = err.replace(&format!("{}/", place.display()), "/");
        let is_told = |line: &&str| !line.starts_with("# Warning") && !line.starts_with("fix: ");
        let told: Vec<&str> = err.lines().filter(is_told).collect();
        let err = told.join("\n").trim_start_matches("error: ").trim().to_owned();
        let is_edit = arguments.first() == Some(&"edit");
        match (self.parts.get("<output>"), self.parts.get("<refusal>")) {
            (Some(_), _) if code != 0 => return Some(format!("failed: {err}")),
            (Some(expected), _) if !is_edit && *expected != out => return Some(format!("printed\n{out}")),
            (Some(_), _) => {}
            (None, Some(expected)) if code == 0 || expected.trim() != err => {
                return Some(format!("said {code} {err}\n{out}"));
            }
            (None, Some(_)) => {}
            (None, None) => return Some("says nothing about what comes out".to_owned()),
        }
        let wrong = |name: &String, expected: &String| {
            let text = std::fs::read_to_string(place.join(name)).unwrap_or_default();
            (text != *expected).then(|| format!("{name} is\n{text}"))
        };
        let after = self.parts.iter().filter_map(|(name, text)| Some((name.strip_prefix("<after> ")?, text)));
        let is_changed = |name: &str| self.parts.contains_key(&format!("<after> {name}"));
        let kept = self.parts.iter().filter(|(name, _)| !name.starts_with('<') && !is_changed(name));
        let mut files = after.map(|(name, text)| (name.to_owned(), text)).collect::<Vec<_>>();
        files.extend(kept.map(|(name, text)| (name.clone(), text)));
        files.into_iter().find_map(|(name, text)| wrong(&name, text))
    }
}

#[test]
fn commands_do_what_kustomize_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kustomize/commands");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("cases") {
        let path = entry.expect("an entry").path();
        let case = Case::parse(&std::fs::read_to_string(&path).expect("a text"));
        count += 1;
        if let Some(problem) = case.check() {
            failures.push(format!("{}: {problem}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 100, "{count} cases");
}

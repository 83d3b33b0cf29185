//! Damaged kustomizations, resources and patches are built or refused; nothing panics or runs away.

use std::collections::BTreeMap;

use kustomize::Options;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::case::Case;
use crate::cases;

/// What is put into a text.
const PIECES: &[&str] = &[
    "null",
    "~",
    "{}",
    "[]",
    "- ",
    ": ",
    "---\n",
    "\n",
    "  ",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "|\n",
    "$patch: delete\n",
    "$patch: replace\n",
    "name: ",
    "metadata: {}\n",
    "kind: List\nitems: [{}]\n",
    "$(A)",
    "1e3",
    "/-",
    "[name=x]",
    "*",
    "\u{feff}",
    "\t",
    "é",
];

/// A piece at a place, instead of so many bytes.
type Damage = (Index, Index, usize);

fn damaged(text: &str, (place, piece, length): &Damage) -> String {
    let near = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let from = near(place.index(text.len() + 1));
    let to = near(from + length).max(from);
    format!("{}{}{}", &text[..from], piece.get(PIECES), &text[to..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_cases_are_built_or_refused(
        case in any::<Index>(),
        file in any::<Index>(),
        damages in prop::collection::vec((any::<Index>(), any::<Index>(), 0_usize..12), 1..4),
    ) {
        static CASES: std::sync::LazyLock<Vec<(String, Case)>> = std::sync::LazyLock::new(cases);
        let (_, known) = case.get(&CASES);
        let mut files = known.files.clone();
        let at = file.index(files.len());
        if let Some(text) = files.values_mut().nth(at) {
            *text = damages.iter().fold(text.clone(), |text, damage| damaged(&text, damage));
        }
        let once = build(&known.directory, files.clone());
        prop_assert_eq!(once, build(&known.directory, files));
    }

    /// Whatever is written where a URL can be: what is read as one stays within its repository.
    #[test]
    fn urls_are_read_or_not(text in "(git::)?(https?://|ssh://|file://|git@|)[a-z.@:/?&=%_ -]{0,40}(\\.git|//|_git/|)[a-z./?&=%]{0,30}") {
        if let Some(url) = kustomize::RepositoryUrl::parse(&text) {
            let mut depth = 0_i64;
            for part in url.path.split('/') {
                depth += match part {
                    "" | "." => 0,
                    ".." => -1,
                    _ => 1,
                };
                prop_assert!(depth >= 0, "{text} leaves by {}", url.path);
            }
        }
    }

    /// What can be edited can be written, the same way each time.
    #[test]
    fn damaged_kustomizations_are_edited_or_refused(
        case in any::<Index>(),
        damages in prop::collection::vec((any::<Index>(), any::<Index>(), 0_usize..12), 0..3),
    ) {
        static CASES: std::sync::LazyLock<Vec<(String, Case)>> = std::sync::LazyLock::new(cases);
        let (_, known) = case.get(&CASES);
        let text = known.files.iter().find(|(name, _)| name.ends_with("kustomization.yaml")).map(|(_, text)| text);
        let text = damages.iter().fold(text.cloned().unwrap_or_default(), |text, damage| damaged(&text, damage));
        let edited = || {
            let mut edit = kustomize::edit::Edit::parse(&text)?;
            edit.fix_deprecated(&|_| false)?;
            edit.to_text()
        };
        prop_assert_eq!(edited(), edited());
    }
}

fn build(directory: &str, files: BTreeMap<String, String>) -> Result<String, String> {
    let case = Case { directory: directory.to_owned(), files, output: None, refusal: None };
    let built = kustomize::build(&case, directory, Options::default()).and_then(|built| built.to_yaml());
    built.map_err(|error| error.to_string())
}

fn refusal(files: &[(&str, &str)]) -> String {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    build("", files).expect_err("must be refused")
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!(
        "apiVersion: v1\nkind: X\nmetadata: {{name: a}}\na: {}1{}\n",
        "{a: ".repeat(10_000),
        "}".repeat(10_000)
    );
    let error = refusal(&[("kustomization.yaml", "resources: [x.yaml]\n"), ("x.yaml", &deep)]);
    assert!(error.contains("x.yaml"), "{error}");
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "apiVersion: v1\nkind: X\nmetadata: {name: a}\nl0: &l0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*l{}", level - 1); 10].join(",");
        text += &format!("l{level}: &l{level} [{aliases}]\n");
    }
    let error = refusal(&[("kustomization.yaml", "resources: [x.yaml]\n"), ("x.yaml", &text)]);
    assert!(error.contains("excessive aliasing"), "{error}");
}

#[test]
fn a_remote_base_is_refused() {
    let error = refusal(&[("kustomization.yaml", "resources: [\"https://example.com/x.git//y?ref=z\"]\n")]);
    assert!(error.contains("https://example.com/x.git//y?ref=z"), "{error}");
}

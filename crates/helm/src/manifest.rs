//! Splitting what was rendered into manifests and hooks, and the order in which they are applied.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memmem;
use thiserror::Error;
use value::Value;

use crate::decode::{self, DecodeError, Decoder, Struct};
use crate::go;
use crate::log::Log;

mod order;

pub use order::{INSTALL_ORDER, UNINSTALL_ORDER, compare_kinds};

/// A rendered file.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Its path from the root chart.
    pub path: String,
    /// What the template wrote.
    pub content: Bytes,
}

/// One object to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The file that it came from.
    pub path: String,
    /// Its text, a part of the file's.
    pub content: ByteString,
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its `kind`.
    pub kind: String,
    /// Its `metadata.name`.
    pub name: String,
    /// Which bytes of the file it is.
    pub range: Range<usize>,
}

/// An object that is applied at an event of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The object.
    pub manifest: Manifest,
    /// When it is applied.
    pub events: Vec<Event>,
    /// Hooks of one event run in ascending order of weight.
    pub weight: i64,
    /// When it is deleted, as it is written.
    pub delete_policies: Vec<String>,
    /// When its logs are shown, as it is written.
    pub output_log_policies: Vec<String>,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Before anything is installed.
    PreInstall,
    /// After everything is installed.
    PostInstall,
    /// Before anything is deleted.
    PreDelete,
    /// After everything is deleted.
    PostDelete,
    /// Before anything is upgraded.
    PreUpgrade,
    /// After everything is upgraded.
    PostUpgrade,
    /// Before anything is rolled back.
    PreRollback,
    /// After everything is rolled back.
    PostRollback,
    /// When `helm test` asks for it.
    Test,
}

const EVENTS: [(&str, Event); 10] = [
    ("pre-install", Event::PreInstall),
    ("post-install", Event::PostInstall),
    ("pre-delete", Event::PreDelete),
    ("post-delete", Event::PostDelete),
    ("pre-upgrade", Event::PreUpgrade),
    ("post-upgrade", Event::PostUpgrade),
    ("pre-rollback", Event::PreRollback),
    ("post-rollback", Event::PostRollback),
    ("test", Event::Test),
    ("test-success", Event::Test),
];

impl Event {
    /// As the annotation names it.
    pub fn name(self) -> &'static str {
        EVENTS.iter().find(|(_, event)| *event == self).map_or("", |(name, _)| name)
    }

    /// The event that the annotation names.
    pub fn parse(text: &str) -> Option<Self> {
        EVENTS.iter().find(|(name, _)| *name == text).map(|(_, event)| *event)
    }
}

/// The annotation that makes an object a hook.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
const WEIGHT_ANNOTATION: &str = "helm.sh/hook-weight";
const DELETE_ANNOTATION: &str = "helm.sh/hook-delete-policy";
const LOG_ANNOTATION: &str = "helm.sh/hook-output-log-policy";

/// A rendered file that is not YAML, or not shaped like an object.
#[derive(Debug, Error)]
#[error("YAML parse error on {path}")]
pub struct ManifestError {
    /// The file.
    pub path: String,
    /// What was rendered.
    pub content: String,
    /// Where in the file the document stands.
    pub range: Range<usize>,
    /// Why it is refused.
    pub source: DecodeError,
}

/// What a chart renders to, in the order in which it is installed.
#[derive(Clone, Debug, Default)]
pub struct Sorted {
    /// The objects.
    pub manifests: Vec<Manifest>,
    /// The hooks, of all events.
    pub hooks: Vec<Hook>,
}

/// Helm's `SortManifests`: splits files (in order of their paths), tells hooks from manifests, and sorts
/// both by kind.
///
/// # Errors
/// A document is not YAML or not shaped like an object.
pub fn sort(files: &[Rendered]) -> Result<Sorted, Box<ManifestError>> {
    sort_knowing(files, &Heads::default(), &Log::default())
}

/// What the documents of the last rendering say about themselves. A rendering with other values repeats
/// most of them, and reading YAML is what takes longest.
#[derive(Default)]
pub(crate) struct Heads(Mutex<Known>);

/// Heads by their documents, which are long.
type Known = HashMap<ByteString, Arc<Head>, foldhash::fast::FixedState>;

impl Heads {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As [`sort`]; documents that are known are not read again.
pub(crate) fn sort_knowing(
    files: &[Rendered],
    heads: &Heads,
    log: &Log,
) -> Result<Sorted, Box<ManifestError>> {
    let mut known = std::mem::take(&mut *heads.lock());
    let mut seen = Known::with_capacity_and_hasher(known.len(), foldhash::fast::FixedState::default());
    let mut sorted = Sorted::default();
    let mut files: Vec<&Rendered> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        if go::base(&file.path).starts_with('_') {
            continue;
        }
        let (text, is_broken) = match ByteString::try_from(file.content.clone()) {
            Ok(text) => (text, false),
            Err(_) => (String::from_utf8_lossy(&file.content).into_owned().into(), true),
        };
        for range in split(&text) {
            let content = &text[range.clone()];
            let refused = |source| {
                Box::new(ManifestError {
                    path: file.path.clone(),
                    content: content.to_owned(),
                    range: range.clone(),
                    source,
                })
            };
            if is_broken && content.contains('\u{fffd}') {
                return Err(refused(DecodeError::Encoding));
            }
            let (known_text, head) = match known.remove_entry(content).or_else(|| seen.remove_entry(content))
            {
                Some(entry) => entry,
                None => {
                    let head: Head = decode::from_yaml(content.as_bytes()).map_err(refused)?;
                    (text.slice_ref(content), Arc::new(head))
                }
            };
            place(&head, (file, &known_text, range.clone()), &mut sorted, log);
            seen.insert(known_text, head);
        }
    }
    sorted.manifests.sort_by(|a, b| compare_kinds(&a.kind, &b.kind, &INSTALL_ORDER));
    sorted.hooks.sort_by(|a, b| compare_kinds(&a.manifest.kind, &b.manifest.kind, &INSTALL_ORDER));
    *heads.lock() = seen;
    Ok(sorted)
}

fn place(
    head: &Head,
    (file, content, range): (&Rendered, &ByteString, Range<usize>),
    into: &mut Sorted,
    log: &Log,
) {
    let annotations = head.metadata.annotations.as_deref().unwrap_or_default();
    let annotation =
        |name: &str| annotations.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let manifest = Manifest {
        path: file.path.clone(),
        content: content.clone(),
        api_version: head.api_version.clone(),
        kind: head.kind.clone(),
        name: head.metadata.name.clone(),
        range,
    };
    let Some(named) = annotation(HOOK_ANNOTATION) else {
        into.manifests.push(manifest);
        return;
    };
    let events: Option<Vec<Event>> =
        named.split(',').map(|event| Event::parse(&event.trim().to_lowercase())).collect();
    // One unknown event makes helm forget the whole object.
    let Some(events) = events else {
        log.info("skipping unknown hooks", &[("hookTypes", named)]);
        return;
    };
    let policies = |name: &str| -> Vec<String> {
        annotation(name)
            .into_iter()
            .flat_map(|list| list.split(','))
            .map(|policy| policy.trim().to_lowercase())
            .collect()
    };
    into.hooks.push(Hook {
        manifest,
        events,
        weight: annotation(WEIGHT_ANNOTATION).and_then(atoi).unwrap_or(0),
        delete_policies: policies(DELETE_ANNOTATION),
        output_log_policies: policies(LOG_ANNOTATION),
    });
}

fn atoi(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// The order in which hooks of one event run: by weight, then by name, then as they are sorted.
pub fn compare_hooks(a: &Hook, b: &Hook) -> Ordering {
    a.weight.cmp(&b.weight).then_with(|| a.manifest.name.cmp(&b.manifest.name))
}

/// Helm's `SplitManifests`: the documents between lines that start with `---`, white space before them
/// dropped, empty ones left out.
pub fn split(text: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let mut start = text.len() - text.trim_start().len();
    let mut push = |from: usize, to: usize| {
        let document = &text[from..to];
        let trimmed = document.trim_start();
        if !trimmed.is_empty() {
            documents.push(to - trimmed.len()..to);
        }
    };
    let mut at = start;
    let dashes = memmem::Finder::new("\n---");
    while at < text.len() {
        if text[at..].starts_with("---") {
            push(start, at);
            let rest = text[at + 3..].trim_start_matches([' ', '\t']);
            start = text.len() - rest.len();
        }
        at = dashes.find(&text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1);
    }
    push(start, text.len());
    documents
}

/// What is looked at of a document.
#[derive(Default)]
pub(crate) struct Head {
    api_version: String,
    kind: String,
    metadata: HeadMetadata,
}

#[derive(Default)]
struct HeadMetadata {
    name: String,
    annotations: Option<Vec<(String, String)>>,
}

impl Struct for Head {
    const NAME: &'static str = "SimpleHead";
    const TYPE: &'static str = "util.SimpleHead";
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "apiVersion" => at.text(value, &mut self.api_version),
            "kind" => at.text(value, &mut self.kind),
            _ => at.object(value, &mut self.metadata),
        }
    }
}

impl Struct for HeadMetadata {
    const NAME: &'static str = "";
    const TYPE: &'static str = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
    const FIELDS: &'static [&'static str] = &["name", "annotations"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "name" => at.text(value, &mut self.name),
            _ => at.text_map(value, &mut self.annotations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn documents_are_split_at_lines_that_start_with_dashes() {
        assert_eq!(documents("---\na: 1\n---  \n\nb: 2\n---\n\n---\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(documents("a: |\n  x\n ---\n"), ["a: |\n  x\n ---\n"]);
        assert_eq!(documents("----\na: 1"), ["-\na: 1"]);
        assert_eq!(documents("a: 1\n--- # c\nb: 2"), ["a: 1\n", "# c\nb: 2"]);
        assert_eq!(documents("\n \n"), [""; 0]);
    }

    #[test]
    fn hooks_are_told_from_manifests() {
        let file = Rendered {
            path: "a/templates/x.yaml".to_owned(),
            content: b"kind: Job\nmetadata: {name: a, annotations: {helm.sh/hook: 'Post-Install, test-success', helm.sh/hook-weight: -5}}\n---\nkind: Secret\n---\nkind: Gone\nmetadata: {annotations: {helm.sh/hook: 'test,crd-install'}}\n---\nkind: ServiceAccount\n"
                .to_vec()
                .into(),
        };
        let sorted = sort(&[file]).unwrap();
        let kinds: Vec<&str> = sorted.manifests.iter().map(|manifest| manifest.kind.as_str()).collect();
        assert_eq!(kinds, ["ServiceAccount", "Secret"]);
        assert_eq!(sorted.hooks.len(), 1);
        assert_eq!(sorted.hooks[0].events, [Event::PostInstall, Event::Test]);
        assert_eq!(sorted.hooks[0].weight, -5);
    }
}

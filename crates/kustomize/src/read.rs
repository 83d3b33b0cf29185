//! Objects from the text of a file.

use thiserror::Error;
use yaml::Mark;
use yaml::node::{Node, Tag};

use crate::resource::Resource;

/// Lists within lists of objects.
const MAX_LISTS: usize = 64;

/// Why a text does not hold Kubernetes objects.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not UTF-8.
    #[error("the file is not UTF-8 text")]
    Encoding,
    /// Not YAML.
    #[error("MalformedYAMLError: {0}")]
    Yaml(#[source] yaml::Error),
    /// Something stands behind the dashes that separate documents.
    #[error("invalid document separator at line {line}: only a comment may stand behind ---")]
    Separator {
        /// Where it stands.
        line: u64,
    },
    /// Not an object at all.
    #[error("missing Resource metadata")]
    NoMetadata,
    /// An object without kind.
    #[error("missing kind in object at line {line}")]
    NoKind {
        /// Where the document starts.
        line: u64,
    },
    /// An object without name.
    #[error("missing metadata.name in object {{{api_version} {kind}}} at line {line}")]
    NoName {
        /// Where the document starts.
        line: u64,
        /// The apiVersion.
        api_version: String,
        /// The kind.
        kind: String,
    },
    /// A list of objects whose items are no list.
    #[error("expected array in {kind}/items, but found {found}")]
    Items {
        /// The kind.
        kind: String,
        /// What is there.
        found: &'static str,
    },
    /// A list of objects that is no data.
    #[error("trouble expanding list of {kind}; {source}")]
    List {
        /// The kind.
        kind: String,
        /// Why.
        source: yaml::node::ConvertError,
    },
    /// Lists within lists without end.
    #[error("lists of objects are nested more than {MAX_LISTS} levels deep")]
    TooDeep,
}

impl ManifestError {
    /// The place in the file, where one is known.
    pub fn mark(&self) -> Option<Mark> {
        match self {
            Self::Yaml(error) => Some(error.mark()),
            Self::Separator { line } | Self::NoKind { line } | Self::NoName { line, .. } => {
                Some(Mark { line: *line, column: 1 })
            }
            _ => None,
        }
    }
}

/// The objects of a manifest file; items of `List` kinds are objects of their own, after all others.
///
/// # Errors
/// The text holds something else than objects.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Resource>, ManifestError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Encoding)?;
    let unix;
    let text = if text.contains("\r\n") {
        unix = text.replace("\r\n", "\n");
        &unix
    } else {
        text
    };
    let mut found = Vec::new();
    for (document, line) in documents(text)? {
        found.push((document, line, 0));
    }
    let is_alone = chunks(text)?.len() == 1;
    if is_alone && let Some(items) = found.first().and_then(|(document, ..)| wrapped(document)) {
        found = items.into_iter().map(|item| (item, 1, 0)).collect();
    }
    expand(found)
}

/// The items of a list that is alone in its file.
fn wrapped(document: &Node) -> Option<Vec<Node>> {
    let kind = document.get("kind").map_or("", Node::raw_text);
    let is_list = matches!(kind, "List" | "ResourceList")
        && (document.get("items").is_some() || document.get("functionConfig").is_some());
    is_list.then(|| document.get("items").and_then(Node::as_list).unwrap_or_default().to_vec())
}

fn expand(found: Vec<(Node, u64, usize)>) -> Result<Vec<Resource>, ManifestError> {
    let mut resources = Vec::new();
    let mut queue: std::collections::VecDeque<(Node, u64, usize)> = std::collections::VecDeque::new();
    for (node, line, depth) in found {
        // All documents are looked at before the first list is expanded.
        if !node.is_empty() {
            check(&node, line)?;
            queue.push_back((node, line, depth));
        }
    }
    while let Some((node, line, depth)) = queue.pop_front() {
        if depth > MAX_LISTS {
            return Err(ManifestError::TooDeep);
        }
        let kind = node.get("kind").map_or("", Node::raw_text).to_owned();
        if !kind.ends_with("List") {
            resources.push(Resource::new(node));
            continue;
        }
        let value = node.to_value().map_err(|source| ManifestError::List { kind: kind.clone(), source })?;
        match value.get("items") {
            None => resources.push(Resource::new(node)),
            Some(value::Value::Null) => {}
            Some(value::Value::List(items)) => {
                for item in items.iter().map(Node::from_value).filter(|item| !item.is_empty()) {
                    check(&item, line)?;
                    queue.push_back((item, line, depth + 1));
                }
            }
            Some(other) => return Err(ManifestError::Items { kind, found: go_type(other) }),
        }
    }
    Ok(resources)
}

fn go_type(value: &value::Value) -> &'static str {
    match value.kind() {
        value::Kind::Map => "map[string]interface {}",
        value::Kind::String => "string",
        value::Kind::Bool => "bool",
        value::Kind::Int => "int",
        value::Kind::Float => "float64",
        value::Kind::List => "[]interface {}",
        value::Kind::Null => "<nil>",
    }
}

fn check(node: &Node, line: u64) -> Result<(), ManifestError> {
    let filled = |path: &[&str]| node.at(path).filter(|field| !field.is_empty());
    let text = |path: &[&str]| filled(path).map_or("", Node::raw_text);
    let (api_version, kind) = (text(&["apiVersion"]), text(&["kind"]));
    let has_metadata = ["name", "namespace", "labels", "annotations"]
        .iter()
        .any(|field| filled(&["metadata", field]).is_some());
    if filled(&["kind"]).is_none() && filled(&["apiVersion"]).is_none() && !has_metadata {
        return Err(ManifestError::NoMetadata);
    }
    if kind.is_empty() {
        return Err(ManifestError::NoKind { line });
    }
    if !kind.ends_with("List") && text(&["metadata", "name"]).is_empty() {
        return Err(ManifestError::NoName {
            line,
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        });
    }
    Ok(())
}

/// The content of each document that has some, with the line where it starts.
fn documents(text: &str) -> Result<Vec<(Node, u64)>, ManifestError> {
    let mut documents = Vec::new();
    for (chunk, line) in chunks(text)? {
        // What follows a second document marker within a chunk is not read, as in kyaml.
        let Some((node, mark)) = yaml::parse_first_node(chunk).map_err(|error| moved(error, line))? else {
            continue;
        };
        if !matches!(&node, Node::Scalar(scalar) if scalar.tag == Tag::Null) {
            documents.push((node, line + mark.line));
        }
    }
    Ok(documents)
}

fn moved(error: yaml::Error, lines: u64) -> ManifestError {
    ManifestError::Yaml(error.moved(lines))
}

/// The parts of a text between lines that start with three dashes, with the number of lines before each.
fn chunks(text: &str) -> Result<Vec<(&str, u64)>, ManifestError> {
    let (mut chunks, mut from, mut line) = (Vec::new(), 0, 0_u64);
    let mut search = 0;
    while let Some(found) = text[search..].find("\n---") {
        let start = search + found;
        let rest = &text[start + 4..];
        let Some(end) = rest.find('\n') else { break };
        let behind = rest[..end].trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return Err(ManifestError::Separator { line: line + newlines(&text[from..=start]) + 1 });
        }
        // The line break in front belongs to the document that ends.
        chunks.push((&text[from..=start], line));
        line += newlines(&text[from..=start]) + 1;
        from = start + 4 + end + 1;
        search = from;
    }
    chunks.push((&text[from..], line));
    Ok(chunks)
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(resources) => {
                resources.iter().map(|resource| resource.id().to_string()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn items_of_lists_come_after_other_documents() {
        let text =
            "kind: AList\nitems:\n- {kind: A, metadata: {name: a}}\n---\nkind: B\nmetadata: {name: b}\n";
        assert_eq!(shown(text), "B.[noVer].[noGrp]/b.[noNs] A.[noVer].[noGrp]/a.[noNs]");
    }

    #[test]
    fn what_is_no_object_is_named_with_its_line() {
        assert_eq!(shown("# x\n---\n\na: 1\n"), "missing Resource metadata");
        assert_eq!(shown("kind: A\nmetadata: {name: a}\n---\nkind: B\n"), {
            "missing metadata.name in object { B} at line 4"
        });
        assert_eq!(shown("kind: A\nmetadata: {name: a}\n--- b\nkind: B\n"), {
            "invalid document separator at line 3: only a comment may stand behind ---"
        });
    }
}

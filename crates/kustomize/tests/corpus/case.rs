//! A case: the files of a build, and what comes out, in one text.
//!
//! ```text
//! # What the case is about.
//! # build: overlay
//! -- overlay/kustomization.yaml --
//! resources: [../base]
//! -- <output> --
//! ```
//!
//! The last parts are `<output>`, or `<error>` with kustomize's words and `<refusal>` with ours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kustomize::{Kind, Tree, TreeError};

pub(crate) struct Case {
    pub(crate) directory: String,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) output: Option<String>,
    pub(crate) refusal: Option<String>,
}

impl Case {
    pub(crate) fn parse(text: &str) -> Self {
        let mut case = Self { directory: String::new(), files: BTreeMap::new(), output: None, refusal: None };
        let mut name: Option<String> = None;
        for line in text.split_inclusive('\n') {
            if let Some(found) = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"))
            {
                case.part(found).get_or_insert_with(String::new);
                name = Some(found.to_owned());
            } else if let Some(name) = &name {
                case.part(name).get_or_insert_with(String::new).push_str(line);
            } else if let Some(directory) = line.strip_prefix("# build: ") {
                case.directory = directory.trim().to_owned();
            }
        }
        case
    }

    fn part(&mut self, name: &str) -> PartEntry<'_> {
        match name {
            "<output>" => PartEntry::Option(&mut self.output),
            "<refusal>" => PartEntry::Option(&mut self.refusal),
            "<error>" => PartEntry::Ignored(String::new()),
            file => PartEntry::File(self.files.entry(file.to_owned()).or_default()),
        }
    }
}

/// Where lines go.
enum PartEntry<'a> {
    Option(&'a mut Option<String>),
    File(&'a mut String),
    Ignored(String),
}

impl PartEntry<'_> {
    fn get_or_insert_with(&mut self, make: fn() -> String) -> &mut String {
        match self {
            Self::Option(part) => part.get_or_insert_with(make),
            Self::File(text) => text,
            Self::Ignored(text) => text,
        }
    }
}

impl Tree for Case {
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
        if path.is_empty() || self.files.keys().any(|file| file.starts_with(&format!("{path}/"))) {
            return Ok(Some(Kind::Directory));
        }
        Ok(self.files.contains_key(path).then_some(Kind::File))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(self.files.get(path).map(|text| Arc::from(text.as_bytes())))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names: BTreeSet<&str> =
            self.files.keys().filter_map(|file| file.strip_prefix(&below)?.split('/').next()).collect();
        let entry = |name: &str| {
            let kind = self.kind(&format!("{below}{name}"));
            kind.map(|kind| kind.map(|kind| (name.to_owned(), kind))).transpose()
        };
        names.into_iter().filter_map(entry).collect::<Result<_, _>>().map(Some)
    }
}

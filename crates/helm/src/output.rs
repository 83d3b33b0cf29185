//! The stream that `helm template` prints.

use std::ops::Range;

use apimachinery::filepath;

use crate::manifest::{Event, Manifest, Rendered, split};
use crate::render::Rendering;

/// What of a rendering is printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection {
    /// The files under `crds/`.
    pub crds: bool,
    /// No hooks at all.
    pub no_hooks: bool,
    /// No hooks of tests.
    pub skip_tests: bool,
}

/// A printed stream, with the origin of its parts.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The text.
    pub text: String,
    /// The rendered documents in it, in order.
    pub parts: Vec<Part>,
}

/// A document of a stream.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where in the stream it stands.
    pub range: Range<usize>,
    /// The file that it was rendered from.
    pub path: String,
    /// Where in the rendered file it stands; `None` for a file that is printed as it is.
    pub origin: Option<Range<usize>>,
    /// Its kind and name.
    pub object: (String, String),
}

/// The stream of a rendering: custom resource definitions if asked for, manifests, hooks.
pub fn stream(rendering: &Rendering, selection: Selection) -> Stream {
    let mut stream = Stream::default();
    if selection.crds {
        for crd in &rendering.crds {
            let text = String::from_utf8_lossy(&crd.file.data);
            stream.push(&crd.path, &text, None, (String::new(), String::new()));
        }
    }
    for manifest in &rendering.sorted.manifests {
        stream.push_manifest(manifest);
    }
    stream.trim();
    stream.text.push('\n');
    if !selection.no_hooks {
        for hook in &rendering.sorted.hooks {
            if !(selection.skip_tests && hook.events.contains(&Event::Test)) {
                stream.push_manifest(&hook.manifest);
            }
        }
    }
    stream
}

/// The stream of files that could not be split, which `--debug` shows.
pub fn unsorted(files: &[Rendered]) -> String {
    let mut stream = Stream::default();
    for file in files {
        let text = String::from_utf8_lossy(&file.content);
        if !text.trim().is_empty() {
            stream.push(&file.path, &text, None, (String::new(), String::new()));
        }
    }
    stream.trim();
    stream.text.push('\n');
    stream.text
}

impl Stream {
    fn push_manifest(&mut self, manifest: &Manifest) {
        let object = (manifest.kind.clone(), manifest.name.clone());
        self.push(&manifest.path, &manifest.content, Some(manifest.range.clone()), object);
    }

    fn push(&mut self, path: &str, text: &str, origin: Option<Range<usize>>, object: (String, String)) {
        self.text.push_str("---\n# Source: ");
        self.text.push_str(path);
        self.text.push('\n');
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push(Part { range: start..self.text.len(), path: path.to_owned(), origin, object });
        self.text.push('\n');
    }

    fn trim(&mut self) {
        // Each part is headed by dashes, so there is no white space to trim in front.
        self.text.truncate(self.text.trim_end().len());
        let end = self.text.len();
        for part in &mut self.parts {
            part.range.end = part.range.end.min(end);
        }
    }

    /// Only the documents of the given templates, in their order; patterns as `filepath.Match` has them.
    ///
    /// # Errors
    /// The first pattern that matches none, in helm's words.
    pub fn only(&self, patterns: &[String]) -> Result<Self, NoTemplate> {
        let documents = split(&self.text);
        let mut only = Self::default();
        for pattern in patterns {
            let mut found = false;
            for range in &documents {
                let document = &self.text[range.clone()];
                let Some(path) = source_of(document) else { continue };
                if !filepath::matches(pattern, path).unwrap_or(false) {
                    continue;
                }
                found = true;
                only.take(self, range);
            }
            if !found {
                return Err(NoTemplate(pattern.clone()));
            }
        }
        Ok(only)
    }

    fn take(&mut self, from: &Self, range: &Range<usize>) {
        self.text.push_str("---\n");
        let moved = self.text.len();
        self.text.push_str(&from.text[range.clone()]);
        self.text.push('\n');
        let inside = from.parts.iter().filter(|part| range.contains(&part.range.start));
        self.parts.extend(inside.map(|part| {
            let start = part.range.start - range.start + moved;
            let length = part.range.end.min(range.end) - part.range.start;
            Part { range: start..start + length, ..part.clone() }
        }));
    }
}

/// No document comes from a template that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("could not find template {0} in chart")]
pub struct NoTemplate(pub String);

/// The path, without the chart's name, that the first source comment of a document names.
fn source_of(document: &str) -> Option<&str> {
    let mut rest = document;
    while let Some(at) = rest.find("# Source: ") {
        rest = &rest[at + "# Source: ".len()..];
        let line = rest.split('\n').next().unwrap_or(rest);
        if let Some((chart, path)) = line.split_once('/')
            && !chart.is_empty()
            && !path.is_empty()
        {
            return Some(path);
        }
    }
    None
}

//! The stream that `helm template` prints.

use std::borrow::Cow;
use std::ops::Range;

use apimachinery::filepath;

use crate::manifest::{Event, Hook, Manifest, Rendered, split};
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
    for entry in entries(rendering, selection) {
        let (head, text, end) = entry.written();
        head.iter().for_each(|piece| stream.text.push_str(piece));
        let start = stream.text.len();
        stream.text.push_str(text);
        let range = start..stream.text.len();
        stream.text.push_str(end);
        if let Some(path) = entry.path {
            let origin = entry.manifest.map(|manifest| manifest.range.clone());
            let object = entry.manifest.map(|manifest| (manifest.kind.clone(), manifest.name.clone()));
            let object = object.unwrap_or_default();
            stream.parts.push(Part { range, path: path.to_owned(), origin, object });
        }
    }
    stream
}

/// A document for a file of its own.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The file that it was rendered from.
    pub path: &'a str,
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether it was rendered, and is not printed as it is.
    pub is_rendered: bool,
}

/// The documents of [`stream`], as they stand in files.
pub fn documents(rendering: &Rendering, selection: Selection) -> impl Iterator<Item = Document<'_>> {
    entries(rendering, selection).into_iter().filter_map(|entry| {
        let Entry { path, text, manifest, .. } = entry;
        Some(Document { path: path?, text, is_rendered: manifest.is_some() })
    })
}

/// Hands the text of [`stream`] over in pieces, so that no second copy of a large rendering is held.
///
/// # Errors
/// Those of what takes the pieces.
pub fn write<E>(
    rendering: &Rendering,
    selection: Selection,
    mut take: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    for entry in entries(rendering, selection) {
        let (head, text, end) = entry.written();
        head.iter().try_for_each(|piece| take(piece))?;
        take(text)?;
        take(end)?;
    }
    Ok(())
}

/// A document of the stream, or nothing but the line break that ends an empty one.
struct Entry<'a> {
    path: Option<&'a str>,
    text: Cow<'a, str>,
    manifest: Option<&'a Manifest>,
    /// White space at its end, up to that of its heading, is left out; it is the last one before the hooks.
    is_last: bool,
}

impl<'a> Entry<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let text = Cow::Borrowed(&*manifest.content);
        Self { path: Some(&manifest.path), text, manifest: Some(manifest), is_last: false }
    }

    /// A file that is printed as it is.
    fn of_file(path: &'a str, content: &'a [u8]) -> Self {
        Self { path: Some(path), text: String::from_utf8_lossy(content), manifest: None, is_last: false }
    }

    /// Its heading, its text, and what follows.
    fn written(&self) -> ([&str; 3], &str, &'static str) {
        let Some(path) = self.path else { return ([""; 3], "", "\n") };
        let text = if self.is_last { self.text.trim_end() } else { &self.text };
        // Without a text, the end of the heading is white space at the end, too.
        let end = if self.is_last && text.is_empty() { "" } else { "\n" };
        (["---\n# Source: ", path, "\n"], text, end)
    }
}

fn entries(rendering: &Rendering, selection: Selection) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    if selection.crds {
        entries.extend(rendering.crds.iter().map(|crd| Entry::of_file(&crd.path, &crd.file.data)));
    }
    entries.extend(rendering.sorted.manifests.iter().map(Entry::of));
    close(&mut entries);
    if !selection.no_hooks {
        let is_left_out = |hook: &&Hook| selection.skip_tests && hook.events.contains(&Event::Test);
        let hooks = rendering.sorted.hooks.iter().filter(|hook| !is_left_out(hook));
        entries.extend(hooks.map(|hook| Entry::of(&hook.manifest)));
    }
    entries
}

/// What comes last before the hooks ends with one line break, be it nothing at all.
fn close(entries: &mut Vec<Entry<'_>>) {
    match entries.last_mut() {
        Some(last) => last.is_last = true,
        None => entries.push(Entry { path: None, text: Cow::Borrowed(""), manifest: None, is_last: true }),
    }
}

/// The stream of files that could not be split, which `--debug` shows.
pub fn unsorted(files: &[Rendered]) -> String {
    let mut entries: Vec<Entry<'_>> =
        files.iter().map(|file| Entry::of_file(&file.path, &file.content)).collect();
    entries.retain(|entry| !entry.text.trim().is_empty());
    close(&mut entries);
    entries.iter().fold(String::new(), |mut out, entry| {
        let (head, text, end) = entry.written();
        out.extend(head.into_iter().chain([text, end]));
        out
    })
}

impl Stream {
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
        // Parts are in the order in which they stand.
        let first = from.parts.partition_point(|part| part.range.start < range.start);
        let inside = from.parts[first..].iter().take_while(|part| part.range.start < range.end);
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

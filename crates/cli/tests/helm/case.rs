//! A case of the Helm corpus: a chart, a command line, and what helm 4.3.1 printed.
//!
//! A file starts with `#` lines that name the rule and one `$` line with the arguments. `-- PATH --`
//! starts a file of the working directory, `-- PATH <- FOLDER --` an archive of a folder of files before
//! it, `-- PATH <- half of FOLDER --` one that ends too early, `-- PATH -> TARGET --` a symbolic link.
//! `-- stdout --` and `-- stderr --` are helm's, the latter its warnings and the first line of its error;
//! `$DIR` is the working directory.

use std::fs;
use std::io;
use std::path::Path;

/// A case.
pub(crate) struct Case {
    /// Everything up to the goldens, as it is written.
    pub(crate) head: String,
    /// The command line after the program's name.
    pub(crate) arguments: Vec<String>,
    /// Files and archives, in order.
    pub(crate) entries: Vec<Entry>,
    /// What helm printed on standard output.
    pub(crate) stdout: String,
    /// The warnings of helm, and the first line of its error.
    pub(crate) stderr: String,
}

/// Something in the working directory.
pub(crate) enum Entry {
    /// A file.
    File(String, String),
    /// A gzipped archive of a folder that was written before.
    Archive(String, String),
    /// A symbolic link, and what it leads to.
    Link(String, String),
}

impl Case {
    /// Reads a case.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, goldens) = match text.find("\n-- stdout --\n") {
            Some(at) => text.split_at(at + 1),
            None => (text, ""),
        };
        let mut arguments = Vec::new();
        let mut entries = Vec::new();
        for line in head.split_inclusive('\n') {
            if let Some(command) = line.strip_prefix("$ ")
                && entries.is_empty()
            {
                arguments = words(command.trim_end());
            } else if let Some(name) = heading(line) {
                entries.push(match (name.split_once(" <- "), name.split_once(" -> ")) {
                    (Some((path, folder)), _) => Entry::Archive(path.to_owned(), folder.to_owned()),
                    (_, Some((path, target))) => Entry::Link(path.to_owned(), target.to_owned()),
                    _ => Entry::File(name.to_owned(), String::new()),
                });
            } else if let Some(Entry::File(_, content)) = entries.last_mut() {
                content.push_str(line);
            }
        }
        let goldens = goldens.strip_prefix("-- stdout --\n").unwrap_or(goldens);
        let (stdout, stderr) = goldens.split_once("-- stderr --\n").unwrap_or((goldens, ""));
        Self {
            head: head.to_owned(),
            arguments,
            entries,
            stdout: stdout.to_owned(),
            stderr: stderr.trim_end().to_owned(),
        }
    }

    /// The text of the case with these goldens.
    pub(crate) fn with_goldens(&self, stdout: &str, stderr: &str) -> String {
        let end = if self.head.ends_with('\n') { "" } else { "\n" };
        format!("{}{end}-- stdout --\n{stdout}-- stderr --\n{stderr}\n", self.head)
    }

    /// Writes files and archives into a folder.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        for entry in &self.entries {
            match entry {
                Entry::File(path, content) => {
                    let path = folder.join(path);
                    fs::create_dir_all(path.parent().unwrap_or(folder))?;
                    fs::write(path, unescape(content))?;
                }
                Entry::Archive(path, source) => {
                    let path = folder.join(path);
                    fs::create_dir_all(path.parent().unwrap_or(folder))?;
                    let (source, is_half) =
                        source.strip_prefix("half of ").map_or((&**source, false), |source| (source, true));
                    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    let mut tar = tar::Builder::new(gzip);
                    let name = Path::new(source).file_name().unwrap_or_default();
                    tar.append_dir_all(name, folder.join(source))?;
                    let mut archive = tar.into_inner()?.finish()?;
                    archive.truncate(if is_half { archive.len() / 2 } else { archive.len() });
                    fs::write(path, archive)?;
                }
                Entry::Link(path, target) => {
                    let path = folder.join(path);
                    fs::create_dir_all(path.parent().unwrap_or(folder))?;
                    std::os::unix::fs::symlink(target, path)?;
                }
            }
        }
        Ok(())
    }
}

fn heading(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("-- ")?.strip_suffix(" --")
}

/// `\x..` at the very start of a file stands for one byte, for byte order marks.
fn unescape(content: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = content;
    while let Some(hex) = rest.strip_prefix("\\x") {
        bytes.push(u8::from_str_radix(&hex[..2], 16).unwrap_or(b'?'));
        rest = &hex[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// Words of a command line, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for char in line.chars() {
        match char {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// The warnings and the first line of an error that helm or we printed, without what differs from run to run.
/// Helm shows values where it cannot merge them, which may be secrets; and what it logs as an error is its error.
pub(crate) fn said(stderr: &str, folder: &Path) -> String {
    let mut said = Vec::new();
    for line in stderr.lines() {
        let is_error = line.starts_with("Error: ");
        if is_error || ["level=WARN", "level=INFO", "Flag --"].iter().any(|known| line.starts_with(known)) {
            let shows_value =
                line.contains("table with non table for") || line.contains("Ignoring non-table value");
            let line = match line.split_once(" (") {
                Some((before, _)) if shows_value => format!("{before}\""),
                _ => line.to_owned(),
            };
            said.push(line.replace(&folder.display().to_string(), "$DIR"));
        }
        if is_error {
            break;
        }
    }
    said.join("\n")
}

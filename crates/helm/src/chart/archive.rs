//! Charts as gzipped tar archives.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::File;
use crate::go;

/// How much an archive may hold, all files together (helm's `MaxDecompressedChartSize`).
pub(crate) const MAX_SIZE: u64 = 100 * 1024 * 1024;
/// Files of a chart, those of archives in it included; helm knows no such limit, but each costs memory beyond
/// its bytes.
const MAX_FILES: usize = 100_000;

/// What a chart and the archives in it may still hold.
pub(crate) struct Budget {
    bytes: u64,
    files: usize,
}

impl Budget {
    pub(crate) fn of_a_chart() -> Self {
        Self { bytes: MAX_SIZE, files: MAX_FILES }
    }

    /// Whether a file of so many bytes fits.
    pub(crate) fn has_room_for(&self, bytes: u64) -> bool {
        self.files > 0 && bytes <= self.bytes
    }

    /// Takes a file of so many bytes out of it; `None` where there is no room.
    pub(crate) fn take_file(&mut self, bytes: u64) -> Option<()> {
        self.files = self.files.checked_sub(1)?;
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }
}

/// Why an archive is refused. Nothing of it is used or written.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// Nothing at all.
    #[error("EOF")]
    NoBytes,
    /// Not gzip.
    #[error("gzip: invalid header")]
    Header,
    /// It ends too early.
    #[error("unexpected EOF")]
    Truncated,
    /// Its gzip stream is damaged.
    #[error("gzip: invalid checksum")]
    Checksum,
    /// It is gzip, but no tar inside. Go does not say what is wrong with it.
    #[error("archive/tar: invalid tar header")]
    Tar(io::Error),
    /// A path that starts at the root.
    #[error("chart illegally contains absolute paths")]
    Absolute,
    /// A path without the chart's own folder.
    #[error("chart illegally contains content outside the base directory: {}", go::quote(.0))]
    OutsideBase(String),
    /// A path that leads out.
    #[error("chart illegally references parent directory")]
    Parent,
    /// A path with a drive letter.
    #[error("chart contains illegally named files")]
    Drive,
    /// `Chart.yaml` without a folder around it.
    #[error("chart yaml not in base directory")]
    NoBase,
    /// A bomb.
    #[error("decompressed chart is larger than the maximum size {MAX_SIZE}")]
    TooLarge,
    /// More files than anything real has.
    #[error("chart holds more than {MAX_FILES} files")]
    TooManyFiles,
    /// Nothing in it.
    #[error("no files in chart archive")]
    Empty,
}

/// The files of an archive, their paths relative to the folder that it wraps them in.
///
/// # Errors
/// It is damaged, too large, or holds a path that leads out.
pub fn unpack(archive: &[u8]) -> Result<Vec<File>, ArchiveError> {
    unpack_within(archive, &mut Budget::of_a_chart())
}

/// As [`unpack`]; what the files need is taken from `budget`.
pub(crate) fn unpack_within(archive: &[u8], budget: &mut Budget) -> Result<Vec<File>, ArchiveError> {
    match archive.len() {
        0 => return Err(ArchiveError::NoBytes),
        // As long as the header of gzip, which Go reads before it looks at it.
        1..10 => return Err(ArchiveError::Truncated),
        _ if !archive.starts_with(b"\x1f\x8b\x08") => return Err(ArchiveError::Header),
        _ => {}
    }
    // Headers and padding are not part of the budget, so what is read is bounded on its own.
    let end = Cell::new(End::NotReached);
    let stream = Stream { gzip: MultiGzDecoder::new(archive).take(4 * MAX_SIZE), end: &end };
    let reading = |error: io::Error| end.get().explain(error);
    let mut tar = tar::Archive::new(stream);
    let mut files = Vec::new();
    for entry in tar.entries().map_err(reading)? {
        let mut entry = entry.map_err(reading)?;
        let kind = entry.header().entry_type();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind.is_dir() || path.ends_with('/') || kind.is_pax_global_extensions() {
            continue;
        }
        let name = inside_base(&path)?;
        let size = entry.size();
        if size > budget.bytes {
            return Err(ArchiveError::TooLarge);
        }
        if budget.files == 0 {
            return Err(ArchiveError::TooManyFiles);
        }
        let mut data = Vec::new();
        entry.by_ref().take(budget.bytes).read_to_end(&mut data).map_err(reading)?;
        budget.take_file(data.len() as u64).ok_or(ArchiveError::TooLarge)?;
        if budget.bytes == 0 {
            return Err(ArchiveError::TooLarge);
        }
        if (data.len() as u64) < size {
            return Err(ArchiveError::Truncated);
        }
        let seconds = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
        files.push(File {
            name: name.into(),
            data: data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&data).into(),
            modified: seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
        });
    }
    if files.is_empty() { Err(ArchiveError::Empty) } else { Ok(files) }
}

/// The path without the first folder; the checks and their order are helm's.
fn inside_base(path: &str) -> Result<String, ArchiveError> {
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let (base, rest) = path.split_once(delimiter).unwrap_or((path, ""));
    let name = rest.replace(delimiter, "/");
    if name.starts_with('/') {
        return Err(ArchiveError::Absolute);
    }
    let name = go::clean(&name);
    if name == "." {
        return Err(ArchiveError::OutsideBase(path.to_owned()));
    }
    if name.starts_with("..") {
        return Err(ArchiveError::Parent);
    }
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return Err(ArchiveError::Drive);
    }
    if base == "Chart.yaml" {
        return Err(ArchiveError::NoBase);
    }
    Ok(name)
}

/// The unpacked stream. Tar's errors do not say whether the stream or what is in it is at fault.
struct Stream<'a> {
    gzip: io::Take<MultiGzDecoder<&'a [u8]>>,
    end: &'a Cell<End>,
}

/// How reading the stream ended.
#[derive(Clone, Copy)]
enum End {
    NotReached,
    Regular,
    Truncated,
    Damaged,
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.gzip.read(buffer);
        match &read {
            Ok(0) if !buffer.is_empty() => self.end.set(End::Regular),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.end.set(End::Truncated),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => self.end.set(End::Damaged),
            _ => {}
        }
        read
    }
}

impl End {
    /// What an error means that came with this end.
    fn explain(self, error: io::Error) -> ArchiveError {
        match self {
            Self::NotReached => ArchiveError::Tar(error),
            // The tar ends in the middle of an entry.
            Self::Regular | Self::Truncated => ArchiveError::Truncated,
            Self::Damaged => ArchiveError::Checksum,
        }
    }
}

/// What Go's `http.DetectContentType` says about the start of something that is no archive.
pub(crate) fn content_type(data: &[u8]) -> &'static str {
    let mut start = [0; 512];
    let length = data.len().min(512);
    start[..length].copy_from_slice(&data[..length]);
    let known: [(&[u8], &str); 10] = [
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"Rar!\x1a\x07", "application/x-rar-compressed"),
        (b"\xfe\xff\x00\x00", "text/plain; charset=utf-16be"),
        (b"\xff\xfe\x00\x00", "text/plain; charset=utf-16le"),
        (b"\xef\xbb\xbf", "text/plain; charset=utf-8"),
    ];
    if let Some((_, name)) = known.iter().find(|(signature, _)| start.starts_with(signature)) {
        return name;
    }
    let text =
        start.iter().position(|byte| !matches!(byte, b'\t' | b'\n' | 12 | b'\r' | b' ')).unwrap_or(512);
    let text = start[text..].to_ascii_lowercase();
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    let tags =
        ["<!doctype html", "<html", "<head", "<script", "<body", "<title", "<!--", "<div", "<p", "<h1"];
    if tags.iter().any(|tag| {
        text.strip_prefix(tag.as_bytes()).is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'>')))
    }) {
        return "text/html; charset=utf-8";
    }
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31);
    if start.iter().any(is_binary) { "application/octet-stream" } else { "text/plain; charset=utf-8" }
}

//! Archives: packing a tree as source-controller does, and unpacking one that may be hostile.

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use crate::ignore::Ignore;
use crate::tree::{Builder, Entry, FileTree, Files, Kind, PathError};

/// What the gzip header says about the system: "unknown", so that archives are the same everywhere.
const OPERATING_SYSTEM: u8 = 255;

/// A tar header can hold a name of this length; a longer one goes into an entry of its own.
const SHORT_NAME: usize = 100;

/// Why a tree could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E: std::error::Error + 'static> {
    /// A file's content could not be read.
    #[error("cannot read {path:?} to pack it")]
    Read {
        /// The file.
        path: String,
        /// The reason.
        source: E,
    },
    /// The archive could not be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
}

/// Packs `files` without what `ignore` leaves out, as tar.gz.
///
/// Entries are as source-controller's: the root `.` first, then directories and regular files in the order of
/// `filepath.Walk`; owner 0:0, time 0, directories 0750, files 0600 or 0700. Equal trees give equal bytes on
/// every machine: the compressor is deterministic and its settings are fixed.
///
/// # Errors
/// When a file cannot be read or the archive cannot be written.
pub fn pack<F: Files>(files: &F, ignore: &Ignore, out: impl Write) -> Result<(), PackError<F::Error>> {
    let gzip = GzBuilder::new().operating_system(OPERATING_SYSTEM).write(out, Compression::new(6));
    let mut tar = tar::Builder::new(gzip);
    append(&mut tar, ".", Kind::Directory, &[]).map_err(PackError::Write)?;
    for entry in files.entries() {
        if ignore.excludes(&entry.path, entry.kind) {
            continue;
        }
        let content = match entry.kind {
            Kind::Directory => Bytes::new(),
            Kind::File { .. } => {
                files.read(entry).map_err(|source| PackError::Read { path: entry.path.clone(), source })?
            }
        };
        append(&mut tar, &entry.path, entry.kind, &content).map_err(PackError::Write)?;
    }
    let mut gzip = tar.into_inner().map_err(PackError::Write)?;
    gzip.try_finish().map_err(PackError::Write)
}

fn append<W: Write>(tar: &mut tar::Builder<W>, path: &str, kind: Kind, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    let (mode, of) = match kind {
        Kind::Directory => (0o750, tar::EntryType::Directory),
        Kind::File { executable: true } => (0o700, tar::EntryType::Regular),
        Kind::File { executable: false } => (0o600, tar::EntryType::Regular),
    };
    header.set_entry_type(of);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    if path.len() > SHORT_NAME {
        header.as_mut_bytes()[257..265].copy_from_slice(b"ustar  \0");
        return tar.append_data(&mut header, path, content);
    }
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    tar.append(&header, content)
}

/// What an archive may grow to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All files together, uncompressed, with the archive's own headers.
    pub bytes: u64,
    /// Entries, of any kind.
    pub entries: usize,
    /// Uncompressed bytes for each compressed one, once a mebibyte was unpacked.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 1 << 30, entries: 200_000, ratio: 400 }
    }
}

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is not a tar.gz, or it is damaged or cut short.
    #[error("the archive is not a readable tar.gz")]
    Damaged(#[source] io::Error),
    /// A path that does not stay inside, or clashes with another.
    #[error("the archive holds a path that is refused")]
    Path(#[source] PathError),
    /// A path that is not UTF-8.
    #[error("the archive holds a path that is not UTF-8: {0}")]
    Encoding(String),
    /// A hard link, device or other kind that has no place in a source.
    #[error("the archive holds {path:?}, a {kind}, which is refused")]
    Kind {
        /// The entry.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Larger than [`Limits::bytes`].
    #[error("the archive unpacks to more than {0} bytes")]
    TooLarge(u64),
    /// More entries than [`Limits::entries`].
    #[error("the archive holds more than {0} entries")]
    TooMany(usize),
    /// Better compressed than honest content is.
    #[error("the archive unpacks to more than {0} times its size")]
    Ratio(u64),
}

/// Unpacks a tar.gz into memory. Symlinks are skipped, as Flux does; everything else that is neither a file
/// nor a directory is refused, and so is every path that would leave the root.
///
/// # Errors
/// When the archive is damaged, hostile or larger than the limits.
pub fn unpack(reader: impl Read, limits: &Limits) -> Result<FileTree, UnpackError> {
    let mut archive = tar::Archive::new(Guarded {
        inner: MultiGzDecoder::new(Counted { inner: reader, count: 0 }),
        count: 0,
        limits: *limits,
    });
    let mut builder = Builder::default();
    for (number, entry) in archive.entries().map_err(damaged)?.enumerate() {
        if number >= limits.entries {
            return Err(UnpackError::TooMany(limits.entries));
        }
        let mut entry = entry.map_err(damaged)?;
        let path = std::str::from_utf8(&entry.path_bytes())
            .map_err(|_| UnpackError::Encoding(String::from_utf8_lossy(&entry.path_bytes()).into_owned()))?
            .to_owned();
        add(&mut builder, &path, &mut entry)?;
    }
    Ok(builder.build())
}

fn add<R: Read>(builder: &mut Builder, path: &str, entry: &mut tar::Entry<'_, R>) -> Result<(), UnpackError> {
    let refuse = |kind| Err(UnpackError::Kind { path: path.to_owned(), kind });
    match entry.header().entry_type() {
        tar::EntryType::Directory if matches!(path, "." | "./") => Ok(()),
        tar::EntryType::Directory => builder.directory(path).map_err(UnpackError::Path),
        tar::EntryType::Regular | tar::EntryType::Continuous => {
            let executable = entry.header().mode().map_err(damaged)? & 0o111 != 0;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            builder.file(path, content.into(), executable).map_err(UnpackError::Path)
        }
        tar::EntryType::Symlink | tar::EntryType::XGlobalHeader => Ok(()),
        tar::EntryType::Link => refuse("hard link"),
        tar::EntryType::Char | tar::EntryType::Block => refuse("device"),
        tar::EntryType::Fifo => refuse("named pipe"),
        _ => refuse("entry of unknown type"),
    }
}

/// Writes the tree below `directory`, which must be empty or absent, so that nothing in it can redirect.
///
/// # Errors
/// When a file cannot be created; what was written before stays.
pub fn write_to(tree: &FileTree, directory: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    if std::fs::read_dir(directory)?.next().is_some() {
        return Err(io::Error::new(
            io::ErrorKind::DirectoryNotEmpty,
            "the folder to unpack into is not empty",
        ));
    }
    for entry @ Entry { path, kind } in tree.entries() {
        if cfg!(windows) && path.contains(['\\', ':']) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidFilename,
                format!("{path:?} is no path on Windows"),
            ));
        }
        let target = directory.join(path);
        match kind {
            Kind::Directory => std::fs::create_dir(target)?,
            Kind::File { executable } => {
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                set_mode(&mut options, *executable);
                let content = Files::read(tree, entry).map_err(io::Error::other)?;
                options.open(target)?.write_all(&content)?;
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(options: &mut std::fs::OpenOptions, executable: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(if executable { 0o700 } else { 0o600 });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut std::fs::OpenOptions, _executable: bool) {}

/// An error of the reader, or the limit that stopped it.
fn damaged(error: io::Error) -> UnpackError {
    let limit = error.get_ref().and_then(|inner| inner.downcast_ref::<Exceeded>());
    match limit {
        Some(Exceeded::Bytes(limit)) => UnpackError::TooLarge(*limit),
        Some(Exceeded::Ratio(limit)) => UnpackError::Ratio(*limit),
        None => UnpackError::Damaged(error),
    }
}

#[derive(Debug, thiserror::Error)]
enum Exceeded {
    #[error("more than {0} bytes")]
    Bytes(u64),
    #[error("more than {0} times the compressed size")]
    Ratio(u64),
}

/// Counts the compressed bytes, for the ratio.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// Stops the decompressor at the limits, before anything is allocated for the excess.
struct Guarded<R> {
    inner: MultiGzDecoder<Counted<R>>,
    count: u64,
    limits: Limits,
}

/// Below this much output the ratio says nothing: a tar of one small file is mostly zeros.
const RATIO_FROM: u64 = 1 << 20;

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        if self.count > self.limits.bytes {
            return Err(io::Error::other(Exceeded::Bytes(self.limits.bytes)));
        }
        let compressed = self.inner.get_ref().count;
        if self.count > RATIO_FROM && self.count / compressed.max(1) > self.limits.ratio {
            return Err(io::Error::other(Exceeded::Ratio(self.limits.ratio)));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(tree: &FileTree) -> Vec<u8> {
        let mut out = Vec::new();
        pack(tree, &Ignore::nothing(), &mut out).unwrap();
        out
    }

    /// A tar.gz with one entry whose header is set by `prepare`, unchecked.
    fn hostile(prepare: impl FnOnce(&mut tar::Header), content: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        prepare(&mut header);
        header.set_cksum();
        tar.append(&header, content).unwrap();
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn named(name: &str) -> Vec<u8> {
        hostile(|header| header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes()), b"x")
    }

    #[test]
    fn what_is_packed_is_what_is_unpacked() {
        let mut builder = Builder::default();
        let deep = format!("{}/file", ["directory"; 20].join("/"));
        builder.file(&deep, Bytes::from_static(b"deep"), false).unwrap();
        builder.file("run.sh", Bytes::from_static(b"#!/bin/sh"), true).unwrap();
        builder.file("empty", Bytes::new(), false).unwrap();
        let tree = builder.build();
        let again = unpack(packed(&tree).as_slice(), &Limits::default()).unwrap();
        assert_eq!(again.entries(), tree.entries());
        assert_eq!(again.read(&deep).unwrap(), "deep");
    }

    #[test]
    fn equal_trees_give_the_bytes_that_they_gave_before() {
        let mut builder = Builder::default();
        builder.file("app/one.yaml", Bytes::from_static(b"kind: ConfigMap\n"), false).unwrap();
        let digest = crate::artifact::Digest::of(&packed(&builder.build()));
        expect_test::expect!["sha256:09b99b03306df7d4f0a1534b1acc0910f628925d73a71cc3434a86e3dd2e3749"]
            .assert_eq(&digest.to_string());
    }

    #[test]
    fn refuses_what_would_escape() {
        let refused = |archive: Vec<u8>| unpack(archive.as_slice(), &Limits::default()).unwrap_err();
        assert!(matches!(refused(named("/etc/x")), UnpackError::Path(PathError::Absolute(_))));
        assert!(matches!(refused(named("a/../../x")), UnpackError::Path(PathError::Parent(_))));
        let link = hostile(
            |header| {
                header.set_path("a").unwrap();
                header.set_entry_type(tar::EntryType::Link);
                header.set_link_name("/etc/passwd").unwrap();
            },
            b"",
        );
        assert!(matches!(refused(link), UnpackError::Kind { kind: "hard link", .. }));
        let device = hostile(
            |header| {
                header.set_path("a").unwrap();
                header.set_entry_type(tar::EntryType::Char);
            },
            b"",
        );
        assert!(matches!(refused(device), UnpackError::Kind { kind: "device", .. }));
    }

    #[test]
    fn skips_symlinks() {
        let link = hostile(
            |header| {
                header.set_path("a").unwrap();
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_link_name("/etc").unwrap();
            },
            b"",
        );
        assert!(unpack(link.as_slice(), &Limits::default()).unwrap().entries().is_empty());
    }

    #[test]
    fn stops_at_the_limits() {
        let bomb = hostile(|header| header.set_path("zeros").unwrap(), &vec![0; 8 << 20]);
        let ratio = unpack(bomb.as_slice(), &Limits { ratio: 10, ..Limits::default() });
        assert!(matches!(ratio, Err(UnpackError::Ratio(10))));
        let bytes = unpack(bomb.as_slice(), &Limits { bytes: 4096, ..Limits::default() });
        assert!(matches!(bytes, Err(UnpackError::TooLarge(4096))));
        let entries = unpack(bomb.as_slice(), &Limits { entries: 0, ..Limits::default() });
        assert!(matches!(entries, Err(UnpackError::TooMany(0))));
    }

    #[test]
    fn a_truncated_archive_is_damaged() {
        let mut builder = Builder::default();
        builder.file("a", Bytes::from(vec![7; 5000]), false).unwrap();
        let whole = packed(&builder.build());
        let cut = unpack(&whole[..whole.len() / 2], &Limits::default());
        assert!(matches!(cut, Err(UnpackError::Damaged(_))));
    }

    proptest::proptest! {
        #[test]
        fn nothing_unpacked_lies_outside(name in "[a./\\\\\\x00]{1,40}") {
            if let Ok(tree) = unpack(named(&name).as_slice(), &Limits::default()) {
                for entry in tree.entries() {
                    let inside = entry.path.split('/').all(|part| !matches!(part, "" | "." | ".."));
                    proptest::prop_assert!(inside, "{:?}", entry.path);
                }
            }
        }
    }
}

//! Packs the files of the built page, once, so that the binary serves them as they are.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Smaller files go out as they are: a compressed one would not save a packet, and people can read them with curl.
const WORTH_PACKING: usize = 2048;

fn main() -> Result<(), Box<dyn Error>> {
    // The folder is always there, also before the page is built: cargo would run this each time for a missing one.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = out_dir()?;
    let page = built.join("page");
    let mut files = Vec::new();
    if page.join("index.html").exists() {
        collect(&page, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&page)?.to_str().ok_or("a file name that is not UTF-8")?;
        table.push_str(&pack(file, path, &out.join(number.to_string()))?);
    }
    table.push(']');
    fs::write(out.join("files.rs"), table)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment where to write")]
fn out_dir() -> Result<PathBuf, env::VarError> {
    env::var("OUT_DIR").map(PathBuf::from)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes the bytes that are served, and gives the line of the table.
fn pack(file: &Path, path: &str, packed: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let content_type = content_type(path)?;
    let mut encoding = "None";
    let mut served = bytes;
    if served.len() > WORTH_PACKING {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&served)?;
        served = encoder.finish()?;
        encoding = "Some(\"gzip\")";
    }
    fs::write(packed, &served)?;
    let mut line = String::new();
    writeln!(
        line,
        "({path:?}, Asset {{ content_type: {content_type:?}, bytes: include_bytes!({packed:?}), encoding: {encoding}, etag: {:?}, is_immutable: {} }}),",
        etag(&served),
        path.starts_with("assets/"),
    )?;
    Ok(line)
}

/// As many digits of the digest as no two files will ever share.
fn etag(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(path: &str) -> Result<&'static str, String> {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("md" | "txt") => Ok("text/plain; charset=utf-8"),
        _ => Err(format!("{path}: say in crates/page/build.rs what type of content it is")),
    }
}

//! The descriptors of Argo CD's API, for `crates/argocd-api/generated/descriptors.bin.gz`: what the services in
//! `crates/argocd-api/proto/services` need, compiled and packed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};
use protox::Compiler;

/// Compiles all services. The same sources give the same bytes.
///
/// # Errors
/// A source is missing or wrong; the error says where.
pub(crate) fn generate(sources: &Path) -> Result<Vec<u8>> {
    let mut services: Vec<_> = fs::read_dir(sources.join("services"))
        .with_context(|| sources.display().to_string())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    services.sort();
    let mut compiler = Compiler::new([sources]).context("the folder of the sources")?;
    compiler.include_imports(true).open_files(services).context("compiling the services")?;
    let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packed.write_all(&compiler.encode_file_descriptor_set()).context("packing the descriptors")?;
    packed.finish().context("packing the descriptors")
}

//! `flamingo kustomize edit fix`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use cli::arguments::kustomize::Fix;
use kustomize::Options;
use kustomize::edit::Edit;

use super::super::build::built;
use super::super::disk::Disk;
use super::super::remotes::Network;
use super::super::tell;

/// What became of the fields that are deprecated.
const FIXED: &str = "Fixed fields:
  patchesJson6902 -> patches
  patchesStrategicMerge -> patches
  commonLabels -> labels";

/// Fixes the file, and says where that changes what is built.
pub(super) fn fix(name: &str, mut edit: Edit, arguments: &Fix) -> anyhow::Result<()> {
    if arguments.vars {
        bail!("--vars is not supported: it changes all files that use vars; write replacements by hand");
    }
    edit.fix_deprecated(&|path| Path::new(path).is_file())?;
    let before = output();
    fs::write(name, edit.to_text()?).with_context(|| name.to_owned())?;
    tell(FIXED)?;
    match (before, output()) {
        (Ok(before), Ok(after)) if before == after => Ok(()),
        (Ok(_), Ok(_)) => {
            tell("warning: it builds something else now; compare with `flamingo kustomize build`")
        }
        (Ok(_), Err(error)) => tell(&format!("warning: it does not build now: {error:#}")),
        (Err(error), Ok(_)) => tell(&format!(
            "warning: it did not build before, so what it builds now is not compared; the reason was: {error:#}"
        )),
        (Err(_), Err(error)) => tell(&format!("warning: it builds no more than before: {error:#}")),
    }
}

fn output() -> anyhow::Result<String> {
    let network = Network::new()?;
    let options = Options { remotes: Some(&network), ..Options::default() };
    Ok(built(&Disk::default(), ".", options)?.to_yaml()?)
}

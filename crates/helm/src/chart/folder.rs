//! Charts as folders.

use super::File;
use super::archive::{Budget, MAX_SIZE};
use super::ignore::Rules;
use super::load::LoadError;
use crate::log::Log;
use crate::tree::{EntryKind, Tree, TreeErrorKind};

/// Levels of folders. Links that lead back into themselves end here.
const MAX_DEPTH: usize = 64;

const LINK: &str = "found symbolic link in path. Contents of linked file included and used";

/// The files of a folder that `.helmignore` does not leave out, in helm's order.
pub(crate) fn files(tree: &dyn Tree, log: &Log) -> Result<Vec<File>, LoadError> {
    let rules = match tree.read(".helmignore") {
        Ok(text) => Rules::parse(&text).map_err(|(line, source)| LoadError::Ignore { line, source })?,
        Err(error) if error.kind == TreeErrorKind::NotFound => Rules::defaults(),
        Err(error) => return Err(error.into()),
    };
    let mut walk = Walk { tree, rules, budget: Budget::of_a_chart(), files: Vec::new(), log };
    walk.directory("", 0)?;
    Ok(walk.files)
}

struct Walk<'a> {
    tree: &'a dyn Tree,
    rules: Rules,
    budget: Budget,
    files: Vec<File>,
    log: &'a Log,
}

impl Walk<'_> {
    fn directory(&mut self, path: &str, depth: usize) -> Result<(), LoadError> {
        if depth > MAX_DEPTH {
            return Err(LoadError::TooDeep { path: path.to_owned(), limit: MAX_DEPTH });
        }
        for entry in self.tree.list(path)? {
            let name = if path.is_empty() { entry.name } else { format!("{path}/{}", entry.name) };
            if let Some(target) = &entry.link {
                let link = format!("{}/{name}", self.tree.location());
                self.log.info(LINK, &[("path", &link), ("resolved", target)]);
            }
            if self.rules.ignores(&name, entry.kind == EntryKind::Directory) {
                continue;
            }
            match entry.kind {
                EntryKind::Directory => self.directory(&name, depth + 1)?,
                EntryKind::Irregular => {
                    return Err(LoadError::Irregular(format!("{}/{name}", self.tree.location())));
                }
                EntryKind::File => self.file(name, entry.size, entry.modified)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, size: u64, modified: Option<jiff::Timestamp>) -> Result<(), LoadError> {
        let too_large = || LoadError::FolderTooLarge { path: name.clone(), limit: MAX_SIZE };
        if !self.budget.has_room_for(size) {
            return Err(too_large());
        }
        let failed = |source| LoadError::Unreadable { path: name.clone(), source };
        let data = self.tree.read(&name).map_err(failed)?;
        self.budget.take_file(data.len() as u64).ok_or_else(too_large)?;
        let data = data.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| data.clone(), Into::into);
        self.files.push(File { name: name.into(), data, modified });
        Ok(())
    }
}

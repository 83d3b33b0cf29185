//! Packs: which objects a client needs, and how they are written.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::hash::Hasher;
use gix::objs::{CommitRefIter, Find, Kind, TagRefIter, TreeRefIter, tree::EntryKind};

/// Why a pack cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    /// The client asks for something that is not here.
    #[error("upload-pack: not our ref {0}")]
    NotOurs(ObjectId),
    /// The repository is damaged, or a partial clone.
    #[error("object {0} is missing or damaged in the served repository")]
    Damaged(ObjectId),
    /// The client went away.
    #[error("cannot write the pack")]
    Write(#[source] io::Error),
}

/// What to send.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Every object, each once, commits before what they need.
    objects: Vec<ObjectId>,
    /// Commits whose parents are not sent.
    pub(crate) shallow: Vec<ObjectId>,
    /// Commits of the client that are no longer cut off.
    pub(crate) unshallow: Vec<ObjectId>,
}

/// What a client asks for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Request {
    pub(crate) wants: Vec<ObjectId>,
    /// How many commits deep; `None` for all of history.
    pub(crate) depth: Option<u32>,
    /// Where the client's own history is cut off.
    pub(crate) client_shallow: Vec<ObjectId>,
}

/// Finds all objects that the request needs.
pub(crate) fn plan(repository: &gix::Repository, request: &Request) -> Result<Plan, PackError> {
    let mut search = Search { store: &repository.objects, plan: Plan::default(), seen: HashSet::new() };
    let cut_off: HashSet<ObjectId> = match repository.shallow_commits() {
        Ok(commits) => commits.map_or_else(HashSet::new, |commits| commits.iter().copied().collect()),
        Err(_) => HashSet::new(),
    };
    let mut queue = VecDeque::new();
    for want in &request.wants {
        queue.push_back((search.tip(*want)?, 1));
    }
    // Breadth first, so that a commit is met at its smallest depth first.
    let mut depths: HashMap<ObjectId, u32> = HashMap::new();
    while let Some((commit, depth)) = queue.pop_front() {
        if depths.contains_key(&commit) {
            continue;
        }
        depths.insert(commit, depth);
        let parents = search.commit(commit)?;
        let at_the_end = request.depth.is_some_and(|limit| depth >= limit);
        if cut_off.contains(&commit) || (at_the_end && !parents.is_empty()) {
            search.plan.shallow.push(commit);
        } else {
            queue.extend(parents.into_iter().map(|parent| (parent, depth.saturating_add(1))));
        }
    }
    let mut plan = search.plan;
    let still: HashSet<&ObjectId> = plan.shallow.iter().collect();
    if request.depth.is_some() {
        let freed = |id: &&ObjectId| depths.contains_key(*id) && !still.contains(*id);
        plan.unshallow = request.client_shallow.iter().filter(freed).copied().collect();
    }
    Ok(plan)
}

struct Search<'a> {
    store: &'a gix::OdbHandle,
    plan: Plan,
    seen: HashSet<ObjectId>,
}

impl Search<'_> {
    /// The commit that a want means; tag objects on the way are sent too.
    fn tip(&mut self, want: ObjectId) -> Result<ObjectId, PackError> {
        let mut id = want;
        loop {
            let mut buffer = Vec::new();
            let found = self.store.try_find(&id, &mut buffer).map_err(|_| PackError::Damaged(id))?;
            let found = found.ok_or(PackError::NotOurs(want))?;
            match found.kind {
                Kind::Commit => return Ok(id),
                Kind::Tag => {
                    let target = TagRefIter::from_bytes(found.data, id.kind()).target_id();
                    let target = target.map_err(|_| PackError::Damaged(id))?;
                    self.add(id);
                    id = target;
                }
                Kind::Tree | Kind::Blob => return Err(PackError::NotOurs(want)),
            }
        }
    }

    /// Adds a commit with its files, and returns its parents.
    fn commit(&mut self, id: ObjectId) -> Result<Vec<ObjectId>, PackError> {
        self.add(id);
        let data = self.find(id)?;
        let mut commit = CommitRefIter::from_bytes(&data, id.kind());
        let tree = commit.tree_id().map_err(|_| PackError::Damaged(id))?;
        let parents = CommitRefIter::from_bytes(&data, id.kind()).parent_ids().collect();
        self.tree(tree)?;
        Ok(parents)
    }

    fn tree(&mut self, root: ObjectId) -> Result<(), PackError> {
        let mut trees = vec![root];
        while let Some(id) = trees.pop() {
            if !self.add(id) {
                continue;
            }
            let data = self.find(id)?;
            for entry in TreeRefIter::from_bytes(&data, id.kind()) {
                let entry = entry.map_err(|_| PackError::Damaged(id))?;
                match entry.mode.kind() {
                    EntryKind::Tree => trees.push(entry.oid.to_owned()),
                    // A submodule's commit lives in another repository.
                    EntryKind::Commit => {}
                    EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                        self.add(entry.oid.to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the object was not there before.
    fn add(&mut self, id: ObjectId) -> bool {
        let first = self.seen.insert(id);
        if first {
            self.plan.objects.push(id);
        }
        first
    }

    fn find(&self, id: ObjectId) -> Result<Vec<u8>, PackError> {
        let mut buffer = Vec::new();
        match self.store.try_find(&id, &mut buffer) {
            Ok(Some(_)) => Ok(buffer),
            _ => Err(PackError::Damaged(id)),
        }
    }
}

/// Writes the pack: a header, each object compressed by itself, and the checksum of it all.
pub(crate) fn write(
    repository: &gix::Repository,
    plan: &Plan,
    out: &mut impl Write,
) -> Result<(), PackError> {
    let count = u32::try_from(plan.objects.len())
        .map_err(|_| PackError::Write(io::Error::new(io::ErrorKind::FileTooLarge, "too many objects")))?;
    let mut out = Hashed { inner: out, hasher: gix::hash::hasher(gix::hash::Kind::Sha1) };
    let mut header = b"PACK\0\0\0\x02".to_vec();
    header.extend_from_slice(&count.to_be_bytes());
    out.write_all(&header).map_err(PackError::Write)?;
    let mut buffer = Vec::new();
    for id in &plan.objects {
        let found = repository.objects.try_find(id, &mut buffer).map_err(|_| PackError::Damaged(*id))?;
        let found = found.ok_or(PackError::Damaged(*id))?;
        out.write_all(&entry_header(found.kind, found.data.len())).map_err(PackError::Write)?;
        let mut deflate = ZlibEncoder::new(&mut out, Compression::fast());
        deflate.write_all(found.data).and_then(|()| deflate.finish().map(drop)).map_err(PackError::Write)?;
    }
    let Hashed { inner, hasher } = out;
    let checksum =
        hasher.try_finalize().map_err(|error| PackError::Write(io::Error::other(error.to_string())))?;
    inner.write_all(checksum.as_slice()).map_err(PackError::Write)
}

/// The kind and the size, seven bits a byte after the first four.
fn entry_header(kind: Kind, mut size: usize) -> Vec<u8> {
    let kind = match kind {
        Kind::Commit => 1_u8,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let mut bytes = vec![(kind << 4) | (size & 0x0f) as u8];
    size >>= 4;
    while size > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push((size & 0x7f) as u8);
        size >>= 7;
    }
    bytes
}

struct Hashed<'a, W> {
    inner: &'a mut W,
    hasher: Hasher,
}

impl<W: Write> Write for Hashed<'_, W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_headers_are_as_git_writes_them() {
        assert_eq!(entry_header(Kind::Blob, 5), [0x35]);
        assert_eq!(entry_header(Kind::Commit, 16), [0x90, 0x01]);
        assert_eq!(entry_header(Kind::Tree, 0x1234), [0xa4, 0xa3, 0x02]);
    }
}

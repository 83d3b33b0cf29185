//! Resolving a reference, and fetching what it means.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::ObjectId;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::checkout::Objects;
use super::error::{GitError, GitErrorKind, Operation, Request};
use super::listing::{Offer, References, Target};
use super::pkt::{self, Pkt};
use super::semver::of_tag;
use super::session::{Frames, Session, refused};
use super::{Checkout, Listing, Range, Reference, Remote, Resolved};

/// What a fetch may cost.
#[derive(Debug, Clone, Copy)]
pub struct FetchOptions {
    /// Of the pack, as it is transferred.
    pub max_pack_bytes: u64,
    /// Of one object, unpacked.
    pub max_object_bytes: usize,
    /// Files and directories of the commit.
    pub max_entries: usize,
}

impl Default for FetchOptions {
    fn default() -> Self {
        FetchOptions { max_pack_bytes: 2 << 30, max_object_bytes: 256 << 20, max_entries: 500_000 }
    }
}

/// Parses a repository's URL.
///
/// # Errors
/// When it names no http or https server, in Go's words.
pub fn parse_url(text: &str) -> Result<Url, GitError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => {
            let scheme = if text.starts_with("https") { "https" } else { "http" };
            let url = format!("{scheme}:///info/refs?service=git-upload-pack");
            let kind = GitErrorKind::NoHost(Request { method: http::Method::GET, url });
            Err(GitError { operation: Operation::Clone, url: text.to_owned(), kind: Box::new(kind) })
        }
    }
}

/// What the reference means now, by one listing and no transfer of objects. `None` when that needs a fetch:
/// the reference is not there (the fetch says how), is a commit (which must be looked for on the branches),
/// or is a range in which equal versions compete by their dates.
///
/// # Errors
/// When the server cannot be asked.
pub async fn resolve(
    remote: &Remote,
    reference: &Reference,
    deadline: Instant,
) -> Result<Option<Resolved>, GitError> {
    let failed = |kind| GitError::new(Operation::List, &remote.url, kind);
    let name = match reference {
        Reference::Commit { .. } => return Ok(None),
        Reference::Branch(branch) => format!("refs/heads/{branch}"),
        Reference::Tag(tag) => format!("refs/tags/{tag}"),
        Reference::Name(name) => checked_name(name).map_err(failed)?.to_owned(),
        Reference::Semver(_) => "refs/tags/".to_owned(),
    };
    let mut session = Session::new(remote, deadline).map_err(failed)?;
    let offer = Offer::of(&mut session).await.map_err(failed)?;
    let found = offer.list(&session, &[name.as_str()]).await.map_err(failed)?;
    Ok(match reference {
        Reference::Semver(range) => match highest(&found, range).as_slice() {
            [(tag, target)] => Some(Resolved::new(Some(tag), target.commit())),
            _ => None,
        },
        Reference::Branch(short) | Reference::Tag(short) | Reference::Name(short) => {
            found.get(&name).map(|target| Resolved::new(Some(short), target.commit()))
        }
        Reference::Commit { .. } => None,
    })
}

/// All references of the repository, by one listing and no transfer of objects.
///
/// # Errors
/// When the server cannot be asked.
pub async fn references(remote: &Remote, deadline: Instant) -> Result<Listing, GitError> {
    let failed = |kind| GitError::new(Operation::List, &remote.url, kind);
    let mut session = Session::new(remote, deadline).map_err(failed)?;
    let offer = Offer::of(&mut session).await.map_err(failed)?;
    let found = offer.list(&session, &[]).await.map_err(failed)?;
    let branch = offer.default_branch(&session).await.map_err(failed)?;
    let short = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned);
    let commits = found.into_iter().map(|(name, target)| (name, target.commit().to_string()));
    Ok(Listing { default_branch: branch.and_then(short), commits: commits.collect() })
}

/// Fetches what the reference means: one commit without history where the server can do that, and all
/// branches (or the one named) to look for a [`Reference::Commit`] on them, as upstream does.
///
/// `scratch` is a folder for temporary files, which live as long as the [`Checkout`]. Dropping the future
/// stops everything.
///
/// # Errors
/// See [`GitErrorKind`].
pub async fn fetch(
    remote: &Remote,
    reference: &Reference,
    options: &FetchOptions,
    scratch: &Path,
    deadline: Instant,
) -> Result<Checkout, GitError> {
    let operation = if matches!(reference, Reference::Name(_)) { Operation::List } else { Operation::Clone };
    let failed = |operation| move |kind| GitError::new(operation, &remote.url, kind);
    let mut session = Session::new(remote, deadline).map_err(failed(operation))?;
    let offer = Offer::of(&mut session).await.map_err(failed(operation))?;
    let wanted = wanted(&session, &offer, reference).await.map_err(failed(operation))?;
    receive(&session, &offer, wanted, (options, scratch, deadline)).await.map_err(failed(Operation::Clone))
}

/// What to ask for, and which of it is the one.
struct Wanted {
    tips: Vec<ObjectId>,
    shallow: bool,
    choice: Choice,
}

enum Choice {
    /// This commit, by this name.
    Commit(Option<String>, ObjectId),
    /// The latest of tags with equal versions.
    Latest(Vec<(String, ObjectId)>),
}

async fn wanted(session: &Session, offer: &Offer, reference: &Reference) -> Result<Wanted, GitErrorKind> {
    match reference {
        Reference::Branch(branch) => {
            let target = find(session, offer, &format!("refs/heads/{branch}")).await?;
            Ok(Wanted::tip(branch, target))
        }
        Reference::Tag(tag) => {
            let target = find(session, offer, &format!("refs/tags/{tag}")).await?;
            Ok(Wanted::tip(tag, target))
        }
        Reference::Name(name) => {
            let found = offer.list(session, &[checked_name(name)?]).await?;
            let target = found.get(name).ok_or_else(|| GitErrorKind::NameNotFound(name.clone()))?;
            if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
                return Ok(Wanted::tip(name, *target));
            }
            let tips = branches(session, offer).await?;
            Ok(Wanted::among(tips, Some(name.clone()), target.commit()))
        }
        Reference::Commit { sha, branch } => {
            let commit =
                ObjectId::from_hex(sha.as_bytes()).map_err(|_| GitErrorKind::CommitNotFound(sha.clone()))?;
            let tips = match branch {
                Some(branch) => vec![find(session, offer, &format!("refs/heads/{branch}")).await?.id],
                None => branches(session, offer).await?,
            };
            Ok(Wanted::among(tips, branch.clone(), commit))
        }
        Reference::Semver(range) => {
            let found = offer.list(session, &["refs/tags/"]).await?;
            let best = highest(&found, range);
            if best.is_empty() {
                return Err(match offer.list(session, &[]).await?.is_empty() {
                    true => GitErrorKind::EmptyRepository { branch: false },
                    false => GitErrorKind::NoVersion(range.to_string()),
                });
            }
            let tips = best.iter().map(|(_, target)| target.id).collect();
            let tags = best.into_iter().map(|(tag, target)| (tag.to_owned(), target.commit())).collect();
            Ok(Wanted { tips, shallow: true, choice: Choice::Latest(tags) })
        }
    }
}

impl Wanted {
    fn tip(name: &str, target: Target) -> Self {
        let choice = Choice::Commit(Some(name.to_owned()), target.commit());
        Wanted { tips: vec![target.id], shallow: true, choice }
    }

    /// A commit that is somewhere behind the tips. When it is one of them, its history is not needed.
    fn among(tips: Vec<ObjectId>, name: Option<String>, commit: ObjectId) -> Self {
        let choice = Choice::Commit(name, commit);
        if tips.contains(&commit) {
            return Wanted { tips: vec![commit], shallow: true, choice };
        }
        Wanted { tips, shallow: false, choice }
    }
}

fn checked_name(name: &str) -> Result<&str, GitErrorKind> {
    if name.starts_with('/') || name.ends_with('/') {
        return Err(GitErrorKind::InvalidReference(name.to_owned()));
    }
    Ok(name)
}

async fn find(session: &Session, offer: &Offer, name: &str) -> Result<Target, GitErrorKind> {
    if let Some(target) = offer.list(session, &[name]).await?.get(name) {
        return Ok(*target);
    }
    if offer.list(session, &[]).await?.is_empty() {
        return Err(GitErrorKind::EmptyRepository { branch: name.starts_with("refs/heads/") });
    }
    Err(GitErrorKind::ReferenceNotFound(name.to_owned()))
}

async fn branches(session: &Session, offer: &Offer) -> Result<Vec<ObjectId>, GitErrorKind> {
    let mut tips: Vec<ObjectId> =
        offer.list(session, &["refs/heads/"]).await?.values().map(|target| target.id).collect();
    tips.sort_unstable();
    tips.dedup();
    if tips.is_empty() {
        return Err(GitErrorKind::EmptyRepository { branch: false });
    }
    Ok(tips)
}

/// The tags with the highest version in the range; several, when they differ in build metadata only.
fn highest<'a>(references: &'a References, range: &Range) -> Vec<(&'a str, Target)> {
    let mut best: Vec<(&str, Target)> = Vec::new();
    let mut version = None;
    for (name, target) in references {
        let Some(tag) = name.strip_prefix("refs/tags/") else { continue };
        let Some(candidate) = of_tag(tag).filter(|candidate| range.contains(candidate)) else {
            continue;
        };
        match version.as_ref().map(|version| go_semver::compare(&candidate, version)) {
            Some(std::cmp::Ordering::Less) => continue,
            Some(std::cmp::Ordering::Equal) => {}
            Some(std::cmp::Ordering::Greater) | None => best.clear(),
        }
        version = Some(candidate);
        best.push((tag, *target));
    }
    best
}

async fn receive(
    session: &Session,
    offer: &Offer,
    wanted: Wanted,
    (options, scratch, deadline): (&FetchOptions, &Path, Instant),
) -> Result<Checkout, GitErrorKind> {
    let folder =
        tempfile::Builder::new().prefix("git-").tempdir_in(scratch).map_err(GitErrorKind::Scratch)?;
    let incoming = folder.path().join("incoming.pack");
    let spool = File::create(&incoming).await.map_err(GitErrorKind::Scratch)?;
    let mut spool = Spool { file: spool, left: options.max_pack_bytes, limit: options.max_pack_bytes };
    let mut frames = session.command(request(offer, &wanted)?).await?;
    match offer {
        Offer::Commands { .. } => packfile_section(&mut frames, &mut spool).await?,
        Offer::Everything { capabilities, .. } => {
            let side_band = capabilities.iter().any(|one| one == "side-band-64k");
            old_answer(&mut frames, &mut spool, wanted.shallow && can_be_shallow(offer), side_band).await?;
        }
    }
    spool.file.flush().await.map_err(GitErrorKind::Scratch)?;
    let options = *options;
    let choice = wanted.choice;
    blocking(deadline, move |stop| {
        let objects = Objects::index(folder, &incoming, &options, stop)?;
        choose(objects, choice, &options, stop)
    })
    .await
}

fn choose(
    objects: Objects,
    choice: Choice,
    options: &FetchOptions,
    stop: &AtomicBool,
) -> Result<Checkout, GitErrorKind> {
    let (name, commit) = match choice {
        Choice::Commit(name, commit) => (name, commit),
        Choice::Latest(tags) => {
            let mut dated = Vec::new();
            for (tag, commit) in tags {
                let seconds = objects.commit(commit).map_err(GitErrorKind::Read)?.committer.seconds;
                dated.push((seconds, tag, commit));
            }
            let (_, tag, commit) =
                dated.into_iter().max_by_key(|(seconds, ..)| *seconds).ok_or(GitErrorKind::Truncated)?;
            (Some(tag), commit)
        }
    };
    if !objects.has(commit) {
        return Err(GitErrorKind::CommitNotFound(commit.to_string()));
    }
    let resolved = Resolved::new(name.as_deref(), commit);
    Checkout::open(objects, resolved, options.max_entries, stop).map_err(GitErrorKind::Read)
}

fn can_be_shallow(offer: &Offer) -> bool {
    match offer {
        Offer::Commands { shallow } => *shallow,
        Offer::Everything { capabilities, .. } => capabilities.iter().any(|one| one == "shallow"),
    }
}

fn request(offer: &Offer, wanted: &Wanted) -> Result<Vec<u8>, GitErrorKind> {
    let mut body = Vec::new();
    let shallow = wanted.shallow && can_be_shallow(offer);
    match offer {
        Offer::Commands { .. } => {
            pkt::put_line(&mut body, "command=fetch");
            pkt::put_line(&mut body, "object-format=sha1");
            pkt::put_delimiter(&mut body);
            pkt::put_line(&mut body, "ofs-delta");
            pkt::put_line(&mut body, "no-progress");
            for tip in &wanted.tips {
                pkt::put_line(&mut body, &format!("want {tip}"));
            }
            if shallow {
                pkt::put_line(&mut body, "deepen 1");
            }
            pkt::put_line(&mut body, "done");
            pkt::put_flush(&mut body);
        }
        Offer::Everything { capabilities, .. } => {
            let usable = ["side-band-64k", "ofs-delta", "no-progress", "shallow"];
            let used: Vec<&str> =
                usable.into_iter().filter(|one| capabilities.iter().any(|offered| offered == one)).collect();
            let (first, others) =
                wanted.tips.split_first().ok_or(GitErrorKind::Protocol("nothing to ask for"))?;
            pkt::put_line(&mut body, &format!("want {first} {}", used.join(" ")));
            for tip in others {
                pkt::put_line(&mut body, &format!("want {tip}"));
            }
            if shallow {
                pkt::put_line(&mut body, "deepen 1");
            }
            pkt::put_flush(&mut body);
            pkt::put_line(&mut body, "done");
        }
    }
    Ok(body)
}

/// Where the pack goes until it is complete.
struct Spool {
    file: File,
    left: u64,
    limit: u64,
}

impl Spool {
    async fn put(&mut self, data: &[u8]) -> Result<(), GitErrorKind> {
        self.left = self.left.checked_sub(data.len() as u64).ok_or(GitErrorKind::TooLarge(self.limit))?;
        self.file.write_all(data).await.map_err(GitErrorKind::Scratch)
    }

    /// A side-band frame: data, progress (which nobody sees), or the server's last words.
    async fn put_band(&mut self, frame: &[u8]) -> Result<(), GitErrorKind> {
        match frame.split_first() {
            Some((1, data)) => self.put(data).await,
            Some((2, _)) => Ok(()),
            Some((3, message)) => Err(refused(message)),
            _ => Err(GitErrorKind::Protocol("an unknown side-band")),
        }
    }
}

/// Version 2: sections, of which only the pack matters.
async fn packfile_section(frames: &mut Frames, spool: &mut Spool) -> Result<(), GitErrorKind> {
    loop {
        match frames.next().await? {
            Some(Pkt::Data(data)) if pkt::line(&data) == Some("packfile") => break,
            Some(Pkt::Data(_) | Pkt::Delimiter) => {}
            Some(Pkt::Flush | Pkt::End) => return Err(GitErrorKind::Protocol("an answer without a pack")),
            None => return Err(GitErrorKind::Truncated),
        }
    }
    bands(frames, spool).await
}

async fn bands(frames: &mut Frames, spool: &mut Spool) -> Result<(), GitErrorKind> {
    loop {
        match frames.next().await? {
            Some(Pkt::Data(data)) => spool.put_band(&data).await?,
            Some(Pkt::Flush) => return Ok(()),
            Some(_) => return Err(GitErrorKind::Protocol("a section inside the pack")),
            None => return Err(GitErrorKind::Truncated),
        }
    }
}

/// Versions 0 and 1: shallow lines up to a flush when asked for, then NAK, then the pack.
async fn old_answer(
    frames: &mut Frames,
    spool: &mut Spool,
    shallow: bool,
    side_band: bool,
) -> Result<(), GitErrorKind> {
    if shallow {
        loop {
            match frames.next().await? {
                Some(Pkt::Data(_)) => {}
                Some(Pkt::Flush) => break,
                Some(_) => return Err(GitErrorKind::Protocol("a section in an old answer")),
                None => return Err(GitErrorKind::Truncated),
            }
        }
    }
    match frames.next().await? {
        Some(Pkt::Data(data)) if pkt::line(&data) == Some("NAK") => {}
        Some(_) => return Err(GitErrorKind::Protocol("no NAK before the pack")),
        None => return Err(GitErrorKind::Truncated),
    }
    if side_band {
        return bands(frames, spool).await;
    }
    while let Some(data) = frames.raw().await? {
        spool.put(&data).await?;
    }
    Ok(())
}

/// Runs work that blocks, and tells it to stop when the deadline passes or nobody waits any more.
async fn blocking<T: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce(&AtomicBool) -> Result<T, GitErrorKind> + Send + 'static,
) -> Result<T, GitErrorKind> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&stop.0);
    let running = tokio::task::spawn_blocking(move || work(&seen));
    match timeout_at(deadline, running).await {
        Err(_) => Err(GitErrorKind::Timeout(None)),
        Ok(Ok(done)) => done,
        Ok(Err(error)) => Err(GitErrorKind::Scratch(std::io::Error::other(error))),
    }
}

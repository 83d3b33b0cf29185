//! Noticing new commits.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures::Stream;
use tokio::time::MissedTickBehavior;

use super::repository::{Head, Repository, RepositoryError};

/// Where `HEAD` of the repository at `path` is now. Blocks on the disk.
///
/// # Errors
/// When there is no repository, or it cannot be read.
pub fn head(path: &Path) -> Result<Head, RepositoryError> {
    Repository::open(path)?.head()
}

/// Yields where `HEAD` is, first as it is now and then whenever that changed: by a commit, a switch of
/// branches, a reset or a fetch into the branch. An error is yielded once, until something changes again.
///
/// Every `interval` four files are looked at (not read), which costs microseconds; 200 ms notice a commit at
/// once for a human. Nothing is watched any more when the stream is dropped.
pub fn watch_refs(
    repository: Repository,
    interval: Duration,
) -> impl Stream<Item = Result<Head, RepositoryError>> + Send {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watched = Watched { repository, ticks, looks: None, last: None };
    futures::stream::unfold(watched, |mut watched| async move {
        let item = watched.next().await;
        Some((item, watched))
    })
}

struct Watched {
    repository: Repository,
    ticks: tokio::time::Interval,
    looks: Option<Looks>,
    last: Option<Head>,
}

impl Watched {
    async fn next(&mut self) -> Result<Head, RepositoryError> {
        loop {
            self.ticks.tick().await;
            let repository = self.repository.clone();
            let before = self.looks.clone();
            let seen = tokio::task::spawn_blocking(move || {
                let unchanged = before.is_some_and(|before| before.are_unchanged());
                (!unchanged).then(|| (Looks::of(&repository), repository.head()))
            });
            match seen.await {
                Ok(None) => {}
                Ok(Some((looks, head))) => {
                    // Within a timestamp's grain two states look alike; such a look is not trusted yet.
                    self.looks = looks.is_settled().then_some(looks);
                    match head {
                        Ok(head) if self.last.as_ref() == Some(&head) => {}
                        Ok(head) => {
                            self.last = Some(head.clone());
                            return Ok(head);
                        }
                        Err(error) if self.looks.is_some() => {
                            self.last = None;
                            return Err(error);
                        }
                        // Files were just written: it may be half done, so it is looked at again.
                        Err(_) => {}
                    }
                }
                Err(error) => return Err(RepositoryError::Interrupted(std::io::Error::other(error))),
            }
        }
    }
}

/// How long after a change another could still look the same.
const GRAIN: Duration = Duration::from_millis(50);

/// What the files that decide about `HEAD` look like from outside. Which files these are depends on what is
/// in `HEAD`, which is one of them.
#[derive(Debug, Clone)]
struct Looks {
    files: Vec<(PathBuf, Option<(SystemTime, u64)>)>,
    taken: SystemTime,
}

impl Looks {
    fn of(repository: &Repository) -> Self {
        let git_dir = repository.git_dir();
        // A linked work tree has its own HEAD, while branches are in the main one.
        let common = match std::fs::read_to_string(git_dir.join("commondir")) {
            Ok(path) => git_dir.join(path.trim()),
            Err(_) => git_dir.to_owned(),
        };
        let head = git_dir.join("HEAD");
        let branch = std::fs::read_to_string(&head).ok();
        let branch = branch.as_deref().and_then(|text| text.trim().strip_prefix("ref: "));
        let mut files = vec![head, common.join("packed-refs")];
        files.extend(branch.map(|branch| common.join(branch)));
        let taken = SystemTime::now();
        let files = files
            .into_iter()
            .map(|path| {
                let seen = look_at(&path);
                (path, seen)
            })
            .collect();
        Looks { files, taken }
    }

    fn are_unchanged(&self) -> bool {
        self.files.iter().all(|(path, seen)| look_at(path) == *seen)
    }

    /// Whether all files are old enough that a further change will show.
    fn is_settled(&self) -> bool {
        let old = |modified: &SystemTime| self.taken.duration_since(*modified).is_ok_and(|age| age > GRAIN);
        self.files.iter().filter_map(|(_, seen)| seen.as_ref()).all(|(modified, _)| old(modified))
    }
}

fn look_at(path: &Path) -> Option<(SystemTime, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

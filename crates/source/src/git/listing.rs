//! What a server offers: its protocol, and its references.

use std::collections::BTreeMap;

use gix::ObjectId;

use super::error::GitErrorKind;
use super::pkt::{self, Pkt};
use super::session::{Frames, Session};

/// More references than this are refused: no repository has them, and each costs memory.
const MAX_REFERENCES: usize = 2_000_000;

/// A reference of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// What it points to, which for an annotated tag is the tag object.
    pub(crate) id: ObjectId,
    /// What the tag object points to, in the end.
    pub(crate) peeled: Option<ObjectId>,
}

impl Target {
    /// The commit, whatever the reference points to first.
    pub(crate) fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.id)
    }
}

pub(crate) type References = BTreeMap<String, Target>;

/// How the server speaks, and what it can do.
#[derive(Debug)]
pub(crate) enum Offer {
    /// Protocol version 2.
    Commands {
        /// Whether `fetch` can be shallow.
        shallow: bool,
    },
    /// Protocol versions 0 and 1, which list all references at once.
    Everything {
        /// The list.
        references: References,
        /// What follows the first reference.
        capabilities: Vec<String>,
    },
}

impl Offer {
    /// Reads the advertisement.
    pub(crate) async fn of(session: &mut Session) -> Result<Self, GitErrorKind> {
        let mut frames = session.advertisement().await?;
        let mut first = frames.next().await?;
        if matches!(&first, Some(Pkt::Data(data)) if data.starts_with(b"# service=")) {
            frames.next().await?;
            first = frames.next().await?;
        }
        match first {
            Some(Pkt::Data(data)) if pkt::line(&data) == Some("version 2") => commands(&mut frames).await,
            Some(Pkt::Data(data)) if pkt::line(&data) == Some("version 1") => {
                let next = frames.next().await?;
                everything(&mut frames, next).await
            }
            other => everything(&mut frames, other).await,
        }
    }

    /// The references whose names begin with one of the prefixes; all, when there is none.
    pub(crate) async fn list(
        &self,
        session: &Session,
        prefixes: &[&str],
    ) -> Result<References, GitErrorKind> {
        if let Offer::Everything { references, .. } = self {
            let wanted = |name: &str| prefixes.is_empty() || prefixes.iter().any(|p| name.starts_with(p));
            let found = references.iter().filter(|(name, _)| wanted(name));
            return Ok(found.map(|(name, target)| (name.clone(), *target)).collect());
        }
        let mut body = Vec::new();
        pkt::put_line(&mut body, "command=ls-refs");
        pkt::put_line(&mut body, "object-format=sha1");
        pkt::put_delimiter(&mut body);
        pkt::put_line(&mut body, "peel");
        for prefix in prefixes {
            pkt::put_line(&mut body, &format!("ref-prefix {prefix}"));
        }
        pkt::put_flush(&mut body);
        let mut frames = session.command(body).await?;
        let mut references = References::new();
        loop {
            match frames.next().await? {
                Some(Pkt::Data(data)) => {
                    // A name that is not UTF-8 cannot be asked for, so it is passed over.
                    let Some(line) = pkt::line(&data) else { continue };
                    let mut words = line.split(' ');
                    let (Some(id), Some(name)) = (words.next(), words.next()) else {
                        return Err(GitErrorKind::Protocol("a reference without a name"));
                    };
                    let peeled = words.find_map(|word| word.strip_prefix("peeled:"));
                    let target = Target { id: object_id(id)?, peeled: peeled.map(object_id).transpose()? };
                    add(&mut references, name, target)?;
                }
                Some(Pkt::Flush) => return Ok(references),
                Some(_) => return Err(GitErrorKind::Protocol("a section where references were expected")),
                None => return Err(GitErrorKind::Truncated),
            }
        }
    }
}

impl Offer {
    /// The full name of the branch that `HEAD` points to, where the server says so.
    pub(crate) async fn default_branch(&self, session: &Session) -> Result<Option<String>, GitErrorKind> {
        if let Offer::Everything { capabilities, .. } = self {
            let target = capabilities.iter().find_map(|one| one.strip_prefix("symref=HEAD:"));
            return Ok(target.map(str::to_owned));
        }
        let mut body = Vec::new();
        pkt::put_line(&mut body, "command=ls-refs");
        pkt::put_line(&mut body, "object-format=sha1");
        pkt::put_delimiter(&mut body);
        pkt::put_line(&mut body, "symrefs");
        pkt::put_line(&mut body, "ref-prefix HEAD");
        pkt::put_flush(&mut body);
        let mut frames = session.command(body).await?;
        let mut branch = None;
        while let Some(Pkt::Data(data)) = frames.next().await? {
            let Some(line) = pkt::line(&data) else { continue };
            let mut words = line.split(' ').skip(1);
            if words.next() == Some("HEAD") {
                branch = words.find_map(|word| word.strip_prefix("symref-target:")).map(str::to_owned);
            }
        }
        Ok(branch)
    }
}

async fn commands(frames: &mut Frames) -> Result<Offer, GitErrorKind> {
    let mut shallow = false;
    loop {
        match frames.next().await? {
            Some(Pkt::Data(data)) => match pkt::line(&data).unwrap_or_default().split_once('=') {
                Some(("fetch", features)) => {
                    shallow = features.split(' ').any(|feature| feature == "shallow")
                }
                Some(("object-format", format)) if format != "sha1" => return Err(unsupported(format)),
                _ => {}
            },
            Some(Pkt::Flush) => return Ok(Offer::Commands { shallow }),
            Some(_) => return Err(GitErrorKind::Protocol("a section where capabilities were expected")),
            None => return Err(GitErrorKind::Truncated),
        }
    }
}

async fn everything(frames: &mut Frames, mut frame: Option<Pkt>) -> Result<Offer, GitErrorKind> {
    let mut references = References::new();
    let mut capabilities = Vec::new();
    let mut first = true;
    loop {
        let data = match frame {
            Some(Pkt::Data(data)) => data,
            Some(Pkt::Flush) => return Ok(Offer::Everything { references, capabilities }),
            Some(_) => return Err(GitErrorKind::Protocol("a section where references were expected")),
            None => return Err(GitErrorKind::Truncated),
        };
        let mut halves = data.splitn(2, |byte| *byte == 0);
        let reference = halves.next().unwrap_or_default();
        if let (true, Some(list)) = (first, halves.next().and_then(pkt::line)) {
            capabilities = list.split(' ').map(str::to_owned).collect();
            let format = capabilities.iter().find_map(|one| one.strip_prefix("object-format="));
            if let Some(format) = format.filter(|format| *format != "sha1") {
                return Err(unsupported(format));
            }
        }
        first = false;
        if let Some((id, name)) = pkt::line(reference).and_then(|line| line.split_once(' ')) {
            note(&mut references, id, name)?;
        }
        frame = frames.next().await?;
    }
}

/// Adds a line of the old advertisement, where a peeled tag follows the tag.
fn note(references: &mut References, id: &str, name: &str) -> Result<(), GitErrorKind> {
    let id = object_id(id)?;
    if id.is_null() {
        return Ok(());
    }
    if let Some(tag) = name.strip_suffix("^{}") {
        if let Some(target) = references.get_mut(tag) {
            target.peeled = Some(id);
        }
        return Ok(());
    }
    add(references, name, Target { id, peeled: None })
}

fn add(references: &mut References, name: &str, target: Target) -> Result<(), GitErrorKind> {
    if references.len() >= MAX_REFERENCES {
        return Err(GitErrorKind::Protocol("more references than any repository has"));
    }
    references.insert(name.to_owned(), target);
    Ok(())
}

fn object_id(text: &str) -> Result<ObjectId, GitErrorKind> {
    ObjectId::from_hex(text.as_bytes()).map_err(|_| GitErrorKind::Protocol("an object id that is none"))
}

fn unsupported(format: &str) -> GitErrorKind {
    GitErrorKind::Unsupported(format!("a repository with {format} object ids"))
}

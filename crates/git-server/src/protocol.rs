//! The conversation: advertisements, listings, and what a fetch is answered with.

use std::io::{self, Write};

use gix::ObjectId;

use super::pack::{self, PackError, Request};
use super::pkt::{self, Pkt};
use super::repository::{Reference, Repository, RepositoryError};

const AGENT: &str = concat!("agent=flamingo/", env!("CARGO_PKG_VERSION"));
/// The most that a side-band frame carries, without its band.
const BAND: usize = 65_515;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Said to the client in an `ERR` frame.
    #[error("{0}")]
    Refused(String),
    /// The repository's fault.
    #[error("the repository cannot be served")]
    Repository(#[source] RepositoryError),
    /// The client went away, or the repository is damaged in the middle of a pack.
    #[error("the answer broke off")]
    Broken(#[source] PackError),
}

/// The protocol that a client asks for in its `Git-Protocol` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Zero,
    One,
    Two,
}

impl Version {
    pub(crate) fn of(header: Option<&str>) -> Self {
        let asked =
            |version: &str| header.is_some_and(|header| header.split(':').any(|part| part == version));
        match () {
            () if asked("version=2") => Version::Two,
            () if asked("version=1") => Version::One,
            () => Version::Zero,
        }
    }
}

/// The answer to `info/refs`.
pub(crate) fn advertisement(repository: &Repository, version: Version) -> Result<Vec<u8>, ProtocolError> {
    let mut out = Vec::new();
    pkt::put_line(&mut out, "# service=git-upload-pack");
    out.extend_from_slice(b"0000");
    match version {
        Version::Two => {
            for line in ["version 2", AGENT, "ls-refs=unborn", "fetch=shallow", "object-format=sha1"] {
                pkt::put_line(&mut out, line);
            }
        }
        Version::One => {
            pkt::put_line(&mut out, "version 1");
            references(repository, &mut out)?;
        }
        Version::Zero => references(repository, &mut out)?,
    }
    out.extend_from_slice(b"0000");
    Ok(out)
}

/// All references with the capabilities behind the first, as the old protocol has it.
fn references(repository: &Repository, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
    let opened = repository.read().map_err(ProtocolError::Repository)?;
    let found = repository.references(&opened).map_err(ProtocolError::Repository)?;
    let mut capabilities = "side-band-64k ofs-delta shallow no-progress object-format=sha1".to_owned();
    if let Some(Reference { symbolic: Some(target), id: Some(_), .. }) = found.first() {
        capabilities.push_str(&format!(" symref=HEAD:{target}"));
    }
    let mut lines = Vec::new();
    for reference in &found {
        let Some(id) = reference.id else { continue };
        lines.push(format!("{id} {}", reference.name));
        lines.extend(reference.peeled.map(|peeled| format!("{peeled} {}^{{}}", reference.name)));
    }
    if lines.is_empty() {
        lines.push(format!("{} capabilities^{{}}", ObjectId::null(gix::hash::Kind::Sha1)));
    }
    lines[0].push_str(&format!("\0{capabilities} {AGENT}"));
    for line in lines {
        pkt::put_line(out, &line);
    }
    Ok(())
}

/// Answers a command or a request of the old protocol.
pub(crate) fn answer(
    repository: &Repository,
    version: Version,
    body: &[u8],
    out: &mut impl Write,
) -> Result<(), ProtocolError> {
    let frames = pkt::frames(body).ok_or_else(|| refuse("the request is not made of pkt-lines"))?;
    if version != Version::Two {
        return old_fetch(repository, &frames, out);
    }
    let mut sections = frames.split(|frame| *frame == Pkt::Delimiter);
    let head = lines(sections.next().unwrap_or_default());
    let arguments = lines(sections.next().unwrap_or_default());
    if let Some(format) =
        head.iter().find_map(|line| line.strip_prefix("object-format=")).filter(|f| *f != "sha1")
    {
        return Err(refuse(&format!("object format {format} is not supported")));
    }
    match head.iter().find_map(|line| line.strip_prefix("command=")) {
        Some("ls-refs") => list(repository, &arguments, out),
        Some("fetch") => fetch(repository, &arguments, out),
        Some(other) => Err(refuse(&format!("command {other} is not supported"))),
        None => Err(refuse("no command")),
    }
}

fn lines<'a>(section: &[Pkt<'a>]) -> Vec<&'a str> {
    let line = |frame: &Pkt<'a>| match frame {
        Pkt::Line(line) => Some(*line),
        Pkt::Flush | Pkt::Delimiter => None,
    };
    section.iter().filter_map(line).collect()
}

fn list(repository: &Repository, arguments: &[&str], out: &mut impl Write) -> Result<(), ProtocolError> {
    let mut prefixes = Vec::new();
    let (mut peel, mut symrefs, mut unborn) = (false, false, false);
    for argument in arguments {
        match *argument {
            "peel" => peel = true,
            "symrefs" => symrefs = true,
            "unborn" => unborn = true,
            other => match other.strip_prefix("ref-prefix ") {
                Some(prefix) => prefixes.push(prefix),
                None => return Err(refuse(&format!("ls-refs argument {other:?} is not supported"))),
            },
        }
    }
    let opened = repository.read().map_err(ProtocolError::Repository)?;
    let mut answer = Vec::new();
    for reference in repository.references(&opened).map_err(ProtocolError::Repository)? {
        let wanted = prefixes.is_empty() || prefixes.iter().any(|prefix| reference.name.starts_with(prefix));
        if !wanted {
            continue;
        }
        let mut line = match reference.id {
            Some(id) => format!("{id} {}", reference.name),
            None if unborn => format!("unborn {}", reference.name),
            None => continue,
        };
        if let (true, Some(target)) = (symrefs, &reference.symbolic) {
            line.push_str(&format!(" symref-target:{target}"));
        }
        if let (true, Some(peeled)) = (peel, reference.peeled) {
            line.push_str(&format!(" peeled:{peeled}"));
        }
        pkt::put_line(&mut answer, &line);
    }
    answer.extend_from_slice(b"0000");
    send(out, &answer)
}

fn fetch(repository: &Repository, arguments: &[&str], out: &mut impl Write) -> Result<(), ProtocolError> {
    let (request, done) = request(arguments)?;
    if !done {
        // Nothing is in common, because full packs are all there is; the client goes on until it says done.
        let mut answer = Vec::new();
        pkt::put_line(&mut answer, "acknowledgments");
        pkt::put_line(&mut answer, "NAK");
        answer.extend_from_slice(b"0000");
        return send(out, &answer);
    }
    let opened = repository.read().map_err(ProtocolError::Repository)?;
    let plan = pack::plan(&opened, &request).map_err(refused)?;
    let mut answer = Vec::new();
    if !plan.shallow.is_empty() || !plan.unshallow.is_empty() {
        pkt::put_line(&mut answer, "shallow-info");
        put_boundary(&mut answer, &plan);
        answer.extend_from_slice(b"0001");
    }
    pkt::put_line(&mut answer, "packfile");
    send(out, &answer)?;
    send_pack(&opened, &plan, out)
}

/// One request of protocol 0 or 1: wants, a flush, perhaps haves, and `done`.
fn old_fetch(repository: &Repository, frames: &[Pkt<'_>], out: &mut impl Write) -> Result<(), ProtocolError> {
    let mut arguments = lines(frames);
    let mut side_band = false;
    for argument in &mut arguments {
        if let Some((want, capabilities)) =
            argument.strip_prefix("want ").and_then(|rest| rest.split_once(' '))
        {
            side_band |= capabilities.split(' ').any(|one| one == "side-band-64k");
            *argument = &argument[.."want ".len() + want.len()];
        }
    }
    let (request, done) = request(&arguments)?;
    if request.wants.is_empty() {
        return Ok(());
    }
    let opened = repository.read().map_err(ProtocolError::Repository)?;
    let plan = pack::plan(&opened, &request).map_err(refused)?;
    let mut answer = Vec::new();
    if request.depth.is_some() {
        put_boundary(&mut answer, &plan);
        answer.extend_from_slice(b"0000");
    }
    // In the round that only settles the depth, the client has said nothing to be answered yet.
    let only_depth = !done && !arguments.iter().any(|line| line.starts_with("have "));
    if !only_depth {
        pkt::put_line(&mut answer, "NAK");
    }
    send(out, &answer)?;
    match (done, side_band) {
        (false, _) => Ok(()),
        (true, true) => send_pack(&opened, &plan, out),
        (true, false) => pack::write(&opened, &plan, out).map_err(ProtocolError::Broken),
    }
}

fn request(arguments: &[&str]) -> Result<(Request, bool), ProtocolError> {
    let mut request = Request::default();
    let mut done = false;
    for argument in arguments {
        match argument.split_once(' ').unwrap_or((argument, "")) {
            ("want", id) => request.wants.push(object_id(id)?),
            ("shallow", id) => request.client_shallow.push(object_id(id)?),
            ("deepen", depth) => {
                let depth = depth.parse().map_err(|_| refuse("the depth is not a number"))?;
                request.depth = (depth > 0).then_some(depth);
            }
            ("done", "") => done = true,
            // Promises of what the client has or can do, which a full pack does not need.
            ("have" | "thin-pack" | "no-progress" | "include-tag" | "ofs-delta", _) => {}
            (other, _) => return Err(refuse(&format!("fetch argument {other:?} is not supported"))),
        }
    }
    Ok((request, done))
}

fn object_id(hex: &str) -> Result<ObjectId, ProtocolError> {
    ObjectId::from_hex(hex.as_bytes()).map_err(|_| refuse(&format!("{hex:?} is no object id")))
}

fn put_boundary(out: &mut Vec<u8>, plan: &pack::Plan) {
    for id in &plan.shallow {
        pkt::put_line(out, &format!("shallow {id}"));
    }
    for id in &plan.unshallow {
        pkt::put_line(out, &format!("unshallow {id}"));
    }
}

/// The pack in side-band frames. What goes wrong on the way is told in the third band.
fn send_pack(
    repository: &gix::Repository,
    plan: &pack::Plan,
    out: &mut impl Write,
) -> Result<(), ProtocolError> {
    let mut bands = Bands { out, buffer: Vec::with_capacity(BAND) };
    let written = pack::write(repository, plan, &mut bands);
    let sent = written.and_then(|()| bands.flush().map_err(PackError::Write));
    match sent {
        Ok(()) => send(out, b"0000"),
        Err(error @ PackError::Write(_)) => Err(ProtocolError::Broken(error)),
        Err(error) => {
            let mut last = Vec::new();
            pkt::put(&mut last, format!("\x03{error}\n").as_bytes());
            send(out, &last)?;
            Err(ProtocolError::Broken(error))
        }
    }
}

struct Bands<'a, W> {
    out: &'a mut W,
    buffer: Vec<u8>,
}

impl<W: Write> Write for Bands<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(BAND - self.buffer.len());
        self.buffer.extend_from_slice(&data[..taken]);
        if self.buffer.len() == BAND {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut frame = Vec::with_capacity(self.buffer.len() + 5);
        frame.extend_from_slice(format!("{:04x}\x01", self.buffer.len() + 5).as_bytes());
        frame.append(&mut self.buffer);
        self.out.write_all(&frame)
    }
}

fn send(out: &mut impl Write, data: &[u8]) -> Result<(), ProtocolError> {
    out.write_all(data).map_err(|error| ProtocolError::Broken(PackError::Write(error)))
}

fn refuse(message: &str) -> ProtocolError {
    ProtocolError::Refused(message.to_owned())
}

fn refused(error: PackError) -> ProtocolError {
    ProtocolError::Refused(error.to_string())
}

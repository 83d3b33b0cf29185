//! What the journal's frames say.

use std::sync::Arc;

use value::Value;

use super::Recovered;
use super::frame::{self, Damage};

/// The first byte of a payload.
mod tag {
    pub(super) const HEADER: u8 = b'H';
    pub(super) const PUT: u8 = b'P';
    pub(super) const DELETE: u8 = b'D';
}

/// Names this layout; another one would be read by another function.
const FORMAT: &[u8] = b"flamingo sandbox journal 1";

/// One object written or removed.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The revision of the write.
    pub(crate) revision: u64,
    /// Which table the object is in.
    pub(crate) table: Arc<str>,
    /// The object's namespace; empty for cluster-scoped ones.
    pub(crate) namespace: Arc<str>,
    /// The object's name.
    pub(crate) name: Arc<str>,
    /// The object; `None` when it was removed.
    pub(crate) object: Option<Value>,
}

impl Record {
    pub(super) fn to_frame(&self) -> Vec<u8> {
        let mut out = vec![if self.object.is_some() { tag::PUT } else { tag::DELETE }];
        out.extend(self.revision.to_le_bytes());
        for text in [&self.table, &self.namespace, &self.name] {
            out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            out.extend(text.as_bytes());
        }
        match &self.object {
            Some(object) => out.extend(value::to_json(object).as_bytes()),
            // A payload never ends in a zero byte, see `frame`.
            None => out.push(b'.'),
        }
        frame::encode(&out)
    }

    fn from_payload(payload: &[u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        let (revision, mut rest) = rest.split_first_chunk::<8>()?;
        let mut text = || -> Option<Arc<str>> {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (text, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = after;
            Some(Arc::from(std::str::from_utf8(text).ok()?))
        };
        let (table, namespace, name) = (text()?, text()?, text()?);
        let object = match *kind {
            tag::PUT => Some(value::from_json(rest).ok()?),
            tag::DELETE => None,
            _ => return None,
        };
        Some(Self { revision: u64::from_le_bytes(*revision), table, namespace, name, object })
    }
}

/// The frame that a journal begins with.
pub(super) fn header(revision: u64) -> Vec<u8> {
    let mut out = vec![tag::HEADER];
    out.extend(revision.to_le_bytes());
    out.extend(FORMAT);
    frame::encode(&out)
}

/// Reads a whole journal; also says where its last whole record ends.
pub(super) fn read_all(bytes: &[u8]) -> Result<(Recovered, u64), Damage> {
    let mut recovered = Recovered { revision: 0, records: Vec::new() };
    let mut at = 0;
    while let Some((payload, next)) = frame::decode(bytes, at)? {
        let unknown = Damage::Content { offset: at as u64 };
        if at == 0 {
            recovered.revision = header_revision(payload).ok_or(unknown)?;
        } else {
            let record = Record::from_payload(payload).ok_or(unknown)?;
            recovered.revision = recovered.revision.max(record.revision);
            recovered.records.push(record);
        }
        at = next;
    }
    Ok((recovered, at as u64))
}

fn header_revision(payload: &[u8]) -> Option<u64> {
    let rest = payload.strip_prefix(&[tag::HEADER])?;
    let (revision, format) = rest.split_first_chunk::<8>()?;
    (format == FORMAT).then(|| u64::from_le_bytes(*revision))
}

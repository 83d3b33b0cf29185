//! pkt-lines: the frames of Git's protocol.

use bytes::{Buf, Bytes, BytesMut};

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pkt {
    /// `0000`: the end of a message or list.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of a response.
    End,
    /// Everything else.
    Data(Bytes),
}

/// The bytes are no pkt-line, so they are probably not Git at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pkt-len found")]
pub(crate) struct Malformed;

/// Takes the first frame off `buffer`; `None` when it is not complete yet.
pub(crate) fn take(buffer: &mut BytesMut) -> Result<Option<Pkt>, Malformed> {
    let Some(length) = buffer.get(..4) else { return Ok(None) };
    let text = std::str::from_utf8(length).map_err(|_| Malformed)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Malformed);
    }
    let length = usize::from_str_radix(text, 16).map_err(|_| Malformed)?;
    let short = match length {
        0 => Pkt::Flush,
        1 => Pkt::Delimiter,
        2 => Pkt::End,
        3 => return Err(Malformed),
        _ if buffer.len() < length => return Ok(None),
        _ => {
            let mut frame = buffer.split_to(length);
            frame.advance(4);
            return Ok(Some(Pkt::Data(frame.freeze())));
        }
    };
    buffer.advance(4);
    Ok(Some(short))
}

/// Appends a text frame, with the line feed that servers expect.
pub(crate) fn put_line(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(format!("{:04x}{line}\n", line.len() + 5).as_bytes());
}

/// Appends [`Pkt::Flush`].
pub(crate) fn put_flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// Appends [`Pkt::Delimiter`].
pub(crate) fn put_delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

/// The text of a frame without its line feed; `None` when it is not UTF-8.
pub(crate) fn line(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data.strip_suffix(b"\n").unwrap_or(data)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut bytes: BytesMut) -> Result<Vec<Pkt>, Malformed> {
        let mut frames = Vec::new();
        while let Some(frame) = take(&mut bytes)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn takes_frames_and_waits_for_the_rest() {
        let bytes = BytesMut::from(&b"0008abc\n00000001000200"[..]);
        let frames = all(bytes).unwrap();
        assert_eq!(frames, [Pkt::Data(Bytes::from_static(b"abc\n")), Pkt::Flush, Pkt::Delimiter, Pkt::End]);
    }

    #[test]
    fn refuses_what_is_not_git() {
        assert!(all(BytesMut::from("<!DOCTYPE html>")).is_err());
        assert!(all(BytesMut::from("+0f0")).is_err());
        assert!(all(BytesMut::from("0003")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_put_is_taken(text in "[a-z]{0,300}") {
            let mut out = Vec::new();
            put_line(&mut out, &text);
            let frames = all(BytesMut::from(out.as_slice())).unwrap();
            let [Pkt::Data(data)] = frames.as_slice() else { panic!("{frames:?}") };
            proptest::prop_assert_eq!(line(data), Some(text.as_str()));
        }
    }
}

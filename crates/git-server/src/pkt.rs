//! pkt-lines: the frames of Git's protocol.

/// One frame of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pkt<'a> {
    /// `0000`.
    Flush,
    /// `0001`.
    Delimiter,
    /// The text, without its line feed.
    Line(&'a str),
}

/// All frames of a request's body; `None` when it is not made of text frames.
pub(crate) fn frames(mut body: &[u8]) -> Option<Vec<Pkt<'_>>> {
    let mut frames = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_at_checked(4)?;
        let length = std::str::from_utf8(length).ok()?;
        if !length.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let length = usize::from_str_radix(length, 16).ok()?;
        body = rest;
        frames.push(match length {
            0 => Pkt::Flush,
            1 => Pkt::Delimiter,
            2 | 3 => return None,
            _ => {
                let (data, rest) = body.split_at_checked(length - 4)?;
                body = rest;
                Pkt::Line(std::str::from_utf8(data.strip_suffix(b"\n").unwrap_or(data)).ok()?)
            }
        });
    }
    Some(frames)
}

/// Appends a text frame with a line feed.
pub(crate) fn put_line(out: &mut Vec<u8>, line: &str) {
    put(out, format!("{line}\n").as_bytes());
}

/// Appends a frame.
pub(crate) fn put(out: &mut Vec<u8>, data: &[u8]) {
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_frames_and_refuses_the_rest() {
        let mut body = Vec::new();
        put_line(&mut body, "command=ls-refs");
        body.extend_from_slice(b"00010000");
        assert_eq!(frames(&body).unwrap(), [Pkt::Line("command=ls-refs"), Pkt::Delimiter, Pkt::Flush]);
        assert!(frames(b"0009abc").is_none());
        assert!(frames(b"zzzz").is_none());
        assert!(frames(b"0003").is_none());
        assert!(frames(b"00").is_none());
    }
}

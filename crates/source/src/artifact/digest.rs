//! Digests: `sha256:…` and its siblings.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// An algorithm and the hex form of its result, as `status.artifact.digest` has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// Why a text is no digest that can be checked here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not of the form `algorithm:hex`, or of the wrong length.
    #[error("{0:?} is no digest of the form algorithm:hex")]
    Malformed(String),
    /// Flux also knows sha1 and blake3, which are not supported here.
    #[error("digest algorithm {0:?} is not supported; sha256, sha384 and sha512 are")]
    Algorithm(String),
}

impl Digest {
    /// The SHA-256 digest of `content`.
    pub fn of(content: &[u8]) -> Self {
        Digest { algorithm: Algorithm::Sha256, hex: hex(&Sha256::digest(content)) }
    }

    /// The hex form, without the algorithm.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        };
        write!(f, "{algorithm}:{}", self.hex)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError::Malformed(text.to_owned());
        let (name, hex) = text.split_once(':').ok_or_else(malformed)?;
        let (algorithm, length) = match name {
            "sha256" => (Algorithm::Sha256, 64),
            "sha384" => (Algorithm::Sha384, 96),
            "sha512" => (Algorithm::Sha512, 128),
            other => return Err(DigestError::Algorithm(other.to_owned())),
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(malformed());
        }
        Ok(Digest { algorithm, hex: hex.to_owned() })
    }
}

/// Digests and counts what passes through.
pub struct Digested<W> {
    inner: W,
    state: State,
    size: u64,
}

enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl<W: Write> Digested<W> {
    /// A writer that passes everything on to `inner` and digests it with SHA-256.
    pub fn new(inner: W) -> Self {
        Digested { inner, state: State::Sha256(Sha256::new()), size: 0 }
    }

    /// The same with the algorithm of `expected`, to be compared with it.
    pub fn like(inner: W, expected: &Digest) -> Self {
        let state = match expected.algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        };
        Digested { inner, state, size: 0 }
    }

    /// The inner writer, the digest, and the number of bytes.
    pub fn finish(self) -> (W, Digest, u64) {
        let (algorithm, hex) = match self.state {
            State::Sha256(state) => (Algorithm::Sha256, hex(&state.finalize())),
            State::Sha384(state) => (Algorithm::Sha384, hex(&state.finalize())),
            State::Sha512(state) => (Algorithm::Sha512, hex(&state.finalize())),
        };
        (self.inner, Digest { algorithm, hex }, self.size)
    }
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        match &mut self.state {
            State::Sha256(state) => state.update(&buffer[..written]),
            State::Sha384(state) => state.update(&buffer[..written]),
            State::Sha512(state) => state.update(&buffer[..written]),
        }
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let digest = Digest::of(b"");
        assert_eq!(
            digest.to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn refuses_what_it_cannot_check() {
        assert!(matches!("blake3:00".parse::<Digest>(), Err(DigestError::Algorithm(_))));
        assert!(matches!("sha256:00".parse::<Digest>(), Err(DigestError::Malformed(_))));
        assert!(matches!("e3b0".parse::<Digest>(), Err(DigestError::Malformed(_))));
    }
}

//! Provenance: the signed `.prov` file beside an archive.

use pgp::composed::{CleartextSignedMessage, Deserializable as _, SignedPublicKey};
use pgp::types::KeyDetails as _;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use value::Value;

use crate::go;

/// A verified archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The names of the key that signed it.
    pub signed_by: Vec<String>,
    /// The fingerprint of that key.
    pub fingerprint: String,
    /// The digest that the signature covers.
    pub file_hash: String,
}

/// Why an archive is not verified.
#[derive(Debug, Error)]
pub enum ProvenanceError {
    /// The provenance file is not signed.
    #[error("signature block not found")]
    NoSignature,
    /// No known key made the signature.
    #[error("openpgp: signature made by unknown entity")]
    UnknownKey,
    /// The signature does not belong to the text.
    #[error("openpgp: invalid signature: hash tag doesn't match")]
    BadSignature,
    /// The signed text is not what helm writes.
    #[error("message block must have at least two parts")]
    Parts,
    /// The sums are not YAML.
    #[error("the sums of the provenance file cannot be read")]
    Sums(#[from] crate::decode::DecodeError),
    /// The archive is not mentioned.
    #[error("provenance does not contain a SHA for a file named {}", go::quote(.0))]
    NoSum(String),
    /// The archive is another one.
    #[error("sha256 sum does not match for {file}: {} != {}", go::quote(.wanted), go::quote(.found))]
    Sum {
        /// The archive's name.
        file: String,
        /// The signed digest.
        wanted: String,
        /// The archive's digest.
        found: String,
    },
    /// The keyring is none.
    #[error("failed to load keyring: {0}")]
    Keyring(String),
}

/// Public keys that signatures are accepted of.
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
}

impl Keyring {
    /// Reads a keyring: binary, armoured, or GnuPG's keybox.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(data: &[u8]) -> Result<Self, ProvenanceError> {
        let broken = |error: &dyn std::fmt::Display| ProvenanceError::Keyring(error.to_string());
        let is_armoured = data.trim_ascii_start().starts_with(b"-----BEGIN PGP");
        let keys: Result<Vec<SignedPublicKey>, _> = if is_armoured {
            let (keys, _) = SignedPublicKey::from_armor_many(data).map_err(|error| broken(&error))?;
            keys.collect()
        } else if data.get(8..12) == Some(b"KBXf") {
            let keys = keybox(data).map_err(ProvenanceError::Keyring)?;
            let keys = without_trust(&keys);
            SignedPublicKey::from_bytes_many(&keys[..]).map_err(|error| broken(&error))?.collect()
        } else {
            let keys = without_trust(data);
            SignedPublicKey::from_bytes_many(&keys[..]).map_err(|error| broken(&error))?.collect()
        };
        let keys = keys.map_err(|error| broken(&error))?;
        if keys.is_empty() {
            return Err(ProvenanceError::Keyring("no keys found".to_owned()));
        }
        Ok(Self { keys })
    }
}

/// GnuPG keeps notes of its own between a name and its signatures, which would part them.
fn without_trust(data: &[u8]) -> Vec<u8> {
    const TRUST: u8 = 12;
    let mut keys = Vec::new();
    let mut rest = data;
    while let Some((tag, length)) = packet(rest) {
        let (packet, more) = rest.split_at(length);
        if tag != TRUST {
            keys.extend_from_slice(packet);
        }
        rest = more;
    }
    keys.extend_from_slice(rest);
    keys
}

/// The tag and the whole length of the packet at the start, by RFC 9580 §4.2; nothing for a packet of
/// unknown length.
fn packet(data: &[u8]) -> Option<(u8, usize)> {
    let number = |from: usize, count: usize| {
        let bytes = data.get(from..from + count)?;
        Some(bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    let first = *data.first()?;
    let (tag, header, length) = if first & 0x40 == 0 {
        let octets = *[1, 2, 4].get(usize::from(first & 3))?;
        (first >> 2 & 0xf, 1 + octets, number(1, octets)?)
    } else {
        match number(1, 1)? {
            length @ ..192 => (first & 0x3f, 2, length),
            length @ 192..224 => (first & 0x3f, 3, ((length - 192) << 8) + number(2, 1)? + 192),
            255 => (first & 0x3f, 6, number(2, 4)?),
            _ => return None,
        }
    };
    let whole = header.checked_add(length)?;
    (whole <= data.len()).then_some((tag, whole))
}

/// The OpenPGP blobs of a keybox.
fn keybox(data: &[u8]) -> Result<Vec<u8>, String> {
    const OPENPGP: u8 = 2;
    const EPHEMERAL: u32 = 2;
    let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    let mut keys = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let rest = &data[at..];
        let length =
            rest.get(..4).map(number).ok_or_else(|| format!("truncated blob header at offset {at}"))?;
        let blob =
            usize::try_from(length).ok().filter(|length| *length >= 5).and_then(|length| rest.get(..length));
        let blob = blob.ok_or_else(|| format!("invalid blob length {length} at offset {at}"))?;
        if blob[4] == OPENPGP {
            let header = blob.get(..16).ok_or_else(|| format!("OpenPGP blob at offset {at} is too short"))?;
            let (start, size) = (number(&header[8..12]) as usize, number(&header[12..16]) as usize);
            let key = start.checked_add(size).and_then(|end| blob.get(start..end));
            let key =
                key.ok_or_else(|| format!("OpenPGP blob at offset {at} has an out-of-range keyblock"))?;
            if number(&header[6..8]) & EPHEMERAL == 0 {
                keys.extend_from_slice(key);
            }
        }
        at += blob.len();
    }
    if keys.is_empty() { Err("keybox contains no OpenPGP keys".to_owned()) } else { Ok(keys) }
}

/// Verifies that the provenance file is signed by one of the keys and is about this archive.
///
/// # Errors
/// It is not.
pub fn verify(
    archive: &[u8],
    provenance: &[u8],
    file: &str,
    keyring: &Keyring,
) -> Result<Verification, ProvenanceError> {
    let text = std::str::from_utf8(provenance).map_err(|_| ProvenanceError::NoSignature)?;
    let start = text.find("-----BEGIN PGP SIGNED MESSAGE-----").ok_or(ProvenanceError::NoSignature)?;
    let (message, _) =
        CleartextSignedMessage::from_string(&text[start..]).map_err(|_| ProvenanceError::NoSignature)?;
    let key = signer(&message, keyring)?;
    let found = Sha256::digest(archive);
    let found = format!("sha256:{}", found.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let signed = message.signed_text().replace("\r\n", "\n");
    let (_, sums) = signed.split_once("\n...\n").ok_or(ProvenanceError::Parts)?;
    let sums = crate::decode::parse(sums.as_bytes())?;
    let wanted = sums.at(&["files", file]).and_then(Value::as_str);
    let wanted = wanted.ok_or_else(|| ProvenanceError::NoSum(file.to_owned()))?;
    if wanted != found {
        return Err(ProvenanceError::Sum { file: file.to_owned(), wanted: wanted.to_owned(), found });
    }
    let names = key.details.users.iter().map(|user| String::from_utf8_lossy(user.id.id()).into_owned());
    Ok(Verification {
        signed_by: names.collect(),
        fingerprint: key.fingerprint().to_string(),
        file_hash: found,
    })
}

/// The key that made a signature of the message.
fn signer<'a>(
    message: &CleartextSignedMessage,
    keyring: &'a Keyring,
) -> Result<&'a SignedPublicKey, ProvenanceError> {
    let mut is_known = false;
    for key in &keyring.keys {
        let verified = message.verify(&key.primary_key).is_ok()
            || key.public_subkeys.iter().any(|subkey| message.verify(&subkey.key).is_ok());
        if verified {
            return Ok(key);
        }
        let ids: Vec<_> = std::iter::once(key.legacy_key_id())
            .chain(key.public_subkeys.iter().map(|subkey| subkey.key.legacy_key_id()))
            .collect();
        is_known |= message
            .signatures()
            .iter()
            .flat_map(|signature| signature.issuer_key_id())
            .any(|id| ids.contains(id));
    }
    Err(if is_known { ProvenanceError::BadSignature } else { ProvenanceError::UnknownKey })
}

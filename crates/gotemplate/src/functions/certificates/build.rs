//! Certificates, with the fields and extensions that Go's `x509.CreateCertificate` writes for sprig's
//! templates, in its order.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::der;
use super::keys::{EntropyRng, PrivateKey};

/// What a certificate is to say.
pub(super) struct Request {
    pub(super) name: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) dns_names: Vec<String>,
    pub(super) serial: [u8; 16],
    pub(super) validity: (Timestamp, Timestamp),
    pub(super) is_authority: bool,
}

/// Whose key signs, where it is not the certificate's own.
pub(super) struct Issuer {
    /// The subject of its certificate, encoded.
    pub(super) name: Vec<u8>,
    /// What its certificate calls its key, if it says so.
    pub(super) key_id: Option<Vec<u8>>,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1D, 0x0E];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1D, 0x23];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];
const SERVER_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// The certificate as DER; the error is a text such as Go's.
pub(super) fn certificate(
    request: &Request,
    key: &PrivateKey,
    issuer: Option<Issuer>,
    signer: &PrivateKey,
    rng: &mut EntropyRng<'_>,
) -> Result<Vec<u8>, String> {
    let unsupported = || "x509: only RSA, ECDSA and Ed25519 keys supported".to_owned();
    let public_key = key.public_key().ok_or_else(unsupported)?;
    let algorithm = signer.signature_algorithm().ok_or_else(unsupported)?;
    let subject = subject(&request.name);
    let issuer_name = issuer.as_ref().map_or_else(|| subject.clone(), |issuer| issuer.name.clone());
    let authority_key = issuer.filter(|issuer| issuer.name != subject).and_then(|issuer| issuer.key_id);
    let extensions = extensions(request, &public_key, authority_key.as_deref())?;
    let serial = if request.serial == [0; 16] { &[1] } else { &request.serial[..] };
    let signed = der::sequence(&[
        der::explicit(0, &der::integer(&[2])),
        der::integer(serial),
        algorithm.clone(),
        issuer_name,
        der::sequence(&[time(request.validity.0)?, time(request.validity.1)?]),
        subject,
        public_key,
        der::explicit(3, &der::sequence(&extensions)),
    ]);
    let signature = signer.sign(&signed, rng).ok_or("x509: the certificate could not be signed")?;
    Ok(der::sequence(&[signed, algorithm, der::bits(&signature, 0)]))
}

/// A name of one part, or of none where it is empty.
fn subject(name: &str) -> Vec<u8> {
    if name.is_empty() {
        return der::sequence(&[]);
    }
    let is_printable =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte));
    let value = der::element(if is_printable { 0x13 } else { 0x0C }, name.as_bytes());
    let attribute = der::sequence(&[der::oid(COMMON_NAME), value]);
    der::sequence(&[der::element(0x31, &attribute)])
}

/// Two digits of the year until 2049, as RFC 5280 wants it.
fn time(at: Timestamp) -> Result<Vec<u8>, String> {
    let time = at.to_zoned(TimeZone::UTC);
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    match time.year() {
        year @ 1950..2050 => Ok(der::element(0x17, format!("{:02}{rest}", year % 100).as_bytes())),
        year @ 0..=9999 => Ok(der::element(0x18, format!("{year:04}{rest}").as_bytes())),
        _ => Err("x509: cannot represent time as GeneralizedTime".to_owned()),
    }
}

fn extension(id: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::oid(id)];
    if is_critical {
        parts.push(der::element(0x01, &[0xFF]));
    }
    parts.push(der::octets(value));
    der::sequence(&parts)
}

fn extensions(
    request: &Request,
    public_key: &[u8],
    authority_key: Option<&[u8]>,
) -> Result<Vec<Vec<u8>>, String> {
    // Digital signature and key encipherment; an authority signs certificates, too.
    let usage = if request.is_authority { der::bits(&[0xA4], 2) } else { der::bits(&[0xA0], 5) };
    let constraints = if request.is_authority { vec![der::element(0x01, &[0xFF])] } else { Vec::new() };
    let mut out = vec![
        extension(KEY_USAGE, true, &usage),
        extension(EXTENDED_KEY_USAGE, false, &der::sequence(&[der::oid(SERVER_AUTH), der::oid(CLIENT_AUTH)])),
        extension(BASIC_CONSTRAINTS, true, &der::sequence(&constraints)),
    ];
    if request.is_authority {
        out.push(extension(SUBJECT_KEY_ID, false, &der::octets(&key_id(public_key)?)));
    }
    if let Some(authority_key) = authority_key.filter(|key| !key.is_empty()) {
        let id = der::element(0x80, authority_key);
        out.push(extension(AUTHORITY_KEY_ID, false, &der::sequence(&[id])));
    }
    if !request.dns_names.is_empty() || !request.addresses.is_empty() {
        let names = alternative_names(request)?;
        out.push(extension(SUBJECT_ALT_NAME, request.name.is_empty(), &names));
    }
    Ok(out)
}

/// RFC 7093: the first 160 bits of the SHA-256 of the public key itself.
fn key_id(public_key: &[u8]) -> Result<Vec<u8>, String> {
    use x509_cert::der::Decode as _;
    let info = x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(public_key)
        .map_err(|error| error.to_string())?;
    Ok(Sha256::digest(info.subject_public_key.raw_bytes())[..20].to_vec())
}

fn alternative_names(request: &Request) -> Result<Vec<u8>, String> {
    let mut names = Vec::new();
    for name in &request.dns_names {
        if !name.is_ascii() {
            return Err(format!(
                "x509: {} cannot be encoded as an IA5String",
                crate::print::quote(name.as_bytes())
            ));
        }
        names.push(der::element(0x82, name.as_bytes()));
    }
    for address in &request.addresses {
        let bytes = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        names.push(der::element(0x87, &bytes));
    }
    Ok(der::sequence(&names))
}

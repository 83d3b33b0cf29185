//! Private keys: made, read, written, and used to sign.

use dsa::{Components, KeySize};
use ed25519_dalek::Signer as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rand_core::{CryptoRng, RngCore};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use x509_cert::der::Decode as _;

use super::{der, pem, primes, signature};
use crate::environment::Entropy;

/// The environment's entropy as the crates of cryptography ask for it.
pub(super) struct EntropyRng<'a>(pub(super) &'a dyn Entropy);

impl RngCore for EntropyRng<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(buffer);
        Ok(())
    }
}

impl CryptoRng for EntropyRng<'_> {}

/// A private key of a kind that sprig knows.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::RsaPrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Dsa(Box<dsa::SigningKey>),
}

/// `{ algorithm, parameters }` of the signature.
const SHA256_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const ECDSA_WITH_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];

impl PrivateKey {
    /// An RSA key of so many bits.
    pub(super) fn rsa(bits: usize, rng: &mut EntropyRng<'_>) -> Result<Self, String> {
        let mut prime =
            || primes::prime(bits / 2, rng).ok_or("primes are not found for keys as long as that");
        let (p, q) = (prime()?, prime()?);
        rsa::RsaPrivateKey::from_p_q(p, q, primes::EXPONENT.into())
            .map(|key| Self::Rsa(Box::new(key)))
            .map_err(|error| error.to_string())
    }

    pub(super) fn p256(rng: &mut EntropyRng<'_>) -> Self {
        Self::P256(p256::SecretKey::random(rng))
    }

    pub(super) fn ed25519(rng: &mut EntropyRng<'_>) -> Self {
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::generate(rng)))
    }

    pub(super) fn dsa(rng: &mut EntropyRng<'_>) -> Self {
        let components = Components::generate(rng, KeySize::DSA_2048_256);
        Self::Dsa(Box::new(dsa::SigningKey::generate(rng, components)))
    }

    /// sprig's `parsePrivateKeyPEM`; the error is its text.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        let bytes = &block.bytes;
        match block.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(bytes)
                .ok_or_else(|| "decoding PEM as PKCS#8: x509: failed to parse private key".to_owned()),
            "RSA PRIVATE KEY" => rsa::RsaPrivateKey::from_pkcs1_der(bytes)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            "EC PRIVATE KEY" => Self::from_sec1(bytes).ok_or_else(|| {
                "parsing EC private key from PEM: x509: failed to parse EC private key".to_owned()
            }),
            "DSA PRIVATE KEY" => Self::from_dsa(bytes)
                .ok_or_else(|| "parsing DSA private key from PEM: asn1: syntax error".to_owned()),
            label => match label.strip_suffix(" PRIVATE KEY") {
                Some(_) => Err(format!("invalid private key type {label}")),
                None => Err(format!("no private key data in PEM block of type {label}")),
            },
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Option<Self> {
        let rsa = rsa::RsaPrivateKey::from_pkcs8_der(bytes).ok().map(|key| Self::Rsa(Box::new(key)));
        let p256 = || p256::SecretKey::from_pkcs8_der(bytes).ok().map(Self::P256);
        let p384 = || p384::SecretKey::from_pkcs8_der(bytes).ok().map(Self::P384);
        let ed25519 =
            || ed25519_dalek::SigningKey::from_pkcs8_der(bytes).ok().map(|key| Self::Ed25519(Box::new(key)));
        rsa.or_else(p256).or_else(p384).or_else(ed25519)
    }

    fn from_sec1(bytes: &[u8]) -> Option<Self> {
        let p256 = p256::SecretKey::from_sec1_der(bytes).ok().map(Self::P256);
        p256.or_else(|| p384::SecretKey::from_sec1_der(bytes).ok().map(Self::P384))
    }

    /// OpenSSL's form: version, p, q, g, y, x.
    fn from_dsa(bytes: &[u8]) -> Option<Self> {
        let numbers: Vec<x509_cert::der::asn1::Uint> = Vec::from_der(bytes).ok()?;
        let number = |at: usize| numbers.get(at).map(|number| rsa::BigUint::from_bytes_be(number.as_bytes()));
        let convert = |number: rsa::BigUint| dsa::BigUint::from_bytes_be(&number.to_bytes_be());
        let components =
            Components::from_components(convert(number(1)?), convert(number(2)?), convert(number(3)?))
                .ok()?;
        let public = dsa::VerifyingKey::from_components(components, convert(number(4)?)).ok()?;
        let key = dsa::SigningKey::from_components(public, convert(number(5)?)).ok()?;
        Some(Self::Dsa(Box::new(key)))
    }

    /// As sprig's `pemBlockForKey` writes it; the error is the encoder's text.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        Ok(match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs1_der().map_err(|error| error.to_string())?;
                pem::encode("RSA PRIVATE KEY", der.as_bytes())
            }
            Self::P256(key) => pem::encode("EC PRIVATE KEY", &sec1(&key.to_bytes(), P256, &self.point())),
            Self::P384(key) => pem::encode("EC PRIVATE KEY", &sec1(&key.to_bytes(), P384, &self.point())),
            Self::Ed25519(key) => {
                let algorithm = der::sequence(&[der::oid(ED25519)]);
                let parts = [der::integer(&[0]), algorithm, der::octets(&der::octets(&key.to_bytes()))];
                pem::encode("PRIVATE KEY", &der::sequence(&parts))
            }
            Self::Dsa(key) => {
                let public = key.verifying_key();
                let components = public.components();
                let numbers = [components.p(), components.q(), components.g(), public.y(), key.x()];
                let parts: Vec<Vec<u8>> = std::iter::once(der::integer(&[0]))
                    .chain(numbers.iter().map(|number| der::integer(&number.to_bytes_be())))
                    .collect();
                pem::encode("DSA PRIVATE KEY", &der::sequence(&parts))
            }
        })
    }

    /// The public point of an elliptic key, uncompressed.
    fn point(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            _ => Vec::new(),
        }
    }

    /// The `SubjectPublicKeyInfo`; `None` for DSA, which certificates do not have any more.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        let document = match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_der(),
            Self::P256(key) => key.public_key().to_public_key_der(),
            Self::P384(key) => key.public_key().to_public_key_der(),
            Self::Ed25519(key) => key.verifying_key().to_public_key_der(),
            Self::Dsa(_) => return None,
        };
        document.ok().map(p256::pkcs8::Document::into_vec)
    }

    /// The identifier of the algorithm that [`PrivateKey::sign`] uses.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Rsa(_) => der::sequence(&[der::oid(SHA256_WITH_RSA), der::null()]),
            Self::P256(_) => der::sequence(&[der::oid(ECDSA_WITH_SHA256)]),
            Self::P384(_) => der::sequence(&[der::oid(ECDSA_WITH_SHA384)]),
            Self::Ed25519(_) => der::sequence(&[der::oid(ED25519)]),
            Self::Dsa(_) => return None,
        })
    }

    pub(super) fn sign(&self, message: &[u8], rng: &mut EntropyRng<'_>) -> Option<Vec<u8>> {
        use rsa::signature::RandomizedSigner as _;
        match self {
            Self::Rsa(key) => signature::rsa(key, message, rng),
            Self::P256(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::DerSignature = key.try_sign_with_rng(rng, message).ok()?;
                Some(signature.as_bytes().to_vec())
            }
            Self::P384(key) => {
                let key = p384::ecdsa::SigningKey::from(key);
                let signature: p384::ecdsa::DerSignature = key.try_sign_with_rng(rng, message).ok()?;
                Some(signature.as_bytes().to_vec())
            }
            Self::Ed25519(key) => key.try_sign(message).ok().map(|signature| signature.to_bytes().to_vec()),
            Self::Dsa(_) => None,
        }
    }
}

/// RFC 5915: version, key, `[0]` curve, `[1]` public point.
fn sec1(key: &[u8], curve: &[u8], point: &[u8]) -> Vec<u8> {
    der::sequence(&[
        der::integer(&[1]),
        der::octets(key),
        der::explicit(0, &der::oid(curve)),
        der::explicit(1, &der::bits(point, 0)),
    ])
}

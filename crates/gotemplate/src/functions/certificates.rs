//! sprig's functions of private keys and certificates. Keys, serial numbers and signatures take their
//! randomness from the environment, validity its time.

mod build;
mod der;
mod keys;
mod lanes;
mod pem;
mod powers;
mod primes;
mod signature;

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use x509_cert::Certificate as X509;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::arguments::*;
use super::encoding::base64_decode;
use crate::print::sprint;
use crate::value::{Kind, Object};
use build::{Issuer, Request};
use keys::{EntropyRng, PrivateKey};

const CERTIFICATE: Param = Param::Object("sprig.certificate");

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "genPrivateKey", params: &[STRING], call: generate_private_key },
    Function { name: "buildCustomCert", params: &[STRING, STRING], call: build_custom },
    Function {
        name: "genCA",
        params: &[STRING, INT],
        call: |run, a| {
            let key = new_key(run)?;
            authority(run, a, key)
        },
    },
    Function {
        name: "genCAWithKey",
        params: &[STRING, INT, STRING],
        call: |run, a| {
            let key = given_key(text(a, 2))?;
            authority(run, a, key)
        },
    },
    Function {
        name: "genSelfSignedCert",
        params: &[STRING, LIST, LIST, INT],
        call: |run, a| {
            let key = new_key(run)?;
            self_signed(run, a, key)
        },
    },
    Function {
        name: "genSelfSignedCertWithKey",
        params: &[STRING, LIST, LIST, INT, STRING],
        call: |run, a| {
            let key = given_key(text(a, 4))?;
            self_signed(run, a, key)
        },
    },
    Function {
        name: "genSignedCert",
        params: &[STRING, LIST, LIST, INT, CERTIFICATE],
        call: |run, a| {
            let key = new_key(run)?;
            signed(run, a, key)
        },
    },
    Function {
        name: "genSignedCertWithKey",
        params: &[STRING, LIST, LIST, INT, CERTIFICATE, STRING],
        call: |run, a| {
            let key = given_key(text(a, 5))?;
            signed(run, a, key)
        },
    },
];

/// Steps that a new RSA key costs.
const SLOW: u64 = 1_000_000;

/// sprig's `certificate`: a certificate and its key, both as PEM.
struct Certificate {
    cert: Str,
    key: Str,
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn field(&self, name: &[u8]) -> Option<Value> {
        match name {
            b"Cert" => Some(Value::String(self.cert.clone())),
            b"Key" => Some(Value::String(self.key.clone())),
            _ => None,
        }
    }

    fn entries(&self) -> Vec<(Str, Value)> {
        vec![
            ("Cert".into(), Value::String(self.cert.clone())),
            ("Key".into(), Value::String(self.key.clone())),
        ]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.cert == other.cert && self.key == other.key)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn generate_private_key(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    run.steps_at_once(SLOW)?;
    let mut rng = EntropyRng(run.environment().entropy);
    let key = match text(a, 0) {
        b"" | b"rsa" => PrivateKey::rsa(4096, &mut rng),
        b"dsa" => Ok(PrivateKey::dsa(&mut rng)),
        b"ecdsa" => Ok(PrivateKey::p256(&mut rng)),
        b"ed25519" => Ok(PrivateKey::ed25519(&mut rng)),
        _ => return Ok(format!("Unknown type {}", utf8(a, 0)).into()),
    };
    Ok(match key.and_then(|key| key.to_pem()) {
        Ok(pem) => pem.into(),
        Err(problem) => format!("failed to generate private key: {problem}").into(),
    })
}

fn new_key(run: &mut Run<'_>) -> Result<PrivateKey, Failure> {
    run.steps_at_once(SLOW)?;
    let mut rng = EntropyRng(run.environment().entropy);
    PrivateKey::rsa(2048, &mut rng)
        .map_err(|problem| Failure::message(format!("error generating rsa key: {problem}")))
}

fn given_key(pem: &[u8]) -> Result<PrivateKey, Failure> {
    PrivateKey::from_pem(pem).map_err(|problem| Failure::message(format!("parsing private key: {problem}")))
}

fn build_custom(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Ok(cert) = base64_decode(text(a, 0)) else { return fail("unable to decode base64 certificate") };
    let Ok(key) = base64_decode(text(a, 1)) else { return fail("unable to decode base64 private key") };
    parsed_certificate(&cert, "decodedCert")?;
    PrivateKey::from_pem(&key)
        .map_err(|problem| Failure::message(format!("error parsing private key: {problem}")))?;
    Ok(Value::object(Certificate { cert: cert.into(), key: key.into() }))
}

/// `name` is what sprig calls the block in its errors.
fn parsed_certificate(pem: &[u8], name: &str) -> Result<X509, Failure> {
    let Some(block) = pem::decode(pem) else { return fail("unable to decode certificate") };
    X509::from_der(&block.bytes).map_err(|error| {
        Failure::message(format!(
            "error parsing certificate: {name}.Bytes: x509: malformed certificate: {error}"
        ))
    })
}

fn authority(run: &mut Run<'_>, a: &[Value], key: PrivateKey) -> Outcome {
    let request = request(run, (text(a, 0), int(a, 1)), (&[], &[]), true)?;
    issue(run, request, key, None)
}

fn self_signed(run: &mut Run<'_>, a: &[Value], key: PrivateKey) -> Outcome {
    let request = request(run, (text(a, 0), int(a, 3)), (&elements(&a[1]), &elements(&a[2])), false)?;
    issue(run, request, key, None)
}

fn signed(run: &mut Run<'_>, a: &[Value], key: PrivateKey) -> Outcome {
    let Some(ca) = a[4].as_object::<Certificate>() else { return fail("unable to decode certificate") };
    let parsed = parsed_certificate(&ca.cert, "decodedSignerCert")?;
    let signer = PrivateKey::from_pem(&ca.key)
        .map_err(|problem| Failure::message(format!("error parsing private key: {problem}")))?;
    let request = request(run, (text(a, 0), int(a, 3)), (&elements(&a[1]), &elements(&a[2])), false)?;
    issue(run, request, key, Some((parsed, signer)))
}

fn elements(list: &Value) -> Vec<Value> {
    list.elements().unwrap_or_default()
}

fn request(
    run: &Run<'_>,
    (name, days): (&[u8], i64),
    (ips, names): (&[Value], &[Value]),
    is_authority: bool,
) -> Result<Request, Failure> {
    let mut addresses = Vec::new();
    for ip in ips {
        let Value::String(text) = ip else {
            return fail(format!("error parsing ip: {} is not a string", sprint(ip)));
        };
        match text.to_text().parse::<IpAddr>() {
            Ok(address) => addresses.push(address),
            Err(_) => return fail(format!("error parsing ip: {text}")),
        }
    }
    let mut dns_names = Vec::new();
    for name in names {
        match name {
            Value::String(text) => dns_names.push(text.to_text().into_owned()),
            other => {
                return fail(format!(
                    "error processing alternate dns name: {} is not a string",
                    sprint(other)
                ));
            }
        }
    }
    let mut serial = [0; 16];
    run.environment().entropy.fill(&mut serial);
    let now = run.environment().now;
    let until = days
        .checked_mul(86_400)
        .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok())
        .unwrap_or(if days < 0 { Timestamp::MIN } else { Timestamp::MAX });
    Ok(Request {
        name: String::from_utf8_lossy(name).into_owned(),
        addresses,
        dns_names,
        serial,
        validity: (now, until),
        is_authority,
    })
}

/// Signs with the authority's key, or with the certificate's own.
fn issue(run: &mut Run<'_>, request: Request, key: PrivateKey, by: Option<(X509, PrivateKey)>) -> Outcome {
    let creating = |problem: String| Failure::message(format!("error creating certificate: {problem}"));
    let mut rng = EntropyRng(run.environment().entropy);
    let (issuer, signer) = match &by {
        None => (None, &key),
        Some((certificate, signer)) => (Some(issuer_of(certificate, signer).map_err(creating)?), signer),
    };
    let der = build::certificate(&request, &key, issuer, signer, &mut rng).map_err(creating)?;
    let cert = pem::encode("CERTIFICATE", &der);
    let key = key.to_pem().map_err(creating)?;
    Ok(Value::object(Certificate { cert: cert.into(), key: key.into() }))
}

fn issuer_of(certificate: &X509, signer: &PrivateKey) -> Result<Issuer, String> {
    let part = |problem: x509_cert::der::Error| format!("x509: {problem}");
    let tbs = &certificate.tbs_certificate;
    let public_key = tbs.subject_public_key_info.to_der().map_err(part)?;
    if signer.public_key().is_none_or(|own| own != public_key) {
        return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
    }
    let key_id = tbs.get::<SubjectKeyIdentifier>().map_err(part)?;
    let key_id = key_id.map(|(_, id)| id.0.as_bytes().to_vec());
    Ok(Issuer { name: tbs.subject.to_der().map_err(part)?, key_id })
}

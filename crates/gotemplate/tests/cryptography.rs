//! What is random is right: certificates are verified by webpki, which did not make them.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::cell::Cell;
use std::time::Duration;

use base64::Engine as _;
use gotemplate::{Entropy, Environment, Functions, Limits, Run, Set, Value};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

struct Xorshift(Cell<u64>);

impl Entropy for Xorshift {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let mut state = self.0.get();
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            self.0.set(state);
            *byte = (state >> 24) as u8;
        }
    }
}

const NOW: i64 = 1_767_225_600;

fn render(template: &str) -> String {
    let entropy = Xorshift(Cell::new(0x2545_F491_4F6C_DD1D));
    let environment = Environment {
        now: jiff::Timestamp::from_second(NOW).expect("a time"),
        zone: jiff::tz::TimeZone::UTC,
        entropy: &entropy,
        cluster: None,
        resolver: None,
        lint: false,
    };
    let mut set = Set::new("gotpl", Functions::helm());
    set.parse("t", template.as_bytes()).expect(template);
    let mut run = Run::new(&environment, Limits::default());
    set.execute("t", &Value::map(), &mut run).expect(template);
    String::from_utf8(run.take_output()).expect("text")
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).expect("base64")
}

/// Whether the certificate is one of the authority's for a name, so many days from now.
fn is_valid(authority: &str, certificate: &str, name: &str, days: u64) -> bool {
    let (authority, certificate) =
        (CertificateDer::from(der(authority)), CertificateDer::from(der(certificate)));
    let anchors = [anchor_from_trusted_cert(&authority).expect("an authority")];
    let certificate = EndEntityCert::try_from(&certificate).expect("a certificate");
    let at = UnixTime::since_unix_epoch(Duration::from_secs(NOW.unsigned_abs() + days * 86_400 + 1));
    let chain = certificate.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &[],
        at,
        KeyUsage::server_auth(),
        None,
        None,
    );
    let name = ServerName::try_from(name).expect("a name");
    chain.is_ok() && certificate.verify_is_valid_for_subject_name(&name).is_ok()
}

#[test]
fn signed_certificates_are_those_of_their_authority() {
    let keys = [
        (
            "genCA \"root\" 10",
            "genSignedCert \"x\" (list \"10.0.0.1\" \"::1\") (list \"a.example\" \"*.b.example\") 5 $ca",
        ),
        (
            "genCAWithKey \"root\" 10 (genPrivateKey \"ecdsa\")",
            "genSignedCertWithKey \"x\" (list \"10.0.0.1\" \"::1\") (list \"a.example\" \"*.b.example\") 5 $ca (genPrivateKey \"ed25519\")",
        ),
        (
            "genCAWithKey \"root\" 10 (genPrivateKey \"ed25519\")",
            "genSignedCertWithKey \"x\" (list \"10.0.0.1\" \"::1\") (list \"a.example\" \"*.b.example\") 5 $ca (genPrivateKey \"ecdsa\")",
        ),
    ];
    for (authority, certificate) in keys {
        let text = render(&format!(
            "{{{{ $ca := {authority} }}}}{{{{ $c := {certificate} }}}}{{{{ $ca.Cert }}}}%{{{{ $c.Cert }}}}%{{{{ (genCA \"other\" 9).Cert }}}}"
        ));
        let parts: Vec<&str> = text.split('%').collect();
        let [authority, certificate, other] = parts[..] else { panic!("three certificates") };
        for name in ["a.example", "x.b.example", "10.0.0.1", "::1"] {
            assert!(is_valid(authority, certificate, name, 1), "{name}");
        }
        assert!(!is_valid(authority, certificate, "c.example", 1));
        assert!(!is_valid(authority, certificate, "a.example", 5));
        assert!(!is_valid(other, certificate, "a.example", 1));
    }
}

#[test]
fn a_self_signed_certificate_is_its_own_authority() {
    let certificate = render(r#"{{ (genSelfSignedCert "x" nil (list "a.example") 365).Cert }}"#);
    let key = CertificateDer::from(der(&certificate));
    // It says that it is no authority, so only its signature and names can be looked at.
    let anchor = anchor_from_trusted_cert(&key).expect("a certificate");
    assert!(!anchor.subject.is_empty());
    let parsed = EndEntityCert::try_from(&key).expect("a certificate");
    assert!(
        parsed.verify_is_valid_for_subject_name(&ServerName::try_from("a.example").expect("a name")).is_ok()
    );
}

#[test]
fn passwords_verify() {
    let hash = render(r#"{{ bcrypt "secret" }}"#);
    assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
    assert!(bcrypt::verify("secret", &hash).expect("a hash"));
    assert!(!bcrypt::verify("other", &hash).expect("a hash"));
    let entry = render(r#"{{ htpasswd "user" "secret" }}"#);
    let (user, hash) = entry.split_once(':').expect("an entry");
    assert!(user == "user" && bcrypt::verify("secret", hash).expect("a hash"));
}

#[test]
fn what_is_encrypted_is_decrypted() {
    let template = r#"{{ range list "x" "0123456789abcdef" "a longer text of several blocks" }}{{ encryptAES "key" . | decryptAES "key" | eq . }},{{ end }}"#;
    assert_eq!(render(template), "true,true,true,");
    // The same text twice, with two vectors.
    assert_eq!(render(r#"{{ eq (encryptAES "key" "x") (encryptAES "key" "x") }}"#), "false");
}

//! An archive that helm 4.3.1 signed (`helm package --sign`) with a key that GnuPG made.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is to end there")]

use helm::provenance::{Keyring, verify};

const ARCHIVE: &[u8] = include_bytes!("provenance/sub-1.2.3.tgz");
const SIGNED: &[u8] = include_bytes!("provenance/sub-1.2.3.tgz.prov");
const FILE: &str = "sub-1.2.3.tgz";

fn keyring() -> Keyring {
    Keyring::parse(include_bytes!("provenance/pubring.gpg")).unwrap()
}

fn refusal(archive: &[u8], signed: &[u8], file: &str, keyring: &Keyring) -> String {
    verify(archive, signed, file, keyring).unwrap_err().to_string()
}

#[test]
fn a_signature_is_verified_with_every_form_of_keyring() {
    for keyring in [
        &include_bytes!("provenance/pubring.gpg")[..],
        include_bytes!("provenance/pubring.asc"),
        include_bytes!("provenance/pubring.kbx"),
    ] {
        let verified = verify(ARCHIVE, SIGNED, FILE, &Keyring::parse(keyring).unwrap()).unwrap();
        assert_eq!(verified.signed_by, ["Chart Signer <signer@example.com>"]);
        assert!(verified.file_hash.starts_with("sha256:"));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let other = Keyring::parse(include_bytes!("provenance/other.gpg")).unwrap();
    assert_eq!(refusal(ARCHIVE, SIGNED, FILE, &other), "openpgp: signature made by unknown entity");
    assert!(
        refusal(b"other", SIGNED, FILE, &keyring())
            .starts_with("sha256 sum does not match for sub-1.2.3.tgz: ")
    );
    assert_eq!(
        refusal(ARCHIVE, SIGNED, "other.tgz", &keyring()),
        "provenance does not contain a SHA for a file named \"other.tgz\""
    );
    assert_eq!(refusal(ARCHIVE, b"text", FILE, &keyring()), "signature block not found");
    let changed = String::from_utf8(SIGNED.to_vec()).unwrap().replace("version: 1.2.3", "version: 1.2.4");
    assert_eq!(
        refusal(ARCHIVE, changed.as_bytes(), FILE, &keyring()),
        "openpgp: invalid signature: hash tag doesn't match"
    );
    assert!(Keyring::parse(b"").is_err() && Keyring::parse(b"text").is_err());
}

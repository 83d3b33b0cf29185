//! sprig's functions of digests, passwords and encryption.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::arguments::*;
use super::encoding::{base64, base64_decode};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "sha1sum", params: &[STRING], call: |_, a| Ok(digest::<Sha1>(text(a, 0))) },
    Function { name: "sha256sum", params: &[STRING], call: |_, a| Ok(digest::<Sha256>(text(a, 0))) },
    Function { name: "sha512sum", params: &[STRING], call: |_, a| Ok(digest::<Sha512>(text(a, 0))) },
    Function {
        name: "adler32sum",
        params: &[STRING],
        call: |_, a| Ok(adler2::adler32_slice(text(a, 0)).to_string().into()),
    },
    Function { name: "bcrypt", params: &[STRING], call: |run, a| Ok(bcrypt(run, text(a, 0))?.into()) },
    Function { name: "htpasswd", params: &[STRING, STRING], call: htpasswd },
    Function {
        name: "derivePassword",
        params: &[Param::Uint32, STRING, STRING, STRING, STRING],
        call: derive_password,
    },
    Function { name: "encryptAES", params: &[STRING, STRING], call: encrypt },
    Function { name: "decryptAES", params: &[STRING, STRING], call: decrypt },
];

/// Steps that a slow digest costs, so that a template cannot make thousands of them.
const SLOW: u64 = 500_000;

fn digest<D: Digest>(text: &[u8]) -> Value {
    let hex: String = D::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.into()
}

fn bcrypt(run: &mut Run<'_>, password: &[u8]) -> Result<String, Failure> {
    const COST: u32 = 10;
    const LONGEST: usize = 72;
    run.steps_at_once(SLOW)?;
    if password.len() > LONGEST {
        return Ok(format!(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds {LONGEST} bytes"
        ));
    }
    let mut salt = [0; 16];
    run.environment().entropy.fill(&mut salt);
    match ::bcrypt::hash_with_salt(password, COST, salt) {
        Ok(parts) => Ok(parts.format_for_version(::bcrypt::Version::TwoA)),
        Err(error) => Ok(format!("failed to encrypt string with bcrypt: {error}")),
    }
}

fn htpasswd(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let user = utf8(a, 0);
    if user.contains(':') {
        return Ok(format!("invalid username: {user}").into());
    }
    Ok(format!("{user}:{}", bcrypt(run, text(a, 1))?).into())
}

/// Templates of the Master Password algorithm: each letter stands for a set of characters.
fn password_templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn password_characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive_password(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let (kind, password, user, site) = (text(a, 1), text(a, 2), text(a, 3), text(a, 4));
    let Some(templates) = password_templates(kind) else {
        return Ok(format!("cannot find password template {}", utf8(a, 1)).into());
    };
    run.steps_at_once(SLOW)?;
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let derived =
        scrypt::Params::new(15, 8, 2, key.len()).map_err(|error| error.to_string()).and_then(|params| {
            scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| error.to_string())
        });
    if let Err(problem) = derived {
        return Ok(format!("failed to derive password: {problem}").into());
    }
    let counter = (int(a, 0) as u32).to_be_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return Ok("failed to derive password".into());
    };
    mac.update(&[SEED, &length(site), site, &counter].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let password: Vec<u8> = template
        .bytes()
        .zip(seed.iter().skip(1))
        .map(|(class, byte)| {
            let characters = password_characters(class);
            characters[usize::from(*byte) % characters.len()]
        })
        .collect();
    Ok(password.into())
}

/// The password's first 32 bytes, with zeros behind a shorter one.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

const BLOCK: usize = 16;

/// AES-256 in CBC mode with PKCS #7 padding, the random vector first.
fn encrypt(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let plain = text(a, 1);
    if plain.is_empty() {
        return Ok("".into());
    }
    run.charge(plain.len().saturating_mul(3))?;
    let mut vector = [0; BLOCK];
    run.environment().entropy.fill(&mut vector);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut padded = plain.to_vec();
    padded.extend(std::iter::repeat_n(padding as u8, padding));
    let encryptor = cbc::Encryptor::<Aes256>::new(&key(text(a, 0)).into(), &vector.into());
    let encrypted = encryptor.encrypt_padded_vec_mut::<NoPadding>(&padded);
    Ok(base64(&[vector.as_slice(), &encrypted].concat()).into())
}

fn decrypt(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let encoded = text(a, 1);
    if encoded.is_empty() {
        return Ok("".into());
    }
    let bytes = base64_decode(encoded).map_err(Failure::Message)?;
    if bytes.len() < BLOCK {
        let capacity = encoded.len() / 4 * 3;
        return fail(format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}"));
    }
    let (vector, encrypted) = bytes.split_at(BLOCK);
    let mut iv = [0; BLOCK];
    iv.copy_from_slice(vector);
    let decryptor = cbc::Decryptor::<Aes256>::new(&key(text(a, 0)).into(), &iv.into());
    let Ok(plain) = decryptor.decrypt_padded_vec_mut::<NoPadding>(encrypted) else {
        return fail("crypto/cipher: input not full blocks");
    };
    let Some(padding) = plain.last() else { return fail("runtime error: index out of range [-1]") };
    match plain.len().checked_sub(usize::from(*padding)) {
        Some(length) => Ok(plain[..length].to_vec().into()),
        None => {
            let below = usize::from(*padding) - plain.len();
            fail(format!("runtime error: slice bounds out of range [:-{below}]"))
        }
    }
}

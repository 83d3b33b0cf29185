//! RSA signatures of PKCS #1, version 1.5, over SHA-256.

use rand_core::CryptoRngCore;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, RsaPrivateKey};
use sha2::{Digest as _, Sha256};

use super::powers::{Bases, Eight, powers};

/// `DigestInfo` of RFC 8017, up to the digest.
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// Signs a message. A key of two primes, whose halves are raised side by side, takes a fifth of the time that the
/// general way takes.
pub(super) fn rsa(key: &RsaPrivateKey, message: &[u8], rng: &mut impl CryptoRngCore) -> Option<Vec<u8>> {
    of_two_primes(key, message).or_else(|| {
        let key = SigningKey::<Sha256>::new(key.clone());
        key.try_sign_with_rng(rng, message).ok().map(|signature| signature.to_vec())
    })
}

fn of_two_primes(key: &RsaPrivateKey, message: &[u8]) -> Option<Vec<u8>> {
    let ([p, q], Some(dp), Some(dq)) = (key.primes(), key.dp(), key.dq()) else { return None };
    let encoded = BigUint::from_bytes_be(&encode(message, key.size())?);
    let by_prime = |of_p: &BigUint, of_q: &BigUint| -> Eight {
        std::array::from_fn(|lane| if lane == 0 { of_p.clone() } else { of_q.clone() })
    };
    let bases = by_prime(&encoded, &encoded);
    let [of_p, of_q, ..] = powers(Bases::Numbers(&bases), &by_prime(dp, dq), &by_prime(p, q))?;
    // Garner: the number below p·q with these two residues.
    let difference = (of_p + p - &of_q % p) % p;
    let signature = &of_q + q * (difference * key.crt_coefficient()? % p);
    // A wrong half would give the key away.
    let is_right = signature.modpow(key.e(), key.n()) == encoded;
    let bytes = signature.to_bytes_be();
    let padding = key.size().checked_sub(bytes.len())?;
    is_right.then(|| [vec![0; padding], bytes].concat())
}

/// EMSA-PKCS1-v1_5.
fn encode(message: &[u8], size: usize) -> Option<Vec<u8>> {
    let digest = Sha256::digest(message);
    let padding = size.checked_sub(3 + SHA256_PREFIX.len() + digest.len()).filter(|padding| *padding >= 8)?;
    Some([&[0, 1], vec![0xFF; padding].as_slice(), &[0], &SHA256_PREFIX, &digest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_general_way() {
        use rsa::signature::Signer as _;
        let prime = |text: &str| BigUint::parse_bytes(text.as_bytes(), 16).unwrap();
        let p = prime(
            "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc7",
        );
        let q = (BigUint::from(1_u32) << 521) - BigUint::from(1_u32);
        let key = RsaPrivateKey::from_p_q(p, q, 65_537_u32.into()).unwrap();
        let expected = SigningKey::<Sha256>::new(key.clone()).sign(b"message").to_vec();
        assert_eq!(of_two_primes(&key, b"message"), Some(expected));
    }
}

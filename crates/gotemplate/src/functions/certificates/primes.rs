//! The search for primes of RSA keys.

use std::sync::OnceLock;

use rand_core::RngCore;
use rsa::BigUint;

use super::lanes::LANES;
use super::powers::{Bases, Eight, powers};

/// Everybody's public exponent, and Go's.
pub(super) const EXPONENT: u32 = 65_537;

/// Odd numbers from the random one on that are looked at. That none of them is prime is unlikely, and only costs
/// another random number.
const WIDTH: usize = 4096;

/// A prime of so many bits, the two highest set, so that a product of two has twice as many, and one less no
/// multiple of the public exponent. `None` for more than 2,048 bits.
///
/// Those of a row of odd numbers that have no small factor are tested, eight at once, as Go tests them: by Fermat
/// at first, since nearly all fail that, then by Miller and Rabin with as many bases as there are lanes, which are
/// more than Go's five.
pub(super) fn prime(bits: usize, rng: &mut impl RngCore) -> Option<BigUint> {
    loop {
        let start = random(bits, rng) | BigUint::from(1_u32) | BigUint::from(3_u32) << (bits - 2);
        let candidates: Vec<BigUint> = without_small_factors(&start)
            .map(|offset| &start + BigUint::from(offset))
            .filter(|candidate| candidate.bits() == bits && candidate % EXPONENT != BigUint::from(1_u32))
            .collect();
        for eight in candidates.chunks(LANES) {
            let eight: Eight = std::array::from_fn(|lane| eight.get(lane).unwrap_or(&eight[0]).clone());
            for (candidate, may_be_prime) in eight.iter().zip(may_be_primes(&eight)?) {
                if may_be_prime && is_prime(candidate, rng)? {
                    return Some(candidate.clone());
                }
            }
        }
    }
}

fn random(bits: usize, rng: &mut impl RngCore) -> BigUint {
    let mut bytes = vec![0; bits.div_ceil(8)];
    rng.fill_bytes(&mut bytes);
    BigUint::from_bytes_le(&bytes)
}

/// Euler's criterion for the base of two.
fn may_be_primes(candidates: &Eight) -> Option<[bool; LANES]> {
    let halves = candidates.each_ref().map(|candidate| candidate >> 1);
    let roots = powers(Bases::Two, &halves, candidates)?;
    Some(std::array::from_fn(|lane| is_one_or_minus_one(&roots[lane], &candidates[lane])))
}

fn is_one_or_minus_one(residue: &BigUint, modulus: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    *residue == one || residue + one == *modulus
}

/// Miller's and Rabin's test with random bases.
fn is_prime(candidate: &BigUint, rng: &mut impl RngCore) -> Option<bool> {
    let one = BigUint::from(1_u32);
    let minus_one = candidate - &one;
    let twos = minus_one.trailing_zeros().unwrap_or_default();
    let odd = &minus_one >> twos;
    // Neither zero nor one nor minus one, which say nothing.
    let range = candidate - BigUint::from(3_u32);
    let bases: Eight = std::array::from_fn(|_| random(candidate.bits(), rng) % &range + BigUint::from(2_u32));
    let moduli = std::array::from_fn(|_| candidate.clone());
    let powers = powers(Bases::Numbers(&bases), &std::array::from_fn(|_| odd.clone()), &moduli)?;
    Some(powers.into_iter().all(|power| {
        let mut squares = std::iter::successors(Some(power.clone()), |power| Some(power * power % candidate));
        power == one || squares.by_ref().take(twos).any(|power| power == minus_one)
    }))
}

/// Primes whose product fits into a limb: a number is divided once for all of them.
struct Group {
    product: u64,
    primes: Vec<u32>,
}

/// The odd primes below 2^16.
fn small_primes() -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let mut is_composite = vec![false; 1 << 16];
        let mut groups: Vec<Group> = Vec::new();
        for prime in (3..1 << 16).step_by(2) {
            if is_composite[prime as usize] {
                continue;
            }
            (prime..1 << 16)
                .step_by(prime as usize)
                .for_each(|multiple| is_composite[multiple as usize] = true);
            let fitting =
                groups.last_mut().and_then(|group| Some((group.product.checked_mul(prime.into())?, group)));
            match fitting {
                Some((product, group)) => {
                    group.product = product;
                    group.primes.push(prime);
                }
                None => groups.push(Group { product: prime.into(), primes: vec![prime] }),
            }
        }
        groups
    })
}

/// How far above an odd number, which is larger than any of them, lie the odd ones that no small prime divides.
fn without_small_factors(start: &BigUint) -> impl Iterator<Item = u64> + use<> {
    let mut has_factor = vec![false; WIDTH];
    for group in small_primes() {
        let rest = rest(start, group.product);
        for prime in &group.primes {
            let missing = (u64::from(*prime) - rest % u64::from(*prime)) % u64::from(*prime);
            // Only even distances lead to odd numbers.
            let distance = if missing.is_multiple_of(2) { missing } else { missing + u64::from(*prime) };
            has_factor
                .iter_mut()
                .skip(distance as usize / 2)
                .step_by(*prime as usize)
                .for_each(|has| *has = true);
        }
    }
    (0_u64..).step_by(2).zip(has_factor).filter(|(_, has_factor)| !has_factor).map(|(offset, _)| offset)
}

fn rest(number: &BigUint, divisor: u64) -> u64 {
    number.to_bytes_be().chunks(8).fold(0, |rest, bytes| {
        let limb = bytes.iter().fold(0_u64, |limb, byte| limb << 8 | u64::from(*byte));
        ((u128::from(rest) << (8 * bytes.len()) | u128::from(limb)) % u128::from(divisor)) as u64
    })
}

#[cfg(test)]
mod tests {
    use rsa::BigUint;

    use super::*;

    /// A generator whose numbers are the same each time.
    struct Counter(u64);

    impl RngCore for Counter {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }

        fn next_u64(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }

        fn fill_bytes(&mut self, buffer: &mut [u8]) {
            for bytes in buffer.chunks_mut(8) {
                let word = self.next_u64().to_le_bytes();
                bytes.copy_from_slice(&word[..bytes.len()]);
            }
        }

        fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(buffer);
            Ok(())
        }
    }

    fn number(decimal: &str) -> BigUint {
        BigUint::parse_bytes(decimal.as_bytes(), 10).unwrap()
    }

    #[test]
    fn primes_are_found() {
        for (bits, seeds) in [(256, 0..8), (1024, 0..1)] {
            for seed in seeds {
                let prime = prime(bits, &mut Counter(seed)).unwrap();
                assert_eq!((prime.bits(), &prime >> (bits - 2)), (bits, BigUint::from(3_u32)));
                assert!(num_bigint_dig::prime::probably_prime(&prime, 20), "{prime}");
            }
        }
    }

    #[test]
    fn the_same_entropy_leads_to_the_same_prime() {
        assert_eq!(prime(512, &mut Counter(7)), prime(512, &mut Counter(7)));
        assert_ne!(prime(512, &mut Counter(7)), prime(512, &mut Counter(8)));
    }

    #[test]
    fn what_is_no_prime_is_told_from_what_is() {
        let primes = ["170141183460469231731687303715884105727", "618970019642690137449562111"];
        // Of Carmichael, of Arnault (strong for all bases below 307), and a square.
        let others = [
            "349407515342287435050603204719587201",
            "803837457453639491257079614341942108138837688287558145837488917522297427376533365218650233616396004545791504202360320876656996676098728404396540823292873879185086916685732826776177102938969773947016708230428687109997439976544144845341155872450633409279022275296229414984230688168540432645753401832978611129896064484521619165287259753490135149880743",
            "383123885216472214589586756787577295904684780545900544",
        ];
        for prime in primes {
            assert_eq!(is_prime(&number(prime), &mut Counter(1)), Some(true), "{prime}");
        }
        for other in others {
            let other = number(other) | BigUint::from(1_u32);
            assert_eq!(is_prime(&other, &mut Counter(1)), Some(false), "{other}");
        }
    }

    #[test]
    fn nothing_with_a_small_factor_is_left() {
        let start = (BigUint::from(1_u32) << 200) + BigUint::from(12_345_679_u32);
        let left: Vec<u64> = without_small_factors(&start).collect();
        for offset in (0..2 * WIDTH as u64).step_by(2) {
            let candidate = &start + BigUint::from(offset);
            let divides = |prime: &u32| &candidate % *prime == BigUint::from(0_u32);
            let has_factor = small_primes().iter().flat_map(|group| &group.primes).any(divides);
            assert_eq!(left.contains(&offset), !has_factor, "{offset}");
        }
    }
}

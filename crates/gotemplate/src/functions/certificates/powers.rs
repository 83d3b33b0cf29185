//! Powers of eight numbers at once, each modulo a number of its own.

use fearless_simd::Level;
use rsa::BigUint;

use super::lanes::{LANES, Moduli, Montgomery, Portable, Row, Rows};

/// Eight numbers.
pub(super) type Eight = [BigUint; LANES];

/// What is raised.
#[derive(Clone, Copy)]
pub(super) enum Bases<'a> {
    Two,
    Numbers(&'a Eight),
}

/// The powers, or nothing where a modulus is even or has more than 2,048 bits.
pub(super) fn powers(bases: Bases<'_>, exponents: &Eight, moduli: &Eight) -> Option<Eight> {
    if moduli.iter().any(|modulus| modulus % 2_u32 == BigUint::from(0_u32)) {
        return None;
    }
    let level = Level::new();
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = level.as_avx512() {
        return match bits(moduli) {
            ..=1024 => Some(Fields::<20, _>::new(avx512, moduli).powers(bases, exponents)),
            1025..=2048 => Some(Fields::<40, _>::new(avx512, moduli).powers(bases, exponents)),
            _ => None,
        };
    }
    portable(level, bases, exponents, moduli)
}

fn portable(level: Level, bases: Bases<'_>, exponents: &Eight, moduli: &Eight) -> Option<Eight> {
    match bits(moduli) {
        ..=1024 => Some(Fields::<40, _>::new(Portable(level), moduli).powers(bases, exponents)),
        1025..=2048 => Some(Fields::<80, _>::new(Portable(level), moduli).powers(bases, exponents)),
        _ => None,
    }
}

/// The bits of the longest.
fn bits(numbers: &Eight) -> usize {
    numbers.iter().map(BigUint::bits).max().unwrap_or_default()
}

/// The residues of eight moduli, with limbs for them.
struct Fields<'a, const N: usize, M> {
    montgomery: M,
    numbers: &'a Eight,
    moduli: Moduli<N>,
}

/// Bits of an exponent that are multiplied at once.
const WINDOW: usize = 4;

impl<'a, const N: usize, M: Montgomery<N>> Fields<'a, N, M> {
    fn new(montgomery: M, numbers: &'a Eight) -> Self {
        Self { montgomery, numbers, moduli: Moduli::new(rows(numbers, M::BITS), M::BITS) }
    }

    fn powers(&self, bases: Bases<'_>, exponents: &Eight) -> Eight {
        let powers = match bases {
            Bases::Two => self.powers_of_two(exponents),
            Bases::Numbers(bases) => self.powers_of(bases, exponents),
        };
        self.numbers_of(&powers)
    }

    /// Numbers times the power of two that Montgomery's multiplication divides by.
    fn residues(&self, numbers: &Eight) -> Rows<N> {
        let residues =
            std::array::from_fn(|lane| (&numbers[lane] << (N * M::BITS as usize)) % &self.numbers[lane]);
        rows(&residues, M::BITS)
    }

    fn numbers_of(&self, residues: &Rows<N>) -> Eight {
        let mut one = [[0; LANES]; N];
        one[0] = [1; LANES];
        let rows = self.montgomery.multiply(&self.moduli, residues, &one);
        std::array::from_fn(|lane| number(&rows, lane, M::BITS) % &self.numbers[lane])
    }

    /// A multiplication by two is an addition, for which nothing is looked up.
    fn powers_of_two(&self, exponents: &Eight) -> Rows<N> {
        let mut power = self.residues(&std::array::from_fn(|_| BigUint::from(1_u32)));
        let bytes = exponents.each_ref().map(BigUint::to_bytes_le);
        for at in (0..bits(exponents)).rev() {
            let doubled: Row = bytes.each_ref().map(|bytes| (digit(bytes, at, 1) as u64).wrapping_neg());
            power = self.montgomery.square(&self.moduli, &power, &doubled);
        }
        power
    }

    fn powers_of(&self, bases: &Eight, exponents: &Eight) -> Rows<N> {
        let base = self.residues(bases);
        let one = self.residues(&std::array::from_fn(|_| BigUint::from(1_u32)));
        let mut table = [one; 1 << WINDOW];
        for at in 1..table.len() {
            table[at] = self.montgomery.multiply(&self.moduli, &table[at - 1], &base);
        }
        let bytes = exponents.each_ref().map(BigUint::to_bytes_le);
        let mut power = one;
        for window in (0..bits(exponents).div_ceil(WINDOW)).rev() {
            for _ in 0..WINDOW {
                power = self.montgomery.square(&self.moduli, &power, &[0; LANES]);
            }
            let digits = bytes.each_ref().map(|bytes| digit(bytes, window, WINDOW));
            let factor: Rows<N> =
                std::array::from_fn(|at| std::array::from_fn(|lane| table[digits[lane]][at][lane]));
            power = self.montgomery.multiply(&self.moduli, &power, &factor);
        }
        power
    }
}

/// The digit at a place, where a digit has so many bits; a byte has whole digits.
fn digit(bytes: &[u8], at: usize, bits: usize) -> usize {
    let byte = bytes.get(at * bits / 8).copied().unwrap_or_default();
    usize::from(byte >> (at * bits % 8)) & ((1 << bits) - 1)
}

/// Splits numbers into limbs of some bits.
fn rows<const N: usize>(numbers: &Eight, bits: u32) -> Rows<N> {
    let bytes = numbers.each_ref().map(BigUint::to_bytes_le);
    std::array::from_fn(|at| {
        let from = at * bits as usize;
        bytes.each_ref().map(|bytes| {
            let window = bytes
                .iter()
                .skip(from / 8)
                .take(8)
                .rev()
                .fold(0_u64, |limb, byte| limb << 8 | u64::from(*byte));
            window >> (from % 8) & ((1 << bits) - 1)
        })
    })
}

fn number<const N: usize>(rows: &Rows<N>, lane: usize, bits: u32) -> BigUint {
    let mut digits = Vec::with_capacity(N);
    let (mut held, mut count) = (0_u128, 0);
    for row in rows {
        held |= u128::from(row[lane]) << count;
        count += bits;
        while count >= 32 {
            digits.push(held as u32);
            held >>= 32;
            count -= 32;
        }
    }
    digits.push(held as u32);
    BigUint::new(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(bytes: usize) -> impl Strategy<Value = Eight> {
        let number =
            prop::collection::vec(any::<u8>(), bytes).prop_map(|bytes| BigUint::from_bytes_le(&bytes));
        prop::array::uniform8(number)
    }

    fn check(bases: &Eight, exponents: &Eight, moduli: &Eight) {
        let moduli = moduli.each_ref().map(|modulus| modulus | BigUint::from(1_u32));
        let expected: Eight = std::array::from_fn(|lane| bases[lane].modpow(&exponents[lane], &moduli[lane]));
        let of_two: Eight =
            std::array::from_fn(|lane| BigUint::from(2_u32).modpow(&exponents[lane], &moduli[lane]));
        assert_eq!(powers(Bases::Numbers(bases), exponents, &moduli), Some(expected.clone()));
        assert_eq!(powers(Bases::Two, exponents, &moduli), Some(of_two.clone()));
        let level = Level::new();
        assert_eq!(portable(level, Bases::Numbers(bases), exponents, &moduli), Some(expected));
        assert_eq!(portable(level, Bases::Two, exponents, &moduli), Some(of_two));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4))]

        #[test]
        fn powers_are_those_of_the_plain_way(
            bases in numbers(128), exponents in numbers(40), moduli in numbers(128),
        ) {
            check(&bases, &exponents, &moduli);
        }

        #[test]
        fn long_powers_are_too(bases in numbers(256), exponents in numbers(20), moduli in numbers(256)) {
            check(&bases, &exponents, &moduli);
        }
    }

    #[test]
    fn the_largest_numbers_fit() {
        let all = |bits: usize| (BigUint::from(1_u32) << bits) - BigUint::from(1_u32);
        for bits in [1024, 2048] {
            let eight: Eight = std::array::from_fn(|lane| all(bits) - BigUint::from(2 * lane as u64));
            check(&eight, &eight.each_ref().map(|number| number >> (bits - 64)), &eight);
            check(
                &std::array::from_fn(|_| BigUint::from(0_u32)),
                &eight.each_ref().map(|n| n >> (bits - 64)),
                &eight,
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_not_raised() {
        let eight = |number: BigUint| -> Eight { std::array::from_fn(|_| number.clone()) };
        let one = eight(BigUint::from(1_u32));
        assert_eq!(powers(Bases::Two, &one, &eight(BigUint::from(10_u32))), None);
        assert_eq!(
            powers(Bases::Two, &one, &eight((BigUint::from(1_u32) << 2048) + BigUint::from(1_u32))),
            None
        );
    }
}

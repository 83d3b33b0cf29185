//! Montgomery's multiplication of eight numbers at once, each by a modulus of its own.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

pub(super) use portable::Portable;

pub(super) const LANES: usize = 8;

/// One limb of each of the eight numbers.
pub(super) type Row = [u64; LANES];

/// Eight numbers side by side, the least limbs first.
pub(super) type Rows<const N: usize> = [Row; N];

/// How limbs are multiplied and added.
///
/// **Invariant:** products are taken of limbs that have no more than [`Limbs::BITS`] bits; sums keep enough room
/// for the products of two rows of a number and a modulus.
pub(super) trait Limbs: Copy {
    /// Bits of a limb.
    const BITS: u32;
    /// One limb of each number, in a register where there is one for it.
    type Vector: Copy;

    fn load(self, row: &Row) -> Self::Vector;
    fn store(self, vector: Self::Vector) -> Row;
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn and(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// What is above a limb.
    fn carry(self, a: Self::Vector) -> Self::Vector;
    /// Adds the part of a product that belongs to the limb of the sum.
    fn add_low(self, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Adds the part of a product that belongs to the next limb, and so is added there.
    fn add_high(self, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
}

/// Montgomery's multiplication of numbers with `N` limbs.
pub(super) trait Montgomery<const N: usize>: Copy {
    /// Bits of a limb.
    const BITS: u32;

    /// The squares, in those lanes doubled where `doubled` has all bits.
    fn square(self, moduli: &Moduli<N>, a: &Rows<N>, doubled: &Row) -> Rows<N>;
    fn multiply(self, moduli: &Moduli<N>, a: &Rows<N>, b: &Rows<N>) -> Rows<N>;
}

/// Eight odd moduli, at least 16 bits shorter than their limbs, so that nothing needs to be subtracted on the way.
pub(super) struct Moduli<const N: usize> {
    limbs: Rows<N>,
    /// The negated inverses of the least limbs.
    inverses: Row,
}

impl<const N: usize> Moduli<N> {
    pub(super) fn new(limbs: Rows<N>, bits: u32) -> Self {
        let inverses = limbs[0].map(|limb| {
            let inverse = (0..6).fold(1_u64, |inverse, _| {
                inverse.wrapping_mul(2_u64.wrapping_sub(limb.wrapping_mul(inverse)))
            });
            inverse.wrapping_neg() & mask(bits)
        });
        Self { limbs, inverses }
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// Loops, and no closures, here and below: a closure is a function of its own, without the processor's instructions.
#[inline(always)]
fn vectors<L: Limbs, const N: usize>(limbs: L, rows: &Rows<N>) -> [L::Vector; N] {
    let mut vectors = [limbs.load(&rows[0]); N];
    for at in 1..N {
        vectors[at] = limbs.load(&rows[at]);
    }
    vectors
}

#[inline(always)]
fn square<L: Limbs, const N: usize>(limbs: L, moduli: &Moduli<N>, a: &Rows<N>, doubled: &Row) -> Rows<N> {
    let a = vectors(limbs, a);
    let mut sums = [[limbs.load(&[0; LANES]); N]; 2];
    let t = sums.as_flattened_mut();
    for i in 0..N - 1 {
        t[2 * i + 1] = limbs.add_low(t[2 * i + 1], a[i], a[i + 1]);
        for j in i + 2..N {
            t[i + j] = limbs.add_high(limbs.add_low(t[i + j], a[i], a[j]), a[i], a[j - 1]);
        }
        t[i + N] = limbs.add_high(t[i + N], a[i], a[N - 1]);
    }
    for i in 0..N {
        t[2 * i] = limbs.add_low(limbs.add(t[2 * i], t[2 * i]), a[i], a[i]);
        t[2 * i + 1] = limbs.add_high(limbs.add(t[2 * i + 1], t[2 * i + 1]), a[i], a[i]);
    }
    reduce(limbs, moduli, t, doubled)
}

#[inline(always)]
fn multiply<L: Limbs, const N: usize>(limbs: L, moduli: &Moduli<N>, a: &Rows<N>, b: &Rows<N>) -> Rows<N> {
    let (a, b) = (vectors(limbs, a), vectors(limbs, b));
    let mut sums = [[limbs.load(&[0; LANES]); N]; 2];
    let t = sums.as_flattened_mut();
    for i in 0..N {
        t[i] = limbs.add_low(t[i], a[i], b[0]);
        for j in 1..N {
            t[i + j] = limbs.add_high(limbs.add_low(t[i + j], a[i], b[j]), a[i], b[j - 1]);
        }
        t[i + N] = limbs.add_high(t[i + N], a[i], b[N - 1]);
    }
    reduce(limbs, moduli, t, &[0; LANES])
}

/// Adds multiples of the moduli until the lower half is zero; the upper half is the result.
#[inline(always)]
fn reduce<L: Limbs, const N: usize>(
    limbs: L,
    moduli: &Moduli<N>,
    t: &mut [L::Vector],
    doubled: &Row,
) -> Rows<N> {
    let n = vectors(limbs, &moduli.limbs);
    let (inverses, doubled) = (limbs.load(&moduli.inverses), limbs.load(doubled));
    let (zero, limb) = (limbs.load(&[0; LANES]), limbs.load(&[mask(L::BITS); LANES]));
    for i in 0..N {
        let factor = limbs.and(limbs.add_low(zero, limbs.and(t[i], limb), inverses), limb);
        t[i + 1] = limbs.add(t[i + 1], limbs.carry(limbs.add_low(t[i], factor, n[0])));
        for j in 1..N {
            t[i + j] = limbs.add_high(limbs.add_low(t[i + j], factor, n[j]), factor, n[j - 1]);
        }
        t[i + N] = limbs.add_high(t[i + N], factor, n[N - 1]);
    }
    let mut result = [[0; LANES]; N];
    let mut carry = zero;
    for at in 0..N {
        let upper = t[N + at];
        let sum = limbs.add(limbs.add(upper, limbs.and(upper, doubled)), carry);
        carry = limbs.carry(sum);
        result[at] = limbs.store(limbs.and(sum, limb));
    }
    result
}

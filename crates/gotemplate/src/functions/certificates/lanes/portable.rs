//! Limbs of 26 bits, whose products any processor multiplies several of at once.

use fearless_simd::{Level, Simd, dispatch};

use super::{LANES, Limbs, Moduli, Montgomery, Row, Rows};

/// With the widest registers that the processor has.
#[derive(Clone, Copy)]
pub(in super::super) struct Portable(pub(in super::super) Level);

impl<const N: usize> Montgomery<N> for Portable {
    const BITS: u32 = Scalar::BITS;

    fn square(self, moduli: &Moduli<N>, a: &Rows<N>, doubled: &Row) -> Rows<N> {
        dispatch!(self.0, simd => simd.vectorize(
            #[inline(always)]
            || super::square(Scalar, moduli, a, doubled)
        ))
    }

    fn multiply(self, moduli: &Moduli<N>, a: &Rows<N>, b: &Rows<N>) -> Rows<N> {
        dispatch!(self.0, simd => simd.vectorize(
            #[inline(always)]
            || super::multiply(Scalar, moduli, a, b)
        ))
    }
}

/// Plain arithmetic, for the compiler to arrange.
#[derive(Clone, Copy)]
struct Scalar;

impl Limbs for Scalar {
    const BITS: u32 = 26;
    type Vector = Row;

    #[inline(always)]
    fn load(self, row: &Row) -> Row {
        *row
    }

    #[inline(always)]
    fn store(self, vector: Row) -> Row {
        vector
    }

    #[inline(always)]
    fn add(self, a: Row, b: Row) -> Row {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn and(self, a: Row, b: Row) -> Row {
        std::array::from_fn(|lane| a[lane] & b[lane])
    }

    #[inline(always)]
    fn carry(self, a: Row) -> Row {
        a.map(|limb| limb >> Self::BITS)
    }

    /// The whole product: a sum has room for it.
    #[inline(always)]
    fn add_low(self, sum: Row, a: Row, b: Row) -> Row {
        std::array::from_fn::<_, LANES, _>(|lane| {
            sum[lane] + u64::from(a[lane] as u32) * u64::from(b[lane] as u32)
        })
    }

    #[inline(always)]
    fn add_high(self, sum: Row, _: Row, _: Row) -> Row {
        sum
    }
}

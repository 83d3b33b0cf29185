//! Limbs of 52 bits, multiplied by the instructions that AVX-512 has for them.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_srli_epi64,
};

use fearless_simd::{Avx512, kernel, prelude::*, u64x8};

use super::{Limbs, Moduli, Montgomery, Row, Rows};

impl Limbs for Avx512 {
    const BITS: u32 = 52;
    type Vector = __m512i;

    #[inline(always)]
    fn load(self, row: &Row) -> __m512i {
        u64x8::from_slice(self, row).into()
    }

    #[inline(always)]
    fn store(self, vector: __m512i) -> Row {
        let vector: u64x8<Self> = vector.simd_into(self);
        vector.into()
    }

    #[inline(always)]
    fn add(self, a: __m512i, b: __m512i) -> __m512i {
        add(self, a, b)
    }

    #[inline(always)]
    fn and(self, a: __m512i, b: __m512i) -> __m512i {
        and(self, a, b)
    }

    #[inline(always)]
    fn carry(self, a: __m512i) -> __m512i {
        carry(self, a)
    }

    #[inline(always)]
    fn add_low(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        add_low(self, sum, a, b)
    }

    #[inline(always)]
    fn add_high(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        add_high(self, sum, a, b)
    }
}

kernel! {
    #[inline]
    fn add(_token: Avx512, a: __m512i, b: __m512i) -> __m512i {
        _mm512_add_epi64(a, b)
    }
}

kernel! {
    #[inline]
    fn and(_token: Avx512, a: __m512i, b: __m512i) -> __m512i {
        _mm512_and_si512(a, b)
    }
}

kernel! {
    #[inline]
    fn carry(_token: Avx512, a: __m512i) -> __m512i {
        _mm512_srli_epi64::<52>(a)
    }
}

kernel! {
    #[inline]
    fn add_low(_token: Avx512, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        _mm512_madd52lo_epu64(sum, a, b)
    }
}

kernel! {
    #[inline]
    fn add_high(_token: Avx512, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        _mm512_madd52hi_epu64(sum, a, b)
    }
}

/// A kernel is one function for one size.
macro_rules! montgomery {
    ($limbs:literal, $square:ident, $multiply:ident) => {
        impl Montgomery<$limbs> for Avx512 {
            const BITS: u32 = <Self as Limbs>::BITS;

            fn square(self, moduli: &Moduli<$limbs>, a: &Rows<$limbs>, doubled: &Row) -> Rows<$limbs> {
                $square(self, moduli, a, doubled)
            }

            fn multiply(self, moduli: &Moduli<$limbs>, a: &Rows<$limbs>, b: &Rows<$limbs>) -> Rows<$limbs> {
                $multiply(self, moduli, a, b)
            }
        }

        kernel! {
            fn $square(token: Avx512, moduli: &Moduli<$limbs>, a: &Rows<$limbs>, doubled: &Row) -> Rows<$limbs> {
                super::square(token, moduli, a, doubled)
            }
        }

        kernel! {
            fn $multiply(token: Avx512, moduli: &Moduli<$limbs>, a: &Rows<$limbs>, b: &Rows<$limbs>) -> Rows<$limbs> {
                super::multiply(token, moduli, a, b)
            }
        }
    };
}

montgomery!(20, square_1024, multiply_1024);
montgomery!(40, square_2048, multiply_2048);

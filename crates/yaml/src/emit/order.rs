//! The order of keys.

use value::{Key, Map, Value};

use super::Profile;
use crate::Rules;

/// The entries in go-yaml's natural order: letters after other characters, digits as numbers.
///
/// Source: `keyList.Less` in go-yaml's `sorter.go`. It is not a total order (`1 < 01 < 0a < 1`), where the
/// real result depends on Go's random order of maps.
pub(super) fn natural(map: &Map, profile: Profile) -> Vec<(&Key, &Value)> {
    let mut entries: Vec<(&Key, &Value)> = map.iter().collect();
    let in_order = |pair: &[(&Key, &Value)]| !is_less(pair[1].0, pair[0].0, profile.rules);
    if !entries.windows(2).all(in_order) {
        sort(&mut entries, |a, b| is_less(a.0, b.0, profile.rules));
    }
    entries
}

/// A merge sort, since the library's may panic where the order is not total.
fn sort<T: Copy>(items: &mut [T], is_less: impl Fn(T, T) -> bool) {
    let mut from = items.to_vec();
    let mut run = 1;
    while run < items.len() {
        for (pair, out) in from.chunks(2 * run).zip(items.chunks_mut(2 * run)) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            for slot in out {
                let side = match (left.first(), right.first()) {
                    (Some(one), Some(other)) if is_less(*other, *one) => &mut right,
                    (Some(_), _) => &mut left,
                    (None, _) => &mut right,
                };
                if let Some((first, rest)) = side.split_first() {
                    *slot = *first;
                    *side = rest;
                }
            }
        }
        from.copy_from_slice(items);
        run *= 2;
    }
}

fn is_less(a: &str, b: &str, rules: Rules) -> bool {
    let mut differing = a.char_indices().zip(b.chars()).skip_while(|((_, one), other)| one == other);
    let Some(((at, one), other)) = differing.next() else {
        return a.len() < b.len();
    };
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => one < other,
        (false, false) => is_less_number(&a[..at], &a[at..], &b[at..]),
        (one_is_letter, other_is_letter) => {
            let follows_digit = a[..at].chars().next_back().is_some_and(char::is_numeric);
            if rules == Rules::V3 && follows_digit { one_is_letter } else { other_is_letter }
        }
    }
}

/// Compares what follows the same `start`; neither starts with a letter.
fn is_less_number(start: &str, a: &str, b: &str) -> bool {
    let digits_before = start.chars().rev().take_while(char::is_ascii_digit);
    let counts_zeros =
        (a.starts_with('0') || b.starts_with('0')) && digits_before.into_iter().any(|c| c != '0');
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        digits.fold((i64::from(counts_zeros), 0), |(value, length), digit| {
            (value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), length + 1)
        })
    };
    match number(a).cmp(&number(b)) {
        std::cmp::Ordering::Equal => a.chars().next() < b.chars().next(),
        unequal => unequal.is_lt(),
    }
}

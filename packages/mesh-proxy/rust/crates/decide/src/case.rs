//! Names are compared without regard to case.

/// Whether two names are the same but for the case of ASCII letters. It is asked about every field
/// of every message, and looks at eight bytes at a time.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some(last), Some(last_other)) = (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        let (words, _) = one.as_chunks::<8>();
        let (words_other, _) = other.as_chunks::<8>();
        let mut pairs = words.iter().zip(words_other);
        return pairs.all(|(one, other)| same_word(*one, *other)) && same_word(*last, *last_other);
    }
    if let (Some(first), Some(first_other)) = (one.first_chunk::<4>(), other.first_chunk::<4>())
        && let (Some(last), Some(last_other)) = (one.last_chunk::<4>(), other.last_chunk::<4>())
    {
        return same_word(join(*first, *last), join(*first_other, *last_other));
    }
    one.eq_ignore_ascii_case(other)
}

fn join(first: [u8; 4], last: [u8; 4]) -> [u8; 8] {
    let [a, b, c, d] = first;
    let [e, f, g, h] = last;
    [a, b, c, d, e, f, g, h]
}

fn same_word(one: [u8; 8], other: [u8; 8]) -> bool {
    lower(u64::from_ne_bytes(one)) == lower(u64::from_ne_bytes(other))
}

/// Eight bytes with small letters in place of capital ones.
fn lower(word: u64) -> u64 {
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // The highest bit of a byte says whether it is an A or greater, and whether greater than a Z.
    let rest = word & all(0x7f);
    let from_a = rest + all(0x80 - b'A');
    let past_z = rest + all(0x7f - b'Z');
    let capital = (from_a ^ past_z) & !word & all(0x80);
    // That bit, moved to where the case of a letter is.
    word | capital >> 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_library_says(one in prop::collection::vec(any::<u8>(), 0..40)) {
            let upper = one.to_ascii_uppercase();
            prop_assert!(same(&one, &upper) && same(&upper, &one));
            for at in 0..one.len() {
                for bit in 0..8 {
                    let mut other = one.clone();
                    other[at] ^= 1 << bit;
                    prop_assert_eq!(same(&one, &other), one.eq_ignore_ascii_case(&other));
                }
            }
            prop_assert!(one.is_empty() || !same(&one, &one[1..]));
        }
    }
}

//! Integers with a prefix (RFC 7541 §5.1).

/// Writes `value` behind the flags `first`, whose lowest `bits` bits are free.
pub(super) fn write(out: &mut Vec<u8>, first: u8, bits: u32, value: u32) {
    let most = (1 << bits) - 1;
    if value < most {
        out.push(first | value as u8);
        return;
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Reads the integer whose first byte, `first`, has been taken from `input`. None if it is cut off
/// or more than 32 bits long; nothing in a header block may be that large.
pub(super) fn read(input: &mut &[u8], first: u8, bits: u32) -> Option<u32> {
    let most = (1 << bits) - 1;
    let start = u32::from(first) & most;
    if start < most {
        return Some(start);
    }
    let mut value = u64::from(start);
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value += u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: u32, bits: u32) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, 0, bits, value);
        out
    }

    fn parsed(bytes: &[u8], bits: u32) -> Option<u32> {
        let (&first, mut rest) = bytes.split_first()?;
        read(&mut rest, first, bits).filter(|_| rest.is_empty())
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7541 §C.1.
        assert_eq!(written(10, 5), [0b01010]);
        assert_eq!(written(1337, 5), [0b11111, 0b10011010, 0b00001010]);
        assert_eq!(written(42, 8), [42]);
        assert_eq!(parsed(&[0b11111, 0b10011010, 0b00001010], 5), Some(1337));
    }

    #[test]
    fn too_large_or_endless_integers_are_refused() {
        assert_eq!(parsed(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f], 7), None);
        assert_eq!(parsed(&[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 7), None);
        assert_eq!(parsed(&[0x7f, 0xff], 7), None);
        assert_eq!(
            parsed(&[0x7f, 0x80, 0xff, 0xff, 0xff, 0x0f], 7),
            Some(u32::MAX)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value: u32, bits in 4u32..8) {
            prop_assert_eq!(parsed(&written(value, bits), bits), Some(value));
        }
    }
}

//! Huffman-coded strings (RFC 7541 §5.2 and appendix B), read by table.
//!
//! There is no writer: strings go out as they are, which costs a peer in the same data centre less
//! time than the code would save bytes.

/// How many bits the code of each byte has. The code is canonical: codes of one length are numbered
/// in the order of their bytes.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/// The longest code, which is that of the end of the string and may not occur (RFC 7541 §5.2).
const LONGEST: u32 = 30;

/// Bits that one look-up takes.
const LOOKUP: u32 = 11;

/// What the next [`LOOKUP`] bits hold: one whole code or two.
#[derive(Clone, Copy)]
struct Entry {
    bytes: [u8; 2],
    /// The bits of the first code; 0 where it is longer than a look-up.
    first: u8,
    /// The bits of all codes.
    all: u8,
}

/// The codes of one length.
#[derive(Clone, Copy)]
struct Span {
    /// The first code.
    code: u32,
    codes: u32,
    /// Where their bytes begin in [`BYTES`].
    offset: u32,
}

const SPANS: [Span; LONGEST as usize + 1] = spans();

const fn spans() -> [Span; LONGEST as usize + 1] {
    let nothing = Span {
        code: 0,
        codes: 0,
        offset: 0,
    };
    let mut spans = [nothing; LONGEST as usize + 1];
    let mut byte = 0;
    while byte < LENGTHS.len() {
        spans[LENGTHS[byte] as usize].codes += 1;
        byte += 1;
    }
    let mut length = 1;
    while length <= LONGEST as usize {
        let shorter = spans[length - 1];
        spans[length].code = (shorter.code + shorter.codes) << 1;
        spans[length].offset = shorter.offset + shorter.codes;
        length += 1;
    }
    spans
}

/// All bytes in the order of their codes.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut taken = [0; LONGEST as usize + 1];
    let mut byte = 0;
    while byte < 256 {
        let length = LENGTHS[byte] as usize;
        bytes[SPANS[length].offset as usize + taken[length]] = byte as u8;
        taken[length] += 1;
        byte += 1;
    }
    bytes
};

static TABLE: [Entry; 1 << LOOKUP] = table();

const fn table() -> [Entry; 1 << LOOKUP] {
    const SIZE: usize = 1 << LOOKUP;
    let long = Entry {
        bytes: [0; 2],
        first: 0,
        all: 0,
    };
    let mut table = [long; SIZE];
    let mut bits = 0;
    while bits < SIZE {
        if let Some((byte, length)) = code((bits as u64) << (64 - LOOKUP), LOOKUP) {
            table[bits].bytes[0] = byte;
            table[bits].first = length as u8;
            table[bits].all = length as u8;
            let rest = (bits as u64) << (64 - LOOKUP) << length;
            if let Some((second, more)) = code(rest, LOOKUP - length) {
                table[bits].bytes[1] = second;
                table[bits].all += more as u8;
            }
        }
        bits += 1;
    }
    table
}

/// The byte whose code `bits` begin with, and the code's length, if that is at most `limit`.
const fn code(bits: u64, limit: u32) -> Option<(u8, u32)> {
    let mut length = 5;
    while length <= limit {
        let span = SPANS[length as usize];
        let start = (bits >> (64 - length)) as u32;
        if start < span.code + span.codes && start >= span.code {
            return Some((BYTES[(span.offset + start - span.code) as usize], length));
        }
        length += 1;
    }
    None
}

/// The string is no Huffman code: it holds the end of the string, or its padding is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotHuffman;

/// Bits that were read and not yet used, from the top down; zeros below.
struct Bits<'a> {
    input: &'a [u8],
    bits: u64,
    count: u32,
}

impl Bits<'_> {
    /// Takes bytes up while there is room: at least 57 bits, unless the input ends.
    fn fill(&mut self) {
        while self.count <= 56
            && let Some((&byte, rest)) = self.input.split_first()
        {
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.input = rest;
        }
    }

    fn take(&mut self, length: u32) {
        self.bits <<= length;
        self.count -= length;
    }

    /// Whether what is left is padding: fewer than eight bits, all ones.
    fn is_padding(&self) -> bool {
        self.count < 8 && self.bits.leading_ones() == self.count
    }
}

/// Appends the decoded string to `out`; it has at most 8/5 as many bytes.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<(), NotHuffman> {
    let start = out.len();
    // The shortest code has five bits; a look-up writes two bytes even where it holds one.
    out.resize(start + input.len() * 8 / 5 + 2, 0);
    let decoded = decode_into(input, &mut out[start..]);
    out.truncate(start + decoded.unwrap_or(0));
    decoded.map(drop)
}

fn decode_into(input: &[u8], out: &mut [u8]) -> Result<usize, NotHuffman> {
    let mut bits = Bits {
        input,
        bits: 0,
        count: 0,
    };
    let mut length = 0;
    loop {
        bits.fill();
        while bits.count >= LOOKUP {
            let entry = TABLE[(bits.bits >> (64 - LOOKUP)) as usize];
            if entry.first == 0 {
                break;
            }
            out[length] = entry.bytes[0];
            out[length + 1] = entry.bytes[1];
            length += 1 + usize::from(entry.all != entry.first);
            bits.take(u32::from(entry.all));
        }
        if bits.count < LONGEST && !bits.input.is_empty() {
            continue;
        }
        if bits.is_padding() {
            return Ok(length);
        }
        // A long code, or one of the last few.
        let (byte, bits_of_it) = code(bits.bits, bits.count.min(LONGEST)).ok_or(NotHuffman)?;
        out[length] = byte;
        length += 1;
        bits.take(bits_of_it);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Encodes a string, to test the decoder.
    pub(in crate::http2) fn encode(string: &[u8]) -> Vec<u8> {
        let mut bits = Vec::new();
        for byte in string {
            let length = u32::from(LENGTHS[usize::from(*byte)]);
            let span = SPANS[length as usize];
            let place = BYTES.iter().position(|other| other == byte).unwrap() as u32;
            let code = span.code + place - span.offset;
            bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
        }
        bits.resize(bits.len().next_multiple_of(8), true);
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bits.chunks(8).map(byte).collect()
    }

    fn decoded(input: &[u8]) -> Result<Vec<u8>, NotHuffman> {
        let mut out = Vec::new();
        decode(input, &mut out).map(|()| out)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7541 §C.4 and §C.6.
        assert_eq!(
            encode(b"www.example.com"),
            [
                0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff
            ]
        );
        assert_eq!(encode(b"no-cache"), [0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]);
        assert_eq!(encode(b"private"), [0xae, 0xc3, 0x77, 0x1a, 0x4b]);
    }

    #[test]
    fn the_code_is_complete_but_for_the_end_of_the_string() {
        let last = SPANS[LONGEST as usize];
        assert_eq!(last.code + last.codes, (1 << LONGEST) - 1);
    }

    #[test]
    fn every_byte_has_its_code() {
        for byte in 0..=255 {
            for string in [
                vec![byte],
                vec![byte; 9],
                [b"a", &[byte][..], b"~"].concat(),
            ] {
                let other = loona_hpack::huffman::HuffmanDecoder::new().decode(&encode(&string));
                assert_eq!(other.unwrap(), string);
                assert_eq!(decoded(&encode(&string)), Ok(string));
            }
        }
    }

    #[test]
    fn bad_padding_and_the_end_of_the_string_are_refused() {
        assert_eq!(decoded(&[]), Ok(vec![]));
        for bad in [
            // Eight bits of padding, a zero in it, thirty ones, and a code that is cut off.
            &[0xff][..],
            &[0x1f, 0xff],
            &[0b0001_1000],
            &[0xff, 0xff, 0xff, 0xff],
            &[0xff, 0xff, 0xff, 0xfc],
            &[0xff, 0xfe],
        ] {
            assert_eq!(decoded(bad), Err(NotHuffman), "{bad:x?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(string: Vec<u8>) {
            prop_assert_eq!(decoded(&encode(&string)), Ok(string));
        }

        #[test]
        fn there_is_one_code_per_string(input: Vec<u8>) {
            if let Ok(string) = decoded(&input) {
                prop_assert_eq!(encode(&string), input);
            }
        }
    }
}

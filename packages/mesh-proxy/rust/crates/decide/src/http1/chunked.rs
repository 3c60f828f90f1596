//! The chunked transfer coding (RFC 9112 §7.1).

use mesh_wire::vocabulary::limits;

use super::scan::{LineEnds, Scanner};
use super::{MAX_TRAILERS, Malformed};

/// The longest line that announces a chunk, extensions included.
const MAX_SIZE_LINE: usize = limits::HTTP1_CHUNK_LINE_BYTES.size();

/// Takes a chunked body apart. Extensions are dropped, as a recipient may; the sizes are held to
/// the letter.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// In the line that announces a chunk.
    Size {
        size: u64,
        digits: u8,
    },
    /// In an extension, `seen` bytes into the line.
    Extension {
        size: u64,
        seen: usize,
    },
    /// After the carriage return of a size line.
    SizeEnd {
        size: u64,
    },
    /// In a chunk's data.
    Data {
        left: u64,
    },
    /// After a chunk's data: carriage return, then line feed.
    DataReturn,
    DataFeed,
    /// In the trailer section.
    Trailers(Scanner),
    Done,
}

/// What the first bytes of the input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes of framing, to be dropped; more input is needed.
    More(usize),
    /// After `skip` bytes of framing, `length` bytes of content.
    Data { skip: usize, length: usize },
    /// After `skip` bytes of framing, `length` bytes of trailer section, its blank line included.
    /// The body has ended.
    End { skip: usize, length: usize },
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            state: State::Size { size: 0, digits: 0 },
        }
    }
}

impl Decoder {
    /// Reads on. Bytes that a step covers must not be given again; after `More(n)` the bytes that
    /// follow the first n must be given again, with more after them.
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        let mut at = 0;
        loop {
            if let State::Trailers(scanner) = &mut self.state {
                let found = scanner.end(&input[at..]).map_err(|_| Malformed::Trailers)?;
                return Ok(match found {
                    None => Step::More(at),
                    Some(length) => {
                        self.state = State::Done;
                        Step::End { skip: at, length }
                    }
                });
            }
            let rest = &input[at..];
            let Some(&byte) = rest.first() else {
                return Ok(Step::More(at));
            };
            if let State::Data { left } = &mut self.state {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                *left -= length as u64;
                if *left == 0 {
                    self.state = State::DataReturn;
                }
                return Ok(Step::Data { skip: at, length });
            }
            self.framing(byte)?;
            at += 1;
        }
    }

    /// Whether the last chunk and the trailer section were read.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn framing(&mut self, byte: u8) -> Result<(), Malformed> {
        self.state = match (&self.state, byte) {
            (State::Size { size, digits }, byte) => Self::size(*size, *digits, byte)?,
            (State::Extension { size, .. }, b'\r') => State::SizeEnd { size: *size },
            (State::Extension { size, seen }, b'\t' | b' '..=b'~' | 0x80..)
                if *seen < MAX_SIZE_LINE =>
            {
                State::Extension {
                    size: *size,
                    seen: seen + 1,
                }
            }
            (State::SizeEnd { size: 0 }, b'\n') => {
                State::Trailers(Scanner::new(LineEnds::Strict, MAX_TRAILERS))
            }
            (State::SizeEnd { size }, b'\n') => State::Data { left: *size },
            (State::DataReturn, b'\r') => State::DataFeed,
            (State::DataFeed, b'\n') => State::Size { size: 0, digits: 0 },
            _ => return Err(Malformed::Chunk),
        };
        Ok(())
    }

    /// One byte of a size; white space is refused, because servers differ on it.
    fn size(size: u64, digits: u8, byte: u8) -> Result<State, Malformed> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b';' if digits > 0 => return Ok(State::Extension { size, seen: 0 }),
            b'\r' if digits > 0 => return Ok(State::SizeEnd { size }),
            _ => return Err(Malformed::Chunk),
        };
        if digits >= 16 {
            return Err(Malformed::Chunk);
        }
        Ok(State::Size {
            size: size << 4 | u64::from(digit),
            digits: digits + 1,
        })
    }
}

/// The line that announces a chunk of `length` bytes; `length` is not 0.
pub fn size_line(length: usize, line: &mut [u8; 18]) -> &[u8] {
    debug_assert!(length > 0, "a chunk of no bytes ends the body");
    let mut at = line.len() - 2;
    line[at..].copy_from_slice(b"\r\n");
    let mut rest = length;
    while rest > 0 {
        at -= 1;
        line[at] = b"0123456789abcdef"[rest & 15];
        rest >>= 4;
    }
    &line[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content and trailer section.
    type Parts = (Vec<u8>, Vec<u8>);

    /// Takes apart a body that comes in pieces; None if it has not ended.
    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Parts>, Malformed> {
        let (mut decoder, mut pending, mut content) = (Decoder::default(), Vec::new(), Vec::new());
        for piece in pieces {
            pending.extend_from_slice(piece);
            loop {
                match decoder.step(&pending)? {
                    Step::More(skip) => {
                        pending.drain(..skip);
                        break;
                    }
                    Step::Data { skip, length } => {
                        content.extend_from_slice(&pending[skip..skip + length]);
                        pending.drain(..skip + length);
                    }
                    Step::End { skip, length } => {
                        assert!(decoder.is_done());
                        return Ok(Some((content, pending[skip..skip + length].to_vec())));
                    }
                }
            }
        }
        Ok(None)
    }

    fn fault(body: &str) -> Option<Malformed> {
        decode([body.as_bytes()]).err()
    }

    #[test]
    fn content_and_trailers_come_apart() {
        let body = b"5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nsum: 1\r\n\r\n";
        let (content, trailers) = decode([&body[..]]).unwrap().unwrap();
        assert_eq!(content, b"hello world");
        assert_eq!(trailers, b"sum: 1\r\n\r\n");
    }

    #[test]
    fn a_body_without_its_end_goes_on() {
        assert_eq!(decode([&b"5\r\nhello\r\n0\r\n"[..]]), Ok(None));
        assert_eq!(decode([&b"5\r\nhel"[..]]), Ok(None));
    }

    #[test]
    fn fault_14_bad_chunks_are_refused() {
        for body in [
            "10000000000000000\r\n",
            "-5\r\nhello\r\n",
            "+5\r\nhello\r\n",
            "0x5\r\nhello\r\n",
            " 5\r\nhello\r\n",
            "5 \r\nhello\r\n",
            "5\nhello\r\n",
            "5\r\nhello0\r\n",
            "5\r\nhelloX\r\n",
            "5\r\nhello\rX",
            "\r\n",
            "g\r\n",
            ";a\r\n",
            "5;a\nhello",
            "5;a\0\r\nhello",
        ] {
            assert_eq!(fault(body), Some(Malformed::Chunk), "{body:?}");
        }
        assert_eq!(
            fault(&format!("5;{}\r\nhello\r\n", "x".repeat(64 * 1024))),
            Some(Malformed::Chunk)
        );
        assert_eq!(fault("0\r\nsum: 1\n\r\n"), Some(Malformed::Trailers));
        assert_eq!(
            fault(&format!("0\r\nsum: {}", "x".repeat(MAX_TRAILERS))),
            Some(Malformed::Trailers)
        );
    }

    #[test]
    fn a_size_line_is_lower_case_hexadecimal() {
        assert_eq!(size_line(1, &mut [0; 18]), b"1\r\n");
        assert_eq!(size_line(0xbeef, &mut [0; 18]), b"beef\r\n");
        assert_eq!(size_line(usize::MAX, &mut [0; 18]), b"ffffffffffffffff\r\n");
    }

    proptest::proptest! {
        #[test]
        fn what_was_chunked_comes_back_however_it_is_cut(
            chunks in proptest::collection::vec(proptest::collection::vec(0u8.., 1..40), 0..6),
            step in 1usize..20,
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(size_line(chunk.len(), &mut [0; 18]));
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            let (content, trailers) = decode(body.chunks(step)).unwrap().unwrap();
            proptest::prop_assert_eq!(content, chunks.concat());
            proptest::prop_assert_eq!(trailers, b"\r\n");
        }

        #[test]
        fn any_split_of_any_bytes_gives_the_same_result(
            body in proptest::collection::vec(
                proptest::sample::select(b"0123af;\r\n x".to_vec()), 0..48),
            step in 1usize..8,
        ) {
            proptest::prop_assert_eq!(decode(body.chunks(step)), decode([&body[..]]));
        }
    }
}

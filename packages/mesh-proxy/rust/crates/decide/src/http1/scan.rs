//! Finding the end of a head without reading any byte twice.

use super::{MAX_HEAD, Malformed};

/// Whether a lone line feed ends a line. Requests are held to the letter, because two readings of
/// one request are how requests are smuggled; RFC 9112 §2.2 lets a recipient be lenient, and some
/// old applications answer so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    Strict,
    Lenient,
}

/// Looks for the blank line that ends a section of field lines, across reads.
#[derive(Clone, Debug)]
pub struct Scanner {
    line_ends: LineEnds,
    limit: usize,
    /// Bytes that were looked at.
    scanned: usize,
    /// Where the current line begins.
    line: usize,
}

impl Scanner {
    /// A scanner for a message head.
    pub fn head(line_ends: LineEnds) -> Self {
        Self::new(line_ends, MAX_HEAD)
    }

    /// A scanner that gives up after `limit` bytes.
    pub fn new(line_ends: LineEnds, limit: usize) -> Self {
        Self {
            line_ends,
            limit,
            scanned: 0,
            line: 0,
        }
    }

    /// The length of the section with its blank line, if `input` holds all of it. `input` is
    /// everything since the section's first byte, so it only grows from call to call.
    pub fn end(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        while let Some(offset) = memchr::memchr(b'\n', &input[self.scanned..]) {
            let feed = self.scanned + offset;
            let line = &input[self.line..feed];
            let content = match (line.last(), self.line_ends) {
                (Some(b'\r'), _) => line.len() - 1,
                (_, LineEnds::Lenient) => line.len(),
                (_, LineEnds::Strict) => return Err(Malformed::LineEnding),
            };
            self.scanned = feed + 1;
            self.line = feed + 1;
            if self.line > self.limit {
                return Err(Malformed::HeadTooLong);
            }
            if content == 0 {
                return Ok(Some(self.line));
            }
        }
        self.scanned = input.len();
        if input.len() > self.limit {
            return Err(Malformed::HeadTooLong);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(input: &[u8], line_ends: LineEnds) -> Result<Option<usize>, Malformed> {
        Scanner::head(line_ends).end(input)
    }

    #[test]
    fn the_blank_line_ends_the_head() {
        assert_eq!(
            end(b"GET / HTTP/1.1\r\n\r\nrest", LineEnds::Strict),
            Ok(Some(18))
        );
        assert_eq!(end(b"GET / HTTP/1.1\r\n\r", LineEnds::Strict), Ok(None));
        assert_eq!(
            end(b"HTTP/1.1 200\n\nrest", LineEnds::Lenient),
            Ok(Some(14))
        );
    }

    #[test]
    fn a_lone_line_feed_is_refused_where_it_could_be_read_in_two_ways() {
        assert_eq!(
            end(b"GET / HTTP/1.1\nHost: a\r\n", LineEnds::Strict),
            Err(Malformed::LineEnding)
        );
    }

    #[test]
    fn a_head_without_end_is_given_up() {
        let long = vec![b'a'; MAX_HEAD + 1];
        assert_eq!(end(&long, LineEnds::Strict), Err(Malformed::HeadTooLong));
    }

    proptest::proptest! {
        #[test]
        fn any_split_of_the_input_finds_the_same_end(
            head in "[a-z: \r\n]{0,64}", cuts in proptest::collection::vec(0usize..64, 0..8)
        ) {
            let whole = end(head.as_bytes(), LineEnds::Strict);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < head.len()).collect();
            cuts.push(head.len());
            cuts.sort_unstable();
            let mut scanner = Scanner::head(LineEnds::Strict);
            let mut split = Ok(None);
            for cut in cuts {
                split = scanner.end(&head.as_bytes()[..cut]);
                if split != Ok(None) {
                    break;
                }
            }
            proptest::prop_assert_eq!(split, whole);
        }
    }
}

//! A header block that came in several frames.

use super::frame::{FrameHead, Kind};
use super::head::Limits;
use super::{ErrorCode, Violation};

/// The fragments of one header block: HEADERS without END_HEADERS, then CONTINUATION frames. A
/// block in one frame needs none of this and is decoded where it lies.
#[derive(Debug)]
pub struct Gathering {
    stream: u32,
    end_stream: bool,
    bytes: Vec<u8>,
    continuations: u32,
}

impl Gathering {
    /// Begins with the fragment of a HEADERS frame without END_HEADERS.
    pub fn begin(
        stream: u32,
        end_stream: bool,
        fragment: &[u8],
        limits: &Limits,
    ) -> Result<Self, Violation> {
        if fragment.len() > limits.block {
            return Err(TOO_LONG);
        }
        Ok(Self {
            stream,
            end_stream,
            bytes: fragment.to_vec(),
            continuations: 0,
        })
    }

    /// The stream whose head this is.
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// Whether the HEADERS frame ended the stream.
    pub fn end_stream(&self) -> bool {
        self.end_stream
    }

    /// Judges the head of the frame that follows: nothing may come between the frames of a block
    /// (RFC 9113 §6.10).
    pub fn expects(&self, next: FrameHead) -> Result<(), Violation> {
        if next.kind == Kind::CONTINUATION && next.stream == self.stream {
            return Ok(());
        }
        Err(Violation::connection(
            ErrorCode::PROTOCOL_ERROR,
            "a frame between those of a header block",
        ))
    }

    /// Adds the fragment of a CONTINUATION frame. Their number is limited like their bytes: empty
    /// ones cost time as well (CVE-2024-27316 and others).
    pub fn add(&mut self, fragment: &[u8], limits: &Limits) -> Result<(), Violation> {
        self.continuations += 1;
        if self.continuations > limits.continuations {
            return Err(Violation::connection(
                ErrorCode::ENHANCE_YOUR_CALM,
                "too many CONTINUATION frames in one header block",
            ));
        }
        if self.bytes.len() + fragment.len() > limits.block {
            return Err(TOO_LONG);
        }
        self.bytes.extend_from_slice(fragment);
        Ok(())
    }

    /// The block, once its last frame was added.
    pub fn block(&self) -> &[u8] {
        &self.bytes
    }
}

const TOO_LONG: Violation = Violation::connection(
    ErrorCode::ENHANCE_YOUR_CALM,
    "a header block longer than the limit",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http2::frame::Flags;

    #[test]
    fn a_block_comes_together() {
        let limits = Limits::default();
        let mut block = Gathering::begin(5, true, b"ab", &limits).unwrap();
        block.add(b"", &limits).unwrap();
        block.add(b"cd", &limits).unwrap();
        assert_eq!(block.block(), b"abcd");
        assert_eq!((block.stream(), block.end_stream()), (5, true));
    }

    #[test]
    fn fault_28_continuations_are_bounded_in_bytes_and_number() {
        let limits = Limits {
            block: 10,
            continuations: 3,
            ..Limits::default()
        };
        let mut long = Gathering::begin(1, false, &[0; 8], &limits).unwrap();
        let refused = long.add(&[0; 3], &limits).unwrap_err();
        assert_eq!(refused.code, ErrorCode::ENHANCE_YOUR_CALM);

        let mut empty = Gathering::begin(1, false, b"", &limits).unwrap();
        for _ in 0..3 {
            empty.add(b"", &limits).unwrap();
        }
        assert!(empty.add(b"", &limits).is_err());
        assert!(Gathering::begin(1, false, &[0; 11], &limits).is_err());
    }

    #[test]
    fn fault_28_nothing_comes_between_the_frames_of_a_block() {
        let block = Gathering::begin(3, false, b"", &Limits::default()).unwrap();
        let frame = |kind, stream| FrameHead::new(0, kind, Flags::NONE, stream);
        assert!(block.expects(frame(Kind::CONTINUATION, 3)).is_ok());
        for other in [
            frame(Kind::CONTINUATION, 5),
            frame(Kind::DATA, 3),
            frame(Kind(0xbb), 0),
        ] {
            assert!(block.expects(other).is_err());
        }
    }
}

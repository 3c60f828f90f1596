//! Frames (RFC 9113 §4 and §6): their heads, what each kind's payload must be, and how each is
//! written.
//!
//! A reader takes nine bytes, [`FrameHead::parse`]s and [`FrameHead::check`]s them, and has the rest
//! only then; a payload that is too long is never waited for.

use std::ops::BitOr;

use super::{ErrorCode, Violation};

/// Bytes of a frame's head.
pub const HEAD: usize = 9;
/// The payload that every peer takes (RFC 9113 §4.2).
pub const MIN_MAX_SIZE: u32 = 1 << 14;
/// The longest payload that a head can announce.
pub const MAX_SIZE: u32 = (1 << 24) - 1;

/// A frame's type. Unknown ones are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    pub const DATA: Self = Self(0x0);
    pub const HEADERS: Self = Self(0x1);
    pub const PRIORITY: Self = Self(0x2);
    pub const RST_STREAM: Self = Self(0x3);
    pub const SETTINGS: Self = Self(0x4);
    pub const PUSH_PROMISE: Self = Self(0x5);
    pub const PING: Self = Self(0x6);
    pub const GOAWAY: Self = Self(0x7);
    pub const WINDOW_UPDATE: Self = Self(0x8);
    pub const CONTINUATION: Self = Self(0x9);
}

/// A frame's flags. What one means depends on the kind; undefined ones are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    pub const NONE: Self = Self(0);
    pub const END_STREAM: Self = Self(0x1);
    pub const ACK: Self = Self(0x1);
    pub const END_HEADERS: Self = Self(0x4);
    pub const PADDED: Self = Self(0x8);
    pub const PRIORITY: Self = Self(0x20);

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// `self` if `set`, or none.
    pub const fn when(self, set: bool) -> Self {
        if set { self } else { Self::NONE }
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The nine bytes before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Of the payload, padding included.
    pub length: u32,
    pub kind: Kind,
    pub flags: Flags,
    /// 0 is the connection itself.
    pub stream: u32,
}

impl FrameHead {
    /// A head; `length` and `stream` must be in their ranges (24 and 31 bits).
    pub const fn new(length: u32, kind: Kind, flags: Flags, stream: u32) -> Self {
        debug_assert!(length <= MAX_SIZE && stream <= super::MAX_STREAM);
        Self {
            length,
            kind,
            flags,
            stream,
        }
    }

    /// Reads a head. The reserved bit is ignored (RFC 9113 §4.1).
    pub const fn parse(bytes: &[u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, d, e, f, g] = *bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: Kind(kind),
            flags: Flags(flags),
            stream: u32::from_be_bytes([d, e, f, g]) & super::MAX_STREAM,
        }
    }

    /// The head's bytes.
    pub const fn bytes(self) -> [u8; HEAD] {
        let [_, a, b, c] = self.length.to_be_bytes();
        let [d, e, f, g] = self.stream.to_be_bytes();
        [a, b, c, self.kind.0, self.flags.0, d, e, f, g]
    }

    /// Writes the head.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes());
    }

    /// Judges what the head alone shows: the payload's length and whether the frame belongs to a
    /// stream. `max_size` is the SETTINGS_MAX_FRAME_SIZE that this end announced.
    ///
    /// A frame that is too long always ends the connection, which RFC 9113 §5.4.2 allows: its payload need
    /// then not be read.
    pub fn check(self, max_size: u32) -> Result<(), Violation> {
        if self.length > max_size {
            return Err(size("a frame longer than SETTINGS_MAX_FRAME_SIZE"));
        }
        match self.kind {
            Kind::DATA | Kind::HEADERS | Kind::PRIORITY | Kind::RST_STREAM | Kind::CONTINUATION
                if self.stream == 0 =>
            {
                Err(protocol("a frame of a stream on stream 0"))
            }
            Kind::SETTINGS | Kind::PING | Kind::GOAWAY if self.stream != 0 => {
                Err(protocol("a frame of the connection on a stream"))
            }
            // Neither end of this proxy takes pushes (RFC 9113 §6.6, §8.4).
            Kind::PUSH_PROMISE => Err(protocol("PUSH_PROMISE, though pushes are disabled")),
            Kind::PRIORITY if self.length != 5 => Err(Violation::stream(
                self.stream,
                ErrorCode::FRAME_SIZE_ERROR,
                "PRIORITY that is not five bytes long",
            )),
            Kind::RST_STREAM | Kind::WINDOW_UPDATE if self.length != 4 => Err(size(
                "RST_STREAM or WINDOW_UPDATE that is not four bytes long",
            )),
            Kind::PING if self.length != 8 => Err(size("PING that is not eight bytes long")),
            Kind::GOAWAY if self.length < 8 => Err(size("GOAWAY shorter than eight bytes")),
            Kind::SETTINGS if self.flags.contains(Flags::ACK) && self.length != 0 => {
                Err(size("SETTINGS with ACK and a payload"))
            }
            Kind::SETTINGS if !self.length.is_multiple_of(6) => {
                Err(size("SETTINGS of a length that is no multiple of six"))
            }
            _ => Ok(()),
        }
    }

    /// Where the content of a DATA frame lies in its payload, so that it can be passed on before
    /// the whole payload is there. `first` is the payload's first byte, which a frame with
    /// padding needs.
    ///
    /// All of the payload counts for flow control, padding too (RFC 9113 §6.9.1).
    pub fn data(self, first: Option<u8>) -> Result<Extent, Violation> {
        self.padded(first)
    }

    fn padded(self, first: Option<u8>) -> Result<Extent, Violation> {
        if !self.flags.contains(Flags::PADDED) {
            return Ok(Extent {
                start: 0,
                length: self.length,
            });
        }
        let Some(padding) = first.filter(|_| self.length > 0) else {
            return Err(size("a padded frame without its padding's length"));
        };
        match (self.length - 1).checked_sub(u32::from(padding)) {
            Some(length) => Ok(Extent { start: 1, length }),
            None => Err(protocol("padding longer than its frame")),
        }
    }
}

/// A part of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub start: u32,
    pub length: u32,
}

/// A frame, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Data {
        end_stream: bool,
        /// Without padding. For flow control the head's length counts.
        content: &'a [u8],
    },
    Headers {
        end_stream: bool,
        end_headers: bool,
        /// A priority that makes the stream depend on itself, which RFC 7540 §5.3.1 made an error of
        /// the stream. The fragment must be decoded all the same.
        self_dependent: bool,
        fragment: &'a [u8],
    },
    /// Deprecated (RFC 9113 §5.3.2): checked, counted, otherwise ignored.
    Priority,
    RstStream(ErrorCode),
    /// For [`super::Settings::apply`].
    Settings(&'a [u8]),
    SettingsAck,
    Ping {
        ack: bool,
        opaque: [u8; 8],
    },
    GoAway {
        /// The last stream that the peer did or might process.
        last_stream: u32,
        code: ErrorCode,
        debug: &'a [u8],
    },
    WindowUpdate {
        /// Never 0.
        increment: u32,
    },
    Continuation {
        end_headers: bool,
        fragment: &'a [u8],
    },
    /// Of a kind that RFC 9113 does not define; ignored, except between the frames of a header
    /// block.
    Unknown,
}

impl<'a> Frame<'a> {
    /// Takes a whole payload apart; `head` has passed [`FrameHead::check`].
    pub fn parse(head: FrameHead, payload: &'a [u8]) -> Result<Self, Violation> {
        debug_assert_eq!(head.length as usize, payload.len());
        let flags = head.flags;
        Ok(match head.kind {
            Kind::DATA => Self::Data {
                end_stream: flags.contains(Flags::END_STREAM),
                content: unpadded(head, payload)?,
            },
            Kind::HEADERS => return headers(head, payload),
            Kind::PRIORITY => {
                let dependency = word(payload)? & super::MAX_STREAM;
                if dependency == head.stream {
                    return Err(Violation::stream(
                        head.stream,
                        ErrorCode::PROTOCOL_ERROR,
                        "a stream that depends on itself",
                    ));
                }
                Self::Priority
            }
            Kind::RST_STREAM => Self::RstStream(ErrorCode(word(payload)?)),
            Kind::SETTINGS if flags.contains(Flags::ACK) => Self::SettingsAck,
            Kind::SETTINGS => Self::Settings(payload),
            Kind::PING => Self::Ping {
                ack: flags.contains(Flags::ACK),
                opaque: payload.try_into().map_err(|_| TOO_SHORT)?,
            },
            Kind::GOAWAY => {
                let (fixed, debug) = payload.split_at_checked(8).ok_or(TOO_SHORT)?;
                Self::GoAway {
                    last_stream: word(fixed)? & super::MAX_STREAM,
                    code: ErrorCode(word(&fixed[4..])?),
                    debug,
                }
            }
            Kind::WINDOW_UPDATE => window_update(head, word(payload)?)?,
            Kind::CONTINUATION => Self::Continuation {
                end_headers: flags.contains(Flags::END_HEADERS),
                fragment: payload,
            },
            _ => Self::Unknown,
        })
    }
}

const TOO_SHORT: Violation = size("a frame without all of its fields");

const fn size(reason: &'static str) -> Violation {
    Violation::connection(ErrorCode::FRAME_SIZE_ERROR, reason)
}

const fn protocol(reason: &'static str) -> Violation {
    Violation::connection(ErrorCode::PROTOCOL_ERROR, reason)
}

fn word(bytes: &[u8]) -> Result<u32, Violation> {
    let word = bytes.first_chunk().ok_or(TOO_SHORT)?;
    Ok(u32::from_be_bytes(*word))
}

fn unpadded(head: FrameHead, payload: &[u8]) -> Result<&[u8], Violation> {
    let Extent { start, length } = head.padded(payload.first().copied())?;
    let start = start as usize;
    payload.get(start..start + length as usize).ok_or(TOO_SHORT)
}

fn headers(head: FrameHead, payload: &[u8]) -> Result<Frame<'_>, Violation> {
    let mut fragment = unpadded(head, payload)?;
    let mut self_dependent = false;
    if head.flags.contains(Flags::PRIORITY) {
        let (priority, rest) = fragment.split_at_checked(5).ok_or(TOO_SHORT)?;
        self_dependent = word(priority)? & super::MAX_STREAM == head.stream;
        fragment = rest;
    }
    Ok(Frame::Headers {
        end_stream: head.flags.contains(Flags::END_STREAM),
        end_headers: head.flags.contains(Flags::END_HEADERS),
        self_dependent,
        fragment,
    })
}

fn window_update(head: FrameHead, word: u32) -> Result<Frame<'static>, Violation> {
    const REASON: &str = "a window increment of zero";
    match (word & super::MAX_STREAM, head.stream) {
        (0, 0) => Err(protocol(REASON)),
        (0, stream) => Err(Violation::stream(stream, ErrorCode::PROTOCOL_ERROR, REASON)),
        (increment, _) => Ok(Frame::WindowUpdate { increment }),
    }
}

/// Corrects the length of the frame whose head was written at `start` and whose payload is all that
/// follows.
pub fn set_length(out: &mut [u8], start: usize) {
    let length = out.len() - start - HEAD;
    debug_assert!(length <= MAX_SIZE as usize);
    let [_, a, b, c] = (length as u32).to_be_bytes();
    out[start..start + 3].copy_from_slice(&[a, b, c]);
}

/// Writes the head of a DATA frame; its content follows.
pub fn write_data_head(out: &mut Vec<u8>, stream: u32, length: u32, end_stream: bool) {
    let flags = Flags::END_STREAM.when(end_stream);
    FrameHead::new(length, Kind::DATA, flags, stream).write(out);
}

/// Writes HEADERS, and CONTINUATION frames for what the peer's `max_size` leaves over. `encode`
/// appends the header block.
pub fn write_headers(
    out: &mut Vec<u8>,
    stream: u32,
    end_stream: bool,
    max_size: u32,
    encode: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    let flags = Flags::END_STREAM.when(end_stream);
    FrameHead::new(0, Kind::HEADERS, flags | Flags::END_HEADERS, stream).write(out);
    encode(out);
    if out.len() - start - HEAD <= max_size as usize {
        set_length(out, start);
        return;
    }
    let block = out.split_off(start + HEAD);
    out.truncate(start);
    let mut head = FrameHead::new(max_size, Kind::HEADERS, flags, stream);
    let mut fragments = block.chunks(max_size as usize).peekable();
    while let Some(fragment) = fragments.next() {
        head.length = fragment.len() as u32;
        if fragments.peek().is_none() {
            head.flags = head.flags | Flags::END_HEADERS;
        }
        head.write(out);
        out.extend_from_slice(fragment);
        head = FrameHead::new(max_size, Kind::CONTINUATION, Flags::NONE, stream);
    }
}

/// Writes RST_STREAM.
pub fn write_rst_stream(out: &mut Vec<u8>, stream: u32, code: ErrorCode) {
    FrameHead::new(4, Kind::RST_STREAM, Flags::NONE, stream).write(out);
    out.extend_from_slice(&code.0.to_be_bytes());
}

/// Writes the acknowledgement of the peer's SETTINGS.
pub fn write_settings_ack(out: &mut Vec<u8>) {
    FrameHead::new(0, Kind::SETTINGS, Flags::ACK, 0).write(out);
}

/// Writes PING.
pub fn write_ping(out: &mut Vec<u8>, ack: bool, opaque: [u8; 8]) {
    FrameHead::new(8, Kind::PING, Flags::ACK.when(ack), 0).write(out);
    out.extend_from_slice(&opaque);
}

/// Writes GOAWAY. `last_stream` is the last of the peer's streams that was or might be processed.
pub fn write_goaway(out: &mut Vec<u8>, last_stream: u32, code: ErrorCode, debug: &[u8]) {
    FrameHead::new(8 + debug.len() as u32, Kind::GOAWAY, Flags::NONE, 0).write(out);
    out.extend_from_slice(&last_stream.to_be_bytes());
    out.extend_from_slice(&code.0.to_be_bytes());
    out.extend_from_slice(debug);
}

/// Writes WINDOW_UPDATE; `stream` 0 is the connection. `increment` is from 1 to 2³¹−1.
pub fn write_window_update(out: &mut Vec<u8>, stream: u32, increment: u32) {
    debug_assert!((1..=super::MAX_WINDOW).contains(&increment));
    FrameHead::new(4, Kind::WINDOW_UPDATE, Flags::NONE, stream).write(out);
    out.extend_from_slice(&increment.to_be_bytes());
}

#[cfg(test)]
mod tests;

//! The streams of a connection (RFC 9113 §5.1).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::window::{ReceiveWindow, SendWindow};
use crate::http2::head::ContentLength;

/// One stream, from its first HEADERS until both ends and its owner have done with it.
#[derive(Debug)]
pub(super) struct Stream<S> {
    /// What the owner of the connection keeps with it.
    pub(super) attached: S,
    /// Whether this end may send more on it.
    pub(super) sends: bool,
    /// Whether the peer may send more on it.
    pub(super) receives: bool,
    /// Whether the head was read; interim responses do not count.
    pub(super) has_head: bool,
    /// A response has no content, whatever it says: its request was HEAD.
    pub(super) headless: bool,
    pub(super) length: ContentLength,
    pub(super) send: SendWindow,
    pub(super) receive: ReceiveWindow,
    /// Content that was given to the owner and that it has not yet taken on.
    pub(super) unread: u32,
    /// In which turn it began.
    pub(super) turn: u32,
}

impl<S> Stream<S> {
    /// Whether the protocol has done with it.
    pub(super) fn is_closed(&self) -> bool {
        !self.sends && !self.receives
    }
}

/// The streams by identifier.
pub(super) type Streams<S> = HashMap<u32, Stream<S>, BuildHasherDefault<Spread>>;

/// Spreads identifiers, which only ever count upwards: one who chose them to collide would gain about
/// a microsecond a frame.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(FACTOR);
    }

    fn finish(&self) -> u64 {
        // The table goes by the low bits and by the highest seven.
        self.0 ^ (self.0 >> 32)
    }
}

/// Streams that this end has reset: the peer may not know yet, and what it still sends on them is no
/// fault (RFC 9113 §5.4.2). Only the last ones are remembered.
#[derive(Debug, Default)]
pub(super) struct Recent {
    streams: [u32; 32],
    next: usize,
}

impl Recent {
    pub(super) fn add(&mut self, stream: u32) {
        self.streams[self.next] = stream;
        self.next = (self.next + 1) % self.streams.len();
    }

    pub(super) fn contains(&self, stream: u32) -> bool {
        self.streams.contains(&stream)
    }
}

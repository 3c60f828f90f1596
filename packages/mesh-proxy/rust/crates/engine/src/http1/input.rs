//! What was read from a connection and not yet used.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use mesh_decide::http1::Malformed;
use mesh_decide::http1::scan::{LineEnds, Scanner};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::buffer;
use crate::transport::Io;

/// Room for a head, and for the first bytes of a body; not more than [`buffer::SIZE`].
const SMALL: usize = 4 * 1024;
/// Room for a body that is known to be large.
const LARGE: usize = 64 * 1024;

/// Bytes read ahead. An idle connection holds no buffer.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) buffer: BytesMut,
    /// Whether the last read filled all the room there was: then more is on its way.
    busy: bool,
    pub(super) ended: bool,
}

impl Input {
    /// Reads once; false at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        io: &RefCell<Io>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        let io = &mut *io.borrow_mut();
        ready!(io.poll_readable(cx));
        let read = match self.busy {
            true => ready!(self.poll_read_large(io, cx))?,
            false => ready!(self.poll_read_small(io, cx))?,
        };
        self.ended = read == 0;
        Poll::Ready(Ok(read > 0))
    }

    fn poll_read_large(&mut self, io: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.buffer.capacity() - self.buffer.len() < LARGE / 2 {
            self.buffer.reserve(LARGE);
        }
        let room = self.buffer.capacity() - self.buffer.len();
        let read = ready!(pin!(io.read_buf(&mut self.buffer)).poll(cx))?;
        self.busy = read == room;
        Poll::Ready(Ok(read))
    }

    /// Reads into a borrowed buffer and copies: most messages are much smaller than the room that
    /// has to be there for them, and small allocations are cheap.
    fn poll_read_small(&mut self, io: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut scratch = buffer::take();
        let mut target = ReadBuf::new(&mut scratch[..SMALL]);
        ready!(Pin::new(io).poll_read(cx, &mut target))?;
        let read = target.filled();
        self.busy = read.len() == SMALL;
        self.buffer.extend_from_slice(read);
        Poll::Ready(Ok(read.len()))
    }

    /// Expects a body of `length` bytes next.
    pub(super) fn expect(&mut self, length: u64) {
        self.busy = length > (SMALL + self.buffer.len()) as u64;
    }

    /// Takes the first `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        if length == 0 {
            return Bytes::new();
        }
        if length == self.buffer.len() {
            // Lets go of the allocation: who holds the bytes frees it.
            return std::mem::take(&mut self.buffer).freeze();
        }
        self.buffer.split_to(length).freeze()
    }

    /// The next head with its blank line; None at the end of a stream that ended between messages.
    pub(super) fn poll_head(
        &mut self,
        io: &RefCell<Io>,
        scanner: &mut Scanner,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, HeadError>> {
        loop {
            if let Some(length) = scanner.end(&self.buffer).map_err(HeadError::Malformed)? {
                return Poll::Ready(Ok(Some(self.take(length))));
            }
            if !ready!(self.poll_read(io, cx)).map_err(HeadError::Io)? {
                return Poll::Ready(match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(HeadError::Incomplete),
                });
            }
        }
    }

    /// Drops empty lines before a request (RFC 9112 §2.2).
    pub(super) fn skip_empty_lines(&mut self) {
        while self.buffer.starts_with(b"\r\n") {
            let _ = self.take(2);
        }
    }
}

/// A scanner for the head of a request or a response.
pub(super) fn scanner(line_ends: LineEnds) -> Scanner {
    Scanner::head(line_ends)
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadError {
    Io(io::Error),
    /// The stream ended within the head.
    Incomplete,
    Malformed(Malformed),
}

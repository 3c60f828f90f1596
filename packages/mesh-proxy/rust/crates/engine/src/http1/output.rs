//! What is to be written to a connection.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use mesh_wire::vocabulary::limits;
use tokio::io::AsyncWrite;

use crate::transport::Io;

/// Pieces up to this size are copied behind one another; larger ones are written from where they
/// are. One copied buffer and a vectored write cost the same when measured.
const COPIED: usize = 8 * 1024;
/// What most heads with a small body fit in; the allocator has such pieces at hand.
const SMALL: usize = 768;
/// How much may wait before the other side is read no further.
const HIGH_WATER: usize = limits::HTTP1_WAITING_BYTES.size();
/// Pieces in one vectored write.
const PIECES: usize = 16;

/// Bytes that wait to be written, in order: whole pieces first, then the copied ones.
#[derive(Debug, Default)]
pub(super) struct Output {
    pieces: VecDeque<Bytes>,
    copied: BytesMut,
    waiting: usize,
    /// Written, but held back by TLS until it is flushed.
    unflushed: bool,
}

impl Output {
    /// A buffer to serialise into.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut BytesMut)) {
        self.make_room();
        let before = self.copied.len();
        write(&mut self.copied);
        self.waiting += self.copied.len() - before;
    }

    /// Allocates once what most heads with a small body need, instead of growing to it.
    fn make_room(&mut self) {
        if self.copied.capacity() == 0 {
            self.copied.reserve(SMALL);
        }
    }

    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.waiting += bytes.len();
        if bytes.len() <= COPIED {
            self.make_room();
            self.copied.extend_from_slice(&bytes);
            return;
        }
        if !self.copied.is_empty() {
            self.pieces.push_back(self.copied.split().freeze());
        }
        self.pieces.push_back(bytes);
    }

    /// Whether more may be pushed.
    pub(super) fn has_room(&self) -> bool {
        self.waiting < HIGH_WATER
    }

    /// Whether everything was written and flushed.
    pub(super) fn is_clear(&self) -> bool {
        self.waiting == 0 && !self.unflushed
    }

    /// Writes and flushes everything.
    pub(super) fn poll_flush(
        &mut self,
        io: &RefCell<Io>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let io = &mut *io.borrow_mut();
        while self.waiting > 0 {
            let written = ready!(self.poll_write(io, cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&self, io: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.pieces.is_empty() {
            return Pin::new(io).poll_write(cx, &self.copied);
        }
        let mut slices = [IoSlice::new(&[]); PIECES];
        let pieces = self.pieces.iter().map(|piece| &piece[..]);
        let all = pieces.chain(std::iter::once(&self.copied[..]));
        let mut count = 0;
        for (slot, piece) in slices.iter_mut().zip(all) {
            *slot = IoSlice::new(piece);
            count += 1;
        }
        Pin::new(io).poll_write_vectored(cx, &slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        self.waiting -= written;
        while let Some(piece) = self.pieces.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
        if written == self.copied.len() {
            self.copied.clear();
        } else {
            self.copied.advance(written);
        }
    }

    /// Lets go of the buffer, for a connection that goes idle.
    pub(super) fn release(&mut self) {
        if self.is_clear() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn large_and_small_pieces_leave_in_order() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let io = RefCell::new(Io::from(client.unwrap()));
        let mut output = Output::default();
        let mut expected = Vec::new();
        for round in 0..50usize {
            let piece = vec![round as u8; (round % 5) * 5000 + 1];
            expected.extend_from_slice(&piece);
            output.push(Bytes::from(piece));
        }
        let length = expected.len();
        let write = std::future::poll_fn(|cx| output.poll_flush(&io, cx));
        let mut peer = accepted.unwrap().0;
        let mut received = vec![0; length];
        let (written, read) = tokio::join!(write, peer.read_exact(&mut received));
        written.unwrap();
        read.unwrap();
        assert!(received == expected && output.is_clear());
    }
}

//! Joining two connections.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use mesh_wire::vocabulary::limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::buffer::{self, Buffer, Width};
use crate::transport::Io;

/// Two joined connections: what one side sends goes to the other, ends included.
///
/// A side that ends its stream may still receive. A side that fails takes the other with it, by a
/// reset, so that nobody takes a broken stream for a complete one.
#[derive(Debug)]
pub struct Relay {
    client: Io,
    server: Io,
    upward: Flow,
    downward: Flow,
}

impl Relay {
    pub fn new(client: Io, server: Io) -> Self {
        Self {
            client,
            server,
            upward: Flow::default(),
            downward: Flow::default(),
        }
    }

    /// Carries bytes until both sides have ended, or one has failed; then call [`Relay::reset`].
    ///
    /// # Errors
    /// The failure of either side.
    pub async fn run(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            let upward = self.upward.poll(&mut self.client, &mut self.server, cx)?;
            let downward = self.downward.poll(&mut self.server, &mut self.client, cx)?;
            match (upward, downward) {
                (Poll::Ready(()), Poll::Ready(())) => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Breaks both connections off.
    pub fn reset(self) {
        self.client.reset();
        self.server.reset();
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    /// Bytes on their way: a buffer is held only while there are some.
    chunk: Option<Chunk>,
    state: State,
    /// Whether something was written since the last flush.
    unflushed: bool,
    /// By how much the next read may take.
    width: Width,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// The source has ended; what is left goes out, then the end.
    Ending,
    Ended,
}

#[derive(Debug)]
struct Chunk {
    buffer: Buffer,
    start: usize,
    end: usize,
}

impl Flow {
    fn poll(
        &mut self,
        source: &mut Io,
        target: &mut Io,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut moved = 0;
        loop {
            ready!(self.poll_write(target, cx))?;
            if self.width == Width::Wide {
                // A buffer full is worth a system call; and a slow receiver holds back one, not two.
                ready!(self.poll_flush(target, cx))?;
            }
            match self.state {
                State::Open => {}
                State::Ending => {
                    ready!(Pin::new(&mut *target).poll_shutdown(cx))?;
                    self.state = State::Ended;
                }
                State::Ended => return Poll::Ready(Ok(())),
            }
            if moved >= limits::RELAY_TURN_BYTES.size() {
                // Others wait for this thread too.
                ready!(self.poll_flush(target, cx))?;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.state == State::Open && self.poll_fill(source, cx)?.is_pending() {
                // The end of this wake-up: the one flush.
                ready!(self.poll_flush(target, cx))?;
                return Poll::Pending;
            }
            moved += self.chunk.as_ref().map_or(0, |chunk| chunk.end);
        }
    }

    fn poll_flush(&mut self, target: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(target).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, target: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(chunk) = &mut self.chunk else {
            return Poll::Ready(Ok(()));
        };
        while chunk.start < chunk.end {
            let bytes = &chunk.buffer[chunk.start..chunk.end];
            let written = ready!(Pin::new(&mut *target).poll_write(cx, bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            chunk.start += written;
        }
        self.chunk = None;
        Poll::Ready(Ok(()))
    }

    /// Waits for bytes without a buffer; then reads what is there, up to a buffer full.
    fn poll_fill(&mut self, source: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(source.poll_readable(cx));
        let mut buffer = buffer::take_of(self.width);
        let mut target = ReadBuf::new(&mut buffer);
        // TLS gives a record at a time: several are gathered into one write.
        while target.remaining() > 0 {
            let before = target.filled().len();
            match Pin::new(&mut *source).poll_read(cx, &mut target)? {
                Poll::Ready(()) if target.filled().len() == before => {
                    self.state = State::Ending;
                    break;
                }
                Poll::Ready(()) if source.tls().is_none() => break,
                Poll::Ready(()) => {}
                Poll::Pending => break,
            }
        }
        let end = target.filled().len();
        self.width = self.width.after(end);
        if end > 0 {
            self.chunk = Some(Chunk {
                buffer,
                start: 0,
                end,
            });
        } else if self.state == State::Open {
            // The readiness was stale; its waker is registered again.
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

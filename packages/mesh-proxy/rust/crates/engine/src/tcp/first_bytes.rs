//! The bytes that a client sent before it was known what they mean.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::buffer;
use crate::transport::Io;

/// What has been read ahead of a connection, to be replayed.
#[derive(Debug, Default)]
pub(crate) struct FirstBytes {
    bytes: BytesMut,
}

impl FirstBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads what has come, waiting if nothing has; false at the end of the stream. Nothing is lost
    /// if the future is dropped.
    pub(crate) async fn read(&mut self, io: &mut Io) -> io::Result<bool> {
        poll_fn(|cx| {
            ready!(io.poll_readable(cx));
            let mut buffer = buffer::take();
            let mut target = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *io).poll_read(cx, &mut target))?;
            self.bytes.extend_from_slice(target.filled());
            Poll::Ready(Ok(!target.filled().is_empty()))
        })
        .await
    }

    /// All of them.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes.freeze()
    }
}

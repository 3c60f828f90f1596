//! A connection's byte stream, whatever carries it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::TlsStream;

/// A byte stream to a client or an endpoint: plain TCP or TLS, after bytes that were read ahead.
///
/// Over TLS, written bytes leave only with a flush (see [`TlsStream`]): flush once per wake-up.
#[derive(Debug)]
pub struct Io {
    /// Bytes read while detecting the protocol, to be read again first.
    prefix: Bytes,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
}

impl From<TcpStream> for Io {
    fn from(tcp: TcpStream) -> Self {
        Self {
            prefix: Bytes::new(),
            stream: Stream::Tcp(tcp),
        }
    }
}

impl From<TlsStream> for Io {
    fn from(tls: TlsStream) -> Self {
        Self {
            prefix: Bytes::new(),
            stream: Stream::Tls(Box::new(tls)),
        }
    }
}

impl Io {
    /// The same stream with `prefix` to be read before the rest.
    pub fn replay(mut self, prefix: Bytes) -> Self {
        debug_assert!(self.prefix.is_empty(), "a prefix would be lost");
        self.prefix = prefix;
        self
    }

    /// Ready when a read will not wait: bytes, the end or an error. Needs no buffer.
    pub fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.prefix.is_empty() {
            return Poll::Ready(());
        }
        match &mut self.stream {
            Stream::Tcp(tcp) => tcp.poll_read_ready(cx).map(drop),
            Stream::Tls(tls) => tls.poll_readable(cx),
        }
    }

    /// The TCP connection underneath, for its addresses and options.
    pub fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Tcp(tcp) => tcp,
            Stream::Tls(tls) => tls.tcp(),
        }
    }

    /// The TLS session, if this is one.
    pub fn tls(&self) -> Option<&TlsStream> {
        match &self.stream {
            Stream::Tcp(_) => None,
            Stream::Tls(tls) => Some(tls),
        }
    }

    /// Closes the connection with a reset, so that the peer does not take its end for a proper one.
    pub fn reset(self) {
        // Without the option the close is an ordinary one: nothing else can be done about it here.
        let _ = socket2::SockRef::from(self.tcp()).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.prefix.is_empty() {
            let length = this.prefix.len().min(target.remaining());
            target.put_slice(&this.prefix[..length]);
            this.prefix.advance(length);
            if this.prefix.is_empty() {
                // Lets go of the allocation, which an advanced view would keep.
                this.prefix = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        match &mut this.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_read(cx, target),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_read(cx, target),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, pieces),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(_) => Poll::Ready(Ok(())),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_shutdown(cx),
        }
    }
}

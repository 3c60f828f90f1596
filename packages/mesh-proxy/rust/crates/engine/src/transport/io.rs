//! A connection's byte stream, whatever carries it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::TlsStream;
use super::meter::Meter;
use crate::metrics::TcpMetrics;

/// A byte stream to a client or an endpoint: plain TCP or TLS, after bytes that were read ahead.
///
/// Over TLS, written bytes leave only with a flush (see [`TlsStream`]): flush once per wake-up.
#[derive(Debug)]
pub struct Io {
    /// Bytes read while detecting the protocol, to be read again first.
    prefix: Bytes,
    stream: Stream,
    meter: Option<Meter>,
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
            meter: None,
        }
    }
}

impl From<TlsStream> for Io {
    fn from(tls: TlsStream) -> Self {
        Self {
            prefix: Bytes::new(),
            stream: Stream::Tls(Box::new(tls)),
            meter: None,
        }
    }
}

impl Io {
    /// The same stream with `prefix` to be read before the rest.
    pub fn replay(mut self, prefix: Bytes) -> Self {
        self.prefix = match self.prefix.is_empty() {
            true => prefix,
            false => [prefix, self.prefix].concat().into(),
        };
        self
    }

    /// Counts the connection as open until it is dropped, and its bytes from now on; bytes that were
    /// read ahead count when they are read again.
    pub fn measure(mut self, metrics: Arc<TcpMetrics>) -> Self {
        self.meter = Some(Meter::new(metrics));
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

    /// The TCP connection itself, for a handshake; bytes that were read ahead are the caller's.
    ///
    /// # Panics
    /// If this is TLS already, which is a defect of the caller.
    pub(crate) fn into_tcp(self) -> TcpStream {
        match self.stream {
            Stream::Tcp(tcp) => tcp,
            Stream::Tls(_) => unreachable!("TLS inside TLS is not ended here"),
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

impl Stream {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match (self, pieces) {
            (Self::Tcp(tcp), [bytes]) => Pin::new(tcp).poll_write(cx, bytes),
            (Self::Tcp(tcp), pieces) => Pin::new(tcp).poll_write_vectored(cx, pieces),
            (Self::Tls(tls), pieces) => Pin::new(&mut **tls).poll_write_vectored(cx, pieces),
        }
    }
}

impl Io {
    fn read_ahead(&mut self, target: &mut ReadBuf<'_>) {
        let length = self.prefix.len().min(target.remaining());
        target.put_slice(&self.prefix[..length]);
        self.prefix.advance(length);
        if self.prefix.is_empty() {
            // Lets go of the allocation, which an advanced view would keep.
            self.prefix = Bytes::new();
        }
    }

    fn note<T>(&mut self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let (Poll::Ready(Err(error)), Some(meter)) = (&result, &mut self.meter) {
            meter.failed(error);
        }
        result
    }

    fn note_written(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Poll::Ready(Ok(length)), Some(meter)) = (&result, &self.meter) {
            meter.wrote(*length);
        }
        self.note(result)
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = target.filled().len();
        let result = if this.prefix.is_empty() {
            match &mut this.stream {
                Stream::Tcp(tcp) => Pin::new(tcp).poll_read(cx, target),
                Stream::Tls(tls) => Pin::new(&mut **tls).poll_read(cx, target),
            }
        } else {
            this.read_ahead(target);
            Poll::Ready(Ok(()))
        };
        if let Some(meter) = &this.meter {
            meter.read(target.filled().len() - before);
        }
        this.note(result)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = self.stream.poll_write(cx, &[IoSlice::new(bytes)]);
        self.note_written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.stream.poll_write(cx, pieces);
        self.note_written(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = match &mut self.stream {
            Stream::Tcp(_) => Poll::Ready(Ok(())),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_flush(cx),
        };
        self.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(&mut **tls).poll_shutdown(cx),
        };
        self.note(result)
    }
}

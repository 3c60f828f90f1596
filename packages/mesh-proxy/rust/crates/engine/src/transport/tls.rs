//! A TLS connection over TCP that writes once per wake-up and holds no buffer while it waits.
//!
//! What is written is only encrypted until [`poll_flush`](AsyncWrite::poll_flush) (or until 64 KiB
//! wait, 256 KiB of a bulk stream), so that a wake-up which writes many pieces costs one `send`: the
//! largest lever measured. Ciphertext is read into pooled buffers of the same sizes.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, BufRead, IoSlice, Read, Write};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::turns::Turn;
use crate::buffer::{self, Buffer, Width};

/// An established TLS session on a TCP connection.
pub struct TlsStream {
    tcp: TcpStream,
    session: Connection,
    /// Ciphertext that the session has not taken yet.
    received: Option<(Buffer, Range<usize>)>,
    /// By how much the next read of ciphertext may take.
    width: Width,
    closing: bool,
}

impl TlsStream {
    /// Shakes hands as the client; `name` is sent as SNI, the configuration's verifier judges the
    /// peer. The error's source is a [`rustls::Error`] if TLS failed rather than TCP.
    pub async fn connect(
        tcp: TcpStream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let session = ClientConnection::new(config, name).map_err(invalid)?;
        Self::shake_hands(tcp, session.into()).await
    }

    /// Shakes hands as the server; `first` is what was already read of the client's hello.
    pub async fn accept(
        tcp: TcpStream,
        config: Arc<ServerConfig>,
        mut first: &[u8],
    ) -> io::Result<Self> {
        if first.is_empty() {
            let session = ServerConnection::new(config).map_err(invalid)?;
            return Self::shake_hands(tcp, session.into()).await;
        }
        let turn = Turn::take().await;
        let mut session = Connection::from(ServerConnection::new(config).map_err(invalid)?);
        while !first.is_empty() {
            session.read_tls(&mut first)?;
            if let Err(error) = session.process_new_packets() {
                return Err(Self::refuse(tcp, session, error).await);
            }
        }
        send_some(&tcp, &mut session).await;
        turn.end().await;
        Self::shake_hands(tcp, session).await
    }

    async fn shake_hands(tcp: TcpStream, session: Connection) -> io::Result<Self> {
        let mut stream = Self {
            tcp,
            session,
            received: None,
            width: Width::default(),
            closing: false,
        };
        loop {
            poll_fn(|cx| send(&stream.tcp, &mut stream.session, cx)).await?;
            if !stream.session.is_handshaking() {
                return Ok(stream);
            }
            poll_fn(|cx| stream.poll_received(cx)).await?;
            let turn = Turn::take().await;
            stream.step().await?;
            turn.end().await;
        }
    }

    /// Ready when there is ciphertext for the session, the end or an error; holds no buffer.
    fn poll_received(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.received {
            Some(_) => Poll::Ready(Ok(())),
            None => self.tcp.poll_read_ready(cx),
        }
    }

    /// Takes what the peer has sent of its handshake, and answers as far as the socket takes it.
    async fn step(&mut self) -> io::Result<()> {
        let received = poll_fn(|cx| Poll::Ready(self.poll_receive(cx))).await;
        match received {
            Poll::Ready(Ok(false)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Err(error)) => Err(error),
            // The readiness may have been stale.
            Poll::Pending | Poll::Ready(Ok(true)) => {
                send_some(&self.tcp, &mut self.session).await;
                Ok(())
            }
        }
    }

    /// Tells the peer why its bytes were refused, as far as its socket takes it at once.
    async fn refuse(tcp: TcpStream, mut session: Connection, error: rustls::Error) -> io::Error {
        send_some(&tcp, &mut session).await;
        invalid(error)
    }

    /// Gives the session more ciphertext; false at the end of the TCP stream.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let (buffer, range) = match &mut self.received {
            Some(received) => received,
            empty => {
                let mut buffer = buffer::take_of(self.width);
                let mut target = ReadBuf::new(&mut buffer);
                ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut target))?;
                let length = target.filled().len();
                self.width = self.width.after(length);
                if length == 0 {
                    self.session.read_tls(&mut io::empty())?;
                    return Poll::Ready(Ok(false));
                }
                empty.insert((buffer, 0..length))
            }
        };
        range.start += self.session.read_tls(&mut &buffer[range.clone()])?;
        if range.start == range.end {
            self.received = None;
        }
        if let Err(error) = self.session.process_new_packets() {
            // The alert that explains it; the peer may be gone, the error stands in any case.
            let _ = send(&self.tcp, &mut self.session, cx);
            return Poll::Ready(Err(invalid(error)));
        }
        Poll::Ready(Ok(true))
    }

    /// Ready when a read returns bytes, the end of the stream or an error.
    pub fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.session.reader().fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => return Poll::Ready(()),
            }
            match ready!(self.poll_receive(cx)) {
                Ok(true) => {}
                // The read that follows meets the same end or the same error.
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
    }

    /// The session, for the peer's certificates and the negotiated protocol.
    pub fn session(&self) -> &Connection {
        &self.session
    }

    /// The server name that a client of ours asked for.
    pub fn server_name(&self) -> Option<&str> {
        match &self.session {
            Connection::Server(session) => session.server_name(),
            Connection::Client(_) => None,
        }
    }

    /// The connection underneath.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn poll_accepts<'a>(
        &mut self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&mut rustls::Writer<'_>) -> io::Result<usize> + 'a,
    ) -> Poll<io::Result<usize>> {
        loop {
            // The writer takes nothing while 64 KiB of ciphertext wait.
            let written = write(&mut self.session.writer())?;
            if written > 0 {
                return Poll::Ready(Ok(written));
            }
            if !self.session.wants_write() {
                return Poll::Ready(Ok(0));
            }
            ready!(send(&self.tcp, &mut self.session, cx))?;
        }
    }
}

/// Sends the session's ciphertext until there is none left.
fn send(tcp: &TcpStream, session: &mut Connection, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    while session.wants_write() {
        ready!(tcp.poll_write_ready(cx))?;
        match session.write_tls(&mut Socket(tcp)) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Sends what the socket takes at once. A failure is met again by whoever goes on.
async fn send_some(tcp: &TcpStream, session: &mut Connection) {
    poll_fn(|cx| {
        let _ = send(tcp, session, cx);
        Poll::Ready(())
    })
    .await;
}

/// Lets the session write straight from its own chunks, gathered.
struct Socket<'a>(&'a TcpStream);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            // Cheaper for the kernel than a vector of one.
            [piece] => self.0.try_write(piece),
            pieces => self.0.try_write_vectored(pieces),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl AsyncRead for TlsStream {
    /// The end of the TCP stream without TLS's own end is an error: somebody may have cut it.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.session.reader().read(target.initialize_unfilled()) {
                Ok(length) => {
                    target.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(self.poll_receive(cx))?;
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.len() > buffer::SIZE {
            // A bulk stream: its buffer full is one gathered send.
            self.session.set_buffer_limit(Some(buffer::WIDE));
        }
        self.poll_accepts(cx, |writer| writer.write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_accepts(cx, |writer| writer.write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        send(&this.tcp, &mut this.session, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.closing {
            this.closing = true;
            this.session.send_close_notify();
        }
        ready!(send(&this.tcp, &mut this.session, cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TlsStream")
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}

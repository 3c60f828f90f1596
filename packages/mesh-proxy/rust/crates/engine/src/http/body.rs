//! Content on its way: read from one connection, written to another.

use std::task::{Context, Poll};
use std::{fmt, io};

use bytes::Bytes;
use mesh_decide::fields::Fields;
use mesh_decide::http1::Malformed;
use mesh_decide::http2::ErrorCode;

use crate::{http1, http2};

/// A piece of content.
#[derive(Debug)]
pub enum Frame {
    /// Bytes; `end` says that nothing follows.
    Data { bytes: Bytes, end: bool },
    /// Trailers, which end the content.
    Trailers(Fields),
    /// The end, where it was not known with the last bytes.
    End,
}

impl Frame {
    /// Whether nothing follows.
    pub fn is_end(&self) -> bool {
        !matches!(self, Self::Data { end: false, .. })
    }
}

/// Why content did not arrive, or could not be written.
#[derive(Debug)]
pub enum BodyError {
    Io(io::Error),
    /// The connection ended before the content did.
    Incomplete,
    Malformed(Malformed),
    /// The stream was reset.
    Reset(ErrorCode),
    /// The content is longer or shorter than its head says.
    Length,
    /// Trailers that the other version cannot carry.
    Trailers,
}

impl BodyError {
    /// What tells an HTTP/2 peer of this.
    pub fn reset_reason(&self) -> ErrorCode {
        match self {
            Self::Reset(reason) => *reason,
            Self::Io(_) | Self::Incomplete => ErrorCode::CANCEL,
            Self::Malformed(_) | Self::Length | Self::Trailers => ErrorCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Incomplete => f.write_str("the connection ended before the message"),
            Self::Malformed(fault) => write!(f, "{fault}"),
            Self::Reset(reason) => write!(f, "the stream was reset: {reason}"),
            Self::Length => f.write_str("the content has not the length that its head says"),
            Self::Trailers => f.write_str("the trailers cannot be carried"),
        }
    }
}

impl std::error::Error for BodyError {}

impl From<io::Error> for BodyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The reading end of a message's content.
#[derive(Debug)]
pub enum Incoming<'a> {
    Empty,
    Http1(http1::Body<'a>),
    Http2(http2::Body),
}

impl Incoming<'_> {
    /// The next piece; after one that ends the content there is none. The flow-control credit of a
    /// piece is given back with the next call, that is, when its bytes have been taken on.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, BodyError>> {
        match self {
            Self::Empty => Poll::Ready(Ok(Frame::End)),
            Self::Http1(body) => body.poll_frame(cx),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }

    /// Whether nothing has been read of it: another endpoint could be sent the same.
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Http1(body) => body.is_untouched(),
            Self::Http2(body) => body.is_untouched(),
        }
    }
}

/// The writing end of a message's content.
#[derive(Debug)]
pub enum Outgoing<'a> {
    /// The head ended the message.
    Ended,
    Http1(http1::Outgoing<'a>),
    Http2(http2::Outgoing),
}

impl Outgoing<'_> {
    /// Ready when another piece may be pushed.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self {
            Self::Ended => Poll::Ready(Ok(())),
            Self::Http1(out) => out.poll_ready(cx),
            Self::Http2(out) => out.poll_ready(cx),
        }
    }

    /// Takes a piece; it leaves with [`Self::poll_flush`].
    pub fn push(&mut self, frame: Frame) -> Result<(), BodyError> {
        match self {
            Self::Ended => match frame {
                Frame::Data { bytes, .. } if !bytes.is_empty() => Err(BodyError::Length),
                _ => Ok(()),
            },
            Self::Http1(out) => out.push(frame),
            Self::Http2(out) => out.push(frame),
        }
    }

    /// Sends what was pushed.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self {
            Self::Ended => Poll::Ready(Ok(())),
            Self::Http1(out) => out.poll_flush(cx),
            Self::Http2(out) => out.poll_flush(cx),
        }
    }

    /// Gives the message up: an HTTP/2 peer is told why; an HTTP/1 peer sees the connection end.
    pub fn abort(&mut self, why: &BodyError) {
        match self {
            Self::Ended => {}
            Self::Http1(out) => out.abort(),
            Self::Http2(out) => out.abort(why.reset_reason()),
        }
    }
}

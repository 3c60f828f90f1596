//! The content of a message, as it is written.

use std::task::{Context, Poll};

use mesh_decide::http2::ErrorCode;

use super::{library, own};
use crate::http::body::{BodyError, Frame};

/// The writing end of a message's content. Bytes are handed to the connection only as far as the
/// peer has given credit for them.
#[derive(Debug)]
pub enum Outgoing {
    #[doc(hidden)]
    Own(own::Outgoing),
    #[doc(hidden)]
    Library(library::Outgoing),
}

impl Outgoing {
    /// Ready when another piece may be pushed.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self {
            Self::Own(out) => out.poll_ready(cx),
            Self::Library(out) => out.poll_ready(cx),
        }
    }

    /// Ready when everything was handed to the connection, which writes it with the next wake-up.
    /// An error if the peer reset the stream, which is how it says that it has gone.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self {
            Self::Own(out) => out.poll_flush(cx),
            Self::Library(out) => out.poll_flush(cx),
        }
    }

    /// Takes a piece.
    pub fn push(&mut self, frame: Frame) -> Result<(), BodyError> {
        match self {
            Self::Own(out) => out.push(frame),
            Self::Library(out) => out.push(frame),
        }
    }

    /// Gives the message up.
    pub fn abort(&mut self, reason: ErrorCode) {
        match self {
            Self::Own(out) => out.abort(reason),
            Self::Library(out) => out.abort(reason),
        }
    }
}

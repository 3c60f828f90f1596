//! The content of an HTTP/2 message, as it is written.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;
use mesh_decide::fields::Fields;
use mesh_decide::headers;
use mesh_decide::http2::ErrorCode;

use super::error::{code, reason};
use crate::http::body::{BodyError, Frame};

/// The writing end of a message's content. Bytes are handed to the connection only as far as the
/// peer has given credit for them.
#[derive(Debug)]
pub struct Outgoing {
    stream: SendStream<Bytes>,
    /// Bytes without credit.
    held: Bytes,
    /// Whether the stream ends with `held`.
    ends: bool,
    ended: bool,
}

impl Outgoing {
    pub(super) fn new(stream: SendStream<Bytes>, ended: bool) -> Self {
        Self {
            stream,
            held: Bytes::new(),
            ends: false,
            ended,
        }
    }

    /// Ready when another piece may be pushed.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        while !self.held.is_empty() {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(0)) => {}
                Some(Ok(credit)) => self.send(credit)?,
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return self.poll_reset(cx).map(Err),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when everything was handed to the connection, which writes it with the next wake-up.
    /// An error if the peer reset the stream, which is how it says that it has gone.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        ready!(self.poll_ready(cx))?;
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        match self.poll_reset(cx) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        self.stream.poll_reset(cx).map(|reason| match reason {
            Ok(reason) => BodyError::Reset(code(reason)),
            Err(error) => error.into(),
        })
    }

    /// Takes a piece.
    pub fn push(&mut self, frame: Frame) -> Result<(), BodyError> {
        match frame {
            Frame::Data { bytes, end } => {
                self.ends = end;
                self.held = bytes;
                if self.held.is_empty() {
                    return if end { self.end() } else { Ok(()) };
                }
                self.stream.reserve_capacity(self.held.len());
                match self.stream.capacity() {
                    0 => Ok(()),
                    credit => self.send(credit),
                }
            }
            Frame::End => self.end(),
            Frame::Trailers(mut fields) => {
                fields.retain(headers::may_trail);
                self.trailers(fields)
            }
        }
    }

    fn send(&mut self, credit: usize) -> Result<(), BodyError> {
        let bytes = self.held.split_to(credit.min(self.held.len()));
        self.ended = self.ends && self.held.is_empty();
        self.stream.send_data(bytes, self.ended)?;
        Ok(())
    }

    fn end(&mut self) -> Result<(), BodyError> {
        if !self.ended {
            self.ended = true;
            self.stream.send_data(Bytes::new(), true)?;
        }
        Ok(())
    }

    fn trailers(&mut self, fields: Fields) -> Result<(), BodyError> {
        let map = fields.into_map().map_err(|_| BodyError::Trailers)?;
        self.ended = true;
        self.stream.send_trailers(map)?;
        Ok(())
    }

    /// Gives the message up.
    pub fn abort(&mut self, why: ErrorCode) {
        if !self.ended {
            self.ended = true;
            self.stream.send_reset(reason(why));
        }
    }
}

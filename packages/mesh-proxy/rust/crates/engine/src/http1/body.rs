//! The content of an HTTP/1 message, as it is read.

use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, ready};

use mesh_decide::http1::chunked::{Decoder, Step};
use mesh_decide::http1::{Framing, trailers};

use mesh_wire::vocabulary::limits;

use super::input::Input;
use crate::http::body::{BodyError, Frame};
use crate::transport::Io;

/// The reading end of a message's content.
#[derive(Debug)]
pub struct Body<'a> {
    io: &'a RefCell<Io>,
    input: &'a mut Input,
    left: &'a mut Left,
    untouched: bool,
    waits: Option<&'a Cell<bool>>,
}

/// What of a message's content is still to be read.
#[derive(Debug, Default)]
pub(super) enum Left {
    #[default]
    Nothing,
    Bytes(u64),
    Chunks(Decoder),
    UntilClose,
}

impl Left {
    pub(super) fn of(framing: Framing) -> Self {
        match framing {
            Framing::None => Self::Nothing,
            Framing::Length(length) => Self::Bytes(length),
            Framing::Chunked => Self::Chunks(Decoder::default()),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl<'a> Body<'a> {
    pub(super) fn new(io: &'a RefCell<Io>, input: &'a mut Input, left: &'a mut Left) -> Self {
        match *left {
            Left::Bytes(length) => input.expect(length),
            Left::UntilClose => input.expect(u64::MAX),
            Left::Nothing | Left::Chunks(_) => {}
        }
        Self {
            io,
            input,
            left,
            untouched: true,
            waits: None,
        }
    }

    /// Of a client that perhaps `waits` for leave to send it: once some of it has come, it does
    /// not wait any more (RFC 9110 §10.1.1).
    pub(super) fn of_who(self, waits: &'a Cell<bool>) -> Self {
        let waits = waits.get().then_some(waits);
        Self { waits, ..self }
    }

    /// Whether nothing has been read of it.
    pub fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// The next piece.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, BodyError>> {
        loop {
            if let Some(frame) = self.frame()? {
                if !matches!(frame, Frame::End) {
                    self.untouched = false;
                    if let Some(waits) = self.waits.take() {
                        waits.set(false);
                    }
                }
                return Poll::Ready(Ok(frame));
            }
            if ready!(self.input.poll_read(self.io, cx))? {
                continue;
            }
            return Poll::Ready(match self.left {
                Left::UntilClose => {
                    *self.left = Left::Nothing;
                    Ok(Frame::End)
                }
                _ => Err(BodyError::Incomplete),
            });
        }
    }

    /// Waits for the peer to leave: ready when its connection fails. Ready with None when it ends
    /// its sending direction, which says nothing about the other. Bytes of a next message are kept.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Option<BodyError>> {
        /// More than that of pipelined requests is left in the socket.
        const READ_AHEAD: usize = limits::HTTP1_READ_AHEAD_BYTES.size();
        while self.left.is_nothing() && self.input.buffer.len() < READ_AHEAD {
            match ready!(self.input.poll_read(self.io, cx)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(error.into())),
            }
        }
        Poll::Pending
    }

    fn frame(&mut self) -> Result<Option<Frame>, BodyError> {
        match self.left {
            Left::Nothing => Ok(Some(Frame::End)),
            Left::Bytes(left) => {
                let length = available(self.input, *left);
                if length == 0 {
                    return Ok(None);
                }
                *left -= length as u64;
                let end = *left == 0;
                if end {
                    *self.left = Left::Nothing;
                }
                let bytes = self.input.take(length);
                Ok(Some(Frame::Data { bytes, end }))
            }
            Left::UntilClose if self.input.buffer.is_empty() => Ok(None),
            Left::UntilClose => {
                let bytes = self.input.take(self.input.buffer.len());
                Ok(Some(Frame::Data { bytes, end: false }))
            }
            Left::Chunks(decoder) => {
                let frame = chunk(decoder, self.input)?;
                if frame.as_ref().is_some_and(Frame::is_end) {
                    *self.left = Left::Nothing;
                }
                Ok(frame)
            }
        }
    }
}

fn available(input: &Input, left: u64) -> usize {
    let buffered = input.buffer.len();
    usize::try_from(left).map_or(buffered, |left| left.min(buffered))
}

fn chunk(decoder: &mut Decoder, input: &mut Input) -> Result<Option<Frame>, BodyError> {
    match decoder.step(&input.buffer).map_err(BodyError::Malformed)? {
        Step::More(skip) => {
            let _ = input.take(skip);
            Ok(None)
        }
        Step::Data { skip, length } => {
            let _ = input.take(skip);
            let bytes = input.take(length);
            Ok(Some(Frame::Data { bytes, end: false }))
        }
        Step::End { skip, length } => {
            let _ = input.take(skip);
            match input.take(length) {
                section if section.len() <= 2 => Ok(Some(Frame::End)),
                section => {
                    let fields = trailers::parse(section).map_err(BodyError::Malformed)?;
                    Ok(Some(Frame::Trailers(fields)))
                }
            }
        }
    }
}

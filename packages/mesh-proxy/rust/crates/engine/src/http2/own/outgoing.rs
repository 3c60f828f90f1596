//! The content of a message, as it is written.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use mesh_decide::fields::Fields;
use mesh_decide::headers;
use mesh_decide::http2::ErrorCode;

use super::core::Core;
use super::stream::Stream;
use crate::http::body::{BodyError, Frame};

/// The writing end of a message's content.
#[derive(Debug)]
pub struct Outgoing {
    stream: Rc<Stream>,
    /// Bytes for which there is no room yet.
    held: Bytes,
    /// Whether the stream ends with `held`.
    ends: bool,
    ended: bool,
}

impl Outgoing {
    pub(super) fn new(stream: Rc<Stream>, ended: bool) -> Self {
        Self {
            stream,
            held: Bytes::new(),
            ends: false,
            ended,
        }
    }

    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        if self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let stream = self.stream.clone();
        let mut core = stream.shared.borrow();
        self.send(&mut core)?;
        if self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        // The stream's own window has an event of its own, anything else is shared.
        if core.connection.has_window(stream.number) {
            core.block(stream.number);
        }
        if let Some(mailbox) = core.connection.get(stream.number) {
            mailbox.watch(cx);
        }
        Poll::Pending
    }

    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        ready!(self.poll_ready(cx))?;
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        let number = self.stream.number;
        let mut core = self.stream.shared.borrow();
        check(&mut core, number)?;
        if let Some(mailbox) = core.connection.get(number) {
            mailbox.watch(cx);
        }
        Poll::Ready(Ok(()))
    }

    pub fn push(&mut self, frame: Frame) -> Result<(), BodyError> {
        let stream = self.stream.clone();
        let mut core = stream.shared.borrow();
        match frame {
            Frame::Data { bytes, end } => {
                self.ends = end;
                self.held = bytes;
                if self.held.is_empty() && !end {
                    return Ok(());
                }
                self.send(&mut core)
            }
            Frame::End => {
                if self.ended {
                    return Ok(());
                }
                self.ends = true;
                self.send(&mut core)
            }
            Frame::Trailers(fields) => self.trailers(&mut core, fields),
        }
    }

    /// Hands over as much of `held` as there is room for.
    fn send(&mut self, core: &mut Core) -> Result<(), BodyError> {
        let number = self.stream.number;
        check(core, number)?;
        let room = core.connection.room(number);
        if room == 0 && !self.held.is_empty() {
            return Ok(());
        }
        let bytes = self.held.split_to(room.min(self.held.len()));
        self.ended = self.ends && self.held.is_empty();
        if !core.connection.data(number, &bytes, self.ended) {
            return Err(BodyError::Incomplete);
        }
        core.stir();
        Ok(())
    }

    fn trailers(&mut self, core: &mut Core, mut fields: Fields) -> Result<(), BodyError> {
        let number = self.stream.number;
        check(core, number)?;
        fields.retain(headers::may_trail);
        self.ended = true;
        if !core.connection.trailers(number, &fields) {
            return Err(BodyError::Incomplete);
        }
        core.stir();
        Ok(())
    }

    pub fn abort(&mut self, reason: ErrorCode) {
        if !self.ended {
            self.ended = true;
            let mut core = self.stream.shared.borrow();
            core.connection.reset(self.stream.number, reason);
            core.stir_to_write();
        }
    }
}

/// An error if the stream cannot be sent on any more.
fn check(core: &mut Core, number: u32) -> Result<(), BodyError> {
    let error = match core.connection.get(number) {
        Some(mailbox) => mailbox.error.clone(),
        None => return Err(BodyError::Incomplete),
    };
    match error {
        Some(error) => Err(error.into()),
        None if core.connection.sends(number) => Ok(()),
        None => Err(BodyError::Incomplete),
    }
}

//! The content of a message, as it is read.

use std::rc::Rc;
use std::task::{Context, Poll};

use super::core::Piece;
use super::stream::Stream;
use crate::http::body::{BodyError, Frame};
use crate::http2::error::Error;

/// The reading end of a message's content.
#[derive(Debug)]
pub struct Body {
    stream: Rc<Stream>,
    /// Bytes whose credit is still ours.
    taken: usize,
    ended: bool,
    untouched: bool,
}

impl Body {
    pub(super) fn new(stream: Rc<Stream>) -> Self {
        Self {
            stream,
            taken: 0,
            ended: false,
            untouched: true,
        }
    }

    pub fn is_untouched(&self) -> bool {
        self.untouched
    }

    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, BodyError>> {
        if self.ended {
            return Poll::Ready(Ok(Frame::End));
        }
        let number = self.stream.number;
        let mut core = self.stream.shared.borrow();
        let mailbox = core.connection.get(number);
        let mailbox = mailbox.ok_or(BodyError::Incomplete)?;
        let piece = mailbox.pieces.pop();
        let all = mailbox.pieces.is_empty();
        if piece.is_none() {
            match &mailbox.error {
                Some(error) => return Poll::Ready(Err(error.clone().into())),
                None => mailbox.watch(cx),
            }
        }
        if self.taken > 0 {
            let taken = std::mem::take(&mut self.taken);
            core.connection
                .release(number, taken, all && piece.is_none());
            core.stir_to_write();
        }
        let Some(piece) = piece else {
            return Poll::Pending;
        };
        self.untouched = false;
        Poll::Ready(match piece {
            Piece::Data(bytes, end) => {
                self.taken = bytes.len();
                self.ended = end;
                Ok(Frame::Data { bytes, end })
            }
            Piece::Trailers(fields) => {
                self.ended = true;
                Ok(Frame::Trailers(fields))
            }
            // A head within a message is refused before it gets here.
            Piece::Head(..) => Err(Error::Closed.into()),
        })
    }
}

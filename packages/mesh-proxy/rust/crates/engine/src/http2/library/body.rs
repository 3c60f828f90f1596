//! The content of an HTTP/2 message, as it is read.

use std::task::{Context, Poll, ready};

use h2::RecvStream;
use mesh_decide::fields::Fields;

use super::client::Ticket;
use crate::http::body::{BodyError, Frame};

/// The reading end of a message's content.
#[derive(Debug)]
pub struct Body {
    stream: RecvStream,
    /// Bytes whose credit is still ours.
    taken: usize,
    data_ended: bool,
    untouched: bool,
    /// Of a response: its request is in progress as long as this is.
    _ticket: Option<Ticket>,
}

impl Body {
    pub(super) fn new(stream: RecvStream, ticket: Option<Ticket>) -> Self {
        Self {
            stream,
            taken: 0,
            data_ended: false,
            untouched: true,
            _ticket: ticket,
        }
    }

    /// Whether nothing has been read of it.
    pub fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// The next piece; the credit of the one before goes back to the peer.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, BodyError>> {
        self.release()?;
        while !self.data_ended {
            match ready!(self.stream.poll_data(cx)) {
                Some(bytes) => {
                    let bytes = bytes?;
                    self.untouched = false;
                    let end = self.stream.is_end_stream();
                    if bytes.is_empty() && !end {
                        continue;
                    }
                    self.taken = bytes.len();
                    return Poll::Ready(Ok(Frame::Data { bytes, end }));
                }
                None => self.data_ended = true,
            }
        }
        let trailers = ready!(self.stream.poll_trailers(cx))?;
        Poll::Ready(Ok(match trailers {
            Some(map) => {
                self.untouched = false;
                Frame::Trailers(Fields::Map(map))
            }
            None => Frame::End,
        }))
    }

    fn release(&mut self) -> Result<(), BodyError> {
        if self.taken > 0 {
            let taken = std::mem::take(&mut self.taken);
            self.stream.flow_control().release_capacity(taken)?;
        }
        Ok(())
    }
}

//! Moving content from one connection to another.

use std::task::{Context, Poll, ready};

use super::body::{BodyError, Frame, Incoming, Outgoing};

/// Which side failed.
#[derive(Debug)]
pub enum PumpError {
    /// The content could not be read.
    Source(BodyError),
    /// The content could not be written.
    Sink(BodyError),
}

/// Moves content: reads until there is nothing more to read now, then writes once. Pieces that
/// arrive together leave together, and what waits is bounded by the sink.
#[derive(Debug, Default)]
pub struct Pump {
    ended: bool,
    finished: bool,
}

impl Pump {
    /// Goes on; ready when all content was written. `see` is shown every piece on its way.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut Incoming<'_>,
        sink: &mut Outgoing<'_>,
        mut see: impl FnMut(&Frame),
    ) -> Poll<Result<(), PumpError>> {
        if self.finished {
            return Poll::Ready(Ok(()));
        }
        while !self.ended {
            match sink.poll_ready(cx).map_err(PumpError::Sink)? {
                Poll::Ready(()) => {}
                Poll::Pending => break,
            }
            match source.poll_frame(cx).map_err(PumpError::Source)? {
                Poll::Ready(frame) => {
                    see(&frame);
                    self.ended = frame.is_end();
                    sink.push(frame).map_err(PumpError::Sink)?;
                }
                Poll::Pending => break,
            }
        }
        ready!(sink.poll_flush(cx)).map_err(PumpError::Sink)?;
        if !self.ended {
            // The flush may have made room while the source has more to give.
            return Poll::Pending;
        }
        self.finished = true;
        Poll::Ready(Ok(()))
    }

    /// Whether all content was written.
    pub fn is_finished(&self) -> bool {
        self.finished
    }
}

//! The content of an HTTP/1 message, as it is written.

use std::cell::RefCell;
use std::task::{Context, Poll};

use mesh_decide::fields::{Fields, write_line};
use mesh_decide::headers;
use mesh_decide::http1::chunked::size_line;

use super::output::Output;
use crate::http::body::{BodyError, Frame};
use crate::transport::Io;

/// The writing end of a message's content.
#[derive(Debug)]
pub struct Outgoing<'a> {
    io: &'a RefCell<Io>,
    output: &'a mut Output,
    coding: Coding,
    state: &'a mut Written,
}

/// How far a message has come; the connection can be used again only after a whole one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Written {
    /// Not even the head.
    #[default]
    Nothing,
    /// The head; content is to follow.
    Head,
    /// All of it.
    Whole,
}

/// How the end of the content is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// So many bytes are left.
    Length(u64),
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(
        io: &'a RefCell<Io>,
        output: &'a mut Output,
        coding: Coding,
        state: &'a mut Written,
    ) -> Self {
        *state = match coding {
            Coding::Length(0) => Written::Whole,
            _ => Written::Head,
        };
        Self {
            io,
            output,
            coding,
            state,
        }
    }

    /// Ready when another piece may be pushed.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        if self.output.has_room() {
            return Poll::Ready(Ok(()));
        }
        self.poll_flush(cx)
    }

    /// Writes and flushes what was pushed.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        self.output.poll_flush(self.io, cx).map_err(BodyError::Io)
    }

    /// Takes a piece.
    pub fn push(&mut self, frame: Frame) -> Result<(), BodyError> {
        let end = frame.is_end();
        match frame {
            Frame::Data { bytes, .. } if bytes.is_empty() => {}
            Frame::Data { bytes, .. } => match &mut self.coding {
                Coding::Length(left) => {
                    *left = left
                        .checked_sub(bytes.len() as u64)
                        .ok_or(BodyError::Length)?;
                    self.output.push(bytes);
                }
                Coding::UntilClose => self.output.push(bytes),
                Coding::Chunked => {
                    let mut line = [0; 18];
                    let line = size_line(bytes.len(), &mut line);
                    self.output.write(|out| out.extend_from_slice(line));
                    self.output.push(bytes);
                    self.output.write(|out| out.extend_from_slice(b"\r\n"));
                }
            },
            Frame::End => {}
            Frame::Trailers(fields) => return self.end(Some(&fields)),
        }
        if end { self.end(None) } else { Ok(()) }
    }

    fn end(&mut self, trailers: Option<&Fields>) -> Result<(), BodyError> {
        match self.coding {
            Coding::Length(0) | Coding::UntilClose => {}
            Coding::Length(_) => return Err(BodyError::Length),
            Coding::Chunked => self.output.write(|out| {
                out.extend_from_slice(b"0\r\n");
                if let Some(fields) = trailers {
                    fields.for_each(|name, value| {
                        if headers::may_trail(name) {
                            write_line(out, name, value);
                        }
                    });
                }
                out.extend_from_slice(b"\r\n");
            }),
        }
        *self.state = Written::Whole;
        Ok(())
    }

    /// Gives the message up; its connection will be closed before the message's end.
    pub fn abort(&mut self) {
        *self.state = Written::Head;
    }
}

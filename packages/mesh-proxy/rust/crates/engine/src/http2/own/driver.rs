//! The task of a connection: reads, hands out, writes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use mesh_decide::http2::Malformed;
use mesh_decide::http2::connection::{Event, Role};
use mesh_decide::http2::head::RequestHead;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::core::{Core, Piece, Shared};
use super::keep_alive::{Due, Pinger};
use crate::buffer::{self, Width};
use crate::http2::error::Error;
use crate::http2::room::Room;
use crate::http2::settings::Settings;
use crate::transport::Io;

/// How much is read before other connections get their turn, in bytes.
const TURN: usize = 4 * buffer::SIZE;

/// How much room for output a connection without streams keeps, in bytes.
const KEPT: usize = 4096;

/// A stream that the peer has begun.
pub(super) struct Arrival {
    pub(super) stream: u32,
    /// The request, and whether it ends with its head; or what is wrong with it.
    pub(super) request: Result<(Box<RequestHead>, bool), Malformed>,
}

/// Drives one connection.
pub(super) struct Driver {
    io: Io,
    shared: Shared,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    width: Width,
    /// Of the output, what the byte stream has taken.
    written: usize,
    began: Instant,
    pinger: Option<Pinger>,
    /// Nothing is read any more, and what is there to be written is the last.
    ending: Option<Result<(), Error>>,
}

impl Driver {
    /// `room`: who waits for a stream on a client's connection.
    pub(super) fn new(io: Io, role: Role, settings: &Settings, room: Option<Room>) -> Self {
        Self {
            io,
            shared: Shared::new(role, settings, room),
            rest: Vec::new(),
            width: Width::default(),
            written: 0,
            began: Instant::now(),
            pinger: settings.keep_alive.map(Pinger::new),
            ending: None,
        }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Goes on; ready when the connection has ended. Streams that the peer begins go to `arrive`.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut arrive: impl FnMut(Arrival),
    ) -> Poll<Result<(), Error>> {
        self.shared.borrow().running(cx);
        if self.ending.is_none() {
            match self.read(cx, &mut arrive) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(self.closed_by_peer()),
                Err(error) => self.fail(error),
            }
            self.keep_alive(cx);
        }
        self.write(cx)
    }

    /// Ends the connection over `error`; what there is to be written is still tried.
    pub(super) fn fail(&mut self, error: Error) {
        if let Error::Violation(violation) = &error {
            self.shared.borrow().connection.fail(violation);
        }
        self.ending.get_or_insert(Err(error));
    }

    fn closed_by_peer(&self) -> Result<(), Error> {
        let core = self.shared.borrow();
        match core.connection.is_empty() && self.rest.is_empty() {
            true => Ok(()),
            false => Err(Error::Closed),
        }
    }

    fn keep_alive(&mut self, cx: &mut Context<'_>) {
        let Some(pinger) = &mut self.pinger else {
            return;
        };
        let idle = self.shared.borrow().connection.is_empty();
        let mut dead = false;
        while !dead && let Poll::Ready(due) = pinger.poll(idle, cx) {
            match due {
                Due::Ping => self.shared.borrow().connection.ping(),
                Due::Dead => dead = true,
            }
        }
        if dead {
            self.pinger = None;
            self.fail(Error::Silent);
        }
    }

    /// Reads and hands out what is there; false at the end of the byte stream.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        arrive: &mut impl FnMut(Arrival),
    ) -> Result<bool, Error> {
        let mut total = 0;
        while self.io.poll_readable(cx).is_ready() {
            if total >= TURN {
                cx.waker().wake_by_ref();
                break;
            }
            let before = self.rest.len();
            // What is left over may be as long as a whole frame of a peer's.
            let width = match before < buffer::SIZE / 2 {
                true => self.width,
                false => Width::Wide,
            };
            let mut pooled = buffer::take_of(width);
            let mut long;
            let buffer: &mut [u8] = match pooled.len() > before {
                true => &mut pooled,
                // Of a frame that is longer than the pool's buffers.
                false => {
                    long = vec![0; before + buffer::SIZE];
                    &mut long
                }
            };
            buffer[..before].copy_from_slice(&self.rest);
            let mut target = ReadBuf::new(&mut buffer[before..]);
            let length = match Pin::new(&mut self.io).poll_read(cx, &mut target)? {
                Poll::Ready(()) => target.filled().len(),
                Poll::Pending => break,
            };
            if length == 0 {
                return Ok(false);
            }
            if total == 0 {
                let now = self.began.elapsed();
                self.shared.borrow().connection.begin_turn(now);
            }
            total += length;
            self.width = self.width.after(length);
            let there = before + length;
            let used = self.take(&buffer[..there], arrive)?;
            self.rest.clear();
            self.rest.extend_from_slice(&buffer[used..there]);
            if self.rest.is_empty() && self.rest.capacity() > KEPT {
                self.rest = Vec::new();
            }
        }
        Ok(true)
    }

    /// Hands out what `input` says; gives how many bytes that took.
    fn take(&mut self, input: &[u8], arrive: &mut impl FnMut(Arrival)) -> Result<usize, Error> {
        let mut core = self.shared.borrow();
        let mut used = 0;
        loop {
            let (length, event) = core.connection.receive(&input[used..])?;
            used += length;
            if length == 0 {
                return Ok(used);
            }
            if matches!(event, Event::Pong)
                && let Some(pinger) = &mut self.pinger
            {
                pinger.answered();
            }
            hand_out(&mut core, event, arrive);
        }
    }

    /// Writes what all have said, with one flush at the end; ready once the connection is over.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let shared = self.shared.clone();
        let mut core = shared.borrow();
        let unused = core.abandoned || core.connection.is_done();
        if self.ending.is_none() && unused && core.connection.is_empty() {
            core.connection.shut_down();
            self.ending = Some(Ok(()));
        }
        let written = self.write_out(&mut core, cx);
        match &self.ending {
            None => {
                ready!(written)?;
                core.unblock();
                Poll::Pending
            }
            Some(Ok(())) => {
                ready!(written)?;
                drop(core);
                Pin::new(&mut self.io)
                    .poll_shutdown(cx)
                    .map_err(Error::from)
            }
            // The peer is told why if it takes that at once; nobody waits for one that does not.
            Some(Err(error)) => Poll::Ready(Err(error.clone())),
        }
    }

    fn write_out(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let idle = core.connection.is_empty();
        let output = core.connection.output();
        while self.written < output.len() {
            let bytes = &output[self.written..];
            match Pin::new(&mut self.io).poll_write(cx, bytes)? {
                Poll::Ready(0) => return Poll::Ready(Err(Error::Closed)),
                Poll::Ready(length) => self.written += length,
                Poll::Pending => {
                    output.drain(..self.written);
                    self.written = 0;
                    return Poll::Pending;
                }
            }
        }
        self.written = 0;
        output.clear();
        if idle && output.capacity() > KEPT {
            *output = Vec::new();
        }
        Pin::new(&mut self.io).poll_flush(cx).map_err(Error::from)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut core = self.shared.borrow();
        if core.ended.is_none() {
            core.end(Error::Closed);
        }
    }
}

fn hand_out(core: &mut Core, event: Event<'_>, arrive: &mut impl FnMut(Arrival)) {
    let (stream, piece) = match event {
        Event::Data {
            stream,
            content,
            end,
        } => (stream, Piece::Data(Bytes::copy_from_slice(content), end)),
        Event::Response { stream, head, end } => (stream, Piece::Head(head, end)),
        Event::Trailers { stream, fields } => (stream, Piece::Trailers(fields)),
        Event::Request { stream, head, end } => {
            let request = Ok((head, end));
            return arrive(Arrival { stream, request });
        }
        Event::Refused { stream, fault } => {
            let request = Err(fault);
            return arrive(Arrival { stream, request });
        }
        Event::Reset { stream, code, .. } => {
            if let Some(mailbox) = core.connection.get(stream) {
                mailbox.fail(Error::Reset(code));
            }
            return;
        }
        Event::Room { stream: 0 } => return core.unblock(),
        Event::Settings => return core.wake_all(),
        Event::Room { stream } => return core.wake(stream),
        Event::GoAway { code, .. } => return core.leave_out(code),
        Event::Pong | Event::Nothing => return,
    };
    if let Some(mailbox) = core.connection.get(stream) {
        mailbox.put(piece);
    }
}

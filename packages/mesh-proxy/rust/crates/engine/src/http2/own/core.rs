//! What a connection's driver and its streams share.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};

use bytes::Bytes;
use mesh_decide::fields::Fields;
use mesh_decide::http2::ErrorCode;
use mesh_decide::http2::connection::{Config, Connection, Role};
use mesh_decide::http2::head::{Limits, ResponseHead};
use mesh_wire::vocabulary::limits;
use tokio::time::Instant;

use super::super::error::Error;
use super::super::room::Room;
use super::super::settings::Settings;

/// A connection's state, shared within its worker.
#[derive(Clone, Debug)]
pub(super) struct Shared(Rc<RefCell<Core>>);

#[derive(Debug)]
pub(super) struct Core {
    pub(super) connection: Connection<Mailbox>,
    driver: Option<Waker>,
    /// Whether the driver was woken since it last ran.
    stirred: bool,
    /// Why the connection has ended.
    pub(super) ended: Option<Error>,
    /// Nobody will begin a stream any more.
    pub(super) abandoned: bool,
    /// When the last stream ended; of no meaning while there is one.
    pub(super) idle_since: Instant,
    /// Who waits until another stream may be begun.
    room: Option<Room>,
    /// Streams whose content waits for others' to leave.
    blocked: Vec<u32>,
}

/// What has arrived for a stream, and who is to be told.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    pub(super) pieces: Pieces,
    /// Why nothing more will arrive, or can be sent, if that is not the message's end.
    pub(super) error: Option<Error>,
    /// Both directions of a stream are one task's business.
    task: Option<Waker>,
    blocked: bool,
}

#[derive(Debug)]
pub(super) enum Piece {
    Head(ResponseHead, bool),
    Data(Bytes, bool),
    Trailers(Fields),
}

/// Pieces in order. Most streams never have more than two waiting, which need no allocation.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    first: Option<Piece>,
    second: Option<Piece>,
    rest: VecDeque<Piece>,
}

impl Pieces {
    fn push(&mut self, piece: Piece) {
        if self.first.is_none() {
            self.first = Some(piece);
        } else if self.second.is_none() {
            self.second = Some(piece);
        } else {
            self.rest.push_back(piece);
        }
    }

    /// The oldest piece.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        let piece = self.first.take()?;
        self.first = self.second.take();
        self.second = self.rest.pop_front();
        Some(piece)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

impl Mailbox {
    /// Has `cx` woken when something happens.
    pub(super) fn watch(&mut self, cx: &Context<'_>) {
        match &self.task {
            Some(task) if task.will_wake(cx.waker()) => {}
            _ => self.task = Some(cx.waker().clone()),
        }
    }

    fn wake(&mut self) {
        // Kept: the task asks for the same again as soon as it has looked.
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }

    pub(super) fn put(&mut self, piece: Piece) {
        self.pieces.push(piece);
        self.wake();
    }

    pub(super) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.wake();
    }
}

impl Shared {
    pub(super) fn new(role: Role, settings: &Settings, room: Option<Room>) -> Self {
        Self(Rc::new(RefCell::new(Core {
            connection: Connection::new(role, config(settings)),
            driver: None,
            stirred: false,
            ended: None,
            abandoned: false,
            idle_since: Instant::now(),
            room,
            blocked: Vec::new(),
        })))
    }

    pub(super) fn borrow(&self) -> RefMut<'_, Core> {
        self.0.borrow_mut()
    }
}

impl Core {
    /// The driver runs with `cx`, and sees all that was said so far.
    pub(super) fn running(&mut self, cx: &Context<'_>) {
        self.stirred = false;
        match &self.driver {
            Some(driver) if driver.will_wake(cx.waker()) => {}
            _ => self.driver = Some(cx.waker().clone()),
        }
    }

    /// Has the driver run: there is something to be written, or to end.
    pub(super) fn stir(&mut self) {
        if !self.stirred
            && let Some(driver) = &self.driver
        {
            self.stirred = true;
            driver.wake_by_ref();
        }
    }

    /// Has the driver run if something is to be written.
    pub(super) fn stir_to_write(&mut self) {
        if !self.connection.output().is_empty() {
            self.stir();
        }
    }

    /// Has a stream's task woken once content of others has left.
    pub(super) fn block(&mut self, stream: u32) {
        if let Some(mailbox) = self.connection.get(stream)
            && !mailbox.blocked
        {
            mailbox.blocked = true;
            self.blocked.push(stream);
        }
    }

    /// Content has left, or the peer has made room.
    pub(super) fn unblock(&mut self) {
        if self.blocked.is_empty() || self.connection.is_stalled() {
            return;
        }
        for stream in std::mem::take(&mut self.blocked) {
            if let Some(mailbox) = self.connection.get(stream) {
                mailbox.blocked = false;
                mailbox.wake();
            }
        }
    }

    /// Those who wait for a stream may look again.
    fn changed(&self) {
        if let Some(room) = &self.room {
            room.changed();
        }
    }

    /// Every stream's window may have grown, and their number too.
    pub(super) fn wake_all(&mut self) {
        for mailbox in self.connection.all() {
            mailbox.wake();
        }
        self.changed();
    }

    pub(super) fn wake(&mut self, stream: u32) {
        if let Some(mailbox) = self.connection.get(stream) {
            mailbox.wake();
        }
    }

    /// Nobody holds the stream any more.
    pub(super) fn forget(&mut self, stream: u32) {
        if self.ended.is_none() {
            self.connection.forget(stream);
            if self.connection.is_empty() {
                self.idle_since = Instant::now();
            }
            if let Some(room) = &self.room
                && room.is_awaited()
                && self.connection.can_open()
            {
                room.one();
            }
            let ends = self.connection.is_empty() && (self.abandoned || self.connection.is_done());
            if ends {
                self.stir();
            } else {
                self.stir_to_write();
            }
        }
    }

    /// The connection is over, and with it every stream.
    pub(super) fn end(&mut self, error: Error) {
        for mailbox in self.connection.all() {
            mailbox.fail(error.clone());
        }
        self.ended = Some(error);
        self.changed();
    }

    /// The streams that a GOAWAY leaves out will not be processed.
    pub(super) fn leave_out(&mut self, code: ErrorCode) {
        for stream in self.connection.left_out() {
            if let Some(mailbox) = self.connection.get(stream) {
                mailbox.fail(Error::GoAway(code));
            }
        }
        self.changed();
    }
}

fn config(settings: &Settings) -> Config {
    let first = limits::HTTP2_FIRST_STREAM_WINDOW_BYTES.number();
    Config {
        // Who chose a window gets that one; ours grows up to the usual one.
        stream_window: match settings.grows {
            true => first.min(settings.stream_window),
            false => settings.stream_window,
        },
        greatest_stream_window: settings.stream_window,
        connection_window: settings.connection_window,
        max_concurrent_streams: settings.max_concurrent_streams,
        max_frame_size: settings.max_frame_size,
        limits: Limits::with_list_size(settings.max_header_list_size),
        pending_resets: u32::try_from(settings.max_pending_accept_resets).unwrap_or(u32::MAX),
        send_buffer: settings.max_send_buffer,
    }
}

//! One HTTP/2 connection without I/O, either end of it.
//!
//! The owner hands over what it has read ([`Connection::receive`]) and writes what it finds in
//! [`Connection::output`]. Everything that the peer does is either an [`Event`], or answered here, or
//! a [`Violation`] that ends the connection. What one peer can make this end hold is bounded: streams,
//! heads, content (by windows), answers that it does not read, frames that bring nothing.

mod budget;
mod receive;
mod send;
mod streams;
#[cfg(test)]
mod tests;
mod window;

use std::time::Duration;

use mesh_wire::vocabulary::limits;

use self::budget::Budget;
use self::streams::{Recent, Stream, Streams};
use self::window::{ReceiveWindow, SendWindow};
use super::block::Gathering;
use super::frame;
use super::head::{ContentLength, Limits, RequestHead, ResponseHead};
use super::hpack::{Decoder, Encoder, Indexing, TABLE};
use super::{ErrorCode, MAX_STREAM, MAX_WINDOW, Malformed, PREFACE, Settings};
use crate::fields::Fields;

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// What this end grants.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Of one stream, at first; bytes.
    pub stream_window: u32,
    /// What the window of a stream grows to if nothing else holds it up.
    pub greatest_stream_window: u32,
    /// Of all streams together; 65,535 at least.
    pub connection_window: u32,
    /// Streams that the peer may have open.
    pub max_concurrent_streams: u32,
    pub max_frame_size: u32,
    pub limits: Limits,
    /// Streams that the peer may reset in the same turn in which it began them (CVE-2023-44487).
    pub pending_resets: u32,
    /// Content that may wait in [`Connection::output`]; bytes.
    pub send_buffer: usize,
}

/// What the peer has done.
#[derive(Debug)]
pub enum Event<'a> {
    /// A client has begun a stream. `end`: it has no content and no trailers.
    Request {
        stream: u32,
        head: Box<RequestHead>,
        end: bool,
    },
    /// A client has begun a stream with a request that is to be answered by a refusal.
    Refused { stream: u32, fault: Malformed },
    /// A server's response, or an interim one (1xx).
    Response {
        stream: u32,
        head: ResponseHead,
        end: bool,
    },
    /// A piece of content, as much of it as was received at once; it counts against the windows until it is
    /// [released](Connection::release).
    Data {
        stream: u32,
        content: &'a [u8],
        end: bool,
    },
    /// The fields after the content, which end the stream.
    Trailers { stream: u32, fields: Fields },
    /// The stream is over, by the peer's RST_STREAM or because the peer has broken a rule.
    Reset {
        stream: u32,
        code: ErrorCode,
        by_peer: bool,
    },
    /// There may be room for content of this stream; 0: the connection's window has grown.
    Room { stream: u32 },
    /// The peer's settings have changed: there may be room on every stream, and for more of them.
    Settings,
    /// The peer processes no streams of ours above `last_stream`: see [`Connection::left_out`].
    GoAway { last_stream: u32, code: ErrorCode },
    /// The answer to a [ping](Connection::ping).
    Pong,
    /// Nothing that the owner needs to know.
    Nothing,
}

/// A connection; `S` is what its owner keeps with each stream.
#[derive(Debug)]
pub struct Connection<S> {
    role: Role,
    config: Config,
    peer: Settings,
    /// Whether the peer's first SETTINGS have come; for a server, after the preface.
    settled: bool,
    prefaced: bool,
    /// Whether the peer has acknowledged ours.
    acknowledged: bool,
    decoder: Decoder,
    encoder: Encoder,
    streams: Streams<S>,
    /// Streams that the protocol has not done with.
    open: u32,
    recent: Recent,
    /// The last stream that the peer began.
    last_peer: u32,
    /// The next stream that this end begins.
    next: u32,
    send: SendWindow,
    receive: ReceiveWindow,
    gathering: Option<Gathering>,
    partial: Option<receive::Partial>,
    out: Vec<u8>,
    budget: Budget,
    turn: u32,
    /// Streams that were reset in the turn in which they began.
    unseen: u32,
    /// Whether the peer takes no new streams, and up to which it processes them.
    leaving: Option<u32>,
    shutdown: Shutdown,
    pings: u32,
}

/// How far this end has gone in ending the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shutdown {
    No,
    /// Streams that the peer began before it knew are still taken.
    Announced,
    /// No streams above this one.
    Final(u32),
}

/// What the peer is sent with the ping that ends the first phase of a shutdown.
const LAST_CALL: [u8; 8] = *b"lastcall";
/// What every other ping carries.
const ALIVE: [u8; 8] = *b"alive???";

/// Streams that a client begins before it knows the server's limit (RFC 9113 §6.5.2 recommends
/// servers not to allow fewer).
const STREAMS_AT_FIRST: u32 = 100;

/// The connection's window before any update (RFC 9113 §6.9.2).
const FIRST_WINDOW: u32 = 65_535;

/// Answers and heads that may wait while the peer reads nothing, in bytes beyond the content.
const UNREAD: usize = limits::HTTP2_UNREAD_ANSWERS.size();

impl<S> Connection<S> {
    /// A new connection; its preface and settings are in the output.
    pub fn new(role: Role, config: Config) -> Self {
        let mut out = Vec::with_capacity(128);
        if role == Role::Client {
            out.extend_from_slice(PREFACE);
        }
        let server = role == Role::Server;
        Settings {
            enable_push: server,
            max_concurrent_streams: server.then_some(config.max_concurrent_streams),
            initial_window_size: config.stream_window.min(MAX_WINDOW),
            max_frame_size: config.max_frame_size,
            max_header_list_size: Some(config.limits.list_size),
            ..Settings::default()
        }
        .write(&mut out);
        let window = config.connection_window.clamp(FIRST_WINDOW, MAX_WINDOW);
        if window > FIRST_WINDOW {
            frame::write_window_update(&mut out, 0, window - FIRST_WINDOW);
        }
        Self {
            role,
            config,
            peer: Settings::default(),
            settled: false,
            prefaced: !server,
            acknowledged: false,
            decoder: Decoder::new(TABLE),
            encoder: Encoder::new(Indexing::Repeated),
            streams: Streams::default(),
            open: 0,
            recent: Recent::default(),
            last_peer: 0,
            next: 1,
            send: SendWindow::new(FIRST_WINDOW),
            receive: ReceiveWindow::new(window, window),
            gathering: None,
            partial: None,
            out,
            budget: Budget::new(),
            turn: 0,
            unseen: 0,
            leaving: None,
            shutdown: Shutdown::No,
            pings: 0,
        }
    }

    /// Begins a turn: what the peer has sent since the last one is about to be received. `now` counts
    /// from the connection's beginning.
    pub fn begin_turn(&mut self, now: Duration) {
        self.budget.fill(now);
        self.turn = self.turn.wrapping_add(1);
        self.unseen = 0;
    }

    /// What is to be written, in order. The owner removes what it has written.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// What the owner keeps with a stream; None once the stream is [forgotten](Self::forget).
    pub fn get(&mut self, stream: u32) -> Option<&mut S> {
        self.streams
            .get_mut(&stream)
            .map(|stream| &mut stream.attached)
    }

    /// What the owner keeps, of all streams.
    pub fn all(&mut self) -> impl Iterator<Item = &mut S> {
        self.streams.values_mut().map(|stream| &mut stream.attached)
    }

    /// How many streams are not forgotten.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Whether there is no stream.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether the peer's settings have come.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether no more streams can be begun on it, ever.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some() || self.next > MAX_STREAM || self.shutdown != Shutdown::No
    }

    /// Whether a client may begin another stream now.
    pub fn can_open(&self) -> bool {
        !self.is_leaving() && self.open < self.stream_limit()
    }

    /// How many streams the peer lets this end have at the same time.
    pub fn stream_limit(&self) -> u32 {
        match self.peer.max_concurrent_streams {
            Some(limit) => limit,
            None if self.settled => u32::MAX,
            None => STREAMS_AT_FIRST,
        }
    }

    /// Whether the connection was to end, and nothing is left to be done on it.
    pub fn is_done(&self) -> bool {
        let ending = match self.role {
            Role::Server => matches!(self.shutdown, Shutdown::Final(_)) || self.leaving.is_some(),
            Role::Client => self.is_leaving(),
        };
        ending && self.streams.is_empty()
    }

    /// The streams of this end that a GOAWAY has left out.
    pub fn left_out(&self) -> Vec<u32> {
        // A client's GOAWAY concerns what a server would begin.
        let last = match (self.role, self.leaving) {
            (Role::Client, Some(last)) => last,
            _ => return Vec::new(),
        };
        let mut streams: Vec<u32> = self
            .streams
            .iter()
            .filter(|(number, stream)| **number > last && !stream.is_closed())
            .map(|(number, _)| *number)
            .collect();
        streams.sort_unstable();
        streams
    }

    fn begin(&mut self, number: u32, receives: bool, headless: bool, attached: S) {
        self.open += 1;
        let stream = Stream {
            attached,
            sends: true,
            receives,
            has_head: self.role == Role::Server,
            headless,
            length: ContentLength::declared(None),
            send: SendWindow::new(self.peer.initial_window_size),
            receive: ReceiveWindow::new(
                self.config.stream_window,
                self.config.greatest_stream_window,
            ),
            unread: 0,
            turn: self.turn,
        };
        self.streams.insert(number, stream);
    }

    /// Marks what ends of a stream; the protocol's count of open streams follows.
    fn close(&mut self, number: u32, sends: bool, receives: bool) {
        if let Some(stream) = self.streams.get_mut(&number) {
            let open = !stream.is_closed();
            stream.sends &= !sends;
            stream.receives &= !receives;
            if open && stream.is_closed() {
                self.open -= 1;
            }
        }
    }
}

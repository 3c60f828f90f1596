//! What this end sends.

use http::{Method, StatusCode};

use super::{ALIVE, Connection, LAST_CALL, Role, Shutdown};
use crate::fields::Fields;
use crate::http2::frame;
use crate::http2::head::{self, Carrier, RequestLine};
use crate::http2::{ErrorCode, MAX_STREAM, Violation};

/// The longest DATA frame that this end sends, however long the peer's may be: others' frames want
/// their turn.
const LONGEST: usize = 64 * 1024;

impl<S> Connection<S> {
    /// Begins a stream with a request, after [`Self::can_open`]; gives its number. `end`: the request
    /// has neither content nor trailers.
    pub fn request(
        &mut self,
        line: &RequestLine<'_>,
        fields: &Fields,
        end: bool,
        attached: S,
    ) -> u32 {
        debug_assert!(self.role == Role::Client && self.can_open());
        let stream = self.next;
        self.next += 2;
        self.begin(stream, true, *line.method == Method::HEAD, attached);
        let carrier = self.carrier(stream, end);
        head::write_request(&mut self.out, &mut self.encoder, carrier, line, fields);
        if end {
            self.close(stream, true, false);
        }
        stream
    }

    /// Sends a response's head, or an interim one; false if the stream is over.
    #[must_use]
    pub fn respond(&mut self, stream: u32, status: StatusCode, fields: &Fields, end: bool) -> bool {
        if !self.sends(stream) {
            return false;
        }
        let carrier = self.carrier(stream, end);
        head::write_response(&mut self.out, &mut self.encoder, carrier, status, fields);
        if end {
            self.close(stream, true, false);
        }
        true
    }

    /// How many bytes of content can be sent now: the least of what the windows and the buffer allow.
    pub fn room(&self, stream: u32) -> usize {
        let buffered = self.config.send_buffer.saturating_sub(self.out.len());
        let own = self.streams.get(&stream);
        let own = own.map_or(0, |stream| stream.send.room());
        own.min(self.send.room()).min(buffered)
    }

    /// Whether a stream's own window has room; if not, an event tells when it has.
    pub fn has_window(&self, stream: u32) -> bool {
        (self.streams.get(&stream)).is_some_and(|stream| stream.send.room() > 0)
    }

    /// Whether the peer takes no content of any stream now.
    pub fn is_stalled(&self) -> bool {
        self.send.room() == 0
    }

    /// Whether the stream can still be sent on.
    pub fn sends(&self, stream: u32) -> bool {
        (self.streams.get(&stream)).is_some_and(|stream| stream.sends)
    }

    /// Sends content, no more than there is [room](Self::room) for; false if the stream is over.
    /// `end`: nothing follows.
    #[must_use]
    pub fn data(&mut self, number: u32, content: &[u8], end: bool) -> bool {
        let Some(stream) = self.streams.get_mut(&number) else {
            return false;
        };
        if !stream.sends {
            return false;
        }
        stream.send.sent(content.len());
        self.send.sent(content.len());
        let longest = LONGEST.min(self.peer.max_frame_size as usize);
        let mut pieces = content.chunks(longest).peekable();
        if pieces.peek().is_none() {
            frame::write_data_head(&mut self.out, number, 0, end);
        }
        while let Some(piece) = pieces.next() {
            let last = end && pieces.peek().is_none();
            frame::write_data_head(&mut self.out, number, piece.len() as u32, last);
            self.out.extend_from_slice(piece);
            // Some peers grant credit for each frame, to the stream and to the connection.
            self.budget.earn(2);
        }
        if end {
            self.close(number, true, false);
        }
        true
    }

    /// Sends trailers, which end the stream; false if it is over already.
    #[must_use]
    pub fn trailers(&mut self, stream: u32, fields: &Fields) -> bool {
        if !self.sends(stream) {
            return false;
        }
        let carrier = self.carrier(stream, true);
        head::write_trailers(&mut self.out, &mut self.encoder, carrier, fields);
        self.close(stream, true, false);
        true
    }

    /// Gives a stream up, unless it is over.
    pub fn reset(&mut self, number: u32, code: ErrorCode) {
        let over = (self.streams.get(&number)).is_none_or(super::Stream::is_closed);
        if !over {
            self.write_reset(number, code);
        }
    }

    pub(super) fn write_reset(&mut self, number: u32, code: ErrorCode) {
        frame::write_rst_stream(&mut self.out, number, code);
        self.recent.add(number);
        self.close(number, true, true);
    }

    /// The owner has taken on content that it was given: the peer may send more. `keeps_up`: there
    /// is no more to be taken on now.
    pub fn release(&mut self, number: u32, length: usize, keeps_up: bool) {
        let length = length as u32;
        if let Some(stream) = self.streams.get_mut(&number) {
            stream.unread -= length;
            if stream.receives
                && let Some(increment) = stream.receive.release(length, keeps_up)
            {
                frame::write_window_update(&mut self.out, number, increment);
            }
            self.release_connection(length);
        }
    }

    pub(super) fn release_connection(&mut self, length: u32) {
        if length > 0
            && let Some(increment) = self.receive.release(length, false)
        {
            frame::write_window_update(&mut self.out, 0, increment);
        }
    }

    /// Nobody is interested in a stream any more: what it holds is given back, and the peer is told
    /// if it is not over.
    pub fn forget(&mut self, number: u32) -> Option<S> {
        let stream = self.streams.get(&number)?;
        if !stream.is_closed() {
            // A response was given, its request's rest is of no use (RFC 9113 §8.1).
            let answered = self.role == Role::Server && !stream.sends;
            self.write_reset(
                number,
                match answered {
                    true => ErrorCode::NO_ERROR,
                    false => ErrorCode::CANCEL,
                },
            );
        }
        let stream = self.streams.remove(&number)?;
        self.release_connection(stream.unread);
        Some(stream.attached)
    }

    /// Asks the peer for a sign of life.
    pub fn ping(&mut self) {
        self.pings += 1;
        frame::write_ping(&mut self.out, false, ALIVE);
    }

    /// Begins no more streams, and takes none that the peer begins once it knows.
    pub fn shut_down(&mut self) {
        if self.shutdown != Shutdown::No {
            return;
        }
        match self.role {
            Role::Client => self.finish(),
            Role::Server => {
                self.shutdown = Shutdown::Announced;
                frame::write_goaway(&mut self.out, MAX_STREAM, ErrorCode::NO_ERROR, b"");
                frame::write_ping(&mut self.out, false, LAST_CALL);
            }
        }
    }

    pub(super) fn finish(&mut self) {
        self.shutdown = Shutdown::Final(self.last_peer);
        frame::write_goaway(&mut self.out, self.last_peer, ErrorCode::NO_ERROR, b"");
    }

    /// Tells the peer why the connection ends. Nothing is received after that.
    pub fn fail(&mut self, violation: &Violation) {
        let (code, reason) = (violation.code, violation.reason.as_bytes());
        frame::write_goaway(&mut self.out, self.last_peer, code, reason);
    }

    fn carrier(&self, stream: u32, end_stream: bool) -> Carrier {
        Carrier {
            stream,
            end_stream,
            max_frame_size: self.peer.max_frame_size,
        }
    }
}

//! What the peer sends.

use super::{
    ALIVE, Connection, ContentLength, Event, FIRST_WINDOW, Gathering, LAST_CALL, Role, Shutdown,
    UNREAD,
};
use crate::http2::frame::{self, Frame, FrameHead, HEAD, Kind};
use crate::http2::head::{self, Refused};
use crate::http2::{ErrorCode, Malformed, PREFACE, Scope, Violation};

/// A DATA frame whose head was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    stream: u32,
    content: u32,
    padding: u32,
    end: bool,
}

impl<S: Default> Connection<S> {
    /// Reads what comes next of `input`: says how many bytes that were, and what they mean. No bytes:
    /// what is there is not enough yet, and is to be handed over again with what follows. A DATA
    /// frame's content is given out as it arrives, any other frame must be there as a whole.
    ///
    /// # Errors
    /// What ends the connection; see [`Self::fail`].
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Event<'a>), Violation> {
        if !self.prefaced {
            return self.preface(input);
        }
        if let Some(partial) = self.partial {
            return Ok(self.content(partial, input));
        }
        let Some((head, rest)) = input.split_first_chunk::<HEAD>() else {
            return Ok((0, Event::Nothing));
        };
        let head = FrameHead::parse(head);
        let checked = head.check(self.config.max_frame_size);
        if let Err(violation) = checked
            && violation.scope == Scope::Connection
        {
            return Err(violation);
        }
        if !self.settled && (head.kind != Kind::SETTINGS || head.flags.contains(frame::Flags::ACK))
        {
            return Err(protocol("the first frame is not SETTINGS"));
        }
        if let Some(gathering) = &self.gathering {
            gathering.expects(head)?;
        }
        if head.kind == Kind::DATA {
            return self.data_head(head, rest);
        }
        let Some(payload) = rest.get(..head.length as usize) else {
            return Ok((0, Event::Nothing));
        };
        let frame = checked.and_then(|()| Frame::parse(head, payload));
        let event = match frame {
            Ok(frame) => self.frame(head.stream, frame)?,
            Err(violation) => match violation.scope {
                Scope::Connection => return Err(violation),
                Scope::Stream(stream) => self.stream_error(stream, violation.code)?,
            },
        };
        Ok((HEAD + payload.len(), event))
    }

    fn preface<'a>(&mut self, input: &[u8]) -> Result<(usize, Event<'a>), Violation> {
        let length = input.len().min(PREFACE.len());
        if input[..length] != PREFACE[..length] {
            return Err(protocol("no HTTP/2 preface"));
        }
        if length < PREFACE.len() {
            return Ok((0, Event::Nothing));
        }
        self.prefaced = true;
        Ok((length, Event::Nothing))
    }

    fn frame<'a>(&mut self, stream: u32, frame: Frame<'a>) -> Result<Event<'a>, Violation> {
        match frame {
            Frame::Headers {
                end_stream,
                end_headers,
                self_dependent,
                fragment,
            } => {
                if !end_headers {
                    let limits = &self.config.limits;
                    let begun = Gathering::begin(stream, end_stream, fragment, limits)?;
                    self.gathering = Some(begun);
                    return Ok(Event::Nothing);
                }
                let event = self.block(stream, end_stream, fragment)?;
                match self_dependent {
                    true => self.stream_error(stream, ErrorCode::PROTOCOL_ERROR),
                    false => Ok(event),
                }
            }
            Frame::Continuation {
                end_headers,
                fragment,
            } => self.continuation(end_headers, fragment),
            Frame::RstStream(code) => self.reset_by_peer(stream, code),
            Frame::Settings(payload) => self.settings(payload),
            Frame::SettingsAck => {
                if self.acknowledged {
                    self.spend()?;
                }
                self.acknowledged = true;
                Ok(Event::Nothing)
            }
            Frame::Ping { ack, opaque } => self.pinged(ack, opaque),
            Frame::GoAway {
                last_stream, code, ..
            } => {
                let last_stream = self
                    .leaving
                    .map_or(last_stream, |last| last.min(last_stream));
                self.spend()?;
                self.leaving = Some(last_stream);
                Ok(Event::GoAway { last_stream, code })
            }
            Frame::WindowUpdate { increment } => self.granted(stream, increment),
            Frame::Priority | Frame::Unknown => {
                self.spend()?;
                Ok(Event::Nothing)
            }
            Frame::Data { .. } => unreachable!("content is read as it arrives"),
        }
    }

    fn continuation<'a>(
        &mut self,
        end_headers: bool,
        fragment: &[u8],
    ) -> Result<Event<'a>, Violation> {
        let Some(gathering) = &mut self.gathering else {
            return Err(protocol("CONTINUATION without HEADERS"));
        };
        gathering.add(fragment, &self.config.limits)?;
        if !end_headers {
            return Ok(Event::Nothing);
        }
        match self.gathering.take() {
            Some(whole) => self.block(whole.stream(), whole.end_stream(), whole.block()),
            None => Ok(Event::Nothing),
        }
    }

    /// A whole header block.
    fn block<'a>(&mut self, number: u32, end: bool, block: &[u8]) -> Result<Event<'a>, Violation> {
        let odd = number % 2 == 1;
        if !odd || (self.role == Role::Client && number >= self.next) {
            return Err(protocol("HEADERS on a stream that the peer cannot begin"));
        }
        if let Some(stream) = self.streams.get(&number) {
            if !stream.receives {
                head::skip(&mut self.decoder, block)?;
                return self.late(number);
            }
            return match stream.has_head {
                true => self.trailers_block(number, end, block),
                false => self.response_block(number, end, block),
            };
        }
        if self.role == Role::Client || number <= self.last_peer {
            head::skip(&mut self.decoder, block)?;
            return self.late(number);
        }
        self.last_peer = number;
        self.request_block(number, end, block)
    }

    fn request_block<'a>(
        &mut self,
        number: u32,
        end: bool,
        block: &[u8],
    ) -> Result<Event<'a>, Violation> {
        if let Shutdown::Final(_) = self.shutdown {
            head::skip(&mut self.decoder, block)?;
            self.spend()?;
            return Ok(Event::Nothing);
        }
        let most = self.config.max_concurrent_streams;
        // Streams that are over but still looked after count as well, if there are many of them.
        if self.open >= most || self.streams.len() >= 2 * most as usize {
            head::skip(&mut self.decoder, block)?;
            return self.refuse(number, ErrorCode::REFUSED_STREAM);
        }
        let mut read = head::request(&mut self.decoder, block, &self.config.limits, false);
        if let Ok(head) = &read
            && end
            && ContentLength::declared(head.content_length)
                .ended()
                .is_err()
        {
            read = Err(Malformed::ContentLength.into());
        }
        match read {
            Ok(head) => {
                self.begin(number, !end, false, S::default());
                if let Some(stream) = self.streams.get_mut(&number) {
                    stream.length = ContentLength::declared(head.content_length);
                }
                Ok(Event::Request {
                    stream: number,
                    head: Box::new(head),
                    end,
                })
            }
            Err(Refused::Connection(violation)) => Err(violation),
            Err(Refused::Message(fault)) if fault.answer().is_some() => {
                self.spend()?;
                self.begin(number, !end, false, S::default());
                Ok(Event::Refused {
                    stream: number,
                    fault,
                })
            }
            Err(Refused::Message(_)) => self.refuse(number, ErrorCode::PROTOCOL_ERROR),
        }
    }

    /// Resets a stream that was never begun.
    fn refuse<'a>(&mut self, number: u32, code: ErrorCode) -> Result<Event<'a>, Violation> {
        self.answer()?;
        self.write_reset(number, code);
        Ok(Event::Nothing)
    }

    fn response_block<'a>(
        &mut self,
        number: u32,
        end: bool,
        block: &[u8],
    ) -> Result<Event<'a>, Violation> {
        let head = match head::response(&mut self.decoder, block, &self.config.limits) {
            Ok(head) => head,
            Err(Refused::Connection(violation)) => return Err(violation),
            Err(Refused::Message(_)) => {
                return self.stream_error(number, ErrorCode::PROTOCOL_ERROR);
            }
        };
        if head.status.is_informational() {
            self.spend()?;
            if end {
                return self.stream_error(number, ErrorCode::PROTOCOL_ERROR);
            }
        } else if let Some(stream) = self.streams.get_mut(&number) {
            stream.has_head = true;
            let empty = stream.headless || matches!(head.status.as_u16(), 204 | 304);
            stream.length = match empty {
                true => ContentLength::no_content(),
                false => ContentLength::declared(head.content_length),
            };
            if end && stream.length.ended().is_err() {
                return self.stream_error(number, ErrorCode::PROTOCOL_ERROR);
            }
        }
        if end {
            self.close(number, false, true);
        }
        Ok(Event::Response {
            stream: number,
            head,
            end,
        })
    }

    fn trailers_block<'a>(
        &mut self,
        number: u32,
        end: bool,
        block: &[u8],
    ) -> Result<Event<'a>, Violation> {
        let fields = match head::trailers(&mut self.decoder, block, &self.config.limits) {
            Ok(fields) => fields,
            Err(Refused::Connection(violation)) => return Err(violation),
            Err(Refused::Message(_)) => {
                return self.stream_error(number, ErrorCode::PROTOCOL_ERROR);
            }
        };
        let length = self.streams.get(&number).map(|stream| stream.length);
        if !end || length.is_some_and(|length| length.ended().is_err()) {
            return self.stream_error(number, ErrorCode::PROTOCOL_ERROR);
        }
        self.close(number, false, true);
        Ok(Event::Trailers {
            stream: number,
            fields,
        })
    }

    fn data_head<'a>(
        &mut self,
        head: FrameHead,
        rest: &'a [u8],
    ) -> Result<(usize, Event<'a>), Violation> {
        let padded = head.flags.contains(frame::Flags::PADDED) && head.length > 0;
        if padded && rest.is_empty() {
            return Ok((0, Event::Nothing));
        }
        let extent = head.data(rest.first().copied())?;
        if !self.receive.receive(head.length, 0) {
            return Err(Violation::connection(
                ErrorCode::FLOW_CONTROL_ERROR,
                "content beyond the connection's window",
            ));
        }
        let end = head.flags.contains(frame::Flags::END_STREAM);
        let partial = Partial {
            stream: head.stream,
            content: extent.length,
            padding: head.length - extent.start - extent.length,
            end,
        };
        if extent.length == 0 && !end {
            self.spend()?;
        }
        self.release_connection(head.length - extent.length);
        let used = HEAD + extent.start as usize;
        let event = self.judge_content(head, extent.length, end)?;
        if let Some(event) = event {
            // What follows of the frame, if anything does, is of a stream that is over by now.
            let more = partial.content > 0 || partial.padding > 0;
            self.partial = more.then_some(Partial {
                end: false,
                ..partial
            });
            return Ok((used, event));
        }
        if extent.length == 0 {
            self.partial = (partial.padding > 0).then_some(partial);
            if !end {
                return Ok((used, Event::Nothing));
            }
            self.close(head.stream, false, true);
            let event = Event::Data {
                stream: head.stream,
                content: &[],
                end: true,
            };
            return Ok((used, event));
        }
        let (length, event) = self.content(partial, &rest[extent.start as usize..]);
        self.partial = self.partial.or((length == 0).then_some(partial));
        Ok((used + length, event))
    }

    /// Whether content may come on its stream; if not, what that means.
    fn judge_content<'a>(
        &mut self,
        head: FrameHead,
        length: u32,
        end: bool,
    ) -> Result<Option<Event<'a>>, Violation> {
        let number = head.stream;
        if self.is_idle(number) {
            return Err(protocol("DATA on a stream that was never begun"));
        }
        let lenience = match self.acknowledged {
            true => 0,
            // The peer may not have known the window yet.
            false => FIRST_WINDOW.saturating_sub(self.config.stream_window),
        };
        let Some(stream) = self.streams.get_mut(&number) else {
            return self.late(number).map(Some);
        };
        if !stream.receives {
            return self.late(number).map(Some);
        }
        let mut fault = None;
        if !stream.has_head {
            fault = Some(ErrorCode::PROTOCOL_ERROR);
        } else if !stream.receive.receive(head.length, lenience) {
            fault = Some(ErrorCode::FLOW_CONTROL_ERROR);
        } else if stream.length.received(length as usize).is_err()
            || (end && stream.length.ended().is_err())
        {
            fault = Some(ErrorCode::PROTOCOL_ERROR);
        }
        if let Some(code) = fault {
            return self.stream_error(number, code).map(Some);
        }
        let overhead = head.length - length;
        if overhead > 0
            && let Some(increment) = stream.receive.release(overhead, false)
        {
            frame::write_window_update(&mut self.out, number, increment);
        }
        Ok(None)
    }

    /// Goes on with a DATA frame.
    fn content<'a>(&mut self, mut partial: Partial, input: &'a [u8]) -> (usize, Event<'a>) {
        if partial.content == 0 {
            let skipped = input.len().min(partial.padding as usize);
            partial.padding -= skipped as u32;
            self.partial = (partial.padding > 0).then_some(partial);
            return (skipped, Event::Nothing);
        }
        let length = input.len().min(partial.content as usize);
        if length == 0 {
            return (0, Event::Nothing);
        }
        partial.content -= length as u32;
        let more = partial.content > 0 || partial.padding > 0;
        self.partial = more.then_some(partial);
        let end = partial.end && partial.content == 0;
        match self.streams.get_mut(&partial.stream) {
            Some(stream) if stream.receives => {
                stream.unread += length as u32;
                if end {
                    self.close(partial.stream, false, true);
                }
                let event = Event::Data {
                    stream: partial.stream,
                    content: &input[..length],
                    end,
                };
                (length, event)
            }
            _ => {
                self.release_connection(length as u32);
                (length, Event::Nothing)
            }
        }
    }

    fn reset_by_peer<'a>(&mut self, number: u32, code: ErrorCode) -> Result<Event<'a>, Violation> {
        if self.is_idle(number) {
            return Err(protocol("RST_STREAM on a stream that was never begun"));
        }
        let Some(stream) = self.streams.get(&number) else {
            self.spend()?;
            return Ok(Event::Nothing);
        };
        if stream.is_closed() {
            self.spend()?;
            return Ok(Event::Nothing);
        }
        if self.role == Role::Server && stream.sends {
            self.unseen += u32::from(stream.turn == self.turn);
            if self.unseen > self.config.pending_resets {
                return Err(CALM);
            }
            self.spend()?;
        }
        self.close(number, true, true);
        Ok(Event::Reset {
            stream: number,
            code,
            by_peer: true,
        })
    }

    fn settings<'a>(&mut self, payload: &[u8]) -> Result<Event<'a>, Violation> {
        self.answer()?;
        let before = self.peer.initial_window_size;
        if self.role == Role::Client {
            self.peer.enable_push = false;
        }
        self.peer.apply(payload)?;
        if self.role == Role::Client && self.peer.enable_push {
            return Err(protocol("a server that enables pushes"));
        }
        let change = i64::from(self.peer.initial_window_size) - i64::from(before);
        for stream in self.streams.values_mut() {
            if !stream.send.grant(change) {
                return Err(OVERFLOW);
            }
        }
        self.encoder.set_limit(self.peer.header_table_size);
        self.settled = true;
        frame::write_settings_ack(&mut self.out);
        Ok(Event::Settings)
    }

    fn pinged<'a>(&mut self, ack: bool, opaque: [u8; 8]) -> Result<Event<'a>, Violation> {
        if !ack {
            self.answer()?;
            frame::write_ping(&mut self.out, true, opaque);
            return Ok(Event::Nothing);
        }
        if opaque == LAST_CALL && self.shutdown == Shutdown::Announced {
            self.finish();
            return Ok(Event::Nothing);
        }
        if opaque == ALIVE && self.pings > 0 {
            self.pings -= 1;
            return Ok(Event::Pong);
        }
        self.spend()?;
        Ok(Event::Nothing)
    }

    fn granted<'a>(&mut self, number: u32, increment: u32) -> Result<Event<'a>, Violation> {
        self.spend()?;
        if number == 0 {
            return match self.send.grant(increment.into()) {
                true => Ok(Event::Room { stream: 0 }),
                false => Err(OVERFLOW),
            };
        }
        if self.is_idle(number) {
            return Err(protocol("WINDOW_UPDATE on a stream that was never begun"));
        }
        match self.streams.get_mut(&number) {
            Some(stream) if stream.sends => match stream.send.grant(increment.into()) {
                true => Ok(Event::Room { stream: number }),
                false => self.stream_error(number, ErrorCode::FLOW_CONTROL_ERROR),
            },
            _ => Ok(Event::Nothing),
        }
    }

    /// A rule was broken that ends one stream.
    fn stream_error<'a>(&mut self, number: u32, code: ErrorCode) -> Result<Event<'a>, Violation> {
        if self.is_idle(number) {
            return Err(protocol("a fault on a stream that was never begun"));
        }
        self.answer()?;
        let open = (self.streams.get(&number)).is_some_and(|stream| !stream.is_closed());
        if !open {
            return Ok(Event::Nothing);
        }
        self.write_reset(number, code);
        Ok(Event::Reset {
            stream: number,
            code,
            by_peer: false,
        })
    }

    /// A frame on a stream that the peer had ended, or that is over.
    fn late<'a>(&mut self, number: u32) -> Result<Event<'a>, Violation> {
        if self.recent.contains(number) {
            self.spend()?;
            return Ok(Event::Nothing);
        }
        self.answer()?;
        let open = (self.streams.get(&number)).is_some_and(|stream| !stream.is_closed());
        self.write_reset(number, ErrorCode::STREAM_CLOSED);
        Ok(match open {
            true => Event::Reset {
                stream: number,
                code: ErrorCode::STREAM_CLOSED,
                by_peer: false,
            },
            false => Event::Nothing,
        })
    }

    /// Whether a stream was not yet begun by anybody.
    fn is_idle(&self, number: u32) -> bool {
        let odd = number % 2 == 1;
        match self.role {
            Role::Client => !odd || number >= self.next,
            Role::Server => !odd || number > self.last_peer,
        }
    }

    /// Counts a frame that is of no use.
    fn spend(&mut self) -> Result<(), Violation> {
        match self.budget.spend() {
            true => Ok(()),
            false => Err(CALM),
        }
    }

    /// Counts a frame that must be answered; a peer that does not read the answers ends.
    fn answer(&mut self) -> Result<(), Violation> {
        if self.out.len() > self.config.send_buffer + UNREAD {
            return Err(Violation::connection(
                ErrorCode::ENHANCE_YOUR_CALM,
                "too many answers that were not read",
            ));
        }
        self.spend()
    }
}

const CALM: Violation = Violation::connection(
    ErrorCode::ENHANCE_YOUR_CALM,
    "too many frames that bring nothing",
);

const OVERFLOW: Violation = Violation::connection(
    ErrorCode::FLOW_CONTROL_ERROR,
    "a window beyond the largest one",
);

const fn protocol(reason: &'static str) -> Violation {
    Violation::connection(ErrorCode::PROTOCOL_ERROR, reason)
}

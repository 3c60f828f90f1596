//! A connection to an endpoint that carries one request at a time.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, UPGRADE};
use http::{Method, StatusCode};
use mesh_decide::fields::{Fields, write_line};
use mesh_decide::headers::strip_hop_by_hop;
use mesh_decide::http1::framing::Lengths;
use mesh_decide::http1::scan::{LineEnds, Scanner};
use mesh_decide::http1::{Framing, Malformed, Version as Http1, request, response};
use mesh_wire::vocabulary::limits;

use super::body::{Body, Left};
use super::input::{HeadError, Input, scanner};
use super::outgoing::{Coding, Outgoing, Written};
use super::output::Output;
use crate::http::body::Incoming;
use crate::http::message::{Form, Length, Request, Response, Version};
use crate::transport::Io;

/// More interim responses than that are an attack or a fault.
const MAX_INTERIM: u32 = limits::HTTP1_INTERIM_RESPONSES.number();

/// A connection to an endpoint.
#[derive(Debug)]
pub struct Client {
    io: RefCell<Io>,
    input: Input,
    output: Output,
    written: Written,
    left: Left,
    /// Whether the response's framing and fields leave the connection usable.
    keep_alive: bool,
    answered: bool,
}

/// Why a request has no response.
#[derive(Debug)]
pub enum ClientError {
    /// The connection ended or failed before a byte of the response.
    Closed(io::Error),
    /// The connection ended or failed within the response's head.
    Incomplete,
    Malformed(Malformed),
}

impl Client {
    /// A new connection.
    pub fn new(io: Io) -> Self {
        Self {
            io: RefCell::new(io),
            input: Input::default(),
            output: Output::default(),
            written: Written::default(),
            left: Left::default(),
            keep_alive: false,
            answered: false,
        }
    }

    /// Begins a request. Its head waits for the content, or for the first flush, so that both
    /// leave together.
    pub fn send(&mut self, request: &Request) -> (Outgoing<'_>, Head<'_>) {
        let version = match request.version {
            Version::Http1(Http1::Http10) if request.length != Length::Unknown => Http1::Http10,
            _ => Http1::Http11,
        };
        self.output.write(|out| write_head(out, request, version));
        self.keep_alive = version == Http1::Http11;
        self.answered = false;
        let coding = match request.length {
            Length::None => Coding::Length(0),
            Length::Known(length) => Coding::Length(length),
            Length::Unknown => Coding::Chunked,
        };
        let outgoing = Outgoing::new(&self.io, &mut self.output, coding, &mut self.written);
        let head = Head {
            io: &self.io,
            read: Some((&mut self.input, &mut self.left)),
            scanner: scanner(LineEnds::Lenient),
            keep_alive: &mut self.keep_alive,
            answered: &mut self.answered,
            method: request.method.clone(),
            upgrade: request.upgrade.is_some(),
            interim: 0,
        };
        (outgoing, head)
    }

    /// Whether another request can be sent: the last one and its response are complete.
    pub fn is_reusable(&self) -> bool {
        self.answered
            && self.keep_alive
            && self.written == Written::Whole
            && self.left.is_nothing()
            && self.output.is_clear()
            && self.input.buffer.is_empty()
            && !self.input.ended
    }

    /// Whether an idle connection is still open as far as is known, without a system call.
    pub fn is_alive(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.io.get_mut().poll_readable(&mut cx).is_pending()
    }

    /// Lets go of buffers before it waits for another request.
    pub fn rest(&mut self) {
        self.output.release();
    }

    /// The byte stream, after an upgrade.
    pub fn into_io(mut self) -> Io {
        let ahead = self.input.take(self.input.buffer.len());
        let io = self.io.into_inner();
        if ahead.is_empty() {
            io
        } else {
            io.replay(ahead)
        }
    }
}

fn write_head(out: &mut BytesMut, request: &Request, version: Http1) {
    match request.form {
        Form::Origin => request::write_line(out, &request.method, &request.path, version),
        Form::Authority => {
            request::write_line(out, &request.method, &request.authority, version);
        }
        Form::Absolute => {
            let scheme = if request.https { "https://" } else { "http://" };
            let target = [scheme.as_bytes(), &request.authority, &request.path].concat();
            request::write_line(out, &request.method, &target, version);
        }
    }
    if !request.fields.contains(&HOST)
        && (version == Http1::Http11 || !request.authority.is_empty())
    {
        write_line(out, b"host", &request.authority);
    }
    request.fields.write(out);
    if request.length == Length::Unknown {
        write_line(out, b"transfer-encoding", b"chunked");
    }
    if let Some(protocols) = &request.upgrade {
        write_line(out, b"connection", b"upgrade");
        write_line(out, b"upgrade", protocols);
    }
    out.extend_from_slice(b"\r\n");
}

/// The response to come.
#[derive(Debug)]
pub struct Head<'a> {
    io: &'a RefCell<Io>,
    /// None once the final head was read.
    read: Option<(&'a mut Input, &'a mut Left)>,
    scanner: Scanner,
    keep_alive: &'a mut bool,
    answered: &'a mut bool,
    method: Method,
    upgrade: bool,
    interim: u32,
}

/// A response's head, or an interim one.
pub(crate) enum Answer<'a> {
    Interim(Response),
    Final(Response, Incoming<'a>),
    /// HTTP has ended on this connection; the protocol is that of `Upgrade`, none after CONNECT.
    Switched(Response, Option<Bytes>),
}

impl<'a> Head<'a> {
    /// The next head; not to be asked again after a final one.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer<'a>, ClientError>> {
        let Some((input, _)) = &mut self.read else {
            return Poll::Pending;
        };
        let block = match ready!(input.poll_head(self.io, &mut self.scanner, cx)) {
            Ok(Some(block)) => block,
            Ok(None) => {
                let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Poll::Ready(Err(self.closed(end)));
            }
            Err(HeadError::Io(error)) => return Poll::Ready(Err(self.closed(error))),
            Err(HeadError::Incomplete) => return Poll::Ready(Err(ClientError::Incomplete)),
            Err(HeadError::Malformed(fault)) => {
                return Poll::Ready(Err(ClientError::Malformed(fault)));
            }
        };
        Poll::Ready(self.answer(block).map_err(ClientError::Malformed))
    }

    /// The connection is gone; whether a part of the response came before matters for retries.
    fn closed(&self, error: io::Error) -> ClientError {
        let begun = self.interim > 0
            || self
                .read
                .as_ref()
                .is_some_and(|(input, _)| !input.buffer.is_empty());
        if begun {
            ClientError::Incomplete
        } else {
            ClientError::Closed(error)
        }
    }

    fn answer(&mut self, block: Bytes) -> Result<Answer<'a>, Malformed> {
        let mut head = response::parse(block)?;
        let status = head.status;
        if status == StatusCode::SWITCHING_PROTOCOLS && !self.upgrade {
            return Err(Malformed::UnaskedUpgrade);
        }
        let connected = self.method == Method::CONNECT && status.is_success();
        if status == StatusCode::SWITCHING_PROTOCOLS || connected {
            let protocol = head.fields.get(&UPGRADE).map(Bytes::copy_from_slice);
            strip_hop_by_hop(&mut head.fields);
            let response = response_of(head, Length::None);
            return Ok(Answer::Switched(response, protocol.filter(|_| !connected)));
        }
        if status.is_informational() {
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                return Err(Malformed::TooManyInterim);
            }
            self.scanner = scanner(LineEnds::Lenient);
            strip_hop_by_hop(&mut head.fields);
            head.fields.remove(&CONTENT_LENGTH);
            return Ok(Answer::Interim(response_of(head, Length::None)));
        }
        self.last(head)
    }

    fn last(&mut self, mut head: response::Head) -> Result<Answer<'a>, Malformed> {
        let lengths = Lengths::of(&head.fields);
        let framing = lengths.response(head.version, &self.method, head.status.as_u16())?;
        *self.keep_alive &= head.keep_alive && framing.reusable;
        *self.answered = true;
        strip_hop_by_hop(&mut head.fields);
        if let Framing::Length(length) = framing.framing {
            unite_lengths(&mut head.fields, length);
        }
        let response = response_of(head, framing.framing.into());
        let body = match (framing.framing, self.read.take()) {
            (Framing::None, _) | (_, None) => Incoming::Empty,
            (framing, Some((input, left))) => {
                *left = Left::of(framing);
                Incoming::Http1(Body::new(self.io, input, left))
            }
        };
        Ok(Answer::Final(response, body))
    }
}

/// Leaves one `Content-Length` of several that agree.
fn unite_lengths(fields: &mut Fields, length: u64) {
    if fields.get_all(&CONTENT_LENGTH).count() > 1 {
        fields.set(CONTENT_LENGTH, length.into());
    }
}

fn response_of(head: response::Head, length: Length) -> Response {
    Response {
        status: head.status,
        phrase: head.phrase,
        fields: head.fields,
        length,
    }
}

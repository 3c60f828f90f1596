//! Where a request's response goes.

use std::cell::{Cell, RefCell};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use mesh_decide::fields::write_line;
use mesh_decide::http1::framing::has_no_content;
use mesh_decide::http1::{self, response};

use super::outgoing::{Coding, Outgoing};
use super::output::Output;
use super::server::State;
use crate::http::body::BodyError;
use crate::http::message::{Length, Response};
use crate::transport::Io;

/// Writes the response to one request.
#[derive(Debug)]
pub struct Responder<'a> {
    io: &'a RefCell<Io>,
    output: &'a mut Output,
    state: &'a mut State,
    /// Whether the client still waits for leave to send its content.
    waits: &'a Cell<bool>,
    version: http1::Version,
    /// Whether the request was a HEAD, whose response has no content whatever it says.
    is_head: bool,
}

impl<'a> Responder<'a> {
    pub(super) fn new(
        io: &'a RefCell<Io>,
        output: &'a mut Output,
        state: &'a mut State,
        waits: &'a Cell<bool>,
        version: http1::Version,
        is_head: bool,
    ) -> Self {
        Self {
            io,
            output,
            state,
            waits,
            version,
            is_head,
        }
    }

    /// Writes the head; what is returned takes the content.
    pub fn respond(self, mut response: Response) -> Outgoing<'a> {
        let coding = self.coding(&response);
        // Who still waits for `100 Continue` may send its content or its next request: only a new
        // connection tells them apart.
        self.state.keep_alive &= !self.waits.get();
        if coding == Coding::UntilClose {
            self.state.keep_alive = false;
            self.state.until_close = true;
        }
        let bare = response.status == StatusCode::NO_CONTENT || response.status.is_informational();
        if bare || matches!(coding, Coding::Chunked | Coding::UntilClose) {
            response.fields.remove(&CONTENT_LENGTH);
        }
        let says_length = bare || self.is_head || has_no_content(response.status.as_u16());
        let (version, keep_alive) = (self.version, self.state.keep_alive);
        self.output.write(|out| {
            write_head(out, &response);
            match coding {
                Coding::Chunked => write_line(out, b"transfer-encoding", b"chunked"),
                Coding::Length(0) if !says_length && !response.fields.contains(&CONTENT_LENGTH) => {
                    write_line(out, b"content-length", b"0");
                }
                Coding::Length(_) | Coding::UntilClose => {}
            }
            match (keep_alive, version) {
                (false, _) => write_line(out, b"connection", b"close"),
                (true, http1::Version::Http10) => write_line(out, b"connection", b"keep-alive"),
                (true, http1::Version::Http11) => {}
            }
            out.extend_from_slice(b"\r\n");
        });
        Outgoing::new(self.io, self.output, coding, &mut self.state.written)
    }

    fn coding(&self, response: &Response) -> Coding {
        if self.is_head || has_no_content(response.status.as_u16()) {
            return Coding::Length(0);
        }
        match response.length {
            Length::None => Coding::Length(0),
            Length::Known(length) => Coding::Length(length),
            Length::Unknown if self.version == http1::Version::Http11 => Coding::Chunked,
            Length::Unknown => Coding::UntilClose,
        }
    }

    /// Writes an interim response, which HTTP/1.0 does not know.
    pub fn interim(&mut self, response: Response) {
        if self.version == http1::Version::Http10 {
            return;
        }
        if response.status == StatusCode::CONTINUE {
            self.waits.set(false);
        }
        self.output.write(|out| {
            write_head(out, &response);
            out.extend_from_slice(b"\r\n");
        });
    }

    /// Writes the response that ends HTTP on this connection, and hands over what it is to be
    /// joined with. `protocol` is the endpoint's `Upgrade`; none for CONNECT.
    pub fn switch(self, response: Response, protocol: Option<Bytes>, endpoint: Io) {
        self.output.write(|out| {
            write_head(out, &response);
            if let Some(protocol) = protocol {
                write_line(out, b"connection", b"upgrade");
                write_line(out, b"upgrade", &protocol);
            }
            out.extend_from_slice(b"\r\n");
        });
        self.state.tunnel = Some(endpoint);
    }

    /// Ends the connection after this response.
    pub fn close(&mut self) {
        self.state.keep_alive = false;
    }

    /// Writes what waits.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        self.output.poll_flush(self.io, cx).map_err(BodyError::Io)
    }
}

fn write_head(out: &mut BytesMut, response: &Response) {
    response::write_line(out, response.status, &response.phrase);
    response.fields.write(out);
}

//! A connection to an endpoint, shared by all requests of a worker.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use mesh_decide::http2::ErrorCode;
use mesh_decide::http2::connection::Role;
use mesh_decide::http2::head::{self, RequestLine, ResponseHead, Scheme};
use tokio::time::Instant;

use super::body::Body;
use super::core::{Mailbox, Piece, Shared};
use super::driver::Driver;
use super::outgoing::Outgoing;
use super::stream::Stream;
use crate::http::body::Incoming;
use crate::http::message::{Form, Length, Request, Response};
use crate::http2::body::Body as AnyBody;
use crate::http2::client::{Answer, RequestError};
use crate::http2::error::Error;
use crate::http2::room::Room;
use crate::http2::settings::Settings;
use crate::transport::Io;

/// A connection that carries many requests at once; clones share it. It ends gracefully, with a
/// GOAWAY, once all clones and requests are gone.
#[derive(Clone, Debug)]
pub struct Client(Rc<Owner>);

#[derive(Debug)]
struct Owner(Shared);

impl Drop for Owner {
    fn drop(&mut self) {
        let mut core = self.0.borrow();
        core.abandoned = true;
        core.stir();
    }
}

impl Client {
    /// Begins HTTP/2 on a new connection. A task of this thread drives it until it ends.
    pub fn connect(io: Io, settings: &Settings, room: Room) -> Self {
        let driver = Driver::new(io, Role::Client, settings, Some(room));
        let shared = driver.shared().clone();
        tokio::task::spawn_local(drive(driver));
        Self(Rc::new(Owner(shared)))
    }

    pub fn is_closed(&self) -> bool {
        let core = self.0.0.borrow();
        core.ended.is_some() || core.connection.is_leaving()
    }

    pub fn can_open(&self) -> bool {
        let core = self.0.0.borrow();
        let connection = &core.connection;
        let known = connection.is_settled() || connection.is_empty();
        core.ended.is_none() && known && connection.can_open()
    }

    pub fn is_settled(&self) -> bool {
        self.0.0.borrow().connection.is_settled()
    }

    pub fn idle_since(&self) -> Option<Instant> {
        let core = self.0.0.borrow();
        core.connection.is_empty().then_some(core.idle_since)
    }

    pub fn send(&mut self, request: &Request) -> Result<(Outgoing, Head), RequestError> {
        let line = line(request);
        if !head::is_expressible(&line) {
            return Err(RequestError::NotExpressible);
        }
        let ended = request.length == Length::None;
        let mut core = self.0.0.borrow();
        if core.ended.is_some() || !core.connection.can_open() {
            let error = match &core.ended {
                Some(error) => error.clone(),
                None if core.connection.is_leaving() => Error::GoAway(ErrorCode::NO_ERROR),
                None => Error::Closed,
            };
            return Err(RequestError::Unprocessed(error));
        }
        let mailbox = Mailbox::default();
        let number = (core.connection).request(&line, &request.fields, ended, mailbox);
        core.stir();
        drop(core);
        let stream = Rc::new(Stream {
            shared: self.0.0.clone(),
            number,
        });
        let head = Head {
            stream: Some(stream.clone()),
        };
        Ok((Outgoing::new(stream, ended), head))
    }
}

async fn drive(mut driver: Driver) {
    let shared = driver.shared().clone();
    let ended = poll_fn(|cx| driver.poll(cx, |_| {})).await;
    if let Err(error) = &ended {
        tracing::debug!(%error, "an HTTP/2 connection to an endpoint has ended");
    }
    shared.borrow().end(ended.err().unwrap_or(Error::Closed));
}

fn line(request: &Request) -> RequestLine<'_> {
    RequestLine {
        method: &request.method,
        scheme: match request.https {
            true => Scheme::Https,
            false => Scheme::Http,
        },
        authority: &request.authority,
        path: match (request.form, &request.path[..]) {
            (Form::Authority, _) => b"",
            (_, b"") => b"/",
            (_, path) => path,
        },
        protocol: None,
    }
}

/// The response to come.
#[derive(Debug)]
pub struct Head {
    /// None once the final head was read.
    stream: Option<Rc<Stream>>,
}

impl Head {
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer, RequestError>> {
        let Some(stream) = &self.stream else {
            return Poll::Pending;
        };
        let mut core = stream.shared.borrow();
        let Some(mailbox) = core.connection.get(stream.number) else {
            return Poll::Ready(Err(RequestError::Failed(Error::Closed)));
        };
        let (head, end) = match mailbox.pieces.pop() {
            Some(Piece::Head(head, end)) => (head, end),
            // A response begins with a head.
            Some(_) => return Poll::Ready(Err(RequestError::Failed(Error::Closed))),
            None => {
                if let Some(error) = &mailbox.error {
                    return Poll::Ready(Err(classify(error.clone())));
                }
                mailbox.watch(cx);
                return Poll::Pending;
            }
        };
        drop(core);
        if head.status.is_informational() {
            return Poll::Ready(Ok(Answer::Interim(response(head, Length::None))));
        }
        let stream = self.stream.take();
        let answer = match stream {
            Some(stream) if !end => {
                let length = head.content_length.map_or(Length::Unknown, Length::Known);
                let body = AnyBody::Own(Body::new(stream));
                Answer::Final(response(head, length), Incoming::Http2(body))
            }
            _ => Answer::Final(response(head, Length::None), Incoming::Empty),
        };
        Poll::Ready(Ok(answer))
    }
}

/// A refused stream, or one that a GOAWAY leaves out, was not processed (RFC 9113 §8.7).
fn classify(error: Error) -> RequestError {
    match error {
        Error::GoAway(_) | Error::Reset(ErrorCode::REFUSED_STREAM) => {
            RequestError::Unprocessed(error)
        }
        _ => RequestError::Failed(error),
    }
}

fn response(head: ResponseHead, length: Length) -> Response {
    Response {
        status: head.status,
        phrase: Bytes::new(),
        fields: head.fields,
        length,
    }
}

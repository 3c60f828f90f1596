//! A connection to an endpoint, shared by all requests of a worker.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::Reason;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use http::Uri;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use mesh_decide::fields::Fields;
use tokio::time::Instant;

use super::body::Body;
use super::keep_alive::Pinger;
use super::outgoing::Outgoing;
use crate::http::body::Incoming;
use crate::http::message::{Form, Length, Request, Response};
use crate::http2::body::Body as AnyBody;
use crate::http2::client::{Answer, RequestError};
use crate::http2::error::Error;
use crate::http2::room::Room;
use crate::http2::settings::Settings;
use crate::transport::Io;

/// The crate's own limit before it knows the endpoint's. It is not used up; no endpoint says the
/// same, so that it tells whether one has said something.
const STREAMS_AT_FIRST: usize = (1 << 20) - 3;

/// A connection that carries many requests at once; clones share it. It ends gracefully, with a
/// GOAWAY, once all clones and requests are gone.
#[derive(Clone, Debug)]
pub struct Client {
    requests: SendRequest<Bytes>,
    usage: Rc<Usage>,
}

impl Client {
    /// Begins HTTP/2 on a new connection. A task of this thread drives it until it ends.
    pub async fn connect(io: Io, settings: &Settings, room: Room) -> Result<Self, Error> {
        let (requests, mut connection) = Builder::new()
            .initial_window_size(settings.stream_window)
            .initial_connection_window_size(settings.connection_window)
            .max_frame_size(settings.max_frame_size)
            .max_header_list_size(settings.max_header_list_size)
            .max_send_buffer_size(settings.max_send_buffer)
            .initial_max_send_streams(STREAMS_AT_FIRST)
            .enable_push(false)
            .handshake(io)
            .await?;
        let usage = Rc::new(Usage::new(room));
        let pinger = Pinger::new(connection.ping_pong(), settings.keep_alive);
        tokio::task::spawn_local(drive(connection, pinger, Closing(usage.clone())));
        Ok(Self { requests, usage })
    }

    /// Whether new requests cannot be sent on it any more.
    pub fn is_closed(&self) -> bool {
        self.usage.closed.get()
    }

    /// Whether another request can be sent now.
    pub fn can_open(&self) -> bool {
        let limit = match self.is_settled() {
            true => self.requests.current_max_send_streams(),
            false => 1,
        };
        !self.is_closed() && self.usage.in_flight.get() < limit
    }

    /// Whether the endpoint has said how many it takes.
    pub fn is_settled(&self) -> bool {
        self.usage.settled.get()
    }

    /// Since when there has been no request; None while there is one.
    pub fn idle_since(&self) -> Option<Instant> {
        (self.usage.in_flight.get() == 0).then(|| self.usage.idle_since.get())
    }

    /// Sends a request's head.
    pub fn send(&mut self, request: &Request) -> Result<(Outgoing, Head), RequestError> {
        let head = head(request)?;
        let ended = request.length == Length::None;
        let sent = self.requests.send_request(head, ended);
        let (response, stream) = sent.map_err(|error| {
            self.usage.note(&error);
            RequestError::Unprocessed(error.into())
        })?;
        let head = Head {
            response,
            ticket: Some(Ticket::new(&self.usage)),
        };
        Ok((Outgoing::new(stream, ended), head))
    }
}

/// What a connection's owner may know of it.
#[derive(Debug)]
struct Usage {
    closed: Cell<bool>,
    in_flight: Cell<usize>,
    /// When the last request ended; of no meaning while there is one.
    idle_since: Cell<Instant>,
    settled: Cell<bool>,
    room: Room,
}

impl Usage {
    fn new(room: Room) -> Self {
        Self {
            closed: Cell::new(false),
            in_flight: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            settled: Cell::new(false),
            room,
        }
    }

    /// The endpoint's settings have come.
    fn settle(&self) {
        if !self.settled.replace(true) {
            self.room.changed();
        }
    }

    fn close(&self) {
        self.closed.set(true);
        self.room.changed();
    }

    /// After a GOAWAY nobody else is to try this connection, though it has not ended yet.
    fn note(&self, error: &h2::Error) {
        if error.is_go_away() {
            self.close();
        }
    }
}

/// One request in progress, until it is dropped.
#[derive(Debug)]
pub(super) struct Ticket(Rc<Usage>);

impl Ticket {
    fn new(usage: &Rc<Usage>) -> Self {
        usage.in_flight.set(usage.in_flight.get() + 1);
        Self(usage.clone())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let left = self.0.in_flight.get() - 1;
        self.0.in_flight.set(left);
        if left == 0 {
            self.0.idle_since.set(Instant::now());
        }
        self.0.room.one();
    }
}

/// Marks the connection as closed, however its task ends.
struct Closing(Rc<Usage>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn drive(
    mut connection: Connection<Io, Bytes>,
    mut pinger: Option<Pinger>,
    closing: Closing,
) {
    let ended = poll_fn(|cx| {
        let dead = pinger
            .as_mut()
            .is_some_and(|pinger| pinger.poll_dead(cx).is_ready());
        let polled = Pin::new(&mut connection).poll(cx);
        if connection.max_concurrent_send_streams() != STREAMS_AT_FIRST {
            closing.0.settle();
        }
        match polled {
            Poll::Ready(ended) => Poll::Ready(ended),
            Poll::Pending if dead => Poll::Ready(Err(Reason::NO_ERROR.into())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP/2 connection to an endpoint has ended");
    }
    drop(closing);
}

/// The response to come.
#[derive(Debug)]
pub struct Head {
    response: ResponseFuture,
    /// None once the final head was read.
    ticket: Option<Ticket>,
}

impl Head {
    /// The next head.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer, RequestError>> {
        if let Poll::Ready(Some(Ok(interim))) = self.response.poll_informational(cx) {
            let (parts, ()) = interim.into_parts();
            return Poll::Ready(Ok(Answer::Interim(response(parts, Length::None))));
        }
        let answered = ready!(Pin::new(&mut self.response).poll(cx));
        if let Some(Ticket(usage)) = &self.ticket {
            // Settings precede the first answer (RFC 9113 §3.4).
            usage.settle();
            if let Err(error) = &answered {
                usage.note(error);
            }
        }
        let (parts, stream) = answered.map_err(classify)?.into_parts();
        if stream.is_end_stream() {
            let response = response(parts, Length::None);
            self.ticket = None;
            return Poll::Ready(Ok(Answer::Final(response, Incoming::Empty)));
        }
        let mut response = response(parts, Length::Unknown);
        response.length = Length::declared(&response.fields);
        let body = Incoming::Http2(AnyBody::Library(Body::new(stream, self.ticket.take())));
        Poll::Ready(Ok(Answer::Final(response, body)))
    }
}

/// A refused stream, or one that a GOAWAY leaves out, was not processed (RFC 9113 §8.7).
fn classify(error: h2::Error) -> RequestError {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    let left_out = error.is_go_away() && error.is_remote();
    if refused || left_out {
        RequestError::Unprocessed(error.into())
    } else {
        RequestError::Failed(error.into())
    }
}

fn response(parts: http::response::Parts, length: Length) -> Response {
    Response {
        status: parts.status,
        phrase: Bytes::new(),
        fields: Fields::Map(parts.headers),
        length,
    }
}

/// The head as HTTP/2 carries it. `Host` becomes `:authority`.
fn head(request: &Request) -> Result<http::Request<()>, RequestError> {
    let mut map = request
        .fields
        .to_map()
        .map_err(|_| RequestError::NotExpressible)?;
    map.remove(HOST);
    let mut head = http::Request::new(());
    *head.method_mut() = request.method.clone();
    // The crate lets a request without authority pass only as a forwarded HTTP/1 one.
    if !request.authority.is_empty() {
        *head.version_mut() = http::Version::HTTP_2;
    }
    *head.uri_mut() = uri(request).ok_or(RequestError::NotExpressible)?;
    *head.headers_mut() = map;
    Ok(head)
}

fn uri(request: &Request) -> Option<Uri> {
    let mut parts = http::uri::Parts::default();
    if !request.authority.is_empty() {
        parts.authority = Some(Authority::from_maybe_shared(request.authority.clone()).ok()?);
    }
    if request.form != Form::Authority {
        let path = match request.path.is_empty() {
            true => Bytes::from_static(b"/"),
            false => request.path.clone(),
        };
        let asked = path.len();
        let path = PathAndQuery::from_maybe_shared(path).ok()?;
        // The crate's type drops what it takes for a fragment; the path must arrive as it was.
        if path.as_str().len() != asked {
            return None;
        }
        parts.path_and_query = Some(path);
        if parts.authority.is_some() {
            parts.scheme = Some(match request.https {
                true => Scheme::HTTPS,
                false => Scheme::HTTP,
            });
        }
    }
    Uri::from_parts(parts).ok()
}

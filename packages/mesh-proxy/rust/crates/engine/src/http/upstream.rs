//! A connection to an endpoint, of either version, and one request on it.

use std::future::Future;
use std::rc::Rc;

use mesh_wire::vocabulary::reasons;
use tokio::time::Instant;

use super::body::Outgoing;
use super::exchange::{Client, Ending, EndpointError, Failure, Head, exchange};
use super::message::{Length, Request, Response};
use super::pools::{Shelf, Target};
use super::record::Record;
use super::refusal::Refusal;
use super::service::Responder;
use super::streams::NoStream;
use crate::http1::{self, ClientError};
use crate::http2::{self, RequestError, Room};
use crate::in_flight::Line;
use crate::transport::{ConnectError, Io};

/// A connection to an endpoint.
pub(crate) enum Upstream {
    Http1 {
        client: Box<http1::Client>,
        /// Whether it has carried a request before: then it may have been closed meanwhile.
        reused: bool,
        shelf: Shelf,
    },
    Http2(http2::Client),
}

/// How one attempt to have a request answered ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The client has its response, as much of it as there is, or has gone.
    Over(Ending),
    /// The client has gone before.
    Gone,
    /// There is no response; the request may be sent again, on another connection.
    Again(Refusal),
    /// There is no response.
    Failed(Refusal),
    /// Nothing was sent: this version of HTTP cannot carry the request as it is.
    NotExpressible,
}

/// How a new connection to an endpoint is made.
pub(crate) trait Dial {
    /// A byte stream for HTTP/1.
    fn http1(self) -> impl Future<Output = Result<Io, ConnectError>>;

    /// `room`: who waits for a stream on it.
    fn http2(
        self,
        room: Room,
    ) -> impl Future<Output = Result<http2::Client, ConnectError>> + 'static;
}

/// Why a request has no connection.
#[derive(Debug)]
pub(crate) enum Unconnected {
    Connect(Rc<ConnectError>),
    /// Nothing was free in time.
    Full,
    /// As many wait as may.
    Overloaded,
    /// The client has gone.
    Gone,
}

impl Upstream {
    /// A kept connection, if that is `allowed` and there is one, or a new one; `now` is moved on
    /// if this waits.
    pub(crate) async fn http1<D: Dial>(
        target: &Rc<Target>,
        allowed: bool,
        now: &mut Instant,
        dial: impl FnOnce() -> D,
    ) -> Result<Self, Unconnected> {
        let kept = allowed.then(|| target.idle(*now)).flatten();
        let reused = kept.is_some();
        let (client, expiry) = match kept {
            Some(kept) => kept,
            None => {
                // New connections are rare: boxed, or else their state would be part of every
                // request's.
                let io = Box::pin(dial().http1()).await;
                let io = io.map_err(|error| Unconnected::Connect(Rc::new(error)))?;
                *now = Instant::now();
                (Box::new(http1::Client::new(io)), target.expiry())
            }
        };
        Ok(Self::Http1 {
            client,
            reused,
            shelf: Shelf::new(target.clone(), expiry),
        })
    }

    /// A connection with a stream for the request of `client`, who waits for it in `line` until
    /// `deadline`; `now` is moved on if this waits.
    pub(crate) async fn http2<D: Dial>(
        target: &Rc<Target>,
        client: &mut Client<'_, '_, '_>,
        line: &impl Line,
        deadline: Instant,
        now: &mut Instant,
        dial: impl Fn() -> D,
    ) -> Result<Self, Unconnected> {
        if let Some(ready) = target.streams.ready(*now) {
            return Ok(Self::Http2(ready));
        }
        let _place = line.enter().ok_or(Unconnected::Overloaded)?;
        let connect = |room| dial().http2(room);
        let mut waiting = Box::pin(target.streams.wait(connect, deadline));
        let waited = client.unless_gone(|cx| waiting.as_mut().poll(cx)).await;
        *now = Instant::now();
        match waited {
            Ok(Ok(ready)) => Ok(Self::Http2(ready)),
            Ok(Err(NoStream::Connect(error))) => Err(Unconnected::Connect(error)),
            Ok(Err(NoStream::Full)) => Err(Unconnected::Full),
            Err(error) => {
                tracing::debug!(%error, "a client has gone before its request was sent");
                Err(Unconnected::Gone)
            }
        }
    }

    /// Sends `request` and passes the response on to `client`.
    pub(crate) async fn attempt(
        self,
        request: &Request,
        client: &mut Client<'_, '_, '_>,
        edit: impl FnMut(&mut Response) -> bool,
        record: &mut Record,
    ) -> Attempt {
        match self {
            Self::Http1 {
                client: mut connection,
                reused,
                shelf,
            } => {
                let (sink, head) = connection.send(request);
                let sink = Outgoing::Http1(sink);
                let result = exchange(sink, Head::Http1(head), client, edit, record).await;
                match result {
                    Ok(Ending::Switched(response, protocol)) => {
                        if let Some(Responder::Http1(responder)) = client.responder.take() {
                            responder.switch(response, protocol, connection.into_io());
                        }
                        Attempt::Over(Ending::Whole)
                    }
                    Ok(ending) => {
                        if connection.is_reusable() {
                            shelf.put(connection);
                        }
                        Attempt::Over(ending)
                    }
                    Err(failure) => judge(failure, request, client, reused),
                }
            }
            Self::Http2(mut connection) => {
                let (sink, head) = match connection.send(request) {
                    Ok((sink, head)) => (Outgoing::Http2(sink), Head::Http2(head)),
                    Err(RequestError::NotExpressible) => return Attempt::NotExpressible,
                    Err(error) => {
                        let failure = Failure::Endpoint(EndpointError::Http2(error));
                        return judge(failure, request, client, true);
                    }
                };
                match exchange(sink, head, client, edit, record).await {
                    Ok(ending) => Attempt::Over(ending),
                    Err(failure) => judge(failure, request, client, true),
                }
            }
        }
    }
}

/// Whether a request without response may be sent again: nothing of its content is used up, and
/// either it was certainly not processed, or it has no content, may be processed twice (RFC 9110
/// §9.2.2) and went out on a connection that could have been closing.
fn judge(
    failure: Failure,
    request: &Request,
    client: &Client<'_, '_, '_>,
    reused: bool,
) -> Attempt {
    let error = match failure {
        Failure::Client(super::body::BodyError::Malformed(fault)) => {
            return Attempt::Failed(Refusal::malformed(fault));
        }
        Failure::Client(error) => {
            tracing::debug!(%error, "a client has gone before its response");
            return Attempt::Gone;
        }
        Failure::Endpoint(error) => error,
    };
    let whole = client.body.is_untouched() && client.responder.is_some();
    let twice = request.method.is_idempotent() && request.length == Length::None && reused;
    let again = match &error {
        EndpointError::Http2(RequestError::Unprocessed(_)) => true,
        EndpointError::Http1(ClientError::Closed(_)) => twice,
        EndpointError::Http2(RequestError::Failed(error)) => twice && !error.is_reset(),
        _ => false,
    };
    let refusal = refusal(&error);
    if again && whole {
        Attempt::Again(refusal)
    } else {
        Attempt::Failed(refusal)
    }
}

fn refusal(error: &EndpointError) -> Refusal {
    match error {
        EndpointError::Http1(ClientError::Closed(error)) => {
            Refusal::new(&reasons::PEER_CLOSED, error)
        }
        EndpointError::Http1(ClientError::Incomplete) => Refusal::new(
            &reasons::PEER_CLOSED,
            "the connection ended within the response's head",
        ),
        EndpointError::Http1(ClientError::Malformed(fault)) => {
            Refusal::new(&reasons::BAD_RESPONSE, fault)
        }
        EndpointError::Http2(RequestError::NotExpressible) => Refusal::new(
            &reasons::MALFORMED_REQUEST,
            "HTTP/2 cannot carry the request's target or fields",
        ),
        EndpointError::Http2(RequestError::Unprocessed(error) | RequestError::Failed(error)) => {
            Refusal::new(&reasons::PEER_CLOSED, error)
        }
    }
}

/// Why a request has no connection, as the client is told; None if it has gone.
pub(crate) fn unconnected_refusal(why: &Unconnected) -> Option<Refusal> {
    Some(match why {
        Unconnected::Connect(error) => connect_refusal(error),
        Unconnected::Full => Refusal::new(
            &reasons::FAILFAST,
            "no connection to the endpoint had a stream left in time",
        ),
        Unconnected::Overloaded => Refusal::new(
            &reasons::LOAD_SHED,
            "too many requests wait for a stream to the endpoint already",
        ),
        Unconnected::Gone => return None,
    })
}

/// Why an endpoint could not be connected to, as the client is told.
pub(crate) fn connect_refusal(error: &Rc<ConnectError>) -> Refusal {
    let reason = match &**error {
        ConnectError::Timeout(..) => &reasons::CONNECT_TIMEOUT,
        ConnectError::Loop(_) => &reasons::SELF_CONNECTION,
        ConnectError::NotCertified => &reasons::NOT_CERTIFIED,
        ConnectError::Tcp(..)
        | ConnectError::Tls(..)
        | ConnectError::NoTransport(_)
        | ConnectError::Authority(_) => &reasons::CONNECT_FAILED,
    };
    Refusal::new(reason, error)
}

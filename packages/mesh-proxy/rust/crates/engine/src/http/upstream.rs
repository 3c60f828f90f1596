//! A connection to an endpoint, of either version, and one request on it.

use std::rc::Rc;

use mesh_wire::vocabulary::reasons;

use super::body::Outgoing;
use super::exchange::{Client, Ending, EndpointError, Failure, Head, exchange};
use super::message::{Request, Response};
use super::pools::Shelf;
use super::record::Record;
use super::refusal::Refusal;
use super::service::Responder;
use crate::http1::{self, ClientError};
use crate::http2::{self, RequestError};
use crate::transport::ConnectError;

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

impl Upstream {
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
                let ready = client.unless_gone(|cx| connection.poll_ready(cx)).await;
                let sent = match ready {
                    Err(error) => {
                        tracing::debug!(%error, "a client has gone before its request was sent");
                        return Attempt::Gone;
                    }
                    Ok(ready) => ready.and_then(|()| connection.send(request)),
                };
                let (sink, head) = match sent {
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
/// either it was certainly not processed, or it may be processed twice (RFC 9110 §9.2.2) and went
/// out on a connection that could have been closing.
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
    let twice = request.method.is_idempotent() && reused;
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

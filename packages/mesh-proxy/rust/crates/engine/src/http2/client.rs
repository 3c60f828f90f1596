//! A connection to an endpoint, shared by all requests of a worker.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::error::Error;
use super::outgoing::Outgoing;
use super::room::Room;
use super::settings::{Implementation, Settings};
use super::{library, own};
use crate::http::body::Incoming;
use crate::http::message::{Request, Response};
use crate::transport::Io;

/// A connection that carries many requests at once; clones share it. It ends gracefully, with a
/// GOAWAY, once all clones and requests are gone.
#[derive(Clone, Debug)]
pub enum Client {
    #[doc(hidden)]
    Own(own::Client),
    #[doc(hidden)]
    Library(library::Client),
}

/// Why a request has no response.
#[derive(Debug)]
pub enum RequestError {
    /// HTTP/2 cannot carry the request as it is.
    NotExpressible,
    /// The endpoint did not take the request up; it may be sent again.
    Unprocessed(Error),
    /// What became of the request is not known.
    Failed(Error),
}

/// A response's head, or an interim one.
pub enum Answer {
    Interim(Response),
    Final(Response, Incoming<'static>),
}

impl Client {
    /// Begins HTTP/2 on a new connection. A task of this thread drives it until it ends, and tells
    /// those in `room` when a stream may be begun.
    pub async fn connect(io: Io, settings: &Settings, room: Room) -> Result<Self, Error> {
        match settings.implementation {
            Implementation::Own => Ok(Self::Own(own::Client::connect(io, settings, room))),
            Implementation::Library => {
                let client = library::Client::connect(io, settings, room).await?;
                Ok(Self::Library(client))
            }
        }
    }

    /// Whether new requests cannot be sent on it any more: it has ended or is ending.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Own(client) => client.is_closed(),
            Self::Library(client) => client.is_closed(),
        }
    }

    /// Whether another request can be sent now: the endpoint's limit of concurrent streams allows
    /// it, or is not known and this is the first one.
    pub fn can_open(&self) -> bool {
        match self {
            Self::Own(client) => client.can_open(),
            Self::Library(client) => client.can_open(),
        }
    }

    /// Whether the endpoint has said what that limit is.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Own(client) => client.is_settled(),
            Self::Library(client) => client.is_settled(),
        }
    }

    /// Since when there has been no request; None while there is one.
    pub fn idle_since(&self) -> Option<Instant> {
        match self {
            Self::Own(client) => client.idle_since(),
            Self::Library(client) => client.idle_since(),
        }
    }

    /// Sends a request's head; [`Self::can_open`] says when that will do.
    pub fn send(&mut self, request: &Request) -> Result<(Outgoing, Head), RequestError> {
        match self {
            Self::Own(client) => {
                let (out, head) = client.send(request)?;
                Ok((Outgoing::Own(out), Head::Own(head)))
            }
            Self::Library(client) => {
                let (out, head) = client.send(request)?;
                Ok((Outgoing::Library(out), Head::Library(head)))
            }
        }
    }
}

/// The response to come.
#[derive(Debug)]
pub enum Head {
    #[doc(hidden)]
    Own(own::Head),
    #[doc(hidden)]
    Library(library::Head),
}

impl Head {
    /// The next head.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer, RequestError>> {
        match self {
            Self::Own(head) => head.poll(cx),
            Self::Library(head) => head.poll(cx),
        }
    }
}

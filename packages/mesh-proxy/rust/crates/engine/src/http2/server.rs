//! A connection of a client.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mesh_wire::vocabulary::limits;

use super::error::Error;
use super::outgoing::Outgoing;
use super::settings::{Implementation, Settings};
use super::{library, own};
use crate::drain::Drain;
use crate::http::body::BodyError;
use crate::http::message::Response;
use crate::http::service::Service;
use crate::metrics::Registry;
use crate::transport::Io;

/// How long a client may take for its preface and settings.
pub(super) const HANDSHAKE: Duration = limits::HTTP2_PREFACE_TIME.time();

/// Serves a connection until it ends, or until its last stream has ended after `drain` or after the
/// connection's maximum age.
pub async fn serve<S: Service + 'static>(
    io: Io,
    service: Rc<S>,
    settings: &Settings,
    drain: &Drain,
    metrics: &Arc<Registry>,
) -> Result<(), Error> {
    match settings.implementation {
        Implementation::Own => own::serve(io, service, settings, drain, metrics).await,
        Implementation::Library => {
            // Boxed: the two do not need room beside each other.
            let served = Box::pin(library::serve(io, service, settings, drain, metrics));
            served.await
        }
    }
}

/// Resolves when no new streams are to be begun on a connection.
pub(super) async fn ending(drain: &Drain, max_age: Option<Duration>) {
    match max_age {
        None => drain.signaled().await,
        // Boxed: a timer is large, and most connections have none.
        Some(age) => {
            let _ = Box::pin(tokio::time::timeout(age, drain.signaled())).await;
        }
    }
}

/// Where a stream's response goes.
#[derive(Debug)]
pub enum Responder {
    #[doc(hidden)]
    Own(own::Responder),
    #[doc(hidden)]
    Library(library::Responder),
}

impl Responder {
    /// Sends a response's head.
    pub fn respond(&mut self, response: Response) -> Result<Outgoing, BodyError> {
        match self {
            Self::Own(responder) => responder.respond(response).map(Outgoing::Own),
            Self::Library(responder) => responder.respond(response).map(Outgoing::Library),
        }
    }

    /// Sends an interim response.
    pub fn interim(&mut self, response: Response) -> Result<(), BodyError> {
        match self {
            Self::Own(responder) => responder.interim(response),
            Self::Library(responder) => responder.interim(response),
        }
    }

    /// Ready when the client has given the request up.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        match self {
            Self::Own(responder) => responder.poll_gone(cx),
            Self::Library(responder) => responder.poll_gone(cx),
        }
    }
}

//! What a connection's requests are given to.

use std::future::Future;
use std::task::{Context, Poll};

use mesh_decide::http1::Malformed;

use super::body::{BodyError, Incoming, Outgoing};
use super::message::{Response, Version};
use crate::{http1, http2};

/// Answers requests.
pub trait Service {
    /// Answers one request. An upgraded HTTP/1 connection comes back to its owner through the
    /// responder.
    fn call(
        &self,
        request: super::message::Request,
        body: &mut Incoming<'_>,
        responder: Responder<'_>,
    ) -> impl Future<Output = ()>;

    /// The answer to what is no request.
    fn refuse(&self, fault: Malformed) -> Response;
}

/// Where a request's response goes.
#[derive(Debug)]
pub enum Responder<'a> {
    Http1(http1::Responder<'a>),
    Http2(http2::Responder),
}

impl<'a> Responder<'a> {
    /// Sends the response's head; its content goes to what is returned.
    pub fn respond(self, response: Response) -> Result<Outgoing<'a>, BodyError> {
        match self {
            Self::Http1(responder) => Ok(Outgoing::Http1(responder.respond(response))),
            Self::Http2(mut responder) => responder.respond(response).map(Outgoing::Http2),
        }
    }

    /// Sends an interim response, where the client's version has them.
    pub fn interim(&mut self, response: Response) -> Result<(), BodyError> {
        match self {
            Self::Http1(responder) => {
                responder.interim(response);
                Ok(())
            }
            Self::Http2(responder) => responder.interim(response),
        }
    }

    /// Writes interim responses that wait.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self {
            Self::Http1(responder) => responder.poll_flush(cx),
            Self::Http2(_) => Poll::Ready(Ok(())),
        }
    }

    /// Ends the client's connection after this response.
    pub fn close(&mut self) {
        if let Self::Http1(responder) = self {
            responder.close();
        }
    }

    /// The version of the client's connection.
    pub fn version(&self) -> super::Version {
        match self {
            Self::Http1(_) => super::Version::Http1,
            Self::Http2(_) => super::Version::Http2,
        }
    }
}

impl Version {
    /// Whether requests with this version are carried in HTTP/1 messages.
    pub fn is_http1(self) -> bool {
        matches!(self, Self::Http1(_))
    }
}

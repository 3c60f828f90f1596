//! One request and its response, both moving at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use mesh_wire::vocabulary::limits;
use tokio::time::{Sleep, sleep};

use super::body::{BodyError, Incoming, Outgoing};
use super::message::Response;
use super::pump::{Pump, PumpError};
use super::record::Record;
use super::service::Responder;
use crate::{http1, http2};

/// How long a response may take to begin after the client has ended its sending direction. That
/// is no good-bye in itself, but who has left looks no different until bytes are sent to it.
const HALF_CLOSED: Duration = limits::HTTP_HALF_CLOSED_TIME.time();

/// A response to come.
pub(super) enum Head<'a> {
    Http1(http1::Head<'a>),
    Http2(http2::Head),
}

enum Answer<'a> {
    Interim(Response),
    Final(Response, Incoming<'a>),
    Switched(Response, Option<Bytes>),
}

impl<'a> Head<'a> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answer<'a>, EndpointError>> {
        match self {
            Self::Http1(head) => head.poll(cx).map(|answer| match answer {
                Ok(http1::Answer::Interim(response)) => Ok(Answer::Interim(response)),
                Ok(http1::Answer::Final(response, body)) => Ok(Answer::Final(response, body)),
                Ok(http1::Answer::Switched(response, protocol)) => {
                    Ok(Answer::Switched(response, protocol))
                }
                Err(error) => Err(EndpointError::Http1(error)),
            }),
            Self::Http2(head) => head.poll(cx).map(|answer| match answer {
                Ok(http2::Answer::Interim(response)) => Ok(Answer::Interim(response)),
                Ok(http2::Answer::Final(response, body)) => Ok(Answer::Final(response, body)),
                Err(error) => Err(EndpointError::Http2(error)),
            }),
        }
    }
}

/// Why an endpoint has given no response.
#[derive(Debug)]
pub(crate) enum EndpointError {
    Http1(http1::ClientError),
    Http2(http2::RequestError),
}

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client has gone, or its content is broken: the request must not be sent again.
    Client(BodyError),
    Endpoint(EndpointError),
}

/// How an exchange ended that had a response.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The response was passed on to its end.
    Whole,
    /// The endpoint broke off within the response.
    Cut(BodyError),
    /// The client did not want the rest.
    Left(BodyError),
    /// The endpoint has left HTTP; the head is for the client, and it is not yet sent.
    Switched(Response, Option<Bytes>),
}

/// The client's side of an exchange.
pub(crate) struct Client<'a, 'b, 'c> {
    pub(crate) body: &'a mut Incoming<'b>,
    /// None once the response's head was passed on.
    pub(crate) responder: Option<Responder<'c>>,
}

impl Client<'_, '_, '_> {
    /// What `poll` gives, unless the client leaves before; nothing of its content is read.
    pub(super) async fn unless_gone<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, BodyError> {
        let mut half_closed = None;
        poll_fn(|cx| match poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll_gone(&mut half_closed, cx).map(Err),
        })
        .await
    }

    /// Ready when the client has gone, after it has sent its whole request.
    fn poll_gone(
        &mut self,
        half_closed: &mut Option<Pin<Box<Sleep>>>,
        cx: &mut Context<'_>,
    ) -> Poll<BodyError> {
        if let Some(Responder::Http2(responder)) = &mut self.responder {
            return responder.poll_gone(cx);
        }
        let Incoming::Http1(body) = self.body else {
            return Poll::Pending;
        };
        match body.poll_gone(cx) {
            Poll::Ready(Some(error)) => Poll::Ready(error),
            Poll::Ready(None) => half_closed
                .get_or_insert_with(|| Box::pin(sleep(HALF_CLOSED)))
                .as_mut()
                .poll(cx)
                .map(|()| BodyError::Incomplete),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Sends a request's content and passes the response on, both at once. `edit` changes every head
/// for the client, and says whether the client's connection is to end with the response.
pub(super) async fn exchange(
    mut sink: Outgoing<'_>,
    mut head: Head<'_>,
    client: &mut Client<'_, '_, '_>,
    mut edit: impl FnMut(&mut Response) -> bool,
    record: &mut Record,
) -> Result<Ending, Failure> {
    let mut upload = Upload::default();
    let (mut response, mut content) =
        match begin(&mut sink, &mut head, client, &mut upload, &mut edit).await? {
            Answer::Final(response, content) => (response, content),
            Answer::Switched(mut response, protocol) => {
                record.head(&response);
                edit(&mut response);
                return Ok(Ending::Switched(response, protocol));
            }
            Answer::Interim(_) => unreachable!("interim responses do not end the wait"),
        };
    record.head(&response);
    let close = edit(&mut response);
    let Some(mut responder) = client.responder.take() else {
        return Ok(Ending::Left(BodyError::Incomplete));
    };
    if close {
        responder.close();
    }
    let mut out = match responder.respond(response) {
        Ok(out) => out,
        Err(error) => return Ok(Ending::Left(error)),
    };
    let mut download = Pump::default();
    let ending = poll_fn(|cx| {
        if let Err(error) = upload.poll(cx, client.body, &mut sink) {
            sink.abort(&error);
            return Poll::Ready(Ending::Left(error));
        }
        match download.poll(cx, &mut content, &mut out, |frame| record.frame(frame)) {
            Poll::Ready(Ok(())) => Poll::Ready(Ending::Whole),
            Poll::Ready(Err(PumpError::Source(error))) => Poll::Ready(Ending::Cut(error)),
            Poll::Ready(Err(PumpError::Sink(error))) => Poll::Ready(Ending::Left(error)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    match &ending {
        Ending::Cut(error) => out.abort(error),
        Ending::Left(error) => sink.abort(error),
        Ending::Whole | Ending::Switched(..) => {}
    }
    Ok(ending)
}

/// Waits for the response's final head while the request's content is on its way.
async fn begin<'h>(
    sink: &mut Outgoing<'_>,
    head: &mut Head<'h>,
    client: &mut Client<'_, '_, '_>,
    upload: &mut Upload,
    edit: &mut impl FnMut(&mut Response) -> bool,
) -> Result<Answer<'h>, Failure> {
    let mut half_closed = None;
    poll_fn(|cx| {
        if let Err(error) = upload.poll(cx, client.body, sink) {
            sink.abort(&error);
            return Poll::Ready(Err(Failure::Client(error)));
        }
        loop {
            match head.poll(cx) {
                Poll::Ready(Ok(Answer::Interim(mut interim))) => {
                    edit(&mut interim);
                    if let Some(responder) = &mut client.responder {
                        responder.interim(interim).map_err(Failure::Client)?;
                    }
                }
                Poll::Ready(Ok(answer)) => return Poll::Ready(Ok(answer)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::Endpoint(error))),
                Poll::Pending => break,
            }
        }
        if upload.is_over()
            && let Poll::Ready(error) = client.poll_gone(&mut half_closed, cx)
        {
            sink.abort(&error);
            return Poll::Ready(Err(Failure::Client(error)));
        }
        match client
            .responder
            .as_mut()
            .map(|responder| responder.poll_flush(cx))
        {
            Some(Poll::Ready(Err(error))) => Poll::Ready(Err(Failure::Client(error))),
            _ => Poll::Pending,
        }
    })
    .await
}

/// The request's content on its way.
#[derive(Default)]
struct Upload {
    pump: Pump,
    /// The endpoint takes no more; its response, or the end of it, will say why.
    refused: bool,
}

impl Upload {
    /// Goes on; an error is the client's.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming<'_>,
        sink: &mut Outgoing<'_>,
    ) -> Result<(), BodyError> {
        if self.is_over() {
            return Ok(());
        }
        match self.pump.poll(cx, body, sink, |_| {}) {
            Poll::Ready(Err(PumpError::Source(error))) => Err(error),
            Poll::Ready(Err(PumpError::Sink(_))) => {
                self.refused = true;
                Ok(())
            }
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    fn is_over(&self) -> bool {
        self.refused || self.pump.is_finished()
    }
}

//! A connection of a client: one task for it, and one for each of its streams.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use mesh_decide::http2::connection::Role;
use mesh_decide::http2::head::{RequestHead, Scheme};
use mesh_decide::http2::{ErrorCode, Malformed};
use tokio::time::{Sleep, sleep};

use super::body::Body;
use super::driver::{Arrival, Driver};
use super::outgoing::Outgoing;
use super::stream::Stream;
use crate::drain::Drain;
use crate::http::body::{BodyError, Incoming};
use crate::http::message::{Form, Length, Request, Response, Version};
use crate::http::service::{self, Service};
use crate::http2::body::Body as AnyBody;
use crate::http2::error::Error;
use crate::http2::server::{HANDSHAKE, Responder as AnyResponder, ending};
use crate::http2::settings::Settings;
use crate::metrics::Registry;
use crate::survive::survive;
use crate::transport::Io;

/// Serves a connection until it ends, or until its last stream has ended after `drain` or after the
/// connection's maximum age.
pub async fn serve<S: Service + 'static>(
    io: Io,
    service: Rc<S>,
    settings: &Settings,
    drain: &Drain,
    metrics: &Arc<Registry>,
) -> Result<(), Error> {
    let mut driver = Driver::new(io, Role::Server, settings, None);
    let shared = driver.shared().clone();
    let mut drained = pin!(ending(drain, settings.max_age));
    let mut draining = false;
    let mut deadline: Option<Pin<Box<Sleep>>> = Some(Box::pin(sleep(HANDSHAKE)));
    let ended = poll_fn(|cx| {
        if !draining && drained.as_mut().poll(cx).is_ready() {
            draining = true;
            shared.borrow().connection.shut_down();
        }
        if let Some(timer) = &mut deadline {
            let late = timer.as_mut().poll(cx).is_ready();
            if shared.borrow().connection.is_settled() {
                deadline = None;
            } else if late {
                deadline = None;
                driver.fail(Error::Silent);
            }
        }
        driver.poll(cx, |arrival| {
            let (service, metrics) = (service.clone(), metrics.clone());
            let Arrival { stream, request } = arrival;
            let stream = Rc::new(Stream {
                shared: shared.clone(),
                number: stream,
            });
            // Boxed: the runtime moves a task's state several times.
            tokio::task::spawn_local(Box::pin(async move {
                survive(&metrics, "HTTP/2", || answer(service, stream, request)).await;
            }));
        })
    })
    .await;
    let why = ended.as_ref().err().cloned();
    shared.borrow().end(why.unwrap_or(Error::Closed));
    ended
}

async fn answer<S: Service>(
    service: Rc<S>,
    stream: Rc<Stream>,
    request: Result<(Box<RequestHead>, bool), Malformed>,
) {
    let mut responder = Responder {
        stream: stream.clone(),
    };
    match request {
        Ok((head, end)) => {
            let (request, mut body) = take(*head, end, stream);
            let responder = service::Responder::Http2(AnyResponder::Own(responder));
            service.call(request, &mut body, responder).await;
        }
        Err(fault) => {
            let Some(fault) = fault.answer() else {
                return responder.reset(ErrorCode::PROTOCOL_ERROR);
            };
            if let Err(error) = responder.respond(service.refuse(fault)) {
                tracing::debug!(%error, "a refused request could not be answered");
            }
        }
    }
}

fn take(head: RequestHead, end: bool, stream: Rc<Stream>) -> (Request, Incoming<'static>) {
    let form = match head.path.is_empty() {
        true => Form::Authority,
        false => Form::Origin,
    };
    let (length, body) = match end {
        true => (Length::None, Incoming::Empty),
        false => (
            head.content_length.map_or(Length::Unknown, Length::Known),
            Incoming::Http2(AnyBody::Own(Body::new(stream))),
        ),
    };
    let request = Request {
        method: head.method,
        authority: head.authority,
        path: head.path,
        form,
        https: head.scheme == Scheme::Https,
        version: Version::Http2,
        upgrade: None,
        fields: head.fields,
        length,
    };
    (request, body)
}

/// Where a stream's response goes.
#[derive(Debug)]
pub struct Responder {
    stream: Rc<Stream>,
}

impl Responder {
    pub fn respond(&mut self, response: Response) -> Result<Outgoing, BodyError> {
        let ended = response.length == Length::None;
        self.head(&response, ended)?;
        Ok(Outgoing::new(self.stream.clone(), ended))
    }

    pub fn interim(&mut self, response: Response) -> Result<(), BodyError> {
        self.head(&response, false)
    }

    fn head(&mut self, response: &Response, end: bool) -> Result<(), BodyError> {
        let number = self.stream.number;
        let mut core = self.stream.shared.borrow();
        if (core.connection).respond(number, response.status, &response.fields, end) {
            core.stir();
            return Ok(());
        }
        let mailbox = core.connection.get(number);
        let error = mailbox.and_then(|mailbox| mailbox.error.clone());
        Err(error.map_or(BodyError::Incomplete, BodyError::from))
    }

    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let mut core = self.stream.shared.borrow();
        match core.connection.get(self.stream.number) {
            None => Poll::Ready(BodyError::Incomplete),
            Some(mailbox) => match &mailbox.error {
                Some(error) => Poll::Ready(error.clone().into()),
                None => {
                    mailbox.watch(cx);
                    Poll::Pending
                }
            },
        }
    }

    pub fn reset(&mut self, reason: ErrorCode) {
        let mut core = self.stream.shared.borrow();
        core.connection.reset(self.stream.number, reason);
        core.stir_to_write();
    }
}

//! A connection of a client: one task for it, and one for each of its streams.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, Connection, SendResponse};
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::Scheme;
use mesh_decide::authority;
use mesh_decide::fields::Fields;
use mesh_decide::http1::{MAX_FIELDS, Malformed};

use super::body::Body;
use super::error::code;
use super::keep_alive::Pinger;
use super::outgoing::Outgoing;
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
    let handshake = builder(settings).handshake(io);
    let Ok(connection) = tokio::time::timeout(HANDSHAKE, handshake).await else {
        return Err(Error::Silent);
    };
    let mut connection: Connection<Io, Bytes> = connection?;
    let mut pinger = Pinger::new(connection.ping_pong(), settings.keep_alive);
    let mut drained = pin!(ending(drain, settings.max_age));
    let mut draining = false;
    loop {
        let accepted = poll_fn(|cx| {
            if !draining && drained.as_mut().poll(cx).is_ready() {
                draining = true;
                connection.graceful_shutdown();
            }
            let dead = pinger
                .as_mut()
                .is_some_and(|pinger| pinger.poll_dead(cx).is_ready());
            match connection.poll_accept(cx) {
                Poll::Pending if dead => Poll::Ready(None),
                accepted => accepted,
            }
        });
        match accepted.await {
            Some(Ok((request, respond))) => {
                let (service, metrics) = (service.clone(), metrics.clone());
                tokio::task::spawn_local(async move {
                    survive(&metrics, "HTTP/2", || stream(service, request, respond)).await;
                });
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(()),
        }
    }
}

fn builder(settings: &Settings) -> Builder {
    let mut builder = Builder::new();
    builder
        .initial_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_concurrent_streams(settings.max_concurrent_streams)
        .max_frame_size(settings.max_frame_size)
        .max_header_list_size(settings.max_header_list_size)
        .max_send_buffer_size(settings.max_send_buffer)
        .max_pending_accept_reset_streams(settings.max_pending_accept_resets);
    builder
}

async fn stream<S: Service>(
    service: Rc<S>,
    request: http::Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let mut responder = Responder { respond };
    match take(request) {
        Ok((request, mut body)) => {
            service
                .call(
                    request,
                    &mut body,
                    service::Responder::Http2(AnyResponder::Library(responder)),
                )
                .await;
        }
        Err(fault) => {
            let response = service.refuse(fault);
            if let Err(error) = responder.respond(response) {
                tracing::debug!(%error, "a refused request could not be answered");
            }
        }
    }
}

fn take(request: http::Request<RecvStream>) -> Result<(Request, Incoming<'static>), Malformed> {
    let (parts, stream) = request.into_parts();
    if parts.headers.len() > MAX_FIELDS {
        return Err(Malformed::TooManyFields);
    }
    let uri = parts.uri;
    let mut fields = Fields::Map(parts.headers);
    let authority = take_authority(&uri, &mut fields)?;
    let form = match uri.path_and_query() {
        None => Form::Authority,
        Some(_) => Form::Origin,
    };
    let path = match uri.path_and_query() {
        Some(path) if form == Form::Origin => Bytes::copy_from_slice(path.as_str().as_bytes()),
        _ => Bytes::new(),
    };
    if fields.get_all(&CONTENT_LENGTH).count() > 1 {
        return Err(Malformed::ContentLength);
    }
    let (length, body) = match stream.is_end_stream() {
        true => (Length::None, Incoming::Empty),
        false => (
            Length::declared(&fields),
            Incoming::Http2(AnyBody::Library(Body::new(stream, None))),
        ),
    };
    let request = Request {
        method: parts.method,
        authority,
        path,
        form,
        https: uri.scheme() == Some(&Scheme::HTTPS),
        version: Version::Http2,
        upgrade: None,
        fields,
        length,
    };
    Ok((request, body))
}

/// The request's one authority: `:authority`, or else `Host`, which must not say otherwise
/// (RFC 9113 §8.3.1).
fn take_authority(uri: &http::Uri, fields: &mut Fields) -> Result<Bytes, Malformed> {
    let own = uri.authority().map(|own| own.as_str().as_bytes());
    let authority = match (own, fields.get(&HOST)) {
        _ if fields.get_all(&HOST).count() > 1 => return Err(Malformed::Host),
        (Some(own), Some(host)) if !own.eq_ignore_ascii_case(host) => return Err(Malformed::Host),
        (Some(own), _) => own,
        (None, host) => host.unwrap_or_default(),
    };
    if !authority.is_empty() && !authority::is_valid(authority) {
        return Err(Malformed::Host);
    }
    let authority = Bytes::copy_from_slice(authority);
    fields.remove(&HOST);
    Ok(authority)
}

/// Where a stream's response goes.
#[derive(Debug)]
pub struct Responder {
    respond: SendResponse<Bytes>,
}

impl Responder {
    /// Sends a response's head.
    pub fn respond(&mut self, response: Response) -> Result<Outgoing, BodyError> {
        let ended = response.length == Length::None;
        let head = head(response)?;
        let stream = self.respond.send_response(head, ended)?;
        Ok(Outgoing::new(stream, ended))
    }

    /// Sends an interim response.
    pub fn interim(&mut self, response: Response) -> Result<(), BodyError> {
        let head = head(response)?;
        self.respond.send_informational(head)?;
        Ok(())
    }

    /// Ready when the client has given the request up.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        self.respond.poll_reset(cx).map(|reason| match reason {
            Ok(reason) => BodyError::Reset(code(reason)),
            Err(error) => error.into(),
        })
    }
}

fn head(response: Response) -> Result<http::Response<()>, BodyError> {
    let map = response
        .fields
        .into_map()
        .map_err(|_| BodyError::Trailers)?;
    let mut head = http::Response::new(());
    *head.status_mut() = response.status;
    *head.headers_mut() = map;
    Ok(head)
}

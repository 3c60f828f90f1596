//! A connection of a client: one task, its requests one after another.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::UPGRADE;
use mesh_decide::http1::request::{self, Form as TargetForm};
use mesh_decide::http1::scan::LineEnds;
use mesh_decide::http1::{self, Malformed};
use mesh_wire::vocabulary::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Sleep, sleep, timeout};

use super::body::{Body, Left};
use super::input::{HeadError, Input, scanner};
use super::outgoing::Written;
use super::output::Output;
use super::responder::Responder;
use crate::drain::Drain;
use crate::http::body::{Frame, Incoming};
use crate::http::message::{Form, Request, Version};
use crate::http::service::{self, Service};
use crate::transport::Io;

/// How long a client may take for a head once it has begun one. Between requests it may be idle
/// for as long as it likes: whoever accepts connections for the application decides that.
const HEAD: Duration = limits::HTTP1_HEAD_TIME.time();
/// The same once the process is to end. Whoever has begun a head means to send the rest.
const LAST_HEAD: Duration = limits::DRAIN_LAST_WORDS_TIME.time();
/// How much of an unread request is read for the sake of the connection.
const DISCARDED: usize = limits::HTTP1_DISCARDED_BYTES.size();
/// How long is read after the last response, so that a client which still sends
/// gets to read it (RFC 9112 §9.6).
const LINGER: Duration = limits::HTTP1_LINGER_TIME.time();

/// How much is read then.
const LINGERED: usize = limits::HTTP1_LINGER_BYTES.size();

/// A connection that has become something else, with the one to the endpoint.
#[derive(Debug)]
pub struct Tunnel {
    pub client: Io,
    pub endpoint: Io,
}

/// Serves a connection until either side ends it, or after the request in progress once `drain` is
/// signaled. Some if it was upgraded: the two streams are then to be joined.
pub async fn serve<S: Service>(io: Io, service: &S, drain: &Drain) -> Option<Tunnel> {
    let mut connection = Connection {
        io: RefCell::new(io),
        input: Input::default(),
        output: Output::default(),
    };
    let mut drained = pin!(drain.signaled());
    loop {
        let head = match connection.head(drained.as_mut()).await {
            Ok(Some(head)) => head,
            Ok(None) => return None,
            Err(fault) => {
                connection.refuse(service, fault).await;
                return None;
            }
        };
        let mut state = State::new(&head, drain.is_draining());
        // Boxed: a connection is idle for most of its life, and a request's state is large.
        Box::pin(connection.answer(service, head, &mut state)).await;
        match connection.settle(state).await {
            Next::Request => {}
            Next::Tunnel(endpoint) => return Some(connection.into_tunnel(endpoint)),
            Next::Close => return None,
        }
    }
}

/// What one request leaves behind.
#[derive(Debug)]
pub(super) struct State {
    pub(super) written: Written,
    /// Whether the end of the connection would be taken for the end of the response.
    pub(super) until_close: bool,
    pub(super) keep_alive: bool,
    pub(super) tunnel: Option<Io>,
    left: Left,
}

impl State {
    fn new(head: &request::Head, draining: bool) -> Self {
        Self {
            written: Written::default(),
            until_close: false,
            keep_alive: head.keep_alive && !draining,
            tunnel: None,
            left: Left::of(head.framing),
        }
    }
}

enum Next {
    Request,
    Tunnel(Io),
    Close,
}

struct Connection {
    io: RefCell<Io>,
    input: Input,
    output: Output,
}

impl Connection {
    /// The next request's head; None when there is none to come.
    async fn head(
        &mut self,
        mut drained: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<request::Head>, Malformed> {
        let mut scanner = scanner(LineEnds::Strict);
        let mut deadline: Option<Pin<Box<Sleep>>> = None;
        let mut last = false;
        let found = poll_fn(|cx| {
            let found = loop {
                self.input.skip_empty_lines();
                match self.input.poll_head(&self.io, &mut scanner, cx) {
                    // An empty line that came together with the head behind it.
                    Poll::Ready(Ok(Some(block))) if block == "\r\n" => {
                        scanner = self::scanner(LineEnds::Strict);
                    }
                    found => break found,
                }
            };
            if found.is_ready() {
                return found;
            }
            let drained = !last && drained.as_mut().poll(cx).is_ready();
            if self.input.buffer.is_empty() {
                return match drained || last {
                    true => Poll::Ready(Ok(None)),
                    false => Poll::Pending,
                };
            }
            if drained {
                last = true;
                deadline = Some(Box::pin(sleep(LAST_HEAD)));
            }
            let deadline = deadline.get_or_insert_with(|| Box::pin(sleep(HEAD)));
            match deadline.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Err(HeadError::Incomplete)),
                Poll::Pending => Poll::Pending,
            }
        });
        match found.await {
            Ok(Some(block)) => request::parse(block).map(Some),
            Ok(None) | Err(HeadError::Io(_) | HeadError::Incomplete) => Ok(None),
            Err(HeadError::Malformed(fault)) => Err(fault),
        }
    }

    async fn answer<S: Service>(&mut self, service: &S, head: request::Head, state: &mut State) {
        let mut left = std::mem::take(&mut state.left);
        let version = head.version;
        let waits = Cell::new(head.expects_continue);
        let request = request_of(head);
        let is_head = request.method == ::http::Method::HEAD;
        {
            let body = Body::new(&self.io, &mut self.input, &mut left);
            let mut body = Incoming::Http1(body.of_who(&waits));
            let (io, output) = (&self.io, &mut self.output);
            let responder = Responder::new(io, output, state, &waits, version, is_head);
            let responder = service::Responder::Http1(responder);
            service.call(request, &mut body, responder).await;
        }
        state.left = left;
    }

    /// Brings the connection to where the next request can be read, if it can be.
    async fn settle(&mut self, mut state: State) -> Next {
        let flushed = poll_fn(|cx| self.output.poll_flush(&self.io, cx)).await;
        if flushed.is_err() {
            return Next::Close;
        }
        if let Some(endpoint) = state.tunnel.take() {
            return Next::Tunnel(endpoint);
        }
        if state.written != Written::Whole {
            if state.until_close && state.written == Written::Head {
                self.reset();
            }
            return Next::Close;
        }
        if state.keep_alive && self.discard(&mut state.left).await {
            self.output.release();
            return Next::Request;
        }
        self.close(!state.left.is_nothing()).await;
        Next::Close
    }

    /// Reads what is left of a request that was answered early, if it is little and comes soon.
    async fn discard(&mut self, left: &mut Left) -> bool {
        if left.is_nothing() {
            return true;
        }
        let mut body = Body::new(&self.io, &mut self.input, left);
        let mut read = 0;
        let discard = poll_fn(|cx| {
            loop {
                match ready!(body.poll_frame(cx)) {
                    Ok(Frame::Data { bytes, end: false }) if read < DISCARDED => {
                        read += bytes.len();
                    }
                    _ => return Poll::Ready(()),
                }
            }
        });
        // What did not come in time is left unread.
        let _ = timeout(LINGER, discard).await;
        left.is_nothing()
    }

    async fn refuse<S: Service>(&mut self, service: &S, fault: Malformed) {
        let mut state = State {
            written: Written::default(),
            until_close: false,
            keep_alive: false,
            tunnel: None,
            left: Left::default(),
        };
        let version = http1::Version::Http11;
        let waits = Cell::new(false);
        let (io, output) = (&self.io, &mut self.output);
        let responder = Responder::new(io, output, &mut state, &waits, version, false);
        responder.respond(service.refuse(fault));
        if poll_fn(|cx| self.output.poll_flush(&self.io, cx))
            .await
            .is_ok()
        {
            self.close(true).await;
        }
    }

    /// Closes; with unread bytes only after the client has had the time to read the response,
    /// which the reset that unread bytes cause would take from it.
    async fn close(&mut self, unread: bool) {
        let io = self.io.get_mut();
        if io.shutdown().await.is_err() || !unread {
            return;
        }
        let linger = async {
            let mut scrap = crate::buffer::take();
            let mut read = 0;
            while read < LINGERED {
                match io.read(&mut scrap).await {
                    Ok(0) | Err(_) => return,
                    Ok(length) => read += length,
                }
            }
        };
        // Whoever sends on and on is cut off.
        let _ = timeout(LINGER, linger).await;
    }

    /// Makes the end of the connection look like the failure that it is.
    fn reset(&mut self) {
        // Without the option the close is an ordinary one: nothing else can be done about it here.
        let _ = socket2::SockRef::from(self.io.get_mut().tcp()).set_linger(Some(Duration::ZERO));
    }

    fn into_tunnel(mut self, endpoint: Io) -> Tunnel {
        let ahead = self.input.take(self.input.buffer.len());
        let io = self.io.into_inner();
        Tunnel {
            client: if ahead.is_empty() {
                io
            } else {
                io.replay(ahead)
            },
            endpoint,
        }
    }
}

/// The head as both versions have it.
fn request_of(head: request::Head) -> Request {
    let path = match head.form {
        TargetForm::Absolute { path } => head.target.slice(usize::from(path)..),
        TargetForm::Authority => Bytes::new(),
        TargetForm::Origin | TargetForm::Asterisk => head.target.clone(),
    };
    let form = match head.form {
        TargetForm::Absolute { .. } => Form::Absolute,
        TargetForm::Authority => Form::Authority,
        TargetForm::Origin | TargetForm::Asterisk => Form::Origin,
    };
    let https = form == Form::Absolute && head.target[4].eq_ignore_ascii_case(&b's');
    let upgrade = match head.upgrade {
        true => head.fields.get(&UPGRADE).map(Bytes::copy_from_slice),
        false => None,
    };
    Request {
        method: head.method,
        authority: head.authority,
        path,
        form,
        https,
        version: Version::Http1(head.version),
        upgrade,
        fields: head.fields,
        length: head.framing.into(),
    }
}

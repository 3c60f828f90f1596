//! Finding out what a client speaks, and whether its server speaks first.

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use mesh_decide::detect::{Protocol, settle};
use mesh_decide::first_speaker::{Event, First, FirstSpeaker, QUIET, Step, are_http2_settings};
use tokio::time::{Instant, sleep, sleep_until};

use super::FirstBytes;
use crate::balance::Pending;
use crate::transport::Io;

/// A connection to a server, and the load that it is.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) io: Io,
    pub(crate) load: Option<Pending>,
}

/// How to find out.
pub(crate) struct Identify<C> {
    /// The judgement of first bytes.
    pub(crate) look: fn(&[u8]) -> Option<Protocol>,
    /// How long the client has.
    pub(crate) limit: Duration,
    /// Opens a connection to the server; None where that must not be done before the protocol is
    /// known. Its own failure is None.
    pub(crate) connect: Option<C>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) protocol: Protocol,
    /// A connection to the server that is already there; only with [`Protocol::Opaque`].
    pub(crate) upstream: Option<Upstream>,
    /// What is to be remembered of the destination.
    pub(crate) first: Option<First>,
    /// Whether the client's time was up.
    pub(crate) timed_out: bool,
    /// The bytes that were read, to be replayed.
    pub(crate) bytes: Bytes,
}

impl Found {
    /// A server that is known to speak first: nobody needs to be watched.
    pub(crate) fn opaque() -> Self {
        Self {
            protocol: Protocol::Opaque,
            upstream: None,
            first: None,
            timed_out: false,
            bytes: Bytes::new(),
        }
    }

    /// The value of the label `result`.
    pub(crate) fn result(&self) -> &'static str {
        match self.protocol {
            _ if self.timed_out => "read_timeout",
            Protocol::Http1 => "http/1",
            Protocol::Http2 => "http/2",
            Protocol::Tls(_) | Protocol::Opaque => "not_http",
        }
    }
}

impl<C: Future<Output = Option<Upstream>>> Identify<C> {
    /// Watches both sides until it is clear; None if the client went away without a word.
    ///
    /// # Errors
    /// When the client's connection fails.
    pub(crate) async fn run(self, client: &mut Io) -> io::Result<Option<Found>> {
        let mut machine = FirstSpeaker::new(self.connect.is_some());
        let mut server = Server::Idle(self.connect.map(Box::pin));
        let mut bytes = FirstBytes::default();
        let deadline = Instant::now() + self.limit;
        let mut quiet = pin!(sleep(QUIET));
        let mut was_quiet = false;
        loop {
            let event = tokio::select! {
                biased;
                read = bytes.read(client) => {
                    let open = read?;
                    if !open && bytes.as_slice().is_empty() && server.is_idle() {
                        return Ok(None);
                    }
                    match judge(self.look, open, &bytes) {
                        Some(event) => event,
                        None => continue,
                    }
                }
                event = server.event() => event,
                () = &mut quiet, if !was_quiet => {
                    was_quiet = true;
                    if !bytes.as_slice().is_empty() {
                        continue; // the client has begun to speak
                    }
                    Event::Quiet
                }
                () = sleep_until(deadline) => Event::TimedOut(settle(bytes.as_slice())),
            };
            let timed_out = matches!(event, Event::TimedOut(_));
            let (protocol, first) = match machine.on(event) {
                Step::Wait => continue,
                Step::Connect => {
                    server.connect();
                    continue;
                }
                Step::Join(first) => (Protocol::Opaque, first),
                Step::Speak(protocol, first) => (protocol, first),
            };
            let upstream = match protocol {
                Protocol::Opaque => server.finish().await,
                _ => None,
            };
            return Ok(Some(Found {
                protocol,
                upstream,
                first,
                timed_out,
                bytes: bytes.into_bytes(),
            }));
        }
    }
}

fn judge(look: fn(&[u8]) -> Option<Protocol>, open: bool, bytes: &FirstBytes) -> Option<Event> {
    match look(bytes.as_slice()) {
        Some(protocol) => Some(Event::Detected(protocol)),
        None if open => None,
        // No more will come.
        None => Some(Event::Detected(settle(bytes.as_slice()))),
    }
}

/// The speculative connection.
enum Server<C> {
    Idle(Option<Pin<Box<C>>>),
    Opening(Pin<Box<C>>),
    /// Open, with what the server has said.
    Open(Upstream, FirstBytes),
    Gone,
}

impl<C: Future<Output = Option<Upstream>>> Server<C> {
    fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_) | Self::Gone)
    }

    fn connect(&mut self) {
        if let Self::Idle(connect) = self {
            *self = match connect.take() {
                Some(connect) => Self::Opening(connect),
                None => Self::Gone,
            };
        }
    }

    /// The next thing that happens on it. Nothing is lost if the future is dropped.
    async fn event(&mut self) -> Event {
        match self {
            Self::Idle(_) | Self::Gone => pending().await,
            Self::Opening(connect) => match connect.await {
                Some(upstream) => {
                    *self = Self::Open(upstream, FirstBytes::default());
                    Event::Connected
                }
                None => {
                    *self = Self::Gone;
                    Event::ConnectFailed
                }
            },
            Self::Open(upstream, said) => {
                let event = listen(upstream, said).await;
                if matches!(event, Event::ConnectFailed | Event::ServerSentSettings) {
                    *self = Self::Gone;
                }
                event
            }
        }
    }

    /// The connection, waiting for it if it is being opened.
    async fn finish(self) -> Option<Upstream> {
        match self {
            Self::Idle(_) | Self::Gone => None,
            Self::Opening(connect) => connect.await,
            Self::Open(upstream, said) => Some(Upstream {
                io: upstream.io.replay(said.into_bytes()),
                load: upstream.load,
            }),
        }
    }
}

/// What the server's first bytes are, or its end.
async fn listen(upstream: &mut Upstream, said: &mut FirstBytes) -> Event {
    loop {
        match said.read(&mut upstream.io).await {
            Ok(true) => {}
            Ok(false) if said.as_slice().is_empty() => return Event::ServerClosed,
            Ok(false) => return Event::ServerSpoke,
            // As a peer's proxy breaks off when it cannot reach its application.
            Err(_) => return Event::ConnectFailed,
        }
        match are_http2_settings(said.as_slice()) {
            None => {}
            Some(true) => return Event::ServerSentSettings,
            Some(false) => return Event::ServerSpoke,
        }
    }
}

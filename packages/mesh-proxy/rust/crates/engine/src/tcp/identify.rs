//! Finding out what a client speaks, and whether its server speaks first.

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use mesh_decide::detect::{Protocol, settle};
use mesh_decide::first_speaker::{
    Decision, Event, FirstSpeaker, Opening, QUIET, Speculation, Step, opening,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::FirstBytes;
use crate::balance::Pending;
use crate::drain::Drain;
use crate::transport::Io;

/// A connection to a server, and the load that it is.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) io: Io,
    pub(crate) load: Option<Pending>,
}

/// How to find out.
pub(crate) struct Identify<'a, C> {
    /// The judgement of first bytes.
    pub(crate) look: fn(&[u8]) -> Option<Protocol>,
    /// How long the client may be silent, and then how long it may take for its first words.
    pub(crate) limit: Duration,
    /// When `connect` may be used.
    pub(crate) speculation: Speculation,
    /// Opens a connection to the server, as opaque. Its own failure is None.
    pub(crate) connect: C,
    pub(crate) drain: &'a Drain,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) decision: Decision,
    /// A connection to the server that is already there; only with [`Protocol::Opaque`].
    pub(crate) upstream: Option<Upstream>,
    /// The bytes that were read, to be replayed.
    pub(crate) bytes: Bytes,
}

impl Found {
    /// A server that is known to speak first: nobody needs to be watched.
    pub(crate) fn remembered() -> Self {
        Self {
            decision: Decision::remembered(),
            upstream: None,
            bytes: Bytes::new(),
        }
    }

    /// The value of the classic label `result`.
    pub(crate) fn result(&self) -> &'static str {
        match self.decision.protocol {
            Protocol::Http1 => "http/1",
            Protocol::Http2 => "http/2",
            _ if self.decision.timed_out => "read_timeout",
            Protocol::Tls(_) | Protocol::Opaque => "not_http",
        }
    }
}

impl<C: Future<Output = Option<Upstream>>> Identify<'_, C> {
    /// Watches both sides until it is clear; None if the client went away without a word, or if
    /// nobody has said one until the process is to end.
    ///
    /// # Errors
    /// When the client's connection fails.
    pub(crate) async fn run(self, client: &mut Io) -> io::Result<Option<Found>> {
        let mut machine = FirstSpeaker::new(self.speculation);
        let mut server = Server::Idle(Some(Box::pin(self.connect)));
        let mut bytes = FirstBytes::default();
        let mut clock = Clock::new(self.limit);
        let mut quiet = pin!(sleep(QUIET));
        let mut was_quiet = false;
        let decision = loop {
            let event = tokio::select! {
                biased;
                read = bytes.read(client) => {
                    let open = match read {
                        Ok(open) => open,
                        Err(error) => {
                            server.reset();
                            return Err(error);
                        }
                    };
                    if !open && bytes.as_slice().is_empty() && server.is_idle() {
                        return Ok(None);
                    }
                    clock.client_spoke();
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
                () = sleep_until(clock.deadline), if clock.is_running() => {
                    clock.expire();
                    match bytes.as_slice() {
                        [] => Event::Silent,
                        begun => Event::TimedOut(settle(begun)),
                    }
                }
                () = self.drain.signaled(), if !clock.is_running() => return Ok(None),
            };
            match machine.on(event) {
                Step::Wait => {}
                Step::Connect => server.connect(),
                Step::Done(decision) => break decision,
            }
        };
        let upstream = match decision.protocol {
            Protocol::Opaque => server.finish().await,
            _ => None,
        };
        Ok(Some(Found {
            decision,
            upstream,
            bytes: bytes.into_bytes(),
        }))
    }
}

/// The client's time: for its silence, and once more for its first words, so that one who has
/// waited for long is not cut off in the middle of them.
struct Clock {
    limit: Duration,
    deadline: Instant,
    state: Client,
}

#[derive(PartialEq, Eq)]
enum Client {
    Silent,
    /// For longer than the limit.
    Late,
    Speaking,
}

impl Clock {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            deadline: Instant::now() + limit,
            state: Client::Silent,
        }
    }

    fn client_spoke(&mut self) {
        if self.state != Client::Speaking {
            self.state = Client::Speaking;
            self.deadline = Instant::now() + self.limit;
        }
    }

    fn expire(&mut self) {
        self.state = Client::Late;
    }

    fn is_running(&self) -> bool {
        self.state != Client::Late
    }
}

fn judge(look: fn(&[u8]) -> Option<Protocol>, open: bool, bytes: &FirstBytes) -> Option<Event> {
    match look(bytes.as_slice()) {
        Some(protocol) => Some(Event::Detected(protocol)),
        None if open => None,
        // No more will come.
        None => Some(Event::ClientEnded(settle(bytes.as_slice()))),
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

    /// Breaks it off, as the client has done.
    fn reset(self) {
        if let Self::Open(upstream, _) = self {
            upstream.io.reset();
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
                let settings = Event::ServerSpoke(Opening::Http2Settings);
                if event == Event::ConnectFailed || event == settings {
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
            // So few bytes that they could have become anything.
            Ok(false) => return Event::ServerSpoke(Opening::Greeting),
            // As a peer's proxy breaks off when it cannot reach its application.
            Err(_) => return Event::ConnectFailed,
        }
        if let Some(opening) = opening(said.as_slice()) {
            return Event::ServerSpoke(opening);
        }
    }
}

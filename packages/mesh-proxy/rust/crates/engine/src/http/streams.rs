//! The HTTP/2 connections of one worker to one endpoint: one, and more while the endpoint's limit
//! of streams is reached.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use mesh_wire::vocabulary::limits;
use tokio::time::{Instant, sleep_until};

use super::pools::{Expiry, Limits, expired};
use crate::http2::{self, Room};
use crate::transport::ConnectError;

/// How many connections there may be.
const CONNECTIONS: usize = limits::HTTP2_CLIENT_CONNECTIONS.size();
/// How long no second connection is tried after one could not be made.
const PAUSE: Duration = Duration::from_secs(1);

/// The HTTP/2 connections to one endpoint.
pub(crate) struct Streams {
    limits: Limits,
    connections: RefCell<Connections>,
    room: Room,
}

#[derive(Default)]
struct Connections {
    open: Vec<Open>,
    connecting: bool,
    /// How many attempts have failed, and how the last one did.
    failures: u64,
    failure: Option<(Rc<ConnectError>, Instant)>,
}

struct Open {
    client: http2::Client,
    expiry: Expiry,
}

/// Why there is no stream.
#[derive(Clone, Debug)]
pub(crate) enum NoStream {
    /// There is no connection.
    Connect(Rc<ConnectError>),
    /// No connection was made, and none had a stream left, in time.
    Full,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("open", &self.connections.borrow().open.len())
            .finish_non_exhaustive()
    }
}

impl Streams {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            connections: RefCell::default(),
            room: Room::default(),
        }
    }

    pub(super) fn is_unused(&self) -> bool {
        let connections = self.connections.borrow();
        connections.open.is_empty() && !connections.connecting
    }

    /// Drops connections that are of no more use; those that are warm stay.
    pub(super) fn look_after(&self, now: Instant) {
        let mut connections = self.connections.borrow_mut();
        connections.prune(now);
        let idle = |open: &Open| {
            let since = open.client.idle_since();
            since.is_some_and(|since| now.saturating_duration_since(since) >= self.limits.idle2)
        };
        while connections.open.len() > self.limits.warm
            && let Some(last) = connections.open.iter().rposition(idle)
        {
            connections.open.remove(last);
        }
    }

    /// A connection on which a stream may be begun at once. Nobody overtakes those who wait.
    pub(crate) fn ready(&self, now: Instant) -> Option<http2::Client> {
        match self.room.is_awaited() {
            true => None,
            false => self.connections.borrow_mut().ready(now),
        }
    }

    /// A connection on which a stream may be begun, once there is one; `connect` makes others.
    /// Who comes while one is made waits for it; the attempt goes on even if its first user leaves.
    pub(crate) async fn wait<F>(
        self: &Rc<Self>,
        connect: impl Fn(Room) -> F,
        deadline: Instant,
    ) -> Result<http2::Client, NoStream>
    where
        F: Future<Output = Result<http2::Client, ConnectError>> + 'static,
    {
        let failures = self.connections.borrow().failures;
        let mut begun = false;
        let place = self.room.enter();
        let mut late = pin!(sleep_until(deadline));
        loop {
            let now = Instant::now();
            let ready = self.connections.borrow_mut().ready(now);
            if let Some(client) = ready.filter(|_| place.is_first()) {
                return Ok(client);
            }
            if let Some(error) = self.connections.borrow().refusal(failures, begun) {
                return Err(NoStream::Connect(error));
            }
            if self.connections.borrow().may_connect(now) {
                begun = true;
                self.begin(connect(self.room.clone()));
            }
            tokio::select! {
                biased;
                () = place.told() => {}
                () = &mut late => return Err(NoStream::Full),
            }
        }
    }

    fn begin(
        self: &Rc<Self>,
        connecting: impl Future<Output = Result<http2::Client, ConnectError>> + 'static,
    ) {
        self.connections.borrow_mut().connecting = true;
        let attempt = Attempt(self.clone());
        tokio::task::spawn_local(async move {
            let result = connecting.await;
            attempt.end(result);
        });
    }
}

impl Connections {
    /// Forgets connections that take no more streams; they end when theirs do.
    fn prune(&mut self, now: Instant) {
        self.open
            .retain(|open| !open.client.is_closed() && !expired(open.expiry, now));
    }

    /// The first of several gets all it can carry, so that the others may become idle.
    fn ready(&mut self, now: Instant) -> Option<http2::Client> {
        self.prune(now);
        let mut clients = self.open.iter().map(|open| &open.client);
        clients.find(|client| client.can_open()).cloned()
    }

    fn fail(&mut self, error: ConnectError) {
        self.failures += 1;
        self.failure = Some((Rc::new(error), Instant::now()));
    }

    /// What somebody is told who came when there had been so many `failures`, and may have `begun`
    /// an attempt: of an attempt that was begun for somebody else, too.
    fn refusal(&self, failures: u64, begun: bool) -> Option<Rc<ConnectError>> {
        match &self.failure {
            _ if !self.open.is_empty() || self.connecting => None,
            Some((error, _)) if self.failures > failures => Some(error.clone()),
            _ if begun => Some(Rc::new(closed_at_once())),
            _ => None,
        }
    }

    /// Whether another connection is to be made: all there are carry as much as they may.
    fn may_connect(&self, now: Instant) -> bool {
        let full = |open: &Open| open.client.is_settled() && !open.client.can_open();
        let paused = || {
            let last = self.failure.as_ref().map(|(_, at)| *at);
            last.is_some_and(|at| now < at + PAUSE)
        };
        !self.connecting
            && self.open.len() < CONNECTIONS
            && self.open.iter().all(full)
            && (self.open.is_empty() || !paused())
    }
}

/// An attempt to connect; one that ends without a result (a defect) leaves no waiter behind.
struct Attempt(Rc<Streams>);

impl Attempt {
    fn end(self, result: Result<http2::Client, ConnectError>) {
        let mut connections = self.0.connections.borrow_mut();
        connections.connecting = false;
        match result {
            Ok(client) => {
                let expiry = self.0.limits.expiry();
                connections.open.push(Open { client, expiry });
            }
            Err(error) => connections.fail(error),
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut connections = self.0.connections.borrow_mut();
        if std::mem::take(&mut connections.connecting) {
            connections.fail(closed_at_once());
        }
        drop(connections);
        self.0.room.changed();
    }
}

fn closed_at_once() -> ConnectError {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    ConnectError::Tcp(unspecified, std::io::ErrorKind::ConnectionAborted.into())
}

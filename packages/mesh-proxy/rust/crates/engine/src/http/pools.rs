//! The HTTP client connections of one worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Weak as ArcWeak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::age::jittered;
use crate::metrics::HttpMetrics;
use crate::snapshot::Endpoint;
use crate::transport::{ConnectError, TlsStatus};
use crate::{http1, http2};

/// How often connections that nobody uses are looked after.
const SWEEP: Duration = Duration::from_secs(1);

/// The HTTP client connections of one worker. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Pools(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    targets: RefCell<HashMap<Key, Rc<Target>>>,
    sweeping: Cell<bool>,
}

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An endpoint, by its `id`: a changed endpoint never gets an old one's connections.
    Endpoint(u64),
    /// The pod's own application.
    Application(SocketAddr),
}

/// How many connections wait for another request, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) max_idle: usize,
    /// After which a connection takes no new requests.
    pub(crate) max_age: Option<Duration>,
}

/// The connections to one endpoint.
pub(crate) struct Target {
    /// None for the application, which does not go away.
    owner: Option<ArcWeak<Endpoint>>,
    limits: Limits,
    /// What connections to it are secured with.
    pub(crate) tls: TlsStatus,
    idle: RefCell<Vec<Idle>>,
    shared: RefCell<Shared>,
    changed: Notify,
    metrics: RefCell<Vec<(Arc<str>, Arc<HttpMetrics>)>>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("idle", &self.idle.borrow().len())
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

struct Idle {
    client: Box<http1::Client>,
    since: Instant,
    expiry: Expiry,
}

/// When a connection is too old for another request; never without a maximum age.
pub(crate) type Expiry = Option<Instant>;

/// The one HTTP/2 connection.
#[derive(Debug, Default)]
enum Shared {
    #[default]
    None,
    Connecting,
    Ready(http2::Client, Expiry),
    /// The last attempt failed; whoever waited for it shares its error.
    Failed(Rc<ConnectError>),
}

impl Pools {
    /// The connections to one endpoint; `make` gives its limits and TLS the first time.
    pub(crate) fn target(
        &self,
        key: Key,
        owner: Option<&Arc<Endpoint>>,
        make: impl FnOnce() -> (Limits, TlsStatus),
    ) -> Rc<Target> {
        if let Some(target) = self.0.targets.borrow().get(&key) {
            return target.clone();
        }
        let (limits, tls) = make();
        let target = Rc::new(Target {
            owner: owner.map(Arc::downgrade),
            limits,
            tls,
            idle: RefCell::default(),
            shared: RefCell::default(),
            changed: Notify::new(),
            metrics: RefCell::default(),
        });
        self.0.targets.borrow_mut().insert(key, target.clone());
        if !self.0.sweeping.replace(true) {
            tokio::task::spawn_local(sweep(Rc::downgrade(&self.0)));
        }
        target
    }
}

/// Looks after the connections until there are none.
async fn sweep(pools: Weak<Inner>) {
    loop {
        sleep(SWEEP).await;
        let Some(pools) = pools.upgrade() else {
            return;
        };
        let mut targets = pools.targets.borrow_mut();
        targets.retain(|_, target| target.look_after());
        if targets.is_empty() {
            pools.sweeping.set(false);
            return;
        }
    }
}

impl Target {
    /// Drops what is of no more use; false if the whole target is.
    fn look_after(&self) -> bool {
        let now = Instant::now();
        let expired = |expiry: Expiry| expiry.is_some_and(|expiry| expiry <= now);
        self.idle.borrow_mut().retain_mut(|idle| {
            now.saturating_duration_since(idle.since) < self.limits.idle
                && !expired(idle.expiry)
                && idle.client.is_alive()
        });
        let mut shared = self.shared.borrow_mut();
        if let Shared::Ready(client, expiry) = &*shared {
            if expired(*expiry) {
                client.retire();
            }
            if client.is_closed() {
                *shared = Shared::None;
            }
        }
        match &self.owner {
            Some(owner) => owner.strong_count() > 0,
            None => !self.idle.borrow().is_empty() || !matches!(*shared, Shared::None),
        }
    }

    /// A connection that waits for a request.
    pub(crate) fn idle(&self) -> Option<(Box<http1::Client>, Expiry)> {
        let mut idle = self.idle.borrow_mut();
        while let Some(mut waiting) = idle.pop() {
            // Only a short time is measured here; the sweep sees to the others.
            let fresh = self.limits.idle > 2 * SWEEP || waiting.since.elapsed() < self.limits.idle;
            if fresh && waiting.client.is_alive() {
                return Some((waiting.client, waiting.expiry));
            }
        }
        None
    }

    /// The shared HTTP/2 connection, if there is one already.
    pub(crate) fn open(&self) -> Option<http2::Client> {
        match &*self.shared.borrow() {
            Shared::Ready(client, _) if !client.is_closed() => Some(client.clone()),
            _ => None,
        }
    }

    /// The shared HTTP/2 connection, made by `connect` if there is none. Who comes while it is
    /// made waits for it; the attempt goes on even if its first user leaves.
    pub(crate) async fn shared<F>(
        self: &Rc<Self>,
        connect: impl FnOnce() -> F,
    ) -> Result<http2::Client, Rc<ConnectError>>
    where
        F: Future<Output = Result<http2::Client, ConnectError>> + 'static,
    {
        let mut connect = Some(connect);
        loop {
            let changed = self.changed.notified();
            if let Some(client) = self.open() {
                return Ok(client);
            }
            match &*self.shared.borrow() {
                // The error of an attempt that was begun for somebody else is this one's too.
                Shared::Failed(error) if connect.is_none() => return Err(error.clone()),
                _ => {}
            }
            if !matches!(*self.shared.borrow(), Shared::Connecting) {
                match connect.take() {
                    Some(connect) => self.begin(connect()),
                    None => return Err(Rc::new(closed_at_once())),
                }
            }
            connect = None;
            changed.await;
        }
    }

    fn begin(
        self: &Rc<Self>,
        connecting: impl Future<Output = Result<http2::Client, ConnectError>> + 'static,
    ) {
        *self.shared.borrow_mut() = Shared::Connecting;
        let attempt = Attempt(self.clone());
        tokio::task::spawn_local(async move {
            let result = connecting.await;
            attempt.end(match result {
                Ok(client) => Shared::Ready(client, attempt.0.expiry()),
                Err(error) => Shared::Failed(Rc::new(error)),
            });
        });
    }

    /// When a connection that is made now is too old.
    pub(crate) fn expiry(&self) -> Expiry {
        let age = self.limits.max_age?;
        Some(Instant::now() + jittered(age, fastrand::f64()))
    }

    /// The request counters under `authority`, made by `make` the first time.
    pub(crate) fn metrics(
        &self,
        authority: &Arc<str>,
        make: impl FnOnce() -> Arc<HttpMetrics>,
    ) -> Arc<HttpMetrics> {
        let mut known = self.metrics.borrow_mut();
        if let Some((_, metrics)) = known.iter().find(|(own, _)| own == authority) {
            return metrics.clone();
        }
        let metrics = make();
        known.push((authority.clone(), metrics.clone()));
        metrics
    }
}

/// An attempt to connect; one that ends without a result (a defect) leaves no waiter behind.
struct Attempt(Rc<Target>);

impl Attempt {
    fn end(&self, shared: Shared) {
        *self.0.shared.borrow_mut() = shared;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut shared = self.0.shared.borrow_mut();
        if matches!(*shared, Shared::Connecting) {
            *shared = Shared::Failed(Rc::new(closed_at_once()));
        }
        drop(shared);
        self.0.changed.notify_waiters();
    }
}

fn closed_at_once() -> ConnectError {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    ConnectError::Tcp(unspecified, std::io::ErrorKind::ConnectionAborted.into())
}

/// Where an HTTP/1 connection goes when its request is done.
#[derive(Debug)]
pub(crate) struct Shelf {
    target: Rc<Target>,
    expiry: Expiry,
}

impl Shelf {
    pub(crate) fn new(target: Rc<Target>, expiry: Expiry) -> Self {
        Self { target, expiry }
    }

    /// Keeps a connection for another request, if it is not too old and there are not too many.
    pub(crate) fn put(self, mut client: Box<http1::Client>) {
        let now = Instant::now();
        let mut idle = self.target.idle.borrow_mut();
        let expired = self.expiry.is_some_and(|expiry| expiry <= now);
        if !expired && idle.len() < self.target.limits.max_idle {
            client.rest();
            idle.push(Idle {
                client,
                since: now,
                expiry: self.expiry,
            });
        }
    }
}

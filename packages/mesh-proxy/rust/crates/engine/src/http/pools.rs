//! The HTTP client connections of one worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Weak as ArcWeak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::age::jittered;
use super::streams::Streams;
use crate::http1;
use crate::metrics::HttpMetrics;
use crate::snapshot::Endpoint;
use crate::transport::TlsStatus;

/// How often connections that nobody uses are looked after.
const SWEEP: Duration = Duration::from_secs(1);

/// The HTTP client connections of one worker. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Pools(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    targets: RefCell<HashMap<Key, Rc<Target>, BuildHasherDefault<Mixer>>>,
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

/// Keys are numbers of the proxy's own and the application's addresses: nobody chooses them so that
/// they collide, and every request looks one up.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix((*byte).into());
        }
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// How many connections wait for another request, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of HTTP/1 connections.
    pub(crate) idle: Duration,
    pub(crate) max_idle: usize,
    /// Of HTTP/2 connections.
    pub(crate) idle2: Duration,
    /// HTTP/2 connections that stay however long they are idle.
    pub(crate) warm: usize,
    /// After which a connection takes no new requests.
    pub(crate) max_age: Option<Duration>,
}

impl Limits {
    /// When a connection that is made now is too old.
    pub(super) fn expiry(&self) -> Expiry {
        let age = self.max_age?;
        Some(Instant::now() + jittered(age, fastrand::f64()))
    }
}

/// The connections to one endpoint.
pub(crate) struct Target {
    /// None for the application, which does not go away.
    owner: Option<ArcWeak<Endpoint>>,
    limits: Limits,
    /// What connections to it are secured with.
    pub(crate) tls: TlsStatus,
    idle: RefCell<Vec<Idle>>,
    pub(crate) streams: Rc<Streams>,
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

pub(super) fn expired(expiry: Expiry, now: Instant) -> bool {
    expiry.is_some_and(|expiry| expiry <= now)
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
            streams: Rc::new(Streams::new(limits)),
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
        self.idle
            .borrow_mut()
            .retain_mut(|idle| self.is_fresh(idle, now) && idle.client.is_alive());
        self.streams.look_after(now);
        match &self.owner {
            Some(owner) => owner.strong_count() > 0,
            None => !self.idle.borrow().is_empty() || !self.streams.is_unused(),
        }
    }

    fn is_fresh(&self, idle: &Idle, now: Instant) -> bool {
        now.saturating_duration_since(idle.since) < self.limits.idle && !expired(idle.expiry, now)
    }

    /// A connection that waits for a request.
    pub(super) fn idle(&self, now: Instant) -> Option<(Box<http1::Client>, Expiry)> {
        let mut idle = self.idle.borrow_mut();
        while let Some(mut waiting) = idle.pop() {
            if self.is_fresh(&waiting, now) && waiting.client.is_alive() {
                return Some((waiting.client, waiting.expiry));
            }
        }
        None
    }

    /// When a connection that is made now is too old.
    pub(super) fn expiry(&self) -> Expiry {
        self.limits.expiry()
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
        if !expired(self.expiry, now) && idle.len() < self.target.limits.max_idle {
            client.rest();
            idle.push(Idle {
                client,
                since: now,
                expiry: self.expiry,
            });
        }
    }
}

//! The connections to one control-plane service, each kept up by a task of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use mesh_wire::vocabulary::limits;
use rustls::pki_types::ServerName;
use tokio::runtime;
use tokio::sync::watch;
use tracing::{info, warn};

use super::connect::{self, Security};
use super::room::{Room, changed};
use super::status::ServiceStatus;
use super::{Channel, FullJitter, Resolver, Status};
use crate::config::Service;
use crate::identity::Identity;
use crate::metrics::{Counter, CounterFamily, Gauge, GaugeFamily, HttpMetrics, LabelSet, Registry};
use crate::snapshot::PeerId;
use crate::tls::{Alpn, server_only};

/// A connection that lived this long was good: the next failure is a new one.
const GOOD: Duration = Duration::from_secs(2);
/// A service that stays away is mentioned this often.
const REMIND: Duration = Duration::from_secs(15);

/// Seconds for which a connection that is not the first one stays open unused.
const LINGER: u32 = 10;

/// What the client proves to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: it has no certificate yet.
    None,
    /// Its certificate; it waits for the first one.
    Certificate,
}

/// A control-plane service; clones share its connections.
#[derive(Clone)]
pub struct Client {
    connector: Arc<Connector>,
    connections: Arc<Mutex<Vec<Connection>>>,
    runtime: runtime::Handle,
    changes: watch::Receiver<u64>,
}

/// One of the service's connections. The first is kept up always, the others while they are used.
#[derive(Clone)]
struct Connection {
    state: watch::Receiver<State>,
    room: Room,
}

#[derive(Clone)]
enum State {
    Connecting(Arc<str>),
    Connected(Channel),
}

impl Client {
    /// Begins to connect, on the current runtime; stops when the last clone is dropped.
    ///
    /// `name` is what the service is called in logs and labels.
    pub fn start(
        name: &'static str,
        service: &Service,
        credential: Credential,
        identity: &Arc<Identity>,
        resolver: &Arc<Resolver>,
        status: &Arc<Status>,
        metrics: &Registry,
    ) -> Self {
        let (changes, changed) = watch::channel(0);
        let connector = Connector {
            name,
            service: service.clone(),
            credential,
            identity: identity.clone(),
            resolver: resolver.clone(),
            measured: Measured::new(name, service, metrics),
            registered: status.service(name, service.address.to_string()),
            status: status.clone(),
            changes,
        };
        let client = Self {
            connector: Arc::new(connector),
            connections: Arc::default(),
            runtime: runtime::Handle::current(),
            changes: changed,
        };
        client.connections().push(client.begin(true));
        client
    }

    /// Starts a connection's task. It ends with the client, or, unless it is the first one's, when
    /// nobody uses it.
    fn begin(&self, first: bool) -> Connection {
        let (sender, state) = watch::channel(State::Connecting("not tried yet".into()));
        let room = Room::new(self.connector.changes.clone());
        let link = Link {
            connector: self.connector.clone(),
            state: sender,
            room: room.clone(),
        };
        self.runtime.spawn(async move {
            tokio::select! {
                () = link.run() => {}
                () = link.state.closed() => {}
                () = link.unused(), if !first => {}
            }
        });
        Connection { state, room }
    }

    /// What the service is called.
    pub fn name(&self) -> &'static str {
        self.connector.name
    }

    /// Whether the service runs in this pod; the limits of streams then do not apply.
    pub fn is_local(&self) -> bool {
        self.connector.service.address.is_loopback()
    }

    /// Where the states of services and their streams are told.
    pub(super) fn status(&self) -> &Status {
        &self.connector.status
    }

    /// Why there is no connection; None where there is one.
    pub fn problem(&self) -> Option<Arc<str>> {
        let mut problem = None;
        for connection in self.connections().iter() {
            match &*connection.state.borrow() {
                State::Connecting(reason) => problem = problem.or_else(|| Some(reason.clone())),
                State::Connected(_) => return None,
            }
        }
        problem
    }

    /// A connection with room for one more call, as soon as there is one; never after the runtime
    /// has gone.
    pub async fn channel(&self) -> Channel {
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            if let Some(channel) = self.take() {
                return channel;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// A connection with room. Where all are full, another one is begun.
    fn take(&self) -> Option<Channel> {
        let mut connections = self.connections();
        let mut index = 0;
        connections.retain(|connection| {
            index += 1;
            index == 1 || connection.state.has_changed().is_ok()
        });
        let mut connecting = false;
        for connection in connections.iter() {
            match &*connection.state.borrow() {
                State::Connecting(_) => connecting = true,
                State::Connected(channel) => {
                    if let Some(place) = connection.room.take() {
                        return Some(channel.with(place));
                    }
                }
            }
        }
        if !connecting && connections.len() < limits::CONTROL_CONNECTIONS.size() {
            connections.push(self.begin(false));
        }
        None
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}

struct Measured {
    connected: Arc<Gauge>,
    succeeded: Arc<Counter>,
    failed: Arc<Counter>,
    calls: Arc<HttpMetrics>,
}

impl Measured {
    fn new(name: &str, service: &Service, metrics: &Registry) -> Self {
        let base = LabelSet::new()
            .with("service", name)
            .with("addr", &service.address);
        let connects = |result: &str| {
            let labels = base.clone().with("result", result);
            metrics.counter(CounterFamily::ControlConnects, labels.as_str())
        };
        let calls = LabelSet::new().with("addr", &service.address);
        let calls = match &service.identity {
            Some(identity) => calls.with("tls", "true").with("server_id", identity),
            None => calls
                .with("tls", "no_identity")
                .with("no_tls_reason", "loopback"),
        };
        Self {
            connected: metrics.gauge(GaugeFamily::ControlConnected, base.as_str()),
            succeeded: connects("ok"),
            failed: connects("error"),
            calls: metrics.control(calls.as_str()),
        }
    }
}

/// What every connection to the service needs.
struct Connector {
    name: &'static str,
    service: Service,
    credential: Credential,
    identity: Arc<Identity>,
    resolver: Arc<Resolver>,
    measured: Measured,
    registered: Arc<ServiceStatus>,
    status: Arc<Status>,
    /// Counts everything that may give a call a connection.
    changes: watch::Sender<u64>,
}

/// One connection, made again whenever it is lost.
struct Link {
    connector: Arc<Connector>,
    state: watch::Sender<State>,
    room: Room,
}

impl Link {
    async fn run(&self) {
        let connector = &self.connector;
        let mut backoff = FullJitter::control();
        let mut reminded: Option<Instant> = None;
        loop {
            if connector.waits_for_certificate() {
                self.failed("waiting for this proxy's first certificate".into());
            }
            match connector.attempt(&self.room).await {
                Ok((channel, driver)) => {
                    let since = Instant::now();
                    self.carry(channel, driver).await;
                    if since.elapsed() >= GOOD {
                        backoff.reset();
                    }
                    reminded = None;
                }
                Err(reason) => {
                    connector.measured.failed.increment();
                    connector.resolver.forget();
                    if reminded.is_none_or(|last| last.elapsed() >= REMIND) {
                        let service = connector.name;
                        warn!(service, reason, "not connected; trying again");
                        reminded = Some(Instant::now());
                    }
                    self.failed(reason.into());
                }
            }
            backoff.pause().await;
        }
    }

    /// Offers an open connection until it is lost.
    async fn carry(&self, channel: Channel, driver: connect::Driver) {
        let connector = &self.connector;
        connector.measured.succeeded.increment();
        info!(service = connector.name, address = %connector.service.address, "connected");
        let open = Open::new(connector);
        self.set(State::Connected(channel));
        let reason = match driver.await {
            Ok(()) => "the service closed the connection".to_owned(),
            Err(error) => format!("the connection was lost: {error}"),
        };
        info!(service = connector.name, reason, "disconnected");
        let reason: Arc<str> = reason.into();
        open.lost(reason.clone());
        self.set(State::Connecting(reason));
        connector.resolver.forget();
    }

    fn failed(&self, reason: Arc<str>) {
        self.connector.registered.failed(reason.clone());
        self.set(State::Connecting(reason));
    }

    fn set(&self, state: State) {
        self.state.send_replace(state);
        changed(&self.connector.changes);
    }

    /// Resolves when nobody has used the connection for a while.
    async fn unused(&self) {
        let mut idle = 0;
        while idle < LINGER {
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle = if self.room.is_empty() { idle + 1 } else { 0 };
        }
    }
}

/// Counts a connection for as long as it is open.
struct Open<'a> {
    connector: &'a Connector,
    reason: Arc<str>,
}

impl<'a> Open<'a> {
    fn new(connector: &'a Connector) -> Self {
        connector.registered.connected();
        connector.measured.connected.set(1);
        Self {
            connector,
            reason: "it is not needed".into(),
        }
    }

    fn lost(mut self, reason: Arc<str>) {
        self.reason = reason;
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.connector.registered.disconnected(self.reason.clone()) {
            self.connector.measured.connected.set(0);
        }
    }
}

impl Connector {
    async fn attempt(&self, room: &Room) -> Result<(Channel, connect::Driver), String> {
        // The certificate first: an address that is resolved early may have moved by then.
        let security = self.security().await?;
        let addresses = self.resolver.resolve(&self.service.address).await?;
        let (sender, driver) = connect::connect(&addresses, &security, room).await?;
        let origin = Uri::builder()
            .scheme("http")
            .authority(self.service.address.without_root_dot())
            .path_and_query("/")
            .build()
            .map_err(|error| format!("{} is not an authority: {error}", self.service.address))?;
        let channel = Channel::new(sender, origin, self.measured.calls.clone());
        Ok((channel, driver))
    }

    fn waits_for_certificate(&self) -> bool {
        self.credential == Credential::Certificate
            && self.service.identity.is_some()
            && !self.identity.is_ready()
    }

    /// What to secure the connection with, waiting for the first certificate if one is needed.
    async fn security(&self) -> Result<Security, String> {
        let Some(name) = &self.service.identity else {
            return Ok(None);
        };
        let server_name = ServerName::try_from(name.to_string())
            .map_err(|_| format!("{name} cannot be sent as a TLS server name"))?;
        let expected = PeerId::Dns((**name).into());
        let config = match self.credential {
            Credential::None => Arc::new(
                server_only(self.identity.anchors(), expected)
                    .map_err(|error| error.to_string())?,
            ),
            Credential::Certificate => {
                self.identity.ready().await;
                let epoch = self.identity.tls().ok_or("there is no certificate yet")?;
                epoch.client(&expected, Alpn::None)
            }
        };
        Ok(Some((server_name, config)))
    }
}

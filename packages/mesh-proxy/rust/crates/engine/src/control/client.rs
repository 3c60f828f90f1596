//! The connection to one control-plane service, kept up by a task of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Uri;
use rustls::pki_types::ServerName;
use tokio::sync::watch;
use tracing::{info, warn};

use super::connect::{self, Security};
use super::{Channel, FullJitter, Resolver};
use crate::config::Service;
use crate::identity::Identity;
use crate::metrics::{Counter, CounterFamily, Gauge, GaugeFamily, HttpMetrics, LabelSet, Registry};
use crate::snapshot::PeerId;
use crate::tls::{Alpn, server_only};

/// A connection that lived this long was good: the next failure is a new one.
const GOOD: Duration = Duration::from_secs(2);
/// A service that stays away is mentioned this often.
const REMIND: Duration = Duration::from_secs(15);

/// What the client proves to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: it has no certificate yet.
    None,
    /// Its certificate; it waits for the first one.
    Certificate,
}

/// A control-plane service; clones share the connection.
#[derive(Clone)]
pub struct Client {
    name: &'static str,
    local: bool,
    state: watch::Receiver<State>,
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
        metrics: &Registry,
    ) -> Self {
        let (sender, state) = watch::channel(State::Connecting("not tried yet".into()));
        let connector = Connector {
            name,
            service: service.clone(),
            credential,
            identity: identity.clone(),
            resolver: resolver.clone(),
            measured: Measured::new(name, service, metrics),
        };
        tokio::spawn(async move {
            tokio::select! {
                () = connector.run(&sender) => {}
                () = sender.closed() => {}
            }
            connector.measured.connected.set(0);
        });
        Self {
            name,
            local: service.address.is_loopback(),
            state,
        }
    }

    /// What the service is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the service runs in this pod; the limits of streams then do not apply.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        matches!(*self.state.borrow(), State::Connected(_))
    }

    /// Why there is no connection; None where there is one.
    pub fn problem(&self) -> Option<Arc<str>> {
        match &*self.state.borrow() {
            State::Connecting(reason) => Some(reason.clone()),
            State::Connected(_) => None,
        }
    }

    /// The connection, as soon as there is one; never after the runtime has gone.
    pub async fn channel(&self) -> Channel {
        let mut state = self.state.clone();
        let connected = state
            .wait_for(|state| matches!(state, State::Connected(_)))
            .await
            .map(|state| state.clone());
        match connected {
            Ok(State::Connected(channel)) => channel,
            _ => std::future::pending().await,
        }
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

struct Connector {
    name: &'static str,
    service: Service,
    credential: Credential,
    identity: Arc<Identity>,
    resolver: Arc<Resolver>,
    measured: Measured,
}

impl Connector {
    async fn run(&self, state: &watch::Sender<State>) {
        let mut backoff = FullJitter::control();
        let mut reminded: Option<Instant> = None;
        loop {
            if self.waits_for_certificate() {
                let reason = "waiting for this proxy's first certificate";
                state.send_replace(State::Connecting(reason.into()));
            }
            match self.attempt().await {
                Ok((channel, driver)) => {
                    let since = Instant::now();
                    self.measured.succeeded.increment();
                    self.measured.connected.set(1);
                    info!(service = self.name, address = %self.service.address, "connected");
                    state.send_replace(State::Connected(channel));
                    let reason = match driver.await {
                        Ok(()) => "the service closed the connection".to_owned(),
                        Err(error) => format!("the connection was lost: {error}"),
                    };
                    self.measured.connected.set(0);
                    info!(service = self.name, reason, "disconnected");
                    state.send_replace(State::Connecting(reason.into()));
                    self.resolver.forget();
                    if since.elapsed() >= GOOD {
                        backoff.reset();
                    }
                    reminded = None;
                }
                Err(reason) => {
                    self.measured.failed.increment();
                    self.resolver.forget();
                    if reminded.is_none_or(|last| last.elapsed() >= REMIND) {
                        warn!(service = self.name, reason, "not connected; trying again");
                        reminded = Some(Instant::now());
                    }
                    state.send_replace(State::Connecting(reason.into()));
                }
            }
            backoff.pause().await;
        }
    }

    async fn attempt(&self) -> Result<(Channel, connect::Driver), String> {
        // The certificate first: an address that is resolved early may have moved by then.
        let security = self.security().await?;
        let addresses = self.resolver.resolve(&self.service.address).await?;
        let (sender, driver) = connect::connect(&addresses, &security).await?;
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

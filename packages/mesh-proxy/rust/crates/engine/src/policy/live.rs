//! Policies as the controller knows them: some ports watched always, others while they are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mesh_wire::inbound::inbound_server_policies_client::InboundServerPoliciesClient;
use mesh_wire::inbound::{PortSpec, Server};
use mesh_wire::vocabulary::limits;
use tokio::runtime;
use tokio::task::AbortHandle;
use tracing::{debug, warn};

use super::default::default_policy;
use super::server;
use crate::config::Config;
use crate::control::{Client, Event, Following, LARGEST_MESSAGE, follow};
use crate::metrics::{CounterFamily, Registry};
use crate::snapshot::{ServerPolicy, Snapshot, Writer};

pub(super) struct Live {
    config: Arc<Config>,
    client: Client,
    metrics: Arc<Registry>,
    runtime: runtime::Handle,
    ports: Mutex<HashMap<u16, Watched>>,
}

struct Watched {
    writer: Arc<Writer<ServerPolicy>>,
    task: AbortHandle,
    /// Watched from the start to the end.
    always: bool,
    idle: Option<Instant>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Live {
    /// Begins to watch the configured ports and the admin port.
    pub(super) fn new(config: Arc<Config>, client: Client, metrics: Arc<Registry>) -> Self {
        let live = Self {
            config,
            client,
            metrics,
            runtime: runtime::Handle::current(),
            ports: Mutex::default(),
        };
        let admin = live.config.admin.listen.port();
        let ports = live.config.inbound.ports.iter().chain([admin]);
        for port in ports.filter(|port| *port != 0).collect::<Vec<_>>() {
            let watched = live.watch(port, true);
            live.ports().insert(port, watched);
        }
        live
    }

    pub(super) fn port(&self, port: u16) -> Snapshot<ServerPolicy> {
        let mut ports = self.ports();
        if let Some(watched) = ports.get(&port) {
            return watched.writer.reader();
        }
        // Anybody can connect to all 65,535 of them.
        let on_demand = ports.values().filter(|watched| !watched.always).count();
        if on_demand >= limits::POLICY_PORTS_ON_DEMAND.size() {
            warn!(port, "too many ports are in use; it has the default policy");
            return Snapshot::fixed(default_policy(&self.config.inbound, port));
        }
        let watched = self.watch(port, false);
        let reader = watched.writer.reader();
        ports.insert(port, watched);
        reader
    }

    /// Forgets ports that nobody has used for the idle time.
    pub(super) fn sweep(&self, now: Instant) {
        let limit = self.config.inbound.discovery_idle;
        self.ports().retain(|_, watched| {
            if watched.always || watched.writer.readers() > 0 {
                watched.idle = None;
                return true;
            }
            let since = *watched.idle.get_or_insert(now);
            now.saturating_duration_since(since) < limit
        });
    }

    fn watch(&self, port: u16, always: bool) -> Watched {
        let (writer, _) = Snapshot::new(default_policy(&self.config.inbound, port));
        let writer = Arc::new(writer);
        let spec = PortSpec {
            workload: self.config.control.policy_workload.clone(),
            port: port.into(),
        };
        let _entered = self.runtime.enter();
        let servers = follow(
            &self.client,
            "WatchPort",
            &port.to_string(),
            self.config.control.limits,
            &self.metrics,
            move |channel| {
                let spec = spec.clone();
                let origin = channel.origin();
                let mut client = InboundServerPoliciesClient::with_origin(channel, origin)
                    .max_decoding_message_size(LARGEST_MESSAGE);
                async move { client.watch_port(spec).await }
            },
        );
        let update = Update {
            port,
            detect: self.config.inbound.detect_timeout,
            writer: writer.clone(),
            metrics: self.metrics.clone(),
        };
        Watched {
            writer,
            task: self.runtime.spawn(update.run(servers)).abort_handle(),
            always,
            idle: None,
        }
    }

    fn ports(&self) -> MutexGuard<'_, HashMap<u16, Watched>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts what the controller says of one port into its snapshot.
struct Update {
    port: u16,
    detect: std::time::Duration,
    writer: Arc<Writer<ServerPolicy>>,
    metrics: Arc<Registry>,
}

impl Update {
    async fn run(self, mut servers: Following<Server>) {
        let family = CounterFamily::ControlMessageRejected;
        let malformed = self.metrics.counter(family, "call=\"WatchPort\"");
        let mut refused = false;
        loop {
            match servers.next().await {
                Event::Opened => refused = false,
                Event::Message(message) => match server::policy(&message, self.detect) {
                    Ok(policy) => {
                        debug!(port = self.port, ?policy, "policy");
                        self.writer.store(policy);
                    }
                    Err(reason) => {
                        malformed.increment();
                        warn!(port = self.port, %reason, "a policy is ignored");
                    }
                },
                // Whatever held before holds on: a controller that has lost its state must not
                // open or close ports.
                Event::Refused(status) if !refused => {
                    refused = true;
                    warn!(port = self.port, %status, "the controller has no policy for this port");
                }
                Event::Refused(_) => {}
            }
        }
    }
}

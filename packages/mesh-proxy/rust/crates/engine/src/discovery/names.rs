//! Names that DNS answers for, because the control plane does not know them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use mesh_decide::target::{Name, is_off_limits};
use mesh_wire::vocabulary::limits;
use tokio::runtime;
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use super::endpoint::NOT_MESHED;
use crate::config::Config;
use crate::control::{Answer, FullJitter, NotResolved, Resolved, Resolver};
use crate::snapshot::{Endpoint, Endpoints, Snapshot, Writer};

/// Looks names up for as long as somebody holds them, each once however many hold it.
pub(super) struct Names {
    runtime: runtime::Handle,
    resolver: Arc<Resolver>,
    config: Arc<Config>,
    known: Mutex<HashMap<Name, Weak<Followed>>>,
}

/// A name whose addresses are kept up to date.
pub(super) struct Followed {
    reader: Snapshot<Endpoints>,
    task: AbortHandle,
}

impl Followed {
    pub(super) fn endpoints(&self) -> Snapshot<Endpoints> {
        self.reader.clone()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Names {
    pub(super) fn new(resolver: Resolver, config: Arc<Config>) -> Self {
        Self {
            runtime: runtime::Handle::current(),
            resolver: Arc::new(resolver),
            config,
            known: Mutex::default(),
        }
    }

    /// The addresses of `name`, shared with whoever else holds it.
    pub(super) fn get(&self, name: &Name) -> Arc<Followed> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = known.get(name).and_then(Weak::upgrade) {
            return followed;
        }
        known.retain(|_, followed| followed.strong_count() > 0);
        let (writer, reader) = Snapshot::new(Endpoints::Pending);
        let follow = Follow {
            name: name.clone(),
            resolver: self.resolver.clone(),
            config: self.config.clone(),
            writer,
            endpoints: HashMap::new(),
        };
        let task = self.runtime.spawn(follow.run()).abort_handle();
        let followed = Arc::new(Followed { reader, task });
        known.insert(name.clone(), Arc::downgrade(&followed));
        followed
    }
}

/// Keeps one name's endpoints up to date.
struct Follow {
    name: Name,
    resolver: Arc<Resolver>,
    config: Arc<Config>,
    writer: Writer<Endpoints>,
    /// Unchanged addresses keep their endpoint, and with it its load estimate and connections.
    endpoints: HashMap<Resolved, Arc<Endpoint>>,
}

impl Follow {
    async fn run(mut self) {
        let mut backoff = FullJitter::control();
        loop {
            let host = self.name.host();
            match self.resolver.look_up(host, self.name.port()).await {
                Ok(answer) => {
                    let valid_until = self.publish(answer);
                    backoff.reset();
                    tokio::time::sleep_until(valid_until.into()).await;
                }
                Err(NotResolved::Absent(reason)) => {
                    info!(name = %self.name, reason, "a name leads nowhere");
                    self.endpoints.clear();
                    self.writer.store(Endpoints::Unknown);
                    tokio::time::sleep(limits::DNS_NEGATIVE_TIME.time()).await;
                }
                // What is known stays in use: that DNS is away does not mean that the servers are.
                Err(NotResolved::Failed(reason)) => {
                    warn!(name = %self.name, reason, "DNS does not answer; trying again");
                    self.resolver.forget();
                    backoff.pause().await;
                }
            }
        }
    }

    /// Publishes an answer; says when to ask again.
    fn publish(&mut self, answer: Answer) -> Instant {
        let before = std::mem::take(&mut self.endpoints);
        let mut changed = false;
        for resolved in answer.addresses {
            // A name is somebody's word only.
            if is_forbidden(&self.config, resolved.address) {
                warn!(name = %self.name, address = %resolved.address, "an address is left out");
                continue;
            }
            let known = before.get(&resolved).cloned();
            changed |= known.is_none();
            let endpoint = known.unwrap_or_else(|| endpoint(&resolved));
            self.endpoints.insert(resolved, endpoint);
        }
        let forbidden = self.endpoints.is_empty();
        if changed || forbidden || self.endpoints.len() != before.len() {
            let endpoints = if forbidden {
                Endpoints::Forbidden
            } else {
                Endpoints::Known(self.endpoints.values().cloned().collect())
            };
            debug!(name = %self.name, ?endpoints, "resolved");
            self.writer.store(endpoints);
        }
        let soonest = Instant::now() + limits::DNS_REFRESH_TIME.time();
        answer.valid_until.max(soonest)
    }
}

/// Whether nobody may be led to `address` by a name or a request: it is in the pod, in the machine,
/// or a port of the proxy.
pub(crate) fn is_forbidden(config: &Config, address: SocketAddr) -> bool {
    let admin = config.admin.listen.port();
    is_off_limits(address.ip())
        || crate::transport::is_own(config, address)
        || address.port() == admin && config.inbound.ips.contains(&address.ip())
}

fn endpoint(resolved: &Resolved) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        weight: resolved.weight,
        ..Endpoint::plain(resolved.address, NOT_MESHED)
    })
}

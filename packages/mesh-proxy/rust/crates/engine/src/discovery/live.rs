//! Destinations as the control plane knows them, remembered while they are in use.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mesh_decide::target::Target;
use mesh_wire::vocabulary::limits;
use tokio::sync::watch;

use super::Unavailable;
use super::destination::Destination;
use super::entry::{Answer, Entry};
use super::names::Names;
use super::remembered::Remembered;
use super::resolution::Resolutions;
use crate::config::Config;
use crate::control::{Client, Resolver};
use crate::metrics::{Gauge, GaugeFamily, Registry};
use crate::snapshot::{Routing, Snapshot};

pub(super) struct Live {
    pub(super) config: Arc<Config>,
    pub(super) policy: Client,
    pub(super) resolutions: Resolutions,
    pub(super) names: Names,
    pub(super) metrics: Arc<Registry>,
    entries: Mutex<HashMap<Target, Arc<Entry>>>,
    remembered: Mutex<Remembered>,
    stale: Arc<Gauge>,
}

impl Live {
    pub(super) fn new(
        config: Arc<Config>,
        destination: Client,
        policy: Client,
        resolver: Resolver,
        metrics: Arc<Registry>,
    ) -> Self {
        let resolutions = Resolutions::new(
            destination,
            config.control.destination_context.clone(),
            config.control.limits,
            metrics.clone(),
        );
        Self {
            names: Names::new(resolver, config.clone()),
            config,
            policy,
            resolutions,
            entries: Mutex::default(),
            remembered: Mutex::new(Remembered::new(limits::DISCOVERY_REMEMBERED.size())),
            stale: metrics.gauge(GaugeFamily::ControlStale, ""),
            metrics,
        }
    }

    pub(super) async fn outbound(
        self: &Arc<Self>,
        target: Target,
    ) -> Result<Snapshot<Routing>, Unavailable> {
        let (entry, mut reader) = self.subscribe(&target)?;
        let failfast = self.config.outbound.tcp_queue.failfast;
        let wait = tokio::time::timeout(failfast, reader.wait_for(Option::is_some));
        let silent = wait.await.is_err();
        if silent && let Some(routing) = self.remembered().get(&target) {
            entry.publish_stale(routing);
        }
        let answer = reader.borrow().clone();
        match answer {
            Some(Answer::Ready(writer)) => Ok(writer.reader()),
            Some(Answer::Failed(reason)) => Err(Unavailable::new(reason)),
            None => Err(self.silence(&target)),
        }
    }

    /// The entry of `target`, made if it is new, with a reader that keeps it in use.
    fn subscribe(
        self: &Arc<Self>,
        target: &Target,
    ) -> Result<(Arc<Entry>, watch::Receiver<Option<Answer>>), Unavailable> {
        let mut entries = self.entries();
        let count = entries.len();
        let most = limits::DISCOVERY_DESTINATIONS.size();
        let slot = match entries.entry(target.clone()) {
            Slot::Occupied(known) => {
                let reader = known.get().subscribe();
                return Ok((known.get().clone(), reader));
            }
            // A pod that talks to more has something like a port scanner in it.
            Slot::Vacant(_) if count >= most => {
                let reason = format!("more than {most} destinations are in use");
                return Err(Unavailable::new(reason));
            }
            Slot::Vacant(slot) => slot,
        };
        let entry = Arc::new(Entry::new(target.clone(), self.stale.clone()));
        if self.problem().is_some()
            && let Some(routing) = self.remembered().get(target)
        {
            entry.publish_stale(routing);
        }
        let destination = Destination::new(self.clone(), entry.clone());
        let task = self.resolutions.runtime.spawn(destination.run());
        // The entry is new, so its place for the task is free.
        let _ = entry.task.set(task.abort_handle());
        slot.insert(entry.clone());
        let reader = entry.subscribe();
        Ok((entry, reader))
    }

    /// Forgets what nobody has used for the idle time, and remembers it for hard times.
    pub(super) fn sweep(&self, now: Instant) {
        let limit = self.config.outbound.discovery_idle;
        self.entries().retain(|target, entry| {
            if !entry.is_idle(now, limit) {
                return true;
            }
            if let Some(task) = entry.task.get() {
                task.abort();
            }
            if let Some(routing) = entry.routing() {
                self.remembered().insert(target.clone(), routing);
            }
            false
        });
    }

    fn silence(&self, target: &Target) -> Unavailable {
        let limit = self.config.outbound.tcp_queue.failfast;
        let reason = match self.problem() {
            Some(problem) => format!("nothing is known of {target}: {problem}"),
            None => format!("the control plane has said nothing of {target} within {limit:?}"),
        };
        Unavailable::new(reason)
    }

    /// Why the control plane is out of reach; None where it is not.
    fn problem(&self) -> Option<String> {
        [&self.policy, &self.resolutions.client]
            .into_iter()
            .find_map(|client| Some((client.name(), client.problem()?)))
            .map(|(name, problem)| format!("the {name} service is out of reach: {problem}"))
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Target, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

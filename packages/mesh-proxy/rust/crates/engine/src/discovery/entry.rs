//! One destination in the cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mesh_decide::target::Target;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::metrics::Gauge;
use crate::snapshot::{Routing, Snapshot, Writer};

/// What is known of the destination.
#[derive(Clone)]
pub(super) enum Answer {
    /// The routing, which may be replaced.
    Ready(Arc<Writer<Routing>>),
    /// There is no routing, and why.
    Failed(Arc<str>),
}

pub(super) struct Entry {
    pub(super) target: Target,
    answer: watch::Sender<Option<Answer>>,
    /// The routing is an old one, because the control plane does not answer.
    stale: AtomicBool,
    stale_entries: Arc<Gauge>,
    idle: Mutex<Option<Instant>>,
    pub(super) task: OnceLock<AbortHandle>,
}

impl Entry {
    pub(super) fn new(target: Target, stale_entries: Arc<Gauge>) -> Self {
        Self {
            target,
            answer: watch::Sender::new(None),
            stale: AtomicBool::new(false),
            stale_entries,
            idle: Mutex::default(),
            task: OnceLock::new(),
        }
    }

    /// A reader of the answer, who keeps the entry in use.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Answer>> {
        self.answer.subscribe()
    }

    /// Replaces the routing.
    pub(super) fn publish(&self, routing: Routing) {
        self.set_stale(false);
        self.replace(Arc::new(routing));
    }

    /// Uses an old routing, unless there is a newer one.
    pub(super) fn publish_stale(&self, routing: Arc<Routing>) {
        if !matches!(*self.answer.borrow(), Some(Answer::Ready(_))) {
            self.set_stale(true);
            self.replace(routing);
        }
    }

    fn replace(&self, routing: Arc<Routing>) {
        let ready = match &*self.answer.borrow() {
            Some(Answer::Ready(writer)) => Some(writer.clone()),
            _ => None,
        };
        match ready {
            Some(writer) => writer.store_shared(routing),
            None => {
                let writer = Snapshot::shared(routing).0;
                let ready = Answer::Ready(Arc::new(writer));
                self.answer.send_replace(Some(ready));
            }
        }
    }

    /// There is no routing; one that is known stays.
    pub(super) fn fail(&self, reason: Arc<str>) {
        if !matches!(*self.answer.borrow(), Some(Answer::Ready(_))) {
            self.answer.send_replace(Some(Answer::Failed(reason)));
        }
    }

    /// Whether nobody has used the entry for `limit`, as far as regular calls can tell.
    pub(super) fn is_idle(&self, now: Instant, limit: Duration) -> bool {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_used() {
            *idle = None;
            return false;
        }
        let since = *idle.get_or_insert(now);
        now.saturating_duration_since(since) >= limit
    }

    fn is_used(&self) -> bool {
        let held = match &*self.answer.borrow() {
            Some(Answer::Ready(writer)) => writer.readers() > 0,
            Some(Answer::Failed(_)) | None => false,
        };
        held || self.answer.receiver_count() > 0
    }

    /// The routing to remember, if there is one.
    pub(super) fn routing(&self) -> Option<Arc<Routing>> {
        match &*self.answer.borrow() {
            Some(Answer::Ready(writer)) => Some(writer.load()),
            Some(Answer::Failed(_)) | None => None,
        }
    }

    fn set_stale(&self, stale: bool) {
        let before = self.stale.swap(stale, Ordering::Relaxed);
        self.stale_entries.add(i64::from(stale) - i64::from(before));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.set_stale(false);
    }
}

//! How many requests are in progress, and how many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What is bounded in all workers together; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    inbound: AtomicUsize,
    inbound_waiting: AtomicUsize,
    outbound: AtomicUsize,
}

/// A request in progress, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

/// Those who wait for something.
pub(crate) trait Line {
    /// One more waits, unless there are as many as may.
    fn enter(&self) -> Option<InFlight<'_>>;
}

impl Admission {
    /// Counts one more inbound request, unless there are `limit`.
    pub(crate) fn inbound(&self, limit: usize) -> Option<InFlight<'_>> {
        InFlight::enter(&self.shared.inbound, limit)
    }

    /// Counts one more request that waits for the application, unless there are `limit`.
    pub(crate) fn inbound_waiting(&self, limit: usize) -> Option<InFlight<'_>> {
        InFlight::enter(&self.shared.inbound_waiting, limit)
    }

    /// Counts one more outbound request, unless there are `limit`.
    pub(crate) fn outbound(&self, limit: usize) -> Option<InFlight<'_>> {
        InFlight::enter(&self.shared.outbound, limit)
    }
}

impl<'a> InFlight<'a> {
    /// Exact however many threads try at once: who is refused was never counted, so that nobody
    /// else is refused for it.
    pub(crate) fn enter(count: &'a AtomicUsize, limit: usize) -> Option<Self> {
        count
            .fetch_update(Relaxed, Relaxed, |count| {
                (count < limit).then_some(count + 1)
            })
            .ok()
            .map(|_| Self(count))
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_ends_with_the_requests() {
        let admission = Admission::default();
        let first = admission.inbound(1);
        assert!(first.is_some());
        assert!(admission.inbound(1).is_none());
        assert!(admission.outbound(1).is_some(), "the other direction's own");
        drop(first);
        assert!(admission.inbound(1).is_some());
    }

    #[test]
    fn two_workers_that_are_refused_take_nobodys_place() {
        const LIMIT: usize = 8;
        let count = AtomicUsize::new(0);
        let held: Vec<_> = (1..LIMIT).map(|_| InFlight::enter(&count, LIMIT)).collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut admitted = 0;
                    while admitted < 20_000 {
                        // One place is left: whoever is refused finds it taken by the other.
                        if let Some(guard) = InFlight::enter(&count, LIMIT) {
                            assert!(count.load(Relaxed) <= LIMIT);
                            admitted += 1;
                            drop(guard);
                        }
                    }
                });
            }
        });
        drop(held);
        assert_eq!(count.load(Relaxed), 0);
    }
}

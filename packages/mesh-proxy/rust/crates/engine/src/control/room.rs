//! How many calls a connection has room for: as many streams as the peer allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// The room on one connection. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    taken: AtomicUsize,
    /// `SETTINGS_MAX_CONCURRENT_STREAMS` of the peer (RFC 9113 §6.5.2).
    limit: AtomicUsize,
    /// Told when a place becomes free.
    changes: watch::Sender<u64>,
}

/// The right to one call, given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Inner>);

impl Room {
    /// Room for nothing until the peer's limit is known; `changes` counts places given back.
    pub(super) fn new(changes: watch::Sender<u64>) -> Self {
        Self(Arc::new(Inner {
            taken: AtomicUsize::new(0),
            limit: AtomicUsize::new(0),
            changes,
        }))
    }

    /// Tells what the peer allows now.
    pub(super) fn set_limit(&self, limit: usize) {
        let before = self.0.limit.swap(limit, Ordering::Relaxed);
        if limit > before {
            changed(&self.0.changes);
        }
    }

    /// A place, if there is one.
    pub(super) fn take(&self) -> Option<Place> {
        let limit = self.0.limit.load(Ordering::Relaxed);
        let more = |taken| (taken < limit).then(|| taken + 1);
        let took = self
            .0
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        took.is_ok().then(|| Place(self.0.clone()))
    }

    /// Whether nobody has a place.
    pub(super) fn is_empty(&self) -> bool {
        self.0.taken.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
        changed(&self.0.changes);
    }
}

/// Wakes whoever waits for a change.
pub(super) fn changed(changes: &watch::Sender<u64>) {
    changes.send_modify(|count| *count = count.wrapping_add(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_as_many_as_the_peer_allows() {
        let changes = watch::Sender::new(0);
        let room = Room::new(changes.clone());
        assert!(room.take().is_none());
        room.set_limit(2);
        let (first, second) = (room.take(), room.take());
        assert!(first.is_some() && second.is_some() && room.take().is_none());
        drop(first);
        assert!(room.take().is_some());
        drop(second);
        assert!(room.is_empty());
        assert!(*changes.borrow() >= 3);
    }
}

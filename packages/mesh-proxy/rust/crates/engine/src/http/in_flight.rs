//! How many requests are in progress.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A request in progress, counted in all workers until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(&'static AtomicUsize);

impl InFlight {
    /// Counts one more inbound request, unless there are `limit`.
    pub(crate) fn inbound(limit: usize) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Self::enter(&COUNT, limit)
    }

    /// Counts one more outbound request, unless there are `limit`.
    pub(crate) fn outbound(limit: usize) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Self::enter(&COUNT, limit)
    }

    fn enter(count: &'static AtomicUsize, limit: usize) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let entered = Self(count);
        (before < limit).then_some(entered)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_ends_with_the_requests() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let first = InFlight::enter(&COUNT, 1);
        assert!(first.is_some());
        assert!(InFlight::enter(&COUNT, 1).is_none());
        drop(first);
        assert!(InFlight::enter(&COUNT, 1).is_some());
    }
}

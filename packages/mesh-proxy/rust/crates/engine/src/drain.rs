//! Ending gracefully: one signal to all who serve, and a count of those who still do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// The readers' side of a shutdown; clones share it.
#[derive(Clone, Debug)]
pub struct Drain {
    shared: Arc<Shared>,
    signal: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Shared {
    sender: watch::Sender<bool>,
    held: AtomicUsize,
    released: Notify,
}

/// Holds the process up; an open connection keeps one.
#[derive(Debug)]
pub struct Retain(Arc<Shared>);

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

impl Drain {
    /// A drain that has not been signaled.
    pub fn new() -> Self {
        let (sender, signal) = watch::channel(false);
        Self {
            shared: Arc::new(Shared {
                sender,
                held: AtomicUsize::new(0),
                released: Notify::new(),
            }),
            signal,
        }
    }

    /// Resolves once the process should end: accept nothing new, finish what is open.
    pub async fn signaled(&self) {
        // The sender lives in `shared`, so waiting cannot fail.
        let _ = self.signal.clone().wait_for(|signaled| *signaled).await;
    }

    /// Whether the process should end.
    pub fn is_draining(&self) -> bool {
        *self.signal.borrow()
    }

    /// Holds the process up until the guard is dropped, or the grace period is over.
    pub fn retain(&self) -> Retain {
        self.shared.held.fetch_add(1, Ordering::AcqRel);
        Retain(self.shared.clone())
    }

    /// Tells everybody to finish.
    pub fn start(&self) {
        self.shared.sender.send_replace(true);
    }

    /// How many guards are held.
    pub fn held(&self) -> usize {
        self.shared.held.load(Ordering::Acquire)
    }

    /// Resolves once no guard is held.
    pub async fn released(&self) {
        loop {
            let released = self.shared.released.notified();
            if self.held() == 0 {
                return;
            }
            released.await;
        }
    }
}

impl Drop for Retain {
    fn drop(&mut self) {
        if self.0.held.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.released.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn draining_waits_for_the_last_guard() {
        let drain = Drain::new();
        let (first, second) = (drain.retain(), drain.retain());
        let reader = drain.clone();
        assert!(!reader.is_draining());
        drain.start();
        reader.signaled().await;
        drop(first);
        let waiting = tokio::time::timeout(Duration::from_millis(5), drain.released());
        assert!(waiting.await.is_err());
        let release = async { drop(second) };
        tokio::join!(drain.released(), release);
    }
}

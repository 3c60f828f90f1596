//! Who waits for an endpoint.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::config::QueueLimits;
use crate::in_flight::{InFlight, Line};

/// Those who wait for an endpoint of one backend, in all workers together.
#[derive(Debug)]
pub struct Queue {
    limits: QueueLimits,
    waiting: AtomicUsize,
}

impl Queue {
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            waiting: AtomicUsize::new(0),
        }
    }

    pub fn limits(&self) -> QueueLimits {
        self.limits
    }

    /// How long anybody may wait.
    pub fn failfast(&self) -> Duration {
        self.limits.failfast
    }
}

impl Line for Queue {
    fn enter(&self) -> Option<InFlight<'_>> {
        InFlight::enter(&self.waiting, self.limits.capacity)
    }
}

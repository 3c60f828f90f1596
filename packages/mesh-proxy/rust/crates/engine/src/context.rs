//! What every connection needs.

use std::sync::Arc;

use crate::config::Config;
use crate::discovery::Discovery;
use crate::drain::Drain;
use crate::identity::Identity;
use crate::in_flight::{Admission, InFlight, Line};
use crate::metrics::Registry;
use crate::policy::Policies;
use crate::rejections::Rejections;

/// The process-wide parts, cheap to clone and shared by all workers.
#[derive(Clone)]
pub struct Context {
    pub config: Arc<Config>,
    pub identity: Arc<Identity>,
    pub discovery: Discovery,
    pub policies: Policies,
    pub metrics: Arc<Registry>,
    pub drain: Drain,
    /// How many requests are in progress.
    pub admission: Admission,
    pub rejections: Rejections,
}

/// Requests that wait for the application.
impl Line for Context {
    fn enter(&self) -> Option<InFlight<'_>> {
        let limit = self.config.inbound.http_queue.capacity;
        self.admission.inbound_waiting(limit)
    }
}

//! What every connection needs.

use std::sync::Arc;

use crate::config::Config;
use crate::discovery::Discovery;
use crate::drain::Drain;
use crate::identity::Identity;
use crate::metrics::Registry;
use crate::policy::Policies;

/// The process-wide parts, cheap to clone and shared by all workers.
#[derive(Clone)]
pub struct Context {
    pub config: Arc<Config>,
    pub identity: Arc<Identity>,
    pub discovery: Discovery,
    pub policies: Policies,
    pub metrics: Arc<Registry>,
    pub drain: Drain,
}

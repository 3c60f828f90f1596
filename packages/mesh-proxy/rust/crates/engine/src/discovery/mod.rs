//! Where the application's connections may go, as the control plane says it.

mod backend;
mod destination;
mod endpoint;
mod endpoints;
mod entry;
mod failure;
mod live;
mod remembered;
mod resolution;
mod routing;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use self::live::Live;
use crate::config::Config;
use crate::control::Client;
use crate::metrics::Registry;
use crate::snapshot::{Routing, Snapshot};

/// Why there is no answer for a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// One line for logs and `l5d-proxy-error`.
    pub reason: Arc<str>,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unavailable {}

/// Answers for original destinations; clones share everything.
#[derive(Clone)]
pub struct Discovery(Source);

#[derive(Clone)]
enum Source {
    Live(Arc<Live>),
    Fixed(Arc<HashMap<SocketAddr, Snapshot<Routing>>>),
}

impl Discovery {
    /// Answers from the control plane; streams run on the current runtime, callers may be anywhere.
    pub fn live(
        config: Arc<Config>,
        destination: Client,
        policy: Client,
        metrics: Arc<Registry>,
    ) -> Self {
        let live = Live::new(config, destination, policy, metrics);
        Self(Source::Live(Arc::new(live)))
    }

    /// Forgets destinations that nobody uses; to be called about once a second.
    pub fn sweep(&self, now: Instant) {
        if let Source::Live(live) = &self.0 {
            live.sweep(now);
        }
    }

    /// Answers that never come from a control plane.
    pub fn fixed(answers: HashMap<SocketAddr, Snapshot<Routing>>) -> Self {
        Self(Source::Fixed(Arc::new(answers)))
    }

    /// The routing for `original_dst`, at once if it is known, else as soon as the control plane
    /// has answered, but within the failfast time.
    ///
    /// # Errors
    /// When the control plane has not answered in time and nothing is remembered.
    pub async fn outbound(
        &self,
        original_dst: SocketAddr,
    ) -> Result<Snapshot<Routing>, Unavailable> {
        match &self.0 {
            Source::Live(live) => live.outbound(original_dst).await,
            Source::Fixed(answers) => {
                answers
                    .get(&original_dst)
                    .cloned()
                    .ok_or_else(|| Unavailable {
                        reason: format!("nothing is known of {original_dst}").into(),
                    })
            }
        }
    }
}

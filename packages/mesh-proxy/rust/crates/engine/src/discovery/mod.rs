//! Where the application's connections may go, as the control plane says it.

mod backend;
mod destination;
mod endpoint;
mod endpoints;
mod entry;
mod failure;
mod live;
mod names;
mod remembered;
mod resolution;
mod routing;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use mesh_decide::target::Target;

use self::live::Live;
pub(crate) use self::names::is_forbidden;
use crate::config::Config;
use crate::control::{Client, Resolver};
use crate::metrics::Registry;
use crate::snapshot::{Routing, Snapshot};

/// Why there is no answer for a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// One line for logs and `l5d-proxy-error`.
    pub reason: Arc<str>,
}

impl Unavailable {
    fn new(reason: impl Into<Arc<str>>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unavailable {}

/// Answers for original destinations and names; clones share everything.
#[derive(Clone)]
pub struct Discovery(Source);

#[derive(Clone)]
enum Source {
    Live(Arc<Live>),
    Fixed(Arc<HashMap<Target, Snapshot<Routing>>>),
}

impl Discovery {
    /// Answers from the control plane; streams run on the current runtime, callers may be anywhere.
    pub fn live(
        config: Arc<Config>,
        destination: Client,
        policy: Client,
        resolver: Resolver,
        metrics: Arc<Registry>,
    ) -> Self {
        let live = Live::new(config, destination, policy, resolver, metrics);
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
        let answers = answers.into_iter();
        let answers = answers.map(|(address, routing)| (address.into(), routing));
        Self(Source::Fixed(Arc::new(answers.collect())))
    }

    /// The routing for `target`, at once if it is known, else as soon as the control plane
    /// has answered, but within the failfast time.
    ///
    /// # Errors
    /// When the control plane has not answered in time and nothing is remembered. A name that only
    /// DNS knows is answered for; see [`Routing::is_by_dns`].
    pub async fn outbound(
        &self,
        target: impl Into<Target>,
    ) -> Result<Snapshot<Routing>, Unavailable> {
        match &self.0 {
            Source::Live(live) => live.outbound(target.into()).await,
            Source::Fixed(answers) => {
                let target = target.into();
                let routing = answers.get(&target).cloned();
                routing.ok_or_else(|| Unavailable::new(format!("nothing is known of {target}")))
            }
        }
    }
}

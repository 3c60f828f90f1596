//! Who may reach this pod's ports, as the policy controller says it.

mod default;
mod live;
mod server;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use self::live::Live;
use crate::config::Config;
use crate::control::Client;
use crate::metrics::Registry;
use crate::snapshot::{ServerPolicy, Snapshot};

/// The policies of all ports; clones share everything.
#[derive(Clone)]
pub struct Policies(Source);

#[derive(Clone)]
enum Source {
    Live(Arc<Live>),
    Fixed(Arc<Fixed>),
}

struct Fixed {
    ports: HashMap<u16, Snapshot<ServerPolicy>>,
    otherwise: Snapshot<ServerPolicy>,
}

impl Policies {
    /// Policies from the controller; streams run on the current runtime, callers may be anywhere.
    pub fn live(config: Arc<Config>, client: Client, metrics: Arc<Registry>) -> Self {
        Self(Source::Live(Arc::new(Live::new(config, client, metrics))))
    }

    /// Forgets ports that nobody uses; to be called about once a second.
    pub fn sweep(&self, now: Instant) {
        if let Source::Live(live) = &self.0 {
            live.sweep(now);
        }
    }

    /// Policies that never come from a controller; `otherwise` is for ports that are not listed.
    pub fn fixed(
        ports: HashMap<u16, Snapshot<ServerPolicy>>,
        otherwise: Snapshot<ServerPolicy>,
    ) -> Self {
        Self(Source::Fixed(Arc::new(Fixed { ports, otherwise })))
    }

    /// The policy of `port`, never waiting: the default policy until the controller has answered.
    pub fn port(&self, port: u16) -> Snapshot<ServerPolicy> {
        match &self.0 {
            Source::Live(live) => live.port(port),
            Source::Fixed(fixed) => fixed.ports.get(&port).unwrap_or(&fixed.otherwise).clone(),
        }
    }
}

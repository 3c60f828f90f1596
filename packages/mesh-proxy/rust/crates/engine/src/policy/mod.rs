//! Who may reach this pod's ports, as the policy controller says it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::snapshot::{ServerPolicy, Snapshot};

/// The policies of all ports; clones share everything.
#[derive(Clone)]
pub struct Policies(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<Fixed>),
}

struct Fixed {
    ports: HashMap<u16, Snapshot<ServerPolicy>>,
    otherwise: Snapshot<ServerPolicy>,
}

impl Policies {
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
            Source::Fixed(fixed) => fixed.ports.get(&port).unwrap_or(&fixed.otherwise).clone(),
        }
    }
}

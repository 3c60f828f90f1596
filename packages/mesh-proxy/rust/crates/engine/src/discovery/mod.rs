//! Where the application's connections may go, as the control plane says it.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

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
    Fixed(Arc<HashMap<SocketAddr, Snapshot<Routing>>>),
}

impl Discovery {
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

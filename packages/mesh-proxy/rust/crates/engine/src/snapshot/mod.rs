//! What the control plane said, resolved: immutable values that the data path reads without asking.
//!
//! The control side builds a value once per revision and swaps it in; a connection or request
//! loads it once and works on that copy to its end.

mod endpoint;
mod failure;
mod inbound;
mod outbound;
mod swap;

pub use endpoint::{Endpoint, Hint, PeerId, PeerTls};
pub use failure::Failure;
pub use inbound::{InboundProtocol, InboundRoute, ServerPolicy};
pub use outbound::{
    Backend, BackendKind, Distribution, Endpoints, HttpRoute, HttpRule, OpaqueRoute, Protocol,
    Routing,
};
pub use swap::{Snapshot, Writer};

use std::sync::Arc;

/// Prometheus labels, rendered once: `key="value",other="value"`, without braces, escaped.
pub type Labels = Arc<str>;

/// The resource that an answer is about, as the control plane names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ResourceRef {
    /// A synthesised answer: `kind="default"`.
    Default(Arc<str>),
    Resource {
        group: Arc<str>,
        kind: Arc<str>,
        name: Arc<str>,
        namespace: Arc<str>,
        section: Arc<str>,
        port: u16,
    },
}

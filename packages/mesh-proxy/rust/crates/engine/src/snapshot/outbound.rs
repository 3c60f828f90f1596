//! Where the application's connections and requests may go.

use std::sync::Arc;
use std::time::Duration;

use mesh_decide::server_name::SniMatch;

use super::{Endpoint, Failure, ResourceRef, Snapshot};
use crate::balance::Queue;

/// The answer for one original destination.
#[derive(Debug)]
pub struct Routing {
    pub revision: u64,
    pub protocol: Protocol,
    /// The Service (or other parent) that the destination belongs to.
    pub parent: ResourceRef,
    /// The logical name for labels, `web.shop.svc.cluster.local:80`; empty where there is none.
    pub authority: Arc<str>,
}

impl Routing {
    /// The parent of a name that the control plane does not know.
    pub const BY_DNS: &str = "dns";

    /// Whether only DNS knows the name.
    pub fn is_by_dns(&self) -> bool {
        matches!(&self.parent, ResourceRef::Default(name) if &**name == Self::BY_DNS)
    }
}

/// What the destination speaks, with the routes for it.
#[derive(Debug)]
pub enum Protocol {
    /// Look at the client's first bytes, for at most `timeout`; then HTTP or opaque.
    Detect {
        timeout: Duration,
        http: Arc<[HttpRoute]>,
        opaque: Arc<[OpaqueRoute]>,
    },
    Http1(Arc<[HttpRoute]>),
    Http2(Arc<[HttpRoute]>),
    Opaque(Arc<[OpaqueRoute]>),
    /// Application TLS, carried untouched.
    Tls(Arc<[OpaqueRoute]>),
}

/// An HTTP or gRPC route. Matching on hosts and requests comes with the whole policy model; a
/// route here holds its rules in the control plane's order.
#[derive(Debug)]
pub struct HttpRoute {
    pub meta: ResourceRef,
    pub rules: Vec<HttpRule>,
}

#[derive(Debug)]
pub struct HttpRule {
    pub backends: Distribution,
}

/// A TCP or TLS route.
#[derive(Debug)]
pub struct OpaqueRoute {
    pub meta: ResourceRef,
    /// The server names that a TLS route is about; none of them means all, and clients that name
    /// nobody. TCP routes have none.
    pub snis: Vec<SniMatch>,
    /// None where the control plane forbids the connection (an undefined port, denied egress) or
    /// calls the route invalid; the text says which.
    pub backends: Result<Distribution, Arc<str>>,
}

/// How a rule's traffic spreads over its backends.
#[derive(Clone, Debug)]
pub enum Distribution {
    Empty,
    FirstAvailable(Vec<Arc<Backend>>),
    /// Backends with weights; a weight of 0 gets nothing.
    Random(Vec<(Arc<Backend>, u32)>),
}

#[derive(Debug)]
pub struct Backend {
    pub meta: ResourceRef,
    pub kind: BackendKind,
    /// Who waits for a ready endpoint.
    pub queue: Queue,
}

#[derive(Debug)]
pub enum BackendKind {
    /// None: its share of the traffic is answered with this.
    Fail(Failure),
    /// One fixed endpoint.
    Forward(Arc<Endpoint>),
    /// Discovered endpoints, balanced with P2C over peak EWMA.
    Balance {
        path: Arc<str>,
        endpoints: Snapshot<Endpoints>,
        default_rtt: Duration,
        decay: Duration,
    },
}

/// The endpoints of one discovered destination.
#[derive(Clone, Debug)]
pub enum Endpoints {
    /// The control plane has not answered yet.
    Pending,
    /// There is no such destination.
    Unknown,
    /// It has only addresses that nobody may be led to.
    Forbidden,
    /// What is there now; it may be none.
    Known(Arc<[Arc<Endpoint>]>),
}

//! Who may reach a port of this pod, and what the port speaks.

use std::time::Duration;

use mesh_decide::authorize::Authorization;

use super::{Labels, ResourceRef};

/// The policy of one port.
#[derive(Debug)]
pub struct ServerPolicy {
    pub revision: u64,
    pub protocol: InboundProtocol,
    /// Any one of them suffices; none means that nobody may.
    pub authorizations: Vec<Authorization>,
    /// HTTP routes in the control plane's order; empty for ports that are not HTTP.
    pub routes: Vec<InboundRoute>,
    /// `srv_group`, `srv_kind`, `srv_name`, rendered.
    pub labels: Labels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboundProtocol {
    /// Look at the client's first bytes, for at most this long.
    Detect(Duration),
    Http1,
    Http2,
    Grpc,
    Opaque,
    Tls,
}

/// An inbound HTTP route: a request that matches it needs one of its authorizations.
#[derive(Debug)]
pub struct InboundRoute {
    pub meta: ResourceRef,
    /// Exact paths with method GET (probes); none of them means every request.
    pub exact_paths: Vec<Box<str>>,
    pub authorizations: Vec<Authorization>,
    /// `route_group`, `route_kind`, `route_name`, rendered.
    pub labels: Labels,
}

// @generated from vocabulary/ports.toml by tools/generate.py; do not edit.
//! The ports and user ids that every part of the mesh agrees on.

/// Where the redirect sends the application's outgoing connections.
pub const PROXY_OUTBOUND: u16 = 4140;

/// Where the redirect sends incoming connections, and where meshed peers connect.
pub const PROXY_INBOUND: u16 = 4143;

/// The proxy's tap service.
pub const PROXY_CONTROL: u16 = 4190;

/// The proxy's admin server: probes and metrics.
pub const PROXY_ADMIN: u16 = 4191;

/// The identity service: certification.
pub const IDENTITY: u16 = 8080;

/// The identity service's admin server.
pub const IDENTITY_ADMIN: u16 = 9990;

/// The destination service: discovery and profiles.
pub const DESTINATION: u16 = 8086;

/// The destination service's admin server.
pub const DESTINATION_ADMIN: u16 = 9996;

/// The policy service: inbound servers and outbound policies.
pub const POLICY: u16 = 8090;

/// The policy service's admin server.
pub const POLICY_ADMIN: u16 = 9990;

/// The validating webhook for policy resources.
pub const POLICY_WEBHOOK: u16 = 9443;

/// The validating webhook for service profiles.
pub const PROFILE_WEBHOOK: u16 = 8443;

/// That webhook's admin server.
pub const PROFILE_WEBHOOK_ADMIN: u16 = 9997;

/// The mutating webhook that adds the proxy to pods.
pub const INJECTOR: u16 = 8443;

/// The injector's admin server.
pub const INJECTOR_ADMIN: u16 = 9995;

/// The user id of the proxy; the redirect leaves its connections alone.
pub const PROXY_UID: u32 = 2102;

/// The user id of control-plane containers.
pub const CONTROLLER_UID: u32 = 2103;

/// The user id of the container that programs the redirect.
pub const INIT_UID: u32 = 65534;

/// Opaque unless declared otherwise: SMTP, mail submission, MySQL, Galera, PostgreSQL, Redis, Elasticsearch transport, memcached.
pub const DEFAULT_OPAQUE: &[u16] = &[25, 587, 3306, 4444, 5432, 6379, 9300, 11211];

/// Incoming connections that the redirect leaves alone unless declared otherwise: Galera replication.
pub const DEFAULT_SKIP_INBOUND: &[u16] = &[4567, 4568];

/// Outgoing connections that the redirect leaves alone unless declared otherwise: Galera replication.
pub const DEFAULT_SKIP_OUTBOUND: &[u16] = &[4567, 4568];

/// Ports of the Kubernetes API server, which control-plane pods reach without the proxy.
pub const KUBERNETES_API: &[u16] = &[443, 6443];

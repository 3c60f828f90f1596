//! What is known of a connection's TLS.

use std::sync::Arc;

use mesh_decide::authorize::ClientTls;

/// Whether a connection is secured by the mesh, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsStatus {
    /// Mesh TLS that ends here; the peer's identity if it presented a certificate.
    Established(Option<Arc<str>>),
    /// Plaintext; the reason as the label `no_tls_reason` says it.
    Plaintext(&'static str),
    /// Somebody else's TLS, passed on untouched, with the server name it asks for.
    Opaque(Option<Arc<str>>),
}

/// Values of `no_tls_reason`.
pub mod no_tls {
    /// The connection comes from the pod's own application.
    pub const LOOPBACK: &str = "loopback";
    /// The client spoke plaintext.
    pub const NOT_FROM_REMOTE: &str = "no_tls_from_remote";
    /// The port is opaque: nobody looked.
    pub const PORT_SKIPPED: &str = "port_skipped";
    /// The control plane named no identity for the endpoint.
    pub const NOT_PROVIDED: &str = "not_provided_by_service_discovery";
}

impl TlsStatus {
    /// The peer's identity, if it proved one.
    pub fn identity(&self) -> Option<&str> {
        match self {
            Self::Established(identity) => identity.as_deref(),
            Self::Plaintext(_) | Self::Opaque(_) => None,
        }
    }

    /// What authorisation may believe of a client with this status.
    pub fn as_client(&self) -> ClientTls<'_> {
        match self {
            Self::Established(identity) => ClientTls::Established(identity.as_deref()),
            Self::Plaintext(_) | Self::Opaque(_) => ClientTls::None,
        }
    }
}

//! TLS 1.3 between proxies: the provider, who is trusted, and one set of configs per certificate.

mod epoch;
mod identity;
mod provider;
mod verifier;

pub use epoch::{Alpn, Credentials, InvalidCredentials, TRANSPORT_ALPN, TlsEpoch};
pub use identity::peer_identity;
pub use provider::{Group, choose_groups, group, names, provider};
pub use verifier::{TrustAnchors, server_only};

#[cfg(test)]
mod tests;

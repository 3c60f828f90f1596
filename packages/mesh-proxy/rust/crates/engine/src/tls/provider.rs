//! The cryptography in use.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// AES-128-GCM first, because it is the fastest where the CPU has AES; the post-quantum hybrid
/// first among the groups, because recorded traffic outlives today's key exchanges.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            Arc::new(CryptoProvider {
                cipher_suites: vec![
                    aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
                    aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
                    aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
                ],
                kx_groups: vec![
                    aws_lc_rs::kx_group::X25519MLKEM768,
                    aws_lc_rs::kx_group::X25519,
                    aws_lc_rs::kx_group::SECP256R1,
                    aws_lc_rs::kx_group::SECP384R1,
                ],
                ..aws_lc_rs::default_provider()
            })
        })
        .clone()
}

/// The suites and groups as `rustls_info` shows them: comma-separated, in order of preference.
pub fn names() -> (String, String) {
    let provider = provider();
    let suites = provider
        .cipher_suites
        .iter()
        .map(|suite| format!("{:?}", suite.suite()));
    let groups = provider
        .kx_groups
        .iter()
        .map(|group| format!("{:?}", group.name()));
    (
        suites.collect::<Vec<_>>().join(","),
        groups.collect::<Vec<_>>().join(","),
    )
}

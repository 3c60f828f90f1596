//! The cryptography in use.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};

static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();

/// A key exchange group that a handshake may use.
pub type Group = &'static dyn SupportedKxGroup;

/// All groups: the post-quantum hybrid first, because recorded traffic outlives today's key
/// exchanges.
const GROUPS: [Group; 4] = [
    aws_lc_rs::kx_group::X25519MLKEM768,
    aws_lc_rs::kx_group::X25519,
    aws_lc_rs::kx_group::SECP256R1,
    aws_lc_rs::kx_group::SECP384R1,
];

/// The cryptography of every connection in this process.
pub fn provider() -> Arc<CryptoProvider> {
    PROVIDER.get_or_init(|| with_groups(&GROUPS)).clone()
}

/// Chooses the groups, the preferred one first; [`provider`] must not have been called yet.
///
/// # Errors
/// When other groups are in use already.
pub fn choose_groups(groups: &[Group]) -> Result<(), String> {
    let names = |groups: &[Group]| groups.iter().map(|group| group.name()).collect::<Vec<_>>();
    let chosen = PROVIDER.get_or_init(|| with_groups(groups));
    if names(&chosen.kx_groups) == names(groups) {
        Ok(())
    } else {
        Err("other TLS groups are in use already in this process".to_owned())
    }
}

/// The group of that name, without regard to case.
///
/// # Errors
/// Which names there are.
pub fn group(name: &str) -> Result<Group, String> {
    let known = |group: &Group| format!("{:?}", group.name());
    GROUPS
        .into_iter()
        .find(|group| known(group).eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let names = GROUPS.iter().map(known).collect::<Vec<_>>().join(", ");
            format!("{name:?} is not a known group; expected some of {names}")
        })
}

/// AES-128-GCM first, because it is the fastest where the CPU has AES.
fn with_groups(groups: &[Group]) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
            aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
            aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: groups.to_vec(),
        ..aws_lc_rs::default_provider()
    })
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

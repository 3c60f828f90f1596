//! The key and the certificate signing request, made in memory.

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A fresh P-256 key and the request for a certificate with `name` as its only name.
pub(super) struct SigningRequest {
    pub(super) key: PrivateKeyDer<'static>,
    /// PKCS#10, DER.
    pub(super) der: Vec<u8>,
}

impl SigningRequest {
    /// # Errors
    /// When `name` is not ASCII or there is no randomness.
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        // No common name: it holds at most 64 characters, and nobody looks at it.
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from(name)?)];
        let der = params.serialize_request(&key)?.der().to_vec();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(Self { key, der })
    }
}

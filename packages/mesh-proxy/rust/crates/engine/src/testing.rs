//! A certificate authority in memory, for tests inside and outside this crate.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, string::Ia5String,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::identity::Identity;
use crate::tls::{Credentials, TrustAnchors};

/// A root and an issuer below it, as a mesh has them.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new root with a new issuer.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority_params("root"), new_key())
            .expect("a root certificate");
        let issuer = CertifiedIssuer::signed_by(authority_params("issuer"), new_key(), &root)
            .expect("an issuer certificate");
        Self { root, issuer }
    }

    /// The root, as `LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS` would hold it.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The root as trust anchors.
    ///
    /// # Panics
    /// Never: the root is a certificate.
    pub fn anchors(&self) -> TrustAnchors {
        TrustAnchors::new(&[self.root()]).expect("the root is a certificate")
    }

    /// A leaf for `name`, good for a day.
    pub fn issue(&self, name: &str) -> Credentials {
        self.issue_with(name, |_| {})
    }

    /// A leaf for `name` with changes: other times, other names, other uses.
    ///
    /// # Panics
    /// When `change` asks for something that cannot be encoded.
    pub fn issue_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Credentials {
        let key = new_key();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![subject_name(name)];
        params.not_before = (SystemTime::now() - Duration::from_secs(20)).into();
        params.not_after = (SystemTime::now() + Duration::from_secs(24 * 3600)).into();
        change(&mut params);
        let valid_until = params.not_after.into();
        let leaf = params
            .signed_by(&key, &self.issuer)
            .expect("a leaf certificate");
        Credentials {
            chain: vec![leaf.der().clone(), self.issuer.der().clone()],
            key: private_key(&key),
            valid_until,
        }
    }

    /// A certified identity.
    ///
    /// # Panics
    /// When `name` is not a DNS-like name.
    pub fn identity(&self, name: &str) -> Arc<Identity> {
        let identity = Identity::new(name, self.anchors());
        identity
            .install(self.issue(name))
            .expect("the leaf is the identity's own");
        Arc::new(identity)
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key")
}

fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// A name as a certificate carries it: a URI, or else a DNS name.
///
/// # Panics
/// When it is not of ASCII characters.
pub fn subject_name(name: &str) -> SanType {
    let text = Ia5String::try_from(name).expect("an ASCII name");
    if name.contains("://") {
        SanType::URI(text)
    } else {
        SanType::DnsName(text)
    }
}

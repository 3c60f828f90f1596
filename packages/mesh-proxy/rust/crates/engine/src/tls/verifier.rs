//! Who is believed: chains to the mesh's roots, and the name that was expected.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    version,
};
use webpki::EndEntityCert;

use super::provider;
use crate::snapshot::PeerId;

/// The roots of the mesh.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    roots: Arc<RootCertStore>,
}

impl TrustAnchors {
    /// # Errors
    /// When there is no certificate or one of them cannot be read.
    pub fn new(certificates: &[CertificateDer<'_>]) -> Result<Self, Error> {
        if certificates.is_empty() {
            return Err(Error::General("there are no trust anchors".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate.clone().into_owned())?;
        }
        Ok(Self {
            roots: Arc::new(roots),
        })
    }

    /// Verifies that a server proves `expected`, whatever name was sent as SNI.
    pub(crate) fn server_verifier(&self, expected: PeerId) -> Arc<dyn ServerCertVerifier> {
        Arc::new(ExpectIdentity {
            roots: self.roots.clone(),
            expected,
            provider: provider(),
        })
    }

    /// Verifies the chains of clients that present one; the others stay anonymous.
    pub(crate) fn client_verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider())
            .allow_unauthenticated()
            .build()
            .map_err(|error| Error::General(error.to_string()))
    }

    /// Checks that `leaf` chains to a root now, as a server's certificate.
    pub(crate) fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(leaf)?,
            &self.roots,
            intermediates,
            now,
            provider().signature_verification_algorithms.all,
        )
    }
}

/// A config that authenticates the server only: for the call that gets the first certificate.
///
/// # Errors
/// When the provider lacks TLS 1.3.
pub fn server_only(anchors: &TrustAnchors, expected: PeerId) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(anchors.server_verifier(expected))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Believes a server whose chain ends at a root and one of whose names is the expected one.
///
/// `rustls::client::WebPkiServerVerifier` would compare with the SNI, and refuses URIs; here the SNI may be
/// another name of the same peer.
#[derive(Debug)]
struct ExpectIdentity {
    roots: Arc<RootCertStore>,
    expected: PeerId,
    provider: Arc<CryptoProvider>,
}

impl ExpectIdentity {
    fn names_expected(&self, leaf: &CertificateDer<'_>) -> Result<bool, Error> {
        let leaf = EndEntityCert::try_from(leaf)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        Ok(match &self.expected {
            PeerId::Dns(expected) => leaf
                .valid_dns_names()
                .any(|name| name.eq_ignore_ascii_case(expected)),
            PeerId::Uri(expected) => leaf.valid_uri_names().any(|name| name == &**expected),
        })
    }
}

impl ServerCertVerifier for ExpectIdentity {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &self.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        if self.names_expected(end_entity)? {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

//! The identity that a certificate proves.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The identity of a verified chain's leaf: its first DNS name, else its first URI.
///
/// The common name never counts. None where the leaf names nobody or cannot be read.
pub fn peer_identity(certificates: &[CertificateDer<'_>]) -> Option<String> {
    let leaf = EndEntityCert::try_from(certificates.first()?).ok()?;
    let dns = leaf.valid_dns_names().next();
    dns.or_else(|| leaf.valid_uri_names().next())
        .map(str::to_owned)
}

//! The identity that a certificate proves.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The identity of a verified chain's leaf: the first of its DNS names and URIs.
///
/// The common name never counts. None where the leaf names nobody or cannot be read.
pub fn peer_identity(certificates: &[CertificateDer<'_>]) -> Option<String> {
    let leaf = EndEntityCert::try_from(certificates.first()?).ok()?;
    // Names lie in the certificate itself: what stands first has the lower address.
    let first = first_names(&leaf).min_by_key(|name| name.as_ptr());
    first.map(str::to_owned)
}

/// Whether `name` is the first of the leaf's DNS names or the first of its URIs: who is taken for
/// somebody else by its peers must not present it.
pub(super) fn is_named(leaf: &CertificateDer<'_>, name: &str) -> bool {
    EndEntityCert::try_from(leaf).is_ok_and(|leaf| first_names(&leaf).any(|own| own == name))
}

/// The first DNS name and the first URI.
fn first_names<'a>(leaf: &'a EndEntityCert<'_>) -> impl Iterator<Item = &'a str> {
    let dns = leaf.valid_dns_names().next();
    dns.into_iter().chain(leaf.valid_uri_names().next())
}

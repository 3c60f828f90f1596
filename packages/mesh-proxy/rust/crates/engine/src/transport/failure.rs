//! Why TLS failed, in one word.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, OtherError};

/// The reason of a failed handshake or of a broken session, for metrics and logs.
pub fn reason(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => tls_reason(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "tls_closed",
        None => "tls_io",
    }
}

fn tls_reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(error) => certificate_reason(error),
        Error::AlertReceived(alert) => alert_reason(*alert),
        Error::NoCertificatesPresented => "tls_no_certificate",
        Error::NoApplicationProtocol => "tls_alpn",
        Error::InvalidMessage(_) => "tls_garbage",
        Error::PeerIncompatible(_) => "tls_incompatible",
        _ => "tls_other",
    }
}

fn certificate_reason(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "tls_expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "tls_not_yet_valid"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "tls_wrong_identity"
        }
        CertificateError::UnknownIssuer => "tls_unknown_issuer",
        CertificateError::BadSignature => "tls_bad_signature",
        CertificateError::BadEncoding => "tls_bad_encoding",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "tls_wrong_purpose"
        }
        CertificateError::Other(error) => chain_reason(error),
        _ => "tls_bad_certificate",
    }
}

fn chain_reason(OtherError(error): &OtherError) -> &'static str {
    match error.downcast_ref() {
        Some(webpki::Error::CaUsedAsEndEntity) => "tls_ca_as_leaf",
        Some(
            webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumSignatureChecksExceeded
            | webpki::Error::MaximumPathDepthExceeded,
        ) => "tls_chain_too_long",
        _ => "tls_bad_certificate",
    }
}

/// What the other side says of us.
fn alert_reason(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateExpired => "tls_peer_says_expired",
        AlertDescription::UnknownCA => "tls_peer_says_unknown_issuer",
        AlertDescription::CertificateRequired => "tls_peer_wants_certificate",
        AlertDescription::NoApplicationProtocol => "tls_alpn",
        AlertDescription::UnrecognisedName => "tls_peer_says_unknown_name",
        _ => "tls_peer_alert",
    }
}

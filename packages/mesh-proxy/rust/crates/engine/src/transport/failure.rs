//! Why TLS failed, in one word.

use std::io;

use mesh_wire::vocabulary::refusals;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError};

/// The reason of a failed handshake or of a broken session, for metrics and logs.
pub fn reason(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => tls_reason(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => refusals::TLS_CLOSED.name,
        None => refusals::TLS_IO.name,
    }
}

fn tls_reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(error) => certificate_reason(error),
        Error::AlertReceived(alert) => alert_reason(*alert),
        Error::NoCertificatesPresented => refusals::TLS_NO_CERTIFICATE.name,
        Error::NoApplicationProtocol => refusals::TLS_ALPN.name,
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => refusals::TLS_TOO_LARGE.name,
        Error::InvalidMessage(_) => refusals::TLS_GARBAGE.name,
        Error::PeerIncompatible(_) => refusals::TLS_INCOMPATIBLE.name,
        _ => refusals::TLS_OTHER.name,
    }
}

fn certificate_reason(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            refusals::TLS_EXPIRED.name
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            refusals::TLS_NOT_YET_VALID.name
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            refusals::TLS_WRONG_IDENTITY.name
        }
        CertificateError::UnknownIssuer => refusals::TLS_UNKNOWN_ISSUER.name,
        CertificateError::BadSignature => refusals::TLS_BAD_SIGNATURE.name,
        CertificateError::BadEncoding => refusals::TLS_BAD_ENCODING.name,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            refusals::TLS_WRONG_PURPOSE.name
        }
        CertificateError::Other(error) => chain_reason(error),
        _ => refusals::TLS_BAD_CERTIFICATE.name,
    }
}

fn chain_reason(OtherError(error): &OtherError) -> &'static str {
    match error.downcast_ref() {
        Some(webpki::Error::CaUsedAsEndEntity) => refusals::TLS_CA_AS_LEAF.name,
        Some(
            webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumSignatureChecksExceeded
            | webpki::Error::MaximumPathDepthExceeded,
        ) => refusals::TLS_CHAIN_TOO_LONG.name,
        _ => refusals::TLS_BAD_CERTIFICATE.name,
    }
}

/// What the other side says of us.
fn alert_reason(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateExpired => refusals::TLS_PEER_SAYS_EXPIRED.name,
        AlertDescription::UnknownCA => refusals::TLS_PEER_SAYS_UNKNOWN_ISSUER.name,
        AlertDescription::CertificateRequired => refusals::TLS_PEER_WANTS_CERTIFICATE.name,
        AlertDescription::NoApplicationProtocol => refusals::TLS_ALPN.name,
        AlertDescription::UnrecognisedName => refusals::TLS_PEER_SAYS_UNKNOWN_NAME.name,
        _ => refusals::TLS_PEER_ALERT.name,
    }
}

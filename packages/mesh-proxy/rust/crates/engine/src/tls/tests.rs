use std::time::{Duration, SystemTime};

use rustls::CertificateError;

use super::*;
use crate::identity::Identity;
use crate::testing::{Authority, subject_name};

const NAME: &str = "web.shop.serviceaccount.identity.linkerd.cluster.local";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn install(authority: &Authority, credentials: Credentials) -> Result<(), InvalidCredentials> {
    let identity = Identity::new(NAME, authority.anchors());
    identity.install(credentials).map(drop)
}

fn certificate_error(result: Result<(), InvalidCredentials>) -> CertificateError {
    match result {
        Err(InvalidCredentials::Tls(rustls::Error::InvalidCertificate(error))) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_that_peers_would_believe_is_installed_and_numbered() {
    let authority = Authority::new();
    let identity = Identity::new(NAME, authority.anchors());
    assert!(identity.tls().is_none());
    let first = identity.install(authority.issue(NAME)).unwrap();
    let second = identity.install(authority.issue(NAME)).unwrap();
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(identity.tls().unwrap().number, 2);
    let peer = crate::snapshot::PeerId::Dns(NAME.into());
    let config = second.client(&peer, Alpn::Transport);
    assert!(std::sync::Arc::ptr_eq(
        &config,
        &second.client(&peer, Alpn::Transport)
    ));
    assert_eq!(config.alpn_protocols, [TRANSPORT_ALPN]);
    assert!(second.client(&peer, Alpn::None).alpn_protocols.is_empty());
}

#[test]
fn fault_7_a_certificate_that_peers_would_not_believe_is_refused_with_the_reason() {
    let authority = Authority::new();
    let now = SystemTime::now();
    let expired = authority.issue_with(NAME, |params| {
        params.not_before = (now - 2 * DAY).into();
        params.not_after = (now - DAY).into();
    });
    assert!(matches!(
        certificate_error(install(&authority, expired)),
        CertificateError::ExpiredContext { .. }
    ));
    let early = authority.issue_with(NAME, |params| {
        params.not_before = (now + DAY).into();
        params.not_after = (now + 2 * DAY).into();
    });
    assert!(matches!(
        certificate_error(install(&authority, early)),
        CertificateError::NotValidYetContext { .. }
    ));
    let stranger = Authority::new().issue(NAME);
    // The stranger's root has the same name, so that it is the signature that tells them apart.
    let error = certificate_error(install(&authority, stranger));
    assert_eq!(error, CertificateError::BadSignature);
    let authority_as_leaf = authority.issue_with(NAME, |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    certificate_error(install(&authority, authority_as_leaf));
}

#[test]
fn fault_7_another_name_or_another_key_is_refused() {
    let authority = Authority::new();
    match install(&authority, authority.issue("other.example")) {
        Err(InvalidCredentials::Name { found, .. }) => {
            assert_eq!(found.as_deref(), Some("other.example"));
        }
        other => panic!("{other:?}"),
    }
    let mixed = Credentials {
        key: authority.issue(NAME).key,
        ..authority.issue(NAME)
    };
    assert!(install(&authority, mixed).is_err());
    let empty = Credentials {
        chain: Vec::new(),
        ..authority.issue(NAME)
    };
    assert!(install(&authority, empty).is_err());
}

#[test]
fn an_identity_is_the_first_dns_name_or_uri() {
    let authority = Authority::new();
    let dns = authority.issue(NAME).chain;
    assert_eq!(peer_identity(&dns).as_deref(), Some(NAME));
    let spiffe = "spiffe://cluster.local/ns/shop/sa/web";
    let uri = authority.issue(spiffe).chain;
    assert_eq!(peer_identity(&uri).as_deref(), Some(spiffe));
    for (first, second) in [(NAME, spiffe), (spiffe, NAME)] {
        let both = authority.issue_with(first, |params| {
            let number = rcgen::SanType::IpAddress([10, 0, 0, 1].into());
            params.subject_alt_names.insert(0, number);
            params.subject_alt_names.push(subject_name(second));
            params.subject_alt_names.push(subject_name("other.example"));
        });
        assert_eq!(peer_identity(&both.chain).as_deref(), Some(first));
    }
    let nobody = authority.issue_with(NAME, |params| {
        params.subject_alt_names.clear();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, NAME);
    });
    assert_eq!(peer_identity(&nobody.chain), None);
    assert_eq!(peer_identity(&[]), None);
}

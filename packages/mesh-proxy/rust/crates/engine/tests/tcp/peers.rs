//! Peers whose certificates must not be believed, as servers and as clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mesh_decide::transport_header::Session;
use mesh_engine::snapshot::PeerId;
use mesh_engine::testing::{Authority, subject_name};
use mesh_engine::tls::{Credentials, TRANSPORT_ALPN, provider, server_only};
use mesh_engine::transport::{ConnectError, TlsStatus, TlsStream, connect};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app;
use crate::pair::{CLIENT, Pair, SERVER, endpoint, idle, metric, run};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn certified(credentials: Credentials) -> Arc<SingleCertAndKey> {
    let key = provider().key_provider;
    let key = key.load_private_key(credentials.key).unwrap();
    Arc::new(CertifiedKey::new(credentials.chain, key).into())
}

/// A proxy with another certificate than it should have.
async fn impostor(credentials: Credentials) -> SocketAddr {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(certified(credentials));
    config.alpn_protocols = vec![TRANSPORT_ALPN.to_vec()];
    let config = Arc::new(config);
    app::serve(async move |tcp| {
        let error = TlsStream::accept(tcp, config.clone(), &[]).await.err();
        assert!(error.is_some(), "the client believed the impostor");
    })
    .await
}

/// Certificates for `name` that are wrong in one way, and the reason that must be given.
fn wrong(ours: &Authority, name: &str) -> Vec<(Credentials, &'static str)> {
    let expired = ours.issue_with(name, |params| {
        params.not_before = (SystemTime::now() - 2 * DAY).into();
        params.not_after = (SystemTime::now() - DAY).into();
    });
    let early = ours.issue_with(name, |params| {
        params.not_before = (SystemTime::now() + DAY).into();
        params.not_after = (SystemTime::now() + 2 * DAY).into();
    });
    let authority = ours.issue_with(name, |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    // Another authority under the names of ours.
    let stranger = Authority::new();
    let mut unchained = ours.issue(name);
    unchained.chain.truncate(1);
    let mut long = ours.issue(name);
    let issuer = long.chain[1].clone();
    // 2,000 certificates are about a mebibyte.
    long.chain.resize(2_000, issuer);
    vec![
        (expired, "tls_expired"),
        (early, "tls_not_yet_valid"),
        (authority, "tls_ca_as_leaf"),
        (stranger.issue(name), "tls_bad_signature"),
        (unchained, "tls_unknown_issuer"),
        (self_signed(name), "tls_unknown_issuer"),
        (long, "tls_too_large"),
    ]
}

/// Signed by nobody but itself.
fn self_signed(name: &str) -> Credentials {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = params.self_signed(&key).unwrap();
    Credentials {
        chain: vec![leaf.der().clone()],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        valid_until: SystemTime::now() + DAY,
    }
}

/// Servers whose certificates are wrong in one way, and the reason that must be given.
fn impostors(ours: &Authority) -> Vec<(Credentials, &'static str)> {
    let mut impostors = wrong(ours, SERVER);
    for name in [
        CLIENT,
        "*.shop.serviceaccount.identity.linkerd.cluster.local",
    ] {
        impostors.push((ours.issue(name), "tls_wrong_identity"));
    }
    impostors
}

#[tokio::test]
async fn fault_07_a_server_with_a_wrong_certificate_gets_nothing_and_the_reason_is_known() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        for (credentials, reason) in impostors(&pair.authority) {
            let address = impostor(credentials).await;
            let endpoint = endpoint(address, Some(address.port()));
            let error = connect(&pair.client, &endpoint, Session::Opaque)
                .await
                .unwrap_err();
            assert!(matches!(error, ConnectError::Tls(..)), "{error}");
            assert_eq!(error.reason(), reason, "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_07_one_of_two_names_is_enough() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let two = pair.authority.issue_with("other.example", |params| {
            params.subject_alt_names.push(subject_name(SERVER));
        });
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(certified(two));
        config.alpn_protocols = vec![TRANSPORT_ALPN.to_vec()];
        let config = Arc::new(config);
        let address = app::serve(async move |tcp| {
            TlsStream::accept(tcp, config.clone(), &[]).await.unwrap();
        })
        .await;
        let endpoint = endpoint(address, Some(address.port()));
        connect(&pair.client, &endpoint, Session::Opaque)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn fault_07_a_client_with_a_wrong_certificate_is_refused_with_the_reason() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        for (credentials, reason) in wrong(&pair.authority, CLIENT) {
            let anchors = pair.authority.anchors();
            let mut config = server_only(&anchors, PeerId::Dns(SERVER.into())).unwrap();
            config.client_auth_cert_resolver = certified(credentials);
            config.alpn_protocols = vec![TRANSPORT_ALPN.to_vec()];
            let tcp = TcpStream::connect(pair.peer).await.unwrap();
            let name = SERVER.try_into().unwrap();
            // The client's own handshake is over before the server has judged it.
            if let Ok(mut tls) = TlsStream::connect(tcp, Arc::new(config), name).await {
                assert!(tls.read(&mut [0]).await.is_err());
            }
            let error = format!("error=\"{reason}\"");
            metric(&pair.server, &["inbound_tcp_errors_total", &error]).await;
            idle(&pair.server).await;
        }
    })
    .await;
}

/// A server that proves the right name, does not know of transport headers, and answers with what
/// it has heard.
async fn without_transport(authority: &Authority) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(certified(authority.issue(SERVER)));
    let config = Arc::new(config);
    app::serve(async move |tcp| {
        let mut tls = TlsStream::accept(tcp, config.clone(), &[]).await.unwrap();
        let mut bytes = [0; 5];
        if tls.read_exact(&mut bytes).await.is_ok() {
            tls.write_all(&bytes).await.unwrap();
            tls.flush().await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_peer_that_has_not_selected_the_transport_protocol_gets_no_header() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let address = without_transport(&pair.authority).await;
        let endpoint = endpoint(address, Some(address.port()));
        for session in [Session::Opaque, Session::Http1, Session::Http2] {
            let connection = connect(&pair.client, &endpoint, session).await.unwrap();
            assert!(
                matches!(&connection.tls, TlsStatus::Established(Some(name)) if &**name == SERVER)
            );
            let mut io = connection.io;
            io.write_all(b"hello").await.unwrap();
            io.flush().await.unwrap();
            let mut heard = [0; 5];
            io.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"hello");
        }
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_cannot_be_told_the_target_is_not_sent_the_applications_bytes() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let address = without_transport(&pair.authority).await;
        let mut gateway = endpoint(address, Some(address.port()));
        let target = Some("api.shop.svc.east.example:8080".into());
        gateway.authority_override = target;
        let error = connect(&pair.client, &gateway, Session::Opaque)
            .await
            .unwrap_err();
        assert_eq!(error.reason(), "no_transport_alpn");
        // A request carries the name itself.
        connect(&pair.client, &gateway, Session::Http2)
            .await
            .unwrap();
    })
    .await;
}

//! Connections that would come back to the proxy.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;

use mesh_decide::transport_header::Session;
use mesh_engine::context::Context;
use mesh_engine::snapshot::Endpoint;
use mesh_engine::transport::{ConnectError, TlsStatus, connect, connect_application};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::pair::{Pair, endpoint, metric, run};
use crate::{app, doors};

async fn is_reset(door: SocketAddr) {
    let mut client = TcpStream::connect(door).await.unwrap();
    let error = client.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn fault_10_a_connection_to_the_proxys_own_listener_is_refused() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        for own in ["127.0.0.1:4140", "127.0.0.1:80", "[::1]:80"] {
            is_reset(doors::outbound(pair.client.clone(), own.parse().unwrap()).await).await;
        }
        metric(
            &pair.client,
            &["outbound_tcp_errors_total", "error=\"loop\"} 3"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn fault_10_an_endpoint_that_is_the_proxy_itself_is_refused() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let own = endpoint("127.0.0.1:9".parse().unwrap(), Some(pair.peer.port()));
        let error = connect(&pair.server, &own, Session::Opaque)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ConnectError::Loop(to) if to == pair.peer),
            "{error}"
        );
        let error = connect_application(&pair.server, pair.peer)
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::Loop(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn fault_10_a_header_that_names_the_inbound_port_is_refused() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut loops = endpoint(pair.peer, Some(pair.peer.port()));
        loops
            .addr
            .set_port(NonZeroU16::new(pair.peer.port()).unwrap().get());
        let mut connection = connect(&pair.client, &loops, Session::Opaque)
            .await
            .unwrap();
        assert!(connection.io.read(&mut [0]).await.is_err());
        metric(
            &pair.server,
            &["inbound_tcp_errors_total", "error=\"loop\"} 1"],
        )
        .await;
    })
    .await;
}

fn with_ips(context: &Context, ips: &[&str]) -> Context {
    let mut context = context.clone();
    let mut config = (*context.config).clone();
    config.inbound.ips = ips
        .iter()
        .map(|ip| ip.parse().unwrap())
        .collect::<BTreeSet<_>>();
    context.config = Arc::new(config);
    context
}

#[tokio::test]
async fn a_destination_that_is_not_this_pod_is_refused() {
    run(async {
        let application = app::echo().await;
        let pair = Pair::opaque(application).await;
        let context = with_ips(&pair.server, &["10.1.2.3"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, context, application);
        is_reset(door).await;
        metric(
            &pair.server,
            &["inbound_tcp_errors_total", "wrong_destination"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_pod_itself_is_reached_in_plaintext() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let context = with_ips(&pair.client, &["127.0.0.1"]);
        let own: &Endpoint = &pair.endpoint;
        let connection = connect(&context, own, Session::Opaque).await.unwrap();
        assert_eq!(connection.tls, TlsStatus::Plaintext("loopback"));
        assert_eq!(connection.io.tcp().peer_addr().unwrap(), own.addr);
    })
    .await;
}

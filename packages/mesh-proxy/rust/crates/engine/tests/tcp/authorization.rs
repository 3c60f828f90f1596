//! Who is let in to an opaque port, at first and after a change of the policy.

use std::io;

use mesh_decide::authorize::Authentication;
use mesh_engine::snapshot::InboundProtocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{self, exchange, expect};
use crate::doors;
use crate::pair::{CLIENT, Pair, SERVER, allow, idle, metric, policy, run};

fn only(identity: &str) -> Authentication {
    Authentication::TlsIdentities {
        exact: vec![identity.into()],
        suffixes: Vec::new(),
    }
}

#[tokio::test]
async fn the_identity_that_is_named_is_let_in_and_another_is_not() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let allowed = |identity| policy(InboundProtocol::Opaque, vec![allow(only(identity))]);
        pair.policy.store(allowed(CLIENT));
        assert_eq!(exchange(pair.door, b"hello").await.unwrap(), b"hello");

        pair.policy.store(allowed(SERVER));
        let error = exchange(pair.door, b"hello").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let client_id = format!("client_id=\"{CLIENT}\"");
        metric(&pair.server, &["inbound_tcp_authz_deny_total", &client_id]).await;
        metric(&pair.server, &["inbound_tcp_errors_total", "unauthorized"]).await;
        idle(&pair.server).await;
    })
    .await;
}

#[tokio::test]
async fn fault_42_a_revoked_client_loses_its_open_connection() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        client.write_all(b"before").await.unwrap();
        expect(&mut client, b"before").await;

        // A change that keeps the client in keeps its connection.
        let named = vec![allow(only(CLIENT))];
        pair.policy.store(policy(InboundProtocol::Opaque, named));
        client.write_all(b"still").await.unwrap();
        expect(&mut client, b"still").await;

        pair.policy
            .store(policy(InboundProtocol::Opaque, Vec::new()));
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        metric(&pair.server, &["inbound_tcp_authz_terminate_total"]).await;
        idle(&pair.server).await;
    })
    .await;
}

#[tokio::test]
async fn plaintext_reaches_an_opaque_port_only_without_required_identity() {
    run(async {
        let application = app::echo().await;
        let pair = Pair::opaque(application).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, pair.server.clone(), application);
        assert_eq!(exchange(door, b"hello").await.unwrap(), b"hello");
        metric(
            &pair.server,
            &["tcp_open_total", "peer=\"src\"", "port_skipped"],
        )
        .await;

        let required = vec![allow(Authentication::TlsUnauthenticated)];
        pair.policy.store(policy(InboundProtocol::Opaque, required));
        assert!(exchange(door, b"hello").await.is_err());
        metric(
            &pair.server,
            &["inbound_tcp_authz_deny_total", "port_skipped"],
        )
        .await;
    })
    .await;
}

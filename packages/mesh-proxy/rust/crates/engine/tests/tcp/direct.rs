//! What other proxies' connections to the inbound port must look like.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;

use mesh_decide::transport_header::{Header, Session};
use mesh_engine::snapshot::PeerId;
use mesh_engine::tls::{Alpn, server_only};
use mesh_engine::transport::TlsStream;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app;
use crate::pair::{CLIENT, Pair, SERVER, idle, metric, run};

async fn pair() -> Pair {
    Pair::opaque(app::echo().await).await
}

fn config(pair: &Pair, alpn: Alpn) -> Arc<ClientConfig> {
    let epoch = pair.authority.identity(CLIENT).tls().unwrap();
    epoch.client(&PeerId::Dns(SERVER.into()), alpn)
}

async fn shake_hands(to: SocketAddr, config: Arc<ClientConfig>) -> io::Result<TlsStream> {
    let tcp = TcpStream::connect(to).await?;
    TlsStream::connect(tcp, config, SERVER.try_into().unwrap()).await
}

/// Sends `bytes` after a proper handshake; what the peer answers before it breaks off.
async fn send(pair: &Pair, bytes: &[u8]) -> Vec<u8> {
    let config = config(pair, Alpn::Transport);
    let mut tls = shake_hands(pair.peer, config).await.unwrap();
    tls.write_all(bytes).await.unwrap();
    tls.flush().await.unwrap();
    let mut answer = Vec::new();
    // It may break off with a reset or with an end.
    let _ = tls.read_to_end(&mut answer).await;
    answer
}

async fn is_refused(pair: &Pair, reason: &str) {
    let error = format!("error=\"{reason}\"");
    metric(&pair.server, &["inbound_tcp_errors_total", &error]).await;
    idle(&pair.server).await;
}

#[tokio::test]
async fn a_header_in_small_pieces_is_understood_and_what_follows_it_is_the_applications() {
    run(async {
        let pair = pair().await;
        let config = config(&pair, Alpn::Transport);
        let mut tls = shake_hands(pair.peer, config).await.unwrap();
        let port = NonZeroU16::new(pair.endpoint.addr.port()).unwrap();
        let header = Header {
            port,
            name: None,
            session: Session::Opaque,
            gateways: 0,
        };
        for piece in [&header.encode()[..], b"first"].concat().chunks(5) {
            tls.write_all(piece).await.unwrap();
            tls.flush().await.unwrap();
        }
        let mut answer = [0; 5];
        tls.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"first");
    })
    .await;
}

#[tokio::test]
async fn fault_09_garbage_for_a_header_is_refused_with_a_reason() {
    run(async {
        let pair = pair().await;
        assert_eq!(send(&pair, b"GET / HTTP/1.1\r\n\r\n").await, b"");
        is_refused(&pair, "no_preface").await;
        let preface = b"transport.l5d.io/v1\r\n\r\n";
        assert_eq!(send(&pair, &[&preface[..], &[255; 4]].concat()).await, b"");
        is_refused(&pair, "too_long").await;
        assert_eq!(
            send(&pair, &[&preface[..], &[0, 0, 0, 2, 255, 255]].concat()).await,
            b""
        );
        is_refused(&pair, "not_protobuf").await;
        assert_eq!(
            send(&pair, &[&preface[..], &[0, 0, 0, 0]].concat()).await,
            b""
        );
        is_refused(&pair, "bad_port").await;
        assert_eq!(send(&pair, &preface[..10]).await, b"");
        is_refused(&pair, "detect_timeout").await;
    })
    .await;
}

#[tokio::test]
async fn fault_09_bytes_that_are_no_tls_are_refused() {
    run(async {
        let pair = pair().await;
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        ] {
            let mut tcp = TcpStream::connect(pair.peer).await.unwrap();
            tcp.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            let _ = tcp.read_to_end(&mut answer).await;
            // At most an alert.
            assert!(answer.len() < 16, "{answer:?}");
            is_refused(&pair, "tls_garbage").await;
        }
    })
    .await;
}

#[tokio::test]
async fn fault_09_a_client_without_the_transport_protocol_is_refused() {
    run(async {
        let pair = pair().await;
        let config = config(&pair, Alpn::None);
        let mut tls = shake_hands(pair.peer, config).await.unwrap();
        assert!(tls.read(&mut [0]).await.is_err());
        is_refused(&pair, "tls_alpn").await;
    })
    .await;
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    run(async {
        let pair = pair().await;
        let mut config =
            server_only(&pair.authority.anchors(), PeerId::Dns(SERVER.into())).unwrap();
        config.alpn_protocols = vec![b"transport.l5d.io/v1".to_vec()];
        let mut tls = shake_hands(pair.peer, Arc::new(config)).await.unwrap();
        assert!(tls.read(&mut [0]).await.is_err());
        is_refused(&pair, "no_client_identity").await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_wants_a_gateway_is_told_by_a_reason() {
    run(async {
        let pair = pair().await;
        let header = Header {
            port: NonZeroU16::new(80).unwrap(),
            name: Some("web.shop.svc.cluster.local".to_owned()),
            session: Session::Opaque,
            gateways: 0,
        };
        assert_eq!(send(&pair, &header.encode()).await, b"");
        is_refused(&pair, "not_a_gateway").await;
    })
    .await;
}

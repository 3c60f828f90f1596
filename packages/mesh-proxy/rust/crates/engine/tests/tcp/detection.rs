//! Ports of which nothing is declared: who speaks, and what.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mesh_engine::snapshot::{InboundProtocol, PeerId};
use mesh_engine::tls::Alpn;
use mesh_engine::transport::TlsStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{self, GREETING, exchange, expect};
use crate::doors;
use crate::pair::{CLIENT, Pair, SERVER, everybody, metric, policy, run};

/// Far longer than any test takes.
const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn fault_04_a_greeting_is_not_held_up_by_detection() {
    run(async {
        let pair = Pair::detecting(app::greeter().await, LONG).await;
        for _ in 0..2 {
            let started = Instant::now();
            let mut client = TcpStream::connect(pair.door).await.unwrap();
            expect(&mut client, GREETING).await;
            assert!(started.elapsed() < LONG / 4, "{:?}", started.elapsed());
            client.write_all(b"EHLO").await.unwrap();
            expect(&mut client, b"EHLO").await;
        }
        // The second time nothing was detected any more.
        let results = ["outbound_tcp_detect_http_results_total", "} 1"];
        metric(&pair.client, &results).await;
    })
    .await;
}

#[tokio::test]
async fn fault_04_an_unmeshed_clients_greeting_is_not_held_up_either() {
    run(async {
        let greeter = app::greeter().await;
        let pair = Pair::opaque(greeter).await;
        let detect = InboundProtocol::Detect(LONG);
        pair.policy.store(policy(detect, everybody()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, pair.server.clone(), greeter);
        let mut client = TcpStream::connect(door).await.unwrap();
        expect(&mut client, GREETING).await;
        metric(&pair.server, &["tcp_open_total", "no_tls_from_remote"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_leaves_without_a_word_is_not_taken_for_one_that_speaks_first() {
    run(async {
        let pair = Pair::detecting(app::serve(async |_tcp| {}).await, LONG).await;
        for results in 1..=2 {
            let mut client = TcpStream::connect(pair.door).await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
            let detected = format!("}} {results}");
            let family = "outbound_tcp_detect_http_results_total";
            metric(&pair.client, &[family, &detected]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_late_http2_client_is_not_taken_for_opaque_because_its_server_sends_settings() {
    run(async {
        let server = app::serve(async |mut tcp| {
            let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
            let _ = tcp.write_all(&settings).await;
            let _ = tcp.read(&mut [0]).await;
        });
        let pair = Pair::detecting(server.await, LONG).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        // The speculative connection has come and gone.
        metric(&pair.client, &["tcp_close_total", "peer=\"dst\"", "} 1"]).await;
        client
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        metric(
            &pair.client,
            &["detect_http_results_total", "result=\"http/2\"} 1"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_speaks_first_needs_no_second_connection() {
    run(async {
        let pair = Pair::detecting(app::echo().await, LONG).await;
        assert_eq!(exchange(pair.door, b"PING\r\n").await.unwrap(), b"PING\r\n");
        metric(
            &pair.client,
            &["detect_http_results_total", "result=\"not_http\"} 1"],
        )
        .await;
        metric(&pair.client, &["protocol_connections_total", "\"opaq\"} 1"]).await;
        metric(&pair.client, &["tcp_open_total", "peer=\"dst\"", "} 1"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_late_client_uses_the_connection_that_is_open_already() {
    run(async {
        let pair = Pair::detecting(app::echo().await, LONG).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        metric(&pair.server, &["tcp_open_total", "peer=\"dst\"", "} 1"]).await;
        client.write_all(b"\x00\x01\x02").await.unwrap();
        expect(&mut client, b"\x00\x01\x02").await;
        metric(&pair.client, &["tcp_open_total", "peer=\"dst\"", "} 1"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_silent_client_of_a_silent_server_is_joined_when_its_time_is_up() {
    run(async {
        let pair = Pair::detecting(app::echo().await, Duration::from_millis(200)).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        metric(&pair.client, &["detect_http_results_total", "read_timeout"]).await;
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        expect(&mut client, b"GET / HTTP/1.1\r\n").await;
    })
    .await;
}

#[tokio::test]
async fn fault_81_a_request_in_small_pieces_is_still_http() {
    run(async {
        let pair = Pair::detecting(app::echo().await, LONG).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        client.set_nodelay(true).unwrap();
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        metric(
            &pair.client,
            &["detect_http_results_total", "result=\"http/1\"} 1"],
        )
        .await;
        // There is no HTTP route: the answer is an HTTP one, and nothing reached the echo.
        let mut answer = [0; 9];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 ");
    })
    .await;
}

#[tokio::test]
async fn tls_for_this_proxy_is_ended_on_any_port_and_other_tls_is_not_touched() {
    run(async {
        let application = app::echo().await;
        let pair = Pair::opaque(application).await;
        let detect = InboundProtocol::Detect(LONG);
        pair.policy.store(policy(detect, everybody()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, pair.server.clone(), application);

        let epoch = pair.authority.identity(CLIENT).tls().unwrap();
        let config = epoch.client(&PeerId::Dns(SERVER.into()), Alpn::None);
        let tcp = TcpStream::connect(door).await.unwrap();
        let mut tls = TlsStream::connect(tcp, config.clone(), SERVER.try_into().unwrap())
            .await
            .unwrap();
        tls.write_all(b"inside\r\n").await.unwrap();
        tls.flush().await.unwrap();
        let mut answer = [0; 8];
        tls.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"inside\r\n");
        let client_id = format!("client_id=\"{CLIENT}\"");
        metric(
            &pair.server,
            &["tcp_open_total", "peer=\"src\"", &client_id],
        )
        .await;

        let hello = client_hello(config);
        let mut tcp = TcpStream::connect(door).await.unwrap();
        tcp.write_all(&hello).await.unwrap();
        expect(&mut tcp, &hello).await;
        metric(
            &pair.server,
            &["tcp_open_total", "tls=\"opaque\",sni=\"other.example\""],
        )
        .await;
    })
    .await;
}

fn client_hello(config: Arc<rustls::ClientConfig>) -> Vec<u8> {
    let name = "other.example".try_into().unwrap();
    let mut session = rustls::ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    hello
}

//! Ports of which nothing is declared: who speaks, and what.

use std::time::{Duration, Instant};

use mesh_engine::snapshot::InboundProtocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{self, GREETING, exchange, expect};
use crate::doors;
use crate::pair::{Pair, everybody, idle, metric, policy, run};

/// Far longer than any test takes.
const LONG: Duration = Duration::from_secs(20);

/// The client's proxy has taken one connection for `protocol` for this reason.
async fn decided(pair: &Pair, protocol: &str, reason: &str) {
    let labels = format!("{{protocol=\"{protocol}\",reason=\"{reason}\"}} 1");
    let family = "outbound_tcp_detect_decisions_total";
    metric(&pair.client, &[family, &labels]).await;
}

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
        for reason in ["server_spoke", "remembered"] {
            decided(&pair, "opaq", reason).await;
        }
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
async fn a_pool_that_is_opened_long_before_it_is_used_is_understood_then() {
    run(async {
        let pair = Pair::detecting(app::echo().await, Duration::from_millis(150)).await;
        let connect = async || {
            let tcp = TcpStream::connect(pair.door).await.unwrap();
            tcp.set_nodelay(true).unwrap();
            tcp
        };
        let (mut http, mut opaque) = (connect().await, connect().await);
        // Each has its connection to the server, and long outlives the detection time.
        metric(&pair.server, &["tcp_open_total", "peer=\"dst\"", "} 2"]).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        for piece in ["G", "ET ", "/ HTTP/1.1\r\nHost: x\r\n\r\n"] {
            http.write_all(piece.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut answer = [0; 9];
        http.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 ");
        decided(&pair, "http/1", "client_spoke").await;

        opaque.write_all(b"get key\r\n").await.unwrap();
        expect(&mut opaque, b"get key\r\n").await;
        decided(&pair, "opaq", "client_spoke").await;
    })
    .await;
}

#[tokio::test]
async fn silence_of_both_ends_as_it_would_without_proxies() {
    run(async {
        let app = app::serve(async |mut tcp| {
            let _ = tcp.read(&mut [0]).await;
        });
        let pair = Pair::detecting(app.await, Duration::from_millis(60)).await;
        let opened = ["tcp_open_total", "peer=\"dst\"", "} 1"];
        let ended = TcpStream::connect(pair.door).await.unwrap();
        metric(&pair.server, &opened).await;
        drop(ended);
        idle(&pair.client).await;
        idle(&pair.server).await;

        // Nobody waits for it when the process is to end.
        let mut open = TcpStream::connect(pair.door).await.unwrap();
        metric(
            &pair.client,
            &["tcp_open_connections", "peer=\"dst\"", "} 1"],
        )
        .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        pair.client.drain.start();
        assert_eq!(open.read(&mut [0]).await.unwrap(), 0);
        idle(&pair.client).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_loses_patience_is_not_remembered_as_one_that_speaks_first() {
    run(async {
        let app = app::serve(async |mut tcp| {
            let answer = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
            let _ = tcp.write_all(answer).await;
        });
        let pair = Pair::detecting(app.await, LONG).await;
        for count in 1..=2 {
            let mut client = TcpStream::connect(pair.door).await.unwrap();
            let mut farewell = Vec::new();
            client.read_to_end(&mut farewell).await.unwrap();
            assert!(farewell.starts_with(b"HTTP/1.1 408 "), "{farewell:?}");
            let spoke = format!("protocol=\"opaq\",reason=\"server_spoke\"}} {count}");
            metric(&pair.client, &["detect_decisions_total", &spoke]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn both_may_speak_at_once() {
    run(async {
        let pair = Pair::detecting(app::greeter().await, LONG).await;
        // As SSH does it: whoever is seen first, all bytes of both arrive.
        for wait in [0, 30, 49, 50, 51, 60] {
            let mut client = TcpStream::connect(pair.door).await.unwrap();
            tokio::time::sleep(Duration::from_millis(wait)).await;
            client.write_all(b"SSH-2.0-test\r\n").await.unwrap();
            expect(&mut client, GREETING).await;
            expect(&mut client, b"SSH-2.0-test\r\n").await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_byte_may_come_late_and_the_others_one_by_one() {
    run(async {
        let pair = Pair::detecting(app::echo().await, LONG).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        client.set_nodelay(true).unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" {
            client.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut answer = [0; 9];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 ");
        decided(&pair, "http/1", "client_spoke").await;
        // The next one is not connected ahead any more, however late it is.
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        client.read_exact(&mut answer).await.unwrap();
        metric(&pair.client, &["tcp_open_total", "peer=\"dst\"", "} 1"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_unmeshed_client_of_the_same_port_may_speak_anything() {
    run(async {
        let application = app::echo().await;
        let pair = Pair::opaque(application).await;
        let detect = InboundProtocol::Detect(Duration::from_millis(150));
        pair.policy.store(policy(detect, everybody()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, pair.server.clone(), application);
        let mut late = TcpStream::connect(door).await.unwrap();
        assert_eq!(exchange(door, b"PING\r\n").await.unwrap(), b"PING\r\n");
        let mut http = TcpStream::connect(door).await.unwrap();
        http.write_all(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        // The echo is no HTTP server: the proxy says so.
        let mut answer = [0; 12];
        http.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 502");
        tokio::time::sleep(Duration::from_millis(300)).await;
        late.write_all(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        late.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 502");
        for count in [
            "protocol=\"opaq\",reason=\"client_spoke\"} 1",
            "protocol=\"http/1\",reason=\"client_spoke\"} 2",
        ] {
            metric(&pair.server, &["inbound_tcp_detect_decisions_total", count]).await;
        }
    })
    .await;
}

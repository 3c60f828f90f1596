//! How connections end: each end is what it would be without proxies.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::app::{self, exchange, expect};
use crate::pair::{CLIENT, Pair, SERVER, idle, metric, run};

#[tokio::test]
async fn bytes_arrive_and_both_sides_know_each_other() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        assert_eq!(exchange(pair.door, b"marker").await.unwrap(), b"marker");
        idle(&pair.client).await;
        idle(&pair.server).await;
        let target = pair.endpoint.addr;
        let line = metric(&pair.client, &["tcp_open_total", "peer=\"dst\""]).await;
        assert_eq!(
            line,
            format!(
                "tcp_open_total{{direction=\"outbound\",peer=\"dst\",\
                 authority=\"cache.shop.svc.cluster.local:9000\",target_addr=\"{target}\",\
                 target_ip=\"127.0.0.1\",target_port=\"{}\",tls=\"true\",server_id=\"{SERVER}\",\
                 dst_service=\"cache\"}} 1",
                target.port()
            )
        );
        let client_id = format!("client_id=\"{CLIENT}\"");
        let src = ["peer=\"src\"", &client_id, "srv_name=\"test\""];
        for (family, value) in [
            ("tcp_open_total", "} 1"),
            ("tcp_open_connections", "} 0"),
            ("tcp_read_bytes_total", "} 6"),
            ("tcp_write_bytes_total", "} 6"),
            ("tcp_close_total", "errno=\"\"} 1"),
        ] {
            metric(&pair.server, &[&[family, value], &src[..]].concat()).await;
        }
        metric(
            &pair.server,
            &["inbound_tcp_authz_allow_total", &client_id, "authz_name"],
        )
        .await;
        let header = "inbound_tcp_transport_header_connections_total";
        metric(&pair.server, &[header, "session_protocol=\"\"", &client_id]).await;
    })
    .await;
}

#[tokio::test]
async fn fault_03_a_client_that_ends_its_side_still_gets_the_answer() {
    run(async {
        let app = app::serve(async |mut tcp| {
            let mut request = Vec::new();
            tcp.read_to_end(&mut request).await.unwrap();
            tcp.write_all(&request).await.unwrap();
            tcp.write_all(b" answered").await.unwrap();
        });
        let pair = Pair::opaque(app.await).await;
        assert_eq!(
            exchange(pair.door, b"request").await.unwrap(),
            b"request answered"
        );
    })
    .await;
}

#[tokio::test]
async fn fault_03_a_server_that_ends_its_side_still_gets_the_rest() {
    run(async {
        let (tell, told) = oneshot::channel();
        let tell = std::cell::Cell::new(Some(tell));
        let app = app::serve(async move |mut tcp| {
            tcp.write_all(b"bye").await.unwrap();
            tcp.shutdown().await.unwrap();
            let mut rest = Vec::new();
            tcp.read_to_end(&mut rest).await.unwrap();
            tell.take().unwrap().send(rest).unwrap();
        });
        let pair = Pair::opaque(app.await).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        let mut farewell = Vec::new();
        client.read_to_end(&mut farewell).await.unwrap();
        assert_eq!(farewell, b"bye");
        client.write_all(b"after the end").await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(told.await.unwrap(), b"after the end");
        idle(&pair.server).await;
    })
    .await;
}

#[tokio::test]
async fn fault_03_a_reset_by_the_client_reaches_the_server_as_a_reset() {
    run(async {
        let (tell, told) = oneshot::channel();
        let tell = std::cell::Cell::new(Some(tell));
        let app = app::serve(async move |mut tcp| {
            let mut bytes = [0; 100];
            let length = tcp.read(&mut bytes).await.unwrap();
            tcp.write_all(&bytes[..length]).await.unwrap();
            let end = tcp.read(&mut bytes).await.map_err(|error| error.kind());
            tell.take().unwrap().send(end).unwrap();
        });
        let pair = Pair::opaque(app.await).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        expect(&mut client, b"hello").await;
        reset(client);
        assert_eq!(told.await.unwrap(), Err(io::ErrorKind::ConnectionReset));
        idle(&pair.client).await;
        let errno = "errno=\"ECONNRESET\"} 1";
        metric(&pair.client, &["tcp_close_total", "peer=\"src\"", errno]).await;
    })
    .await;
}

#[tokio::test]
async fn fault_03_a_reset_by_the_server_reaches_the_client_as_a_reset() {
    run(async {
        let app = app::serve(async |mut tcp| {
            let mut byte = [0];
            tcp.read_exact(&mut byte).await.unwrap();
            reset(tcp);
        });
        let pair = Pair::opaque(app.await).await;
        assert_reset(pair.door).await;
        idle(&pair.client).await;
        idle(&pair.server).await;
    })
    .await;
}

#[tokio::test]
async fn an_application_that_is_not_there_is_a_reset_too() {
    run(async {
        let gone = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let pair = Pair::opaque(gone).await;
        assert_reset(pair.door).await;
        metric(
            &pair.server,
            &["inbound_tcp_errors_total", "connect_refused"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_open_connection_holds_a_draining_proxy_up_until_it_ends() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let mut client = TcpStream::connect(pair.door).await.unwrap();
        client.write_all(b"before").await.unwrap();
        expect(&mut client, b"before").await;
        pair.server.drain.start();
        client.write_all(b"after").await.unwrap();
        expect(&mut client, b"after").await;
        assert_eq!(pair.server.drain.held(), 1);
        drop(client);
        idle(&pair.server).await;
    })
    .await;
}

fn reset(tcp: TcpStream) {
    let socket = socket2::SockRef::from(&tcp);
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

/// A client that says something is reset.
async fn assert_reset(door: SocketAddr) {
    let mut client = TcpStream::connect(door).await.unwrap();
    client.write_all(b"x").await.unwrap();
    let error = client.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

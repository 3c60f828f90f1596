//! Clients that cost more than they should: the others must not notice.

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, run};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const GET: &str = "GET /x HTTP/1.1\r\nHost: web\r\n\r\n";

/// A frame as it stands on the wire.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Sends all of it, as far as the proxy takes it, and waits until the proxy ends the connection.
async fn flood(mesh: &Mesh, bytes: Vec<u8>) -> bool {
    let mut tcp = TcpStream::connect(mesh.http2).await.unwrap();
    let (mut read, mut write) = tcp.split();
    let send = async {
        // The proxy may hang up in the middle.
        let _ = write.write_all(PREFACE).await;
        let _ = write.write_all(&bytes).await;
        std::future::pending::<()>().await;
    };
    let receive = async {
        let mut scrap = vec![0; 64 * 1024];
        while let Ok(1..) = read.read(&mut scrap).await {}
    };
    timeout(Duration::from_secs(10), async {
        tokio::select! { () = send => {}, () = receive => {} }
    })
    .await
    .is_ok()
}

async fn good_client_is_served(mesh: &Mesh) {
    assert_eq!(once(mesh.http1, GET).await.text(), "hello /x");
}

#[tokio::test]
async fn fault_25_rapid_resets_end_the_connection_and_disturb_nobody() {
    run(async {
        let mesh = Mesh::start(app::http2().await, Hop::Plain).await;
        let other = Mesh::start(app::http1().await, Hop::Mesh).await;
        // :method GET, :scheme http, :path /, :authority a
        let head = [0x82, 0x86, 0x84, 0x41, 0x01, b'a'];
        let mut bytes = Vec::new();
        for number in 0..20_000_u32 {
            let stream = 2 * number + 1;
            bytes.extend(frame(1, 5, stream, &head));
            bytes.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
        }
        let (ended, ()) = tokio::join!(flood(&mesh, bytes), good_client_is_served(&other));
        assert!(ended, "the proxy has put up with it");
        good_client_is_served(&other).await;
    })
    .await;
}

#[tokio::test]
async fn fault_28_endless_continuations_end_the_connection() {
    run(async {
        let mesh = Mesh::start(app::http2().await, Hop::Plain).await;
        let mut bytes = frame(1, 0, 1, &[0x82, 0x86, 0x84]);
        for _ in 0..20_000 {
            bytes.extend(frame(9, 0, 1, &[]));
        }
        assert!(flood(&mesh, bytes).await, "empty ones");
        let mut bytes = frame(1, 0, 1, &[0x82, 0x86, 0x84]);
        let field = [&[0x00, 0x01, b'a', 0x7e][..], &[b'x'; 126]].concat();
        for _ in 0..20_000 {
            bytes.extend(frame(9, 0, 1, &field));
        }
        assert!(flood(&mesh, bytes).await, "full ones");
    })
    .await;
}

#[tokio::test]
async fn fault_29_a_small_head_that_unfolds_to_a_large_one_is_refused() {
    run(async {
        let (app, log) = app::silent().await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        // One field of 4,000 bytes enters the table, then it is repeated by its index.
        let mut head = vec![
            0x82, 0x86, 0x84, 0x41, 0x01, b'a', 0x40, 0x01, b'z', 0x7f, 0xa1, 0x1e,
        ];
        head.extend_from_slice(&[b'x'; 4000]);
        head.extend(std::iter::repeat_n(0xbe, 10_000));
        let mut tcp = TcpStream::connect(mesh.http2).await.unwrap();
        tcp.write_all(PREFACE).await.unwrap();
        tcp.write_all(&frame(1, 5, 1, &head)).await.unwrap();
        let mut received = vec![0; 4096];
        let answered = async {
            let mut all = Vec::new();
            loop {
                let length = tcp.read(&mut received).await.unwrap_or(0);
                all.extend_from_slice(&received[..length]);
                // A response's HEADERS, a RST_STREAM or a GOAWAY.
                let kinds = frames(&all);
                if length == 0 || kinds.iter().any(|kind| matches!(kind, 1 | 3 | 7)) {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(5), answered).await.unwrap();
        assert!(log.borrow().is_empty(), "it was passed on");
    })
    .await;
}

fn frames(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        kinds.push(bytes[3]);
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    kinds
}

#[tokio::test]
async fn fault_32_stalled_streams_leave_the_others_their_share() {
    run(async {
        let mesh = Mesh::start(app::http2().await, Hop::Mesh).await;
        let connect = async || {
            let tcp = TcpStream::connect(mesh.http2).await.unwrap();
            let (client, connection) = h2::client::handshake(tcp).await.unwrap();
            spawn_local(async move {
                let _ = connection.await;
            });
            client.ready().await.unwrap()
        };
        let call = |method: &str, path: &str| {
            let uri = format!("http://web{path}");
            http::Request::builder()
                .method(method)
                .uri(uri)
                .body(())
                .unwrap()
        };
        let mut stalled = connect().await;
        let mut held = Vec::new();
        for _ in 0..100 {
            let (response, mut send) = stalled.send_request(call("POST", "/echo"), false).unwrap();
            // More than any window on the way: it cannot all be taken up while nobody reads.
            send.send_data(Bytes::from(vec![0; 8 << 20]), false)
                .unwrap();
            held.push((response, send));
        }
        let mut good = connect().await;
        for _ in 0..50 {
            let (response, _) = good.send_request(call("GET", "/x"), true).unwrap();
            assert_eq!(response.await.unwrap().status(), 200);
        }
        for (_, mut send) in held {
            send.send_reset(Reason::CANCEL);
        }
    })
    .await;
}

#[tokio::test]
async fn fault_02_a_head_that_drips_has_its_own_deadline_and_idleness_none() {
    run(async {
        let mesh = Mesh::start(app::http1().await, Hop::Mesh).await;
        let (mut idle, mut slow) = (
            Raw::connect(mesh.http1).await,
            Raw::connect(mesh.http1).await,
        );
        idle.send(GET).await;
        assert_eq!(idle.response().await.text(), "hello /x");
        slow.send("GET /x HT").await;
        slow.send("TP/1.1\r\nHos").await;
        // So that the proxy has read it, and its clock runs.
        good_client_is_served(&mesh).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(20)).await;
        slow.send("t: w").await;
        tokio::time::advance(Duration::from_secs(11)).await;
        tokio::time::resume();
        assert!(
            slow.is_closed().await,
            "a byte now and then does not prolong it"
        );
        idle.send(GET).await;
        assert_eq!(idle.response().await.text(), "hello /x");
    })
    .await;
}

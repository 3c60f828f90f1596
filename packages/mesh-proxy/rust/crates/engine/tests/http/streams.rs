//! The connections that carry streams to one endpoint: how many, for how long, and who waits.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_local, yield_now};

use super::app;
use super::client::once;
use super::mesh::{Hop, Mesh, run};

const GET: &str = "GET /x HTTP/1.1\r\nHost: web\r\n\r\n";

/// A server of HTTP/2 that answers when it is told to.
struct Held {
    address: SocketAddr,
    /// Connections that are open.
    connections: Rc<Cell<usize>>,
    /// Requests that have arrived, each with its number.
    arrived: Rc<RefCell<Vec<u32>>>,
    answers: Rc<Semaphore>,
}

impl Held {
    async fn start(streams: u32) -> Self {
        let connections = Rc::new(Cell::new(0));
        let arrived = Rc::new(RefCell::new(Vec::new()));
        let answers = Rc::new(Semaphore::new(0));
        let (open, log, told) = (connections.clone(), arrived.clone(), answers.clone());
        let address = app::raw(async move |tcp| {
            open.set(open.get() + 1);
            let mut builder = h2::server::Builder::new();
            builder.max_concurrent_streams(streams);
            let handshake = builder.handshake::<_, bytes::Bytes>(tcp).await;
            if let Ok(mut connection) = handshake {
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let number = request.headers().get("number");
                    let number = number.map_or("0", |value| value.to_str().unwrap());
                    log.borrow_mut().push(number.parse().unwrap());
                    let told = told.clone();
                    spawn_local(async move {
                        told.acquire().await.unwrap().forget();
                        // The client may have left.
                        let _ = respond.send_response(http::Response::new(()), true);
                    });
                }
            }
            open.set(open.get() - 1);
        })
        .await;
        Self {
            address,
            connections,
            arrived,
            answers,
        }
    }

    async fn has(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..10_000 {
            if condition(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{what}: {} connections", self.connections.get());
    }

    async fn has_arrived(&self, count: usize) {
        self.has("arrived", |it| it.arrived.borrow().len() >= count)
            .await;
    }

    async fn has_connections(&self, count: usize) {
        self.has("open", |it| it.connections.get() == count).await;
    }
}

/// Sends requests of HTTP/2 over one connection to `address`; each gives its status.
async fn requests(address: SocketAddr, numbers: std::ops::Range<u32>) -> Vec<JoinHandle<u16>> {
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(tcp).await.unwrap();
    spawn_local(async move {
        // Tests look at their streams, not at how the connection ends.
        let _ = connection.await;
    });
    let mut client = client.ready().await.unwrap();
    let mut calls = Vec::new();
    for number in numbers {
        let request = http::Request::get("http://web/x").header("number", number);
        let (response, _) = client
            .send_request(request.body(()).unwrap(), true)
            .unwrap();
        calls.push(spawn_local(async move {
            response.await.unwrap().status().as_u16()
        }));
        // So that they arrive in this order.
        yield_now().await;
    }
    calls
}

/// How many streams a server grants on a connection.
const STREAMS: u32 = 2;
/// `HTTP2_CLIENT_CONNECTIONS`
const CONNECTIONS: usize = 8;

async fn answered(calls: Vec<JoinHandle<u16>>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    statuses
}

#[tokio::test]
async fn more_connections_are_made_while_the_servers_limit_of_streams_is_reached() {
    run(async {
        let app = Held::start(STREAMS).await;
        let mesh = Mesh::start(app.address, Hop::Plain).await;
        let calls = requests(mesh.http2, 0..6).await;
        app.has_arrived(6).await;
        app.has_connections(3).await;
        app.answers.add_permits(6);
        assert_eq!(answered(calls).await, [200; 6]);
    })
    .await;
}

#[tokio::test]
async fn between_proxies_too() {
    run(async {
        let app = Held::start(1_000).await;
        let variables = [("INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS", "2")];
        let mesh = Mesh::with_variables(app.address, Hop::Mesh, &variables).await;
        let calls = requests(mesh.http2, 0..6).await;
        app.has_arrived(6).await;
        // The application's own limit is not reached: what three connections bring takes one.
        app.has_connections(1).await;
        let parts = [
            "tcp_open_connections",
            "inbound",
            "peer=\"src\"",
            "tls=\"true\"",
        ];
        let line = mesh.metrics_with(&mesh.server, &parts).await;
        assert!(line.ends_with(" 3"), "{line}");
        app.answers.add_permits(6);
        assert_eq!(answered(calls).await, [200; 6]);
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_a_stream_is_served_in_order_and_nobody_overtakes() {
    run(async {
        let app = Held::start(1).await;
        let variables = [("OUTBOUND_HTTP_FAILFAST_TIMEOUT", "60s")];
        let mesh = Mesh::with_variables(app.address, Hop::Plain, &variables).await;
        let all = 500;
        let mut calls = requests(mesh.http2, 0..all / 2).await;
        app.has_arrived(CONNECTIONS).await;
        calls.extend(requests(mesh.http2, all / 2..all).await);
        for _ in 0..all {
            // One stream after the other becomes free.
            app.answers.add_permits(1);
            tokio::task::yield_now().await;
        }
        let statuses = answered(calls).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        app.has_connections(CONNECTIONS).await;
        let arrived = app.arrived.borrow();
        for (place, number) in arrived.iter().enumerate() {
            // Of those on the way at the same time the order is not known.
            let distance = (*number as usize).abs_diff(place);
            assert!(
                distance <= 2 * CONNECTIONS,
                "{number} came as number {place}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_waits_for_a_stream_for_longer_than_the_failfast_time() {
    run(async {
        let app = Held::start(1).await;
        let mesh = Mesh::start(app.address, Hop::Plain).await;
        let held = requests(mesh.http2, 0..8).await;
        app.has_arrived(CONNECTIONS).await;
        let begun = tokio::time::Instant::now();
        let late = answered(requests(mesh.http2, 8..9).await).await;
        assert_eq!(late, [504]);
        assert!(begun.elapsed() >= Duration::from_millis(300));
        let labels = ["outbound_http_errors_total", "failfast"];
        mesh.metrics_with(&mesh.client, &labels).await;
        app.answers.add_permits(8);
        assert_eq!(answered(held).await, [200; 8]);
    })
    .await;
}

#[tokio::test]
async fn no_more_wait_for_a_stream_than_may() {
    run(async {
        let app = Held::start(1).await;
        for (variable, asked) in [
            ("OUTBOUND_HTTP_QUEUE_CAPACITY", Hop::Plain),
            ("INBOUND_HTTP_QUEUE_CAPACITY", Hop::Mesh),
        ] {
            app.arrived.borrow_mut().clear();
            let variables = [
                (variable, "3"),
                ("OUTBOUND_HTTP_FAILFAST_TIMEOUT", "60s"),
                ("INBOUND_HTTP_FAILFAST_TIMEOUT", "60s"),
            ];
            let mesh = Mesh::with_variables(app.address, asked, &variables).await;
            let mut calls = Vec::new();
            for number in 0..8 {
                calls.extend(requests(mesh.http2, number..number + 1).await);
                app.has_arrived(number as usize + 1).await;
            }
            calls.extend(requests(mesh.http2, 8..12).await);
            let last = calls.pop().unwrap();
            assert_eq!(last.await.unwrap(), 503, "{asked:?}");
            app.answers.add_permits(11);
            assert_eq!(answered(calls).await, [200; 11], "{asked:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_leaves_the_line_takes_nobodys_place() {
    run(async {
        let app = Held::start(1).await;
        let variables = [
            ("OUTBOUND_HTTP_QUEUE_CAPACITY", "4"),
            ("OUTBOUND_HTTP_FAILFAST_TIMEOUT", "60s"),
        ];
        let mesh = Mesh::with_variables(app.address, Hop::Plain, &variables).await;
        let mut held = Vec::new();
        for number in 0..8 {
            held.extend(requests(mesh.http2, number..number + 1).await);
            app.has_arrived(number as usize + 1).await;
        }
        for _ in 0..20 {
            for call in requests(mesh.http2, 8..12).await {
                // Dropping the response resets the stream.
                call.abort();
            }
        }
        let waiting = requests(mesh.http2, 12..16).await;
        app.answers.add_permits(12);
        assert_eq!(answered(held).await, [200; 8]);
        assert_eq!(answered(waiting).await, [200; 4]);
        let arrived = app.arrived.borrow();
        assert!(
            arrived[8..].iter().all(|number| *number >= 12),
            "{arrived:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn idle_connections_end_but_for_the_warm_ones() {
    run(async {
        for (warm, left) in [("1", 1), ("2", 2), ("0", 0)] {
            let app = Held::start(STREAMS).await;
            let variables = [
                ("HTTP2_CONNECTION_POOL_IDLE_TIMEOUT", "50ms"),
                ("HTTP2_WARM_CONNECTIONS", warm),
            ];
            let mesh = Mesh::with_variables(app.address, Hop::Plain, &variables).await;
            let calls = requests(mesh.http2, 0..6).await;
            app.has_arrived(6).await;
            app.has_connections(3).await;
            app.answers.add_permits(6);
            assert_eq!(answered(calls).await, [200; 6]);
            app.has_connections(left).await;
            app.answers.add_permits(1);
            let call = requests(mesh.http2, 6..7).await;
            assert_eq!(answered(call).await, [200], "{warm}");
            app.has_connections(left.max(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_takes_no_request_past_its_age_however_short_that_is() {
    run(async {
        let app = Held::start(100).await;
        app.answers.add_permits(100);
        let variables = [("HTTP_CONNECTION_MAX_AGE", "20ms")];
        let mesh = Mesh::with_variables(app.address, Hop::Plain, &variables).await;
        let first = requests(mesh.http2, 0..1).await;
        assert_eq!(answered(first).await, [200]);
        tokio::time::sleep(Duration::from_millis(25)).await;
        let opened = Rc::new(Cell::new(app.connections.get()));
        assert_eq!(opened.get(), 1, "nobody looks after it yet");
        let second = requests(mesh.http2, 1..2).await;
        app.has("a new one", |app| app.arrived.borrow().len() == 2)
            .await;
        assert_eq!(answered(second).await, [200]);
        let parts = ["tcp_open_total", "outbound", "peer=\"dst\""];
        let line = mesh.metrics_with(&mesh.client, &parts).await;
        assert!(line.ends_with(" 2"), "{line}");
    })
    .await;
}

#[tokio::test]
async fn a_request_with_content_that_nobody_has_read_is_not_sent_twice() {
    run(async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let written = log.clone();
        // Keeps a connection for one request, and ends it as soon as the next one comes.
        let app = app::raw(async move |mut tcp| {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut buffer = [0; 4096];
            let length = tcp.read(&mut buffer).await.unwrap();
            written.borrow_mut().extend_from_slice(&buffer[..length]);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            tcp.write_all(answer).await.unwrap();
            let _ = tcp.read(&mut buffer[..1]).await;
        })
        .await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        assert_eq!(once(mesh.http1, GET).await.status(), 200);
        // Its content does not come with its head.
        let put = "PUT /x HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\n";
        let mut client = super::client::Raw::connect(mesh.http1).await;
        client.send(put).await;
        assert_eq!(client.response().await.status(), 502);
        assert_eq!(log.borrow().len(), GET.len(), "nothing else was taken up");
    })
    .await;
}

//! Which endpoint a request goes to.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mesh_engine::snapshot::Endpoints;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, endpoint, run};

const GET: &str = "GET /x HTTP/1.1\r\nHost: web\r\n\r\n";

/// An application that takes its time and counts its requests.
async fn slow(pause: Duration) -> (SocketAddr, Rc<Cell<usize>>) {
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    let address = app::raw(async move |tcp| answer_each(tcp, pause, &counted).await).await;
    (address, count)
}

async fn answer_each(mut tcp: TcpStream, pause: Duration, count: &Cell<usize>) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = tcp.read(&mut buffer).await {
        count.set(count.get() + 1);
        tokio::time::sleep(pause).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        if tcp.write_all(answer).await.is_err() {
            return;
        }
    }
}

fn known(addresses: &[SocketAddr]) -> Endpoints {
    let endpoints = addresses.iter();
    Endpoints::Known(
        endpoints
            .map(|address| Arc::new(endpoint(*address, Hop::Plain, 1)))
            .collect(),
    )
}

#[tokio::test]
async fn each_request_of_a_connection_is_balanced_and_the_slow_endpoint_gets_fewer() {
    run(async {
        let (fast, few) = slow(Duration::ZERO).await;
        // Slower than an endpoint is thought to be before it was asked.
        let (lame, many) = slow(Duration::from_millis(50)).await;
        let mesh = Mesh::start(fast, Hop::Plain).await;
        mesh.endpoints.store(known(&[fast, lame]));
        let mut client = Raw::connect(mesh.http1).await;
        for _ in 0..300 {
            client.send(GET).await;
            assert_eq!(client.response().await.status(), 200);
        }
        let (few, many) = (few.get(), many.get());
        assert_eq!(few + many, 300);
        assert!(many >= 1 && few > 2 * many, "fast {few}, slow {many}");
    })
    .await;
}

#[tokio::test]
async fn requests_follow_the_endpoints_within_a_connection() {
    run(async {
        let (first, left) = slow(Duration::ZERO).await;
        let (second, right) = slow(Duration::ZERO).await;
        let mesh = Mesh::start(first, Hop::Plain).await;
        let mut client = Raw::connect(mesh.http1).await;
        client.send(GET).await;
        client.response().await;
        mesh.endpoints.store(known(&[second]));
        for _ in 0..10 {
            client.send(GET).await;
            client.response().await;
        }
        assert_eq!((left.get(), right.get()), (1, 10));
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_costs_no_request_while_another_is_up() {
    run(async {
        let (up, _) = slow(Duration::ZERO).await;
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let down = door.local_addr().unwrap();
        drop(door);
        let mesh = Mesh::start(up, Hop::Plain).await;
        mesh.endpoints.store(known(&[up, down]));
        for _ in 0..50 {
            assert_eq!(once(mesh.http1, GET).await.status(), 200);
        }
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_many_waited_for_in_vain_is_soon_tried_again() {
    run(async {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        drop(door);
        let mesh = Mesh::start(address, Hop::Plain).await;
        // All of them share the failed attempts to connect.
        let clients = (0..50).map(|_| {
            let http1 = mesh.http1;
            tokio::task::spawn_local(async move { once(http1, GET).await.status() })
        });
        for client in clients.collect::<Vec<_>>() {
            assert_eq!(client.await.unwrap(), 504);
        }
        let door = TcpListener::bind(address).await.unwrap();
        tokio::task::spawn_local(async move {
            let count = Cell::new(0);
            loop {
                let (tcp, _) = door.accept().await.unwrap();
                answer_each(tcp, Duration::ZERO, &count).await;
            }
        });
        let begun = tokio::time::Instant::now();
        while once(mesh.http1, GET).await.status() != 200 {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "left alone for too long"
            );
        }
    })
    .await;
}

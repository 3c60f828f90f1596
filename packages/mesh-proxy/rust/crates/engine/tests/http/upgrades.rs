//! Connections that leave HTTP.

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, run};

const HOPS: [Hop; 3] = [Hop::Mesh, Hop::MeshHttp1, Hop::Plain];
const UPGRADE: &str =
    "GET /feed HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

#[tokio::test]
async fn an_upgraded_connection_carries_anything_both_ways() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            // The first message comes with the request, as eager clients do.
            client.send(format!("{UPGRADE}early")).await;
            let head = client.head().await.to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 101 "), "{hop:?} {head}");
            assert!(head.contains("upgrade: echo") && head.contains("connection: upgrade"));
            assert_eq!(client.exactly(5).await, b"early");
            for round in 0..100 {
                let message = format!("message {round}\0\r\n\r\n");
                client.send(&message).await;
                assert_eq!(client.exactly(message.len()).await, message.as_bytes());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_response() {
    run(async {
        let (app, _) =
            app::scripted(&["HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"]).await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            for _ in 0..2 {
                client.send(UPGRADE).await;
                let response = client.response().await;
                assert_eq!((response.status(), response.text()), (400, "no"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn connect_makes_a_tunnel() {
    run(async {
        let (app, log) = app::scripted(&["HTTP/1.1 200 OK\r\n\r\nhello"]).await;
        for hop in HOPS {
            log.borrow_mut().clear();
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client
                .send("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n")
                .await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 200 "), "{hop:?} {head}");
            assert_eq!(client.exactly(5).await, b"hello");
            let seen = String::from_utf8(log.borrow().clone()).unwrap();
            assert!(seen.starts_with("CONNECT db:5432 HTTP/1.1\r\n"), "{seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_22_expect_100_continue_waits_for_the_application() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            let head = "POST /collect HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\n";
            client
                .send(format!("{head}Content-Length: 5\r\n\r\n"))
                .await;
            let interim = client.head().await;
            assert!(interim.starts_with("HTTP/1.1 100 "), "{hop:?} {interim}");
            client.send("hello").await;
            assert_eq!(client.response().await.text(), "hello");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_22_a_refused_expectation_ends_the_connection() {
    run(async {
        let (app, _) =
            app::scripted(&["HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"]).await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            let head = "POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\n";
            client
                .send(format!("{head}Content-Length: 5\r\n\r\n"))
                .await;
            let response = client.response().await;
            assert_eq!(response.status(), 417, "{hop:?}");
            assert_eq!(response.field("connection"), Some("close"));
            assert!(client.is_closed().await);
        }
        let request = "POST /x HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n";
        let mesh = Mesh::start(app::http1().await, Hop::Mesh).await;
        assert_eq!(once(mesh.http1, request).await.text(), "hello /x");
    })
    .await;
}

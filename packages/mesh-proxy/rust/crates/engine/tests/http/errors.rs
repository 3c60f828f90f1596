//! What clients are told when no application answers.

use mesh_engine::metrics::CounterFamily;
use mesh_engine::snapshot::Endpoints;
use tokio::net::TcpListener;

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, run};

const GET: &str = "GET /x HTTP/1.1\r\nHost: web\r\n\r\n";
const GRPC: &str = "POST /a.B/C HTTP/1.1\r\nHost: web\r\nContent-Type: application/grpc\r\n\
    Content-Length: 0\r\n\r\n";

async fn nobody() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn an_application_that_does_not_listen_is_a_502_from_its_own_proxy() {
    run(async {
        let mesh = Mesh::start(nobody().await, Hop::Mesh).await;
        let mut client = Raw::connect(mesh.http1).await;
        client.send(GET).await;
        let response = client.response().await;
        assert_eq!(response.status(), 502);
        let reason = response.field("l5d-proxy-error").unwrap();
        assert!(reason.starts_with("connect_failed"), "{reason}");
        assert!(client.is_closed().await, "the server's proxy asked for it");
        mesh.metrics_with(
            &mesh.server,
            &["inbound_http_errors_total", "connect_failed"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn endpoints_that_cannot_be_reached_are_a_504_within_the_failfast_time() {
    run(async {
        let mesh = Mesh::start(nobody().await, Hop::Plain).await;
        let response = once(mesh.http1, GET).await;
        assert_eq!(response.status(), 504);
        let reason = response.field("l5d-proxy-error").unwrap();
        assert!(reason.starts_with("failfast"), "{reason}");
        let grpc = once(mesh.http1, GRPC).await;
        assert_eq!((grpc.status(), grpc.field("grpc-status")), (200, Some("4")));
        mesh.metrics_with(&mesh.client, &["outbound_http_errors_total", "failfast"])
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_destination_without_endpoints_is_refused_at_once() {
    run(async {
        let mesh = Mesh::start(nobody().await, Hop::Plain).await;
        mesh.endpoints.store(Endpoints::Known([].into()));
        let response = once(mesh.http1, GET).await;
        assert_eq!(response.status(), 504);
        mesh.endpoints.store(Endpoints::Unknown);
        assert_eq!(once(mesh.http1, GET).await.status(), 504);
    })
    .await;
}

#[tokio::test]
async fn an_identity_that_is_demanded_must_be_there() {
    run(async {
        let app = app::http1().await;
        let demand =
            |id: &str| format!("GET /head HTTP/1.1\r\nHost: web\r\nl5d-require-id: {id}\r\n\r\n");
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let right = once(mesh.http1, demand(super::mesh::SERVER)).await;
        assert_eq!(right.status(), 200);
        assert!(!right.text().contains("l5d-require-id"), "{}", right.text());
        assert_eq!(once(mesh.http1, demand("other")).await.status(), 502);
        let mesh = Mesh::start(app, Hop::Plain).await;
        assert_eq!(once(mesh.http1, demand("other")).await.status(), 502);
    })
    .await;
}

/// Answers one request of each connection, and ends when the next one arrives.
async fn forgetful() -> std::net::SocketAddr {
    app::raw(async |mut tcp| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut buffer = [0; 4096];
        if let Ok(1..) = tcp.read(&mut buffer).await {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            tcp.write_all(answer).await.unwrap();
            // The next request is already on its way when the connection ends.
            let _ = tcp.read(&mut buffer).await;
        }
    })
    .await
}

#[tokio::test]
async fn fault_21_of_many_kept_connections_that_end_together_none_is_tried_twice() {
    run(async {
        const CLIENTS: usize = 8;
        let mesh = Mesh::start(forgetful().await, Hop::Plain).await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(Raw::connect(mesh.http1).await);
        }
        for round in 0..3 {
            // All at once, so that each leaves a connection behind.
            for client in &mut clients {
                client.send(GET).await;
            }
            for client in &mut clients {
                assert_eq!(client.response().await.status(), 200, "{round}");
            }
        }
        let shown = mesh
            .client
            .metrics
            .counter(CounterFamily::OutboundHttpResends, "");
        assert!(shown.value() >= CLIENTS as u64, "{}", shown.value());
        mesh.metrics_with(&mesh.client, &["outbound_http_resends_total"])
            .await;
    })
    .await;
}

#[tokio::test]
async fn fault_21_nothing_is_sent_again_when_that_is_switched_off() {
    run(async {
        let off = [("HTTP_RESENDS", "false")];
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::with_variables(forgetful().await, hop, &off).await;
            let mut client = Raw::connect(mesh.http1).await;
            client.send(GET).await;
            assert_eq!(client.response().await.status(), 200, "{hop:?}");
            client.send(GET).await;
            let response = client.response().await;
            assert_eq!(response.status(), 502, "{hop:?}");
            let reason = response.field("l5d-proxy-error").unwrap();
            assert!(reason.starts_with("peer_closed"), "{hop:?} {reason}");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_21_a_kept_connection_that_has_gone_is_replaced_where_that_is_safe() {
    run(async {
        let app = forgetful().await;
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            for round in 0..20 {
                client.send(GET).await;
                assert_eq!(client.response().await.status(), 200, "{hop:?} {round}");
            }
            let post = "POST /x HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\nhi";
            let mut client = Raw::connect(mesh.http1).await;
            client.send(post).await;
            let status = client.response().await.status();
            assert!(matches!(status, 200 | 502), "{hop:?} {status}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_application_that_ends_without_answering_is_a_502() {
    run(async {
        let app = app::raw(async |mut tcp| {
            let mut buffer = [0; 64];
            let _ = tokio::io::AsyncReadExt::read(&mut tcp, &mut buffer).await;
        })
        .await;
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            assert_eq!(once(mesh.http1, GET).await.status(), 502, "{hop:?}");
            let grpc = once(mesh.http1, GRPC).await;
            assert_eq!(grpc.field("grpc-status"), Some("14"), "{hop:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_with_it() {
    run(async {
        let notice = || std::rc::Rc::new(tokio::sync::Notify::new());
        let (asked, gone) = (notice(), notice());
        let noticed = (asked.clone(), gone.clone());
        let app = app::raw(async move |mut tcp| {
            let mut buffer = [0; 4096];
            // Waits for the end, which it never causes itself.
            while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut tcp, &mut buffer).await {
                noticed.0.notify_one();
            }
            noticed.1.notify_one();
        })
        .await;
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client.send(GET).await;
            asked.notified().await;
            let socket = socket2::SockRef::from(&client.tcp);
            socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
            drop(client);
            gone.notified().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_rejection_is_found_again_by_the_id_that_the_client_was_given() {
    run(async {
        let mesh = Mesh::start(nobody().await, Hop::Plain).await;
        mesh.endpoints.store(Endpoints::Known([].into()));
        let asked = "GET /a?b=c HTTP/1.1\r\nHost: web\r\n\r\n";
        let response = once(mesh.http1, asked).await;
        let reason = response.field("l5d-proxy-error").unwrap();
        let id = reason.split("(id ").nth(1).unwrap().trim_end_matches(')');
        let rejections = mesh.client.rejections.to_json();
        let found = rejections.lines().find(|line| line.contains(id)).unwrap();
        for part in [
            "\"direction\":\"outbound\"",
            "\"reason\":\"failfast\"",
            "\"status\":504",
            "\"revision\":1",
            "\"method\":\"GET\",\"authority\":\"web\",\"path\":\"/a?b=c\"",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
    })
    .await;
}

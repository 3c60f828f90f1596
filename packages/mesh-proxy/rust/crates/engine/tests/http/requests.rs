//! Ordinary requests.

use super::app;
use super::client::{Raw, once};
use super::mesh::{CLIENT, Hop, Mesh, SERVER, run};

const HOPS: [Hop; 3] = [Hop::Mesh, Hop::MeshHttp1, Hop::Plain];

#[tokio::test]
async fn requests_of_one_connection_are_answered_in_order() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            for path in ["/a", "/b"] {
                client
                    .send(format!("GET {path} HTTP/1.1\r\nHost: web\r\n\r\n"))
                    .await;
                assert_eq!(
                    client.response().await.text(),
                    format!("hello {path}"),
                    "{hop:?}"
                );
            }
            let pipelined: String = (0..20)
                .map(|number| format!("GET /{number} HTTP/1.1\r\nHost: web\r\n\r\n"))
                .collect();
            client.send(pipelined).await;
            for number in 0..20 {
                assert_eq!(client.response().await.text(), format!("hello /{number}"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_target_arrives_byte_for_byte() {
    run(async {
        let (app, log) = app::scripted(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
        let targets = [
            "/",
            "/a/../b//c",
            "/%2e%2E/%2F%5c?x=%20&y",
            "/a;b=c,d",
            "/?",
            "/\"{}|^`\\",
            "/<script>?<>`",
            "http://web/absolute?x",
            "*",
        ];
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            for target in targets {
                let method = if target == "*" { "OPTIONS" } else { "GET" };
                log.borrow_mut().clear();
                let request = format!("{method} {target} HTTP/1.1\r\nHost: web\r\n\r\n");
                assert_eq!(once(mesh.http1, request).await.status(), 200, "{target}");
                let line = format!("{method} {target} HTTP/1.1\r\n");
                let seen = String::from_utf8(log.borrow().clone()).unwrap();
                assert!(seen.starts_with(&line), "{hop:?} {target}: {seen}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn http_10_stays_http_10() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client.send("GET /head HTTP/1.0\r\n\r\n").await;
            let response = client.response().await;
            assert!(
                response.text().contains("GET /head HTTP/1.0"),
                "{}",
                response.text()
            );
            assert!(client.is_closed().await);

            let mut client = Raw::connect(mesh.http1).await;
            for _ in 0..2 {
                let request = "GET /x HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n";
                client.send(request).await;
                let response = client.response().await;
                assert_eq!(response.field("connection"), Some("keep-alive"));
                assert_eq!(response.text(), "hello /x");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn fault_22_connection_close_is_honoured() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = Raw::connect(mesh.http1).await;
        client
            .send("GET /x HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
            .await;
        let response = client.response().await;
        assert_eq!(response.field("connection"), Some("close"));
        assert!(client.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_half_closes_gets_its_response() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client.send("GET /x HTTP/1.1\r\nHost: web\r\n\r\n").await;
            tokio::io::AsyncWriteExt::shutdown(&mut client.tcp)
                .await
                .unwrap();
            assert_eq!(client.response().await.text(), "hello /x");
            assert!(client.is_closed().await);
        }
    })
    .await;
}

#[tokio::test]
async fn draining_closes_idle_connections_and_ends_the_others_with_their_response() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut idle = Raw::connect(mesh.http1).await;
        idle.send("GET /x HTTP/1.1\r\nHost: web\r\n\r\n").await;
        idle.response().await;
        let mut busy = Raw::connect(mesh.http1).await;
        busy.send("POST /echo HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhe")
            .await;
        mesh.metrics_with(&mesh.client, &["request_total", "} 2"])
            .await;
        mesh.client.drain.start();
        assert!(idle.is_closed().await);
        busy.send("llo").await;
        assert_eq!(busy.response().await.text(), "hello");
        assert!(busy.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn many_clients_at_once_each_get_their_own() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let clients = (0..64).map(|number| async move {
            let mut client = Raw::connect(mesh.http1).await;
            for round in 0..10 {
                let path = format!("/{number}/{round}");
                client
                    .send(format!("GET {path} HTTP/1.1\r\nHost: web\r\n\r\n"))
                    .await;
                assert_eq!(client.response().await.text(), format!("hello {path}"));
            }
        });
        let tasks: Vec<_> = clients.map(tokio::task::spawn_local).collect();
        for task in tasks {
            task.await.unwrap();
        }
        // All of them went over one connection between the proxies.
        let dst = ["tcp_open_total", "outbound", "peer=\"dst\""];
        assert!(mesh.metrics_with(&mesh.client, &dst).await.ends_with("} 1"));
        let inbound = [
            "request_total",
            "inbound",
            CLIENT,
            "authz_name=\"test\"",
            "} 640",
        ];
        mesh.metrics_with(&mesh.server, &inbound).await;
    })
    .await;
}

#[tokio::test]
async fn requests_are_counted_with_who_and_how() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        once(mesh.http1, "GET /x HTTP/1.1\r\nHost: web\r\n\r\n").await;
        once(mesh.http1, "GET /500 HTTP/1.1\r\nHost: web\r\n\r\n").await;
        let server = format!("server_id=\"{SERVER}\"");
        let authority = "authority=\"web.shop.svc.cluster.local:80\"";
        for parts in [
            &[
                "request_total",
                "outbound",
                &server,
                authority,
                "tls=\"true\"",
                "} 2",
            ][..],
            &[
                "response_total",
                &server,
                "status_code=\"200\"",
                "classification=\"success\"",
            ],
            &[
                "response_total",
                "status_code=\"500\"",
                "classification=\"failure\"",
                "} 1",
            ],
            &[
                "response_latency_ms_count",
                "outbound",
                "status_code=\"200\"",
                "} 1",
            ],
        ] {
            mesh.metrics_with(&mesh.client, parts).await;
        }
        let client = format!("client_id=\"{CLIENT}\"");
        let parts = [
            "response_total",
            "inbound",
            &client,
            "srv_name=\"test\"",
            "} 1",
        ];
        mesh.metrics_with(&mesh.server, &parts).await;
        let allowed = [
            "inbound_http_authz_allow_total",
            "authz_name=\"test\"",
            "} 2",
        ];
        mesh.metrics_with(&mesh.server, &allowed).await;
    })
    .await;
}

//! Who the application is told that the client is, and who may come at all.

use mesh_decide::authorize::Authentication;
use mesh_engine::snapshot::{InboundRoute, ResourceRef};

use super::app;
use super::client::once;
use super::mesh::{CLIENT, Hop, Mesh, allow, run};

const SPOOFED: &str = "GET /head HTTP/1.1\r\nHost: web\r\n\
    l5d-client-id: admin\r\nL5D-Client-ID: admin\r\nl5d_client_id: admin\r\n\
    l5d-dst-override: evil:80\r\nl5d-proxy-error: x\r\nl5d-orig-proto: HTTP/1.0\r\n\
    l5d-anything: x\r\nx-forwarded-client-cert: admin\r\n\
    Connection: l5d-client-id, host, x-forwarded-for\r\nx-forwarded-for: 10.0.0.1\r\n\r\n";

#[tokio::test]
async fn fault_24_a_spoofed_identity_is_gone() {
    run(async {
        let app = app::http1().await;
        for hop in [Hop::Mesh, Hop::MeshHttp1] {
            let mesh = Mesh::start(app, hop).await;
            let seen = once(mesh.http1, SPOOFED).await;
            let ours: Vec<_> = seen
                .text()
                .lines()
                .filter(|line| line.contains("l5d"))
                .collect();
            assert_eq!(ours, [format!("l5d-client-id: {CLIENT}")], "{hop:?}");
            assert!(seen.text().contains("host: web"), "{}", seen.text());
            assert!(
                seen.text().contains("x-forwarded-for: 10.0.0.1"),
                "{}",
                seen.text()
            );
            assert!(
                seen.text().contains("GET /head HTTP/1.1"),
                "{}",
                seen.text()
            );
        }
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let seen = once(mesh.stranger, SPOOFED).await;
        assert!(!seen.text().contains("l5d"), "{}", seen.text());
        assert!(
            !seen.text().contains("x-forwarded-client-cert"),
            "{}",
            seen.text()
        );
    })
    .await;
}

#[tokio::test]
async fn fault_24_an_application_cannot_speak_as_a_proxy() {
    run(async {
        let (app, _) = app::scripted(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nl5d-proxy-error: x\r\n\
             l5d-proxy-connection: close\r\nl5d-orig-proto: HTTP/1.0\r\n\r\n",
        ])
        .await;
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            let response = once(mesh.http1, "GET / HTTP/1.1\r\nHost: web\r\n\r\n").await;
            assert!(!response.head.contains("l5d"), "{hop:?} {}", response.head);
            assert_eq!(response.field("connection"), None, "{}", response.head);
        }
    })
    .await;
}

#[tokio::test]
async fn without_an_authorization_nobody_gets_in_and_friends_learn_why() {
    run(async {
        let (app, log) = app::silent().await;
        let named = Authentication::TlsIdentities {
            exact: vec!["somebody.else".into()],
            suffixes: Vec::new(),
        };
        let mesh = Mesh::with_policy(app, Hop::Mesh, vec![allow(named)]).await;
        let request = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
        let response = once(mesh.http1, request).await;
        assert_eq!(response.status(), 403);
        let reason = response.field("l5d-proxy-error").unwrap();
        assert!(reason.starts_with("unauthorized"), "{reason}");
        let stranger = once(mesh.stranger, request).await;
        assert_eq!(stranger.status(), 403);
        assert_eq!(stranger.field("l5d-proxy-error"), None);
        let denied = ["inbound_http_authz_deny_total", "srv_name=\"test\"", CLIENT];
        mesh.metrics_with(&mesh.server, &denied).await;
        assert!(log.borrow().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_identity_that_is_asked_for_lets_in_who_has_it() {
    run(async {
        let app = app::http1().await;
        let named = Authentication::TlsIdentities {
            exact: vec![CLIENT.into()],
            suffixes: Vec::new(),
        };
        let mesh = Mesh::with_policy(app, Hop::Mesh, vec![allow(named)]).await;
        let request = "GET /x HTTP/1.1\r\nHost: web\r\n\r\n";
        assert_eq!(once(mesh.http1, request).await.text(), "hello /x");
        assert_eq!(once(mesh.stranger, request).await.status(), 403);
    })
    .await;
}

#[tokio::test]
async fn a_probes_path_is_open_though_the_route_before_it_is_not() {
    let route = |path: Option<&str>, authentication| InboundRoute {
        meta: ResourceRef::Default("probe".into()),
        exact_paths: path.map(Into::into).into_iter().collect(),
        authorizations: vec![allow(authentication)],
        labels: "".into(),
    };
    run(async {
        let app = app::http1().await;
        let named = Authentication::TlsIdentities {
            exact: vec![CLIENT.into()],
            suffixes: Vec::new(),
        };
        let routes = vec![
            route(None, named),
            route(Some("/healthz"), Authentication::Unauthenticated),
        ];
        let mesh = Mesh::with_routes(app, Hop::Mesh, Vec::new(), routes).await;
        for (request, status) in [
            ("GET /healthz HTTP/1.1\r\nHost: web\r\n\r\n", 200),
            ("GET /healthz?deep=1 HTTP/1.1\r\nHost: web\r\n\r\n", 200),
            ("GET /healthz/x HTTP/1.1\r\nHost: web\r\n\r\n", 403),
            ("DELETE /healthz HTTP/1.1\r\nHost: web\r\n\r\n", 403),
        ] {
            assert_eq!(
                once(mesh.stranger, request).await.status(),
                status,
                "{request}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn fault_19_no_way_to_write_a_path_is_judged_otherwise_than_the_path() {
    let route = |path: Option<&str>, authentication| InboundRoute {
        meta: ResourceRef::Default("probe".into()),
        exact_paths: path.map(Into::into).into_iter().collect(),
        authorizations: vec![allow(authentication)],
        labels: "".into(),
    };
    run(async {
        let (app, log) = app::scripted(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
        let named = Authentication::TlsIdentities {
            exact: vec![CLIENT.into()],
            suffixes: Vec::new(),
        };
        let routes = vec![
            route(Some("/healthz"), Authentication::Unauthenticated),
            route(None, named),
        ];
        let mesh = Mesh::with_routes(app, Hop::Mesh, Vec::new(), routes).await;
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: web\r\n\r\n");
        assert_eq!(once(mesh.stranger, get("/healthz")).await.status(), 200);
        log.borrow_mut().clear();
        for path in [
            "//healthz",
            "/./healthz",
            "/a/../healthz",
            "/%2e%2e/healthz",
            "/%68ealthz",
            "/%2Fhealthz",
            "/%5Chealthz",
            "/\\healthz",
            "/%252Fhealthz",
            "/healthz;x=1",
            "/healthz%3Fx",
            "/healthz%00",
            "/%c0%afhealthz",
            "http://web//healthz",
        ] {
            for door in [mesh.stranger, mesh.http1] {
                let answer = once(door, get(path)).await;
                assert_eq!(answer.status(), 400, "{path}");
            }
        }
        let told = once(mesh.http1, get("//healthz")).await;
        let error = told.field("l5d-proxy-error").unwrap();
        assert!(error.starts_with("ambiguous_path"), "{error}");
        assert!(log.borrow().is_empty());
        // Where every reading is judged alike, the path arrives as it was written.
        for path in ["//admin/%2e%2e/x;y=%zz", "/caf%e9", "/%252f\\a"] {
            assert_eq!(once(mesh.stranger, get(path)).await.status(), 403, "{path}");
            log.borrow_mut().clear();
            assert_eq!(once(mesh.http1, get(path)).await.status(), 200, "{path}");
            let seen = String::from_utf8(log.borrow().clone()).unwrap();
            assert!(
                seen.starts_with(&format!("GET {path} HTTP/1.1\r\n")),
                "{seen}"
            );
        }
    })
    .await;
}

//! Framing that clients and applications get wrong, or nearly.

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, run};

const HOPS: [Hop; 3] = [Hop::Mesh, Hop::MeshHttp1, Hop::Plain];
const GET: &str = "GET /next HTTP/1.1\r\nHost: web\r\n\r\n";

#[tokio::test]
async fn fault_17_a_head_request_leaves_the_framing_intact() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client
                .send(format!("HEAD /x HTTP/1.1\r\nHost: web\r\n\r\n{GET}"))
                .await;
            let head = client.head().await.to_ascii_lowercase();
            assert!(head.contains("content-length: 12345"), "{hop:?} {head}");
            assert_eq!(client.response().await.text(), "hello /next");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_17_content_where_none_may_be_is_not_taken_for_the_next_response() {
    run(async {
        for answer in [
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 304 Not Modified\r\n\r\nhello",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            let answers: &'static [&'static str] = Box::leak(Box::new([
                answer,
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext",
            ]));
            for hop in HOPS {
                let (app, _) = app::scripted(answers).await;
                let mesh = Mesh::start(app, hop).await;
                let mut client = Raw::connect(mesh.http1).await;
                client
                    .send(format!("GET / HTTP/1.1\r\nHost: web\r\n\r\n{GET}"))
                    .await;
                let head = client.head().await;
                assert!(head.contains(" 204 ") || head.contains(" 304 "), "{head}");
                assert_eq!(client.response().await.text(), "next", "{hop:?} {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn fault_17_interim_responses_pass_and_a_flood_of_them_does_not() {
    run(async {
        let (app, _) = app::scripted(&[
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ])
        .await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client.send(GET).await;
            let hints = client.head().await.to_ascii_lowercase();
            assert!(hints.starts_with("http/1.1 103 ") && hints.contains("link: </a>"), "{hints}");
            assert_eq!(client.response().await.text(), "ok");
        }

        let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
        let flood: &'static [&'static str] = Box::leak(Box::new([&*flood.leak()]));
        let (app, _) = app::scripted(flood).await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        let mut client = Raw::connect(mesh.http1).await;
        client.send(GET).await;
        let mut heads = 0;
        while client.head().await.starts_with("HTTP/1.1 100 ") {
            heads += 1;
        }
        assert!(heads <= 64, "{heads}");
    })
    .await;
}

#[tokio::test]
async fn fault_17_an_unasked_upgrade_is_a_bad_response() {
    run(async {
        let (app, _) =
            app::scripted(&["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nanything"])
                .await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            assert_eq!(once(mesh.http1, GET).await.status(), 502, "{hop:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn fault_14_a_request_with_broken_chunks_gets_400_and_its_connection_ends() {
    run(async {
        let app = app::http1().await;
        let trailer = "x".repeat(64 * 1024);
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            for body in [
                "10000000000000000\r\n",
                "-5\r\nhello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                "5\r\nhello0\r\n\r\n",
                "5 \r\nhello\r\n0\r\n\r\n",
                &format!("5;{trailer}\r\nhello\r\n0\r\n\r\n"),
                &format!("0\r\nx: {trailer}\r\n\r\n"),
                "0\r\nbad trailer\r\n\r\n",
            ] {
                let mut client = Raw::connect(mesh.http1).await;
                let head = "POST /x HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n";
                client.send(format!("{head}{body}")).await;
                let response = client.response().await;
                // The application may have answered before it had the whole request.
                assert!(
                    matches!(response.status(), 400 | 200),
                    "{hop:?} {}",
                    response.head
                );
                assert!(client.is_closed().await, "{hop:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn fault_14_trailers_that_act_as_heads_are_stripped() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let request = "POST /echo HTTP/1.1\r\nHost: web\r\nTE: trailers\r\n\
                 Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\
                 Content-Length: 0\r\nHost: evil\r\nAuthorization: x\r\nl5d-client-id: y\r\n\r\n";
            let response = once(mesh.http1, request).await;
            assert_eq!(response.text(), "hello", "{hop:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn responses_with_broken_framing_never_look_whole() {
    run(async {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhel",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nbroken\r\n",
        ] {
            let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
            let (app, _) = app::scripted(answers).await;
            for hop in HOPS {
                let mesh = Mesh::start(app, hop).await;
                let mut client = Raw::connect(mesh.http1).await;
                client.send(GET).await;
                // A stream that is reset in time takes its head with it.
                let head = client.head().await;
                if head.starts_with("HTTP/1.1 502 ") {
                    assert_eq!(hop, Hop::Mesh, "{head}");
                    continue;
                }
                assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
                let rest = String::from_utf8(client.rest().await).unwrap();
                assert!(!rest.ends_with("0\r\n\r\n"), "{hop:?} {rest:?}");
                assert!(rest.len() < 10 || rest.contains("\r\n"), "{hop:?} {rest:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_response_is_a_502() {
    run(async {
        for answer in [
            "220 mail.example ESMTP\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n",
        ] {
            let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
            let (app, _) = app::scripted(answers).await;
            for hop in HOPS {
                let mesh = Mesh::start(app, hop).await;
                let response = once(mesh.http1, GET).await;
                assert_eq!(response.status(), 502, "{hop:?} {answer:?}");
                let error = response.field("l5d-proxy-error");
                assert!(
                    error.is_some_and(|error| !error.is_empty()),
                    "{}",
                    response.head
                );
            }
        }
    })
    .await;
}

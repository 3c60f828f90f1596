//! Requests that two servers could read in two ways reach nobody.

use super::app;
use super::client::Raw;
use super::mesh::{Hop, Mesh, run};

/// Heads with everything that is needed but for the one fault.
fn requests() -> Vec<String> {
    let fields = [
        // Lengths.
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: 5 ,5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 05",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length: 5e0",
        "Content-Length:",
        "Content-Length: five",
        "Content-Length: 18446744073709551616",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: \"5\"",
        "Content-Length: 5;",
        // Transfer codings.
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding:",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding: chunked\x0b",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "X: y\r\n\tz",
        // Names, values and line ends.
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\r\r\nZ: z",
        "X: a\0b",
        "X: a\x0bb",
        "X: a\x07b",
        "X: a\x7fb",
        "X\0: a",
        "X\x0b: a",
        "X y: a",
        "X(y): a",
        "X\u{fc}: a",
        ": a",
        "nocolon",
        "X : a",
        // Hosts.
        "Host: other",
        "host: web",
        "Content-Length : 5",
        "Content-Length\x0b: 5",
    ];
    let mut requests: Vec<String> = fields
        .iter()
        .map(|fields| format!("POST /evil HTTP/1.1\r\nHost: web\r\n{fields}\r\n\r\n"))
        .collect();
    for start in [
        "GET /evil HTTP/1.1\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: a,b\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: user@web\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:0\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:65536\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web web\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web/path\r\n\r\n",
        "GET http://web/evil HTTP/1.1\r\nHost: other\r\n\r\n",
        "GET http://user@web/evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /evil HTTP/1.1\nHost: web\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web\r\n\n",
        "GET /evil\r\nHost: web\r\n\r\n",
        "GET  /evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /evil  HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET\t/evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /evil HTTP/1.1 \r\nHost: web\r\n\r\n",
        "GET /evil HTTP/1.1\r\n Host: web\r\n\r\n",
        "GET /evil HTTP/1.1\r\n\x0bHost: web\r\n\r\n",
        "GET /evil#x HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /ev il HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: web\r\n\r\n",
        "CONNECT /evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\nContent-Length: 5\r\n\r\nhello",
        "POST /evil HTTP/1.0\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /evil HTTP/1.2\r\nHost: web\r\n\r\n",
        "GET /evil HTTP/2.0\r\nHost: web\r\n\r\n",
        "GET /evil HTTP/11\r\nHost: web\r\n\r\n",
        "GET /evil hTTP/1.1\r\nHost: web\r\n\r\n",
        "G\0T /evil HTTP/1.1\r\nHost: web\r\n\r\n",
    ] {
        requests.push(start.to_owned());
    }
    requests
}

#[tokio::test]
async fn fault_13_an_ambiguous_request_reaches_nobody() {
    run(async {
        let (app, log) = app::silent().await;
        let requests = requests();
        assert!(requests.len() >= 60);
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            for door in [mesh.http1, mesh.stranger] {
                for request in &requests {
                    let mut client = Raw::connect(door).await;
                    // What follows would be the smuggled request.
                    let hidden = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n";
                    client.send(format!("{request}{hidden}")).await;
                    let response = client.response().await;
                    assert!(
                        matches!(response.status(), 400 | 505),
                        "{request:?}: {response:?}"
                    );
                    assert!(client.is_closed().await, "{request:?}");
                }
            }
        }
        let seen = String::from_utf8_lossy(&log.borrow()).into_owned();
        assert_eq!(seen, "", "the application has seen something");
    })
    .await;
}

#[tokio::test]
async fn fault_20_heads_without_measure_have_their_own_status() {
    run(async {
        let (app, log) = app::silent().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let many = "A: b\r\n".repeat(10_000);
        let long = "x".repeat(1 << 20);
        for (request, status) in [
            (format!("GET / HTTP/1.1\r\nHost: web\r\n{many}\r\n"), 431),
            (
                format!("GET / HTTP/1.1\r\nHost: web\r\nA: {long}\r\n\r\n"),
                431,
            ),
            (
                format!("GET /{} HTTP/1.1\r\nHost: web\r\n\r\n", &long[..40_000]),
                414,
            ),
        ] {
            let mut client = Raw::connect(mesh.http1).await;
            let (mut read, mut write) = client.tcp.split();
            let mut received = Vec::new();
            let send = tokio::io::AsyncWriteExt::write_all(&mut write, request.as_bytes());
            let receive = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut received);
            // The proxy may close before it has read everything.
            let _ = tokio::join!(send, receive);
            let head = String::from_utf8_lossy(&received);
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        }
        assert!(log.borrow().is_empty());
    })
    .await;
}

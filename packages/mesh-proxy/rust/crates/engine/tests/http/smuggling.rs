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
        // More of each kind.
        "Content-Length: 5\r\nContent-length: 5",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 0, 5",
        "Content-Length: 5,",
        "Content-Length: ,5",
        "Content-Length: 5\t5",
        "Content-Length: 1_000",
        "Content-Length: 5h",
        "Content-Length: 0b101",
        "Content-Length: 0o5",
        "Content-Length: 000000000000000000005",
        "Content-Length: \u{0665}",
        "Content-Length: -0",
        "Content-Length: +0",
        "Content-Length: 5\r\n 5",
        "Transfer-Encoding: chunked\r\nContent-Length: chunked",
        "Transfer-Encoding: chunked, chunked, chunked",
        "Transfer-Encoding: chunked chunked",
        "Transfer-Encoding: chu\tnked",
        "Transfer-Encoding: identity, identity",
        "Transfer-Encoding: trailers",
        "Transfer-Encoding: deflate",
        "Transfer-Encoding: compress, chunked",
        "Transfer-Encoding: x",
        "Transfer-Encoding: 'chunked'",
        "Transfer-Encoding: chunked=1",
        "Transfer-Encoding: chunked\r\n , identity",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: gzip",
        "Transfer\u{2d}Encoding\0: chunked",
        "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: c\u{212a}hunked",
        "\tTransfer-Encoding: chunked",
        "Transfer-Encoding\x0c: chunked",
        "Transfer-Encoding: \x0cchunked",
        "\"Transfer-Encoding\": chunked",
        "[X]: y",
        "X/y: z",
        "X=y: z",
        "X@y: z",
        "{X}: y",
        "X,Y: z",
        "X;Y: z",
        "X\\Y: z",
        "X: a\x01b",
        "X: a\x1bb",
        "X: a\x08b",
        "X: a\r b",
        "X: \rb",
        "=: x",
        "\x7f: x",
        "X: y\r\n\x20\x20\r\nZ: z",
        "X: y\n z",
        "Host : web",
        "Host:\r\n web",
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
        "GET /evil HTTP/1.1\r\nHost: web\\evil\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web?x\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web#x\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:80:80\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:-1\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: web:eighty\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: ::1\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: [web]\r\n\r\n",
        "GET /evil HTTP/1.1\r\nHost: b\u{fc}cher.example\r\n\r\n",
        "GET http://web:0/evil HTTP/1.1\r\nHost: web:0\r\n\r\n",
        "GET http:///evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET http://web?evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET http://web\\evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET http://a,web/evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET ftp://web/evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET //web/evil#x HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET \\evil HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /\u{fc} HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /\x7f HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /evil HTTP/1.1 HTTP/1.1\r\nHost: web\r\n\r\n",
        "CONNECT web HTTP/1.1\r\nHost: web\r\n\r\n",
        "CONNECT web:80 HTTP/1.1\r\nHost: other:80\r\n\r\n",
        "CONNECT http://web:80/ HTTP/1.1\r\nHost: web:80\r\n\r\n",
        "CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\nTransfer-Encoding: chunked\r\n\r\n",
        "OPTIONS ** HTTP/1.1\r\nHost: web\r\n\r\n",
        "G(T /evil HTTP/1.1\r\nHost: web\r\n\r\n",
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
        assert!(requests.len() >= 150, "{}", requests.len());
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

/// Requests that pass, and what an application without further proxies must then have received.
const CANONICAL: [(&str, &str); 14] = [
    (
        "GET /a HTTP/1.1\r\nHost:web\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
    (
        "\r\nGET /a HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHOST: Web.Example.:8080\r\n\r\n",
        "GET /a HTTP/1.1\r\nHOST: Web.Example.:8080\r\n\r\n",
    ),
    (
        "GET http://web/a HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET http://web/a HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
    (
        "POST /a HTTP/1.1\r\nHost: web\r\nContent-Length:5 \r\n\r\nhello",
        "POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "POST /a HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: CHUNKED\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: web\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "POST /a HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n\
         00005\r\nhello\r\n0\r\nSum: 1\r\nHost: evil\r\nContent-Length: 9\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: web\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSum: 1\r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHost: web\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHost: web\r\nConnection: Host, Authorization\r\nAuthorization: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\nAuthorization: x\r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHost: web\r\nX: 1\r\nx: 2\r\nX: 3, 4\r\nX_Y: 5\r\nX-Y: 6\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\nX: 1\r\nx: 2\r\nX: 3, 4\r\nX_Y: 5\r\nX-Y: 6\r\n\r\n",
    ),
    (
        "GET //a/../%2e%2e/%2F%5C;x?y=\\ HTTP/1.1\r\nHost: web\r\n\r\n",
        "GET //a/../%2e%2e/%2F%5C;x?y=\\ HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHost: web\r\nX: caf\u{e9}\r\nEmpty:\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\nX: caf\u{e9}\r\nEmpty: \r\n\r\n",
    ),
    (
        "GET /a HTTP/1.1\r\nHost: web\r\nl5d-client-id: x\r\nL5D-Dst-Override: y\r\nl5d_x: z\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: web\r\n\r\n",
    ),
];

/// A request without what the hop between proxies changes: the case and order of names, and who
/// the client is.
fn normal(request: &str) -> (String, Vec<String>, String) {
    let (head, body) = request.split_once("\r\n\r\n").expect("a whole head");
    let (line, fields) = head.split_once("\r\n").expect("fields");
    let lower = |field: &str| match field.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
        None => panic!("no field: {field:?}"),
    };
    let mut fields: Vec<_> = fields.split("\r\n").map(lower).collect();
    fields.retain(|field| !field.starts_with("l5d-client-id: client."));
    fields.sort();
    (line.to_owned(), fields, body.to_ascii_lowercase())
}

#[tokio::test]
async fn fault_13_what_passes_arrives_in_its_canonical_form_and_no_byte_more() {
    run(async {
        let (app, log) = app::scripted(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
        for hop in [Hop::Mesh, Hop::MeshHttp1, Hop::Plain] {
            let mesh = Mesh::start(app, hop).await;
            for (door, exact) in [(mesh.http1, hop == Hop::Plain), (mesh.stranger, true)] {
                for (request, expected) in CANONICAL {
                    log.borrow_mut().clear();
                    let mut client = Raw::connect(door).await;
                    client.send(request).await;
                    assert_eq!(client.response().await.status(), 200, "{hop:?} {request:?}");
                    let received = || String::from_utf8(log.borrow().clone()).unwrap();
                    // The answer may overtake the request's end.
                    for _ in 0..200 {
                        if received().len() >= expected.len() {
                            break;
                        }
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                    if exact {
                        assert_eq!(received(), expected, "{hop:?} {request:?}");
                    } else {
                        assert_eq!(normal(&received()), normal(expected), "{hop:?} {request:?}");
                    }
                }
            }
        }
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

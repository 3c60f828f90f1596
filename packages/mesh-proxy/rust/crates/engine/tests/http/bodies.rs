//! Content of every size, in both directions at once.

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::app;
use super::client::{Raw, once};
use super::mesh::{Hop, Mesh, run};

const HOPS: [Hop; 3] = [Hop::Mesh, Hop::MeshHttp1, Hop::Plain];

/// Bytes that show where they are out of place.
pub fn noise(length: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

#[tokio::test]
async fn chunked_content_passes_with_its_trailers() {
    run(async {
        let app = app::http1().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let request = "POST /echo HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n\
                 5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
            let response = once(mesh.http1, request).await;
            assert_eq!(response.text(), "hello world", "{hop:?}");
        }
        let (app, _) = app::scripted(&[
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: sum\r\n\r\n\
             5\r\nhello\r\n0\r\nSum: 42\r\nContent-Length: 1\r\n\r\n",
        ])
        .await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let response = once(mesh.http1, "GET / HTTP/1.1\r\nHost: web\r\n\r\n").await;
            assert_eq!(
                response.text().to_ascii_lowercase(),
                "hellosum: 42",
                "{hop:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn large_content_arrives_as_it_was() {
    run(async {
        let app = app::http1().await;
        let content = noise(64 * 1024 * 1024);
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let client = Raw::connect(mesh.http1).await;
            let (read, mut write) = client.tcp.into_split();
            let head = format!(
                "POST /echo HTTP/1.1\r\nHost: web\r\nContent-Length: {}\r\n\r\n",
                content.len()
            );
            let sent = content.clone();
            let send = tokio::task::spawn_local(async move {
                write.write_all(head.as_bytes()).await.unwrap();
                write.write_all(&sent).await.unwrap();
                write
            });
            let mut client = Echo {
                read,
                received: Vec::new(),
            };
            assert!(client.body(content.len()).await == content, "{hop:?}");
            send.await.unwrap();
        }
    })
    .await;
}

struct Echo {
    read: tokio::net::tcp::OwnedReadHalf,
    received: Vec<u8>,
}

impl Echo {
    /// The content of a response with a length, or chunked.
    async fn body(&mut self, length: usize) -> Vec<u8> {
        use tokio::io::AsyncReadExt;
        let mut decoder = None;
        let mut body = Vec::with_capacity(length);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            if decoder.is_none()
                && let Some(end) = self
                    .received
                    .windows(4)
                    .position(|part| part == b"\r\n\r\n")
            {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
                assert!(head.starts_with("http/1.1 200 "), "{head}");
                decoder = Some(
                    head.contains("transfer-encoding: chunked")
                        .then(Default::default),
                );
            }
            match &mut decoder {
                Some(Some(decoder)) => decode(decoder, &mut self.received, &mut body),
                Some(None) => body.append(&mut self.received),
                None => {}
            }
            if body.len() >= length {
                return body;
            }
            let read = self.read.read(&mut buffer).await.unwrap();
            assert!(read > 0, "{} of {length} bytes", body.len());
            self.received.extend_from_slice(&buffer[..read]);
        }
    }
}

fn decode(
    decoder: &mut mesh_decide::http1::chunked::Decoder,
    received: &mut Vec<u8>,
    body: &mut Vec<u8>,
) {
    use mesh_decide::http1::chunked::Step;
    let mut at = 0;
    loop {
        match decoder.step(&received[at..]).unwrap() {
            Step::More(skip) => {
                received.drain(..at + skip);
                return;
            }
            Step::Data { skip, length } => {
                body.extend_from_slice(&received[at + skip..at + skip + length]);
                at += skip + length;
            }
            Step::End { skip, length } => {
                received.drain(..at + skip + length);
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_response_that_comes_before_the_request_has_ended_is_passed_on() {
    run(async {
        let (app, _) = app::scripted(&[
            "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n",
        ])
        .await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = Raw::connect(mesh.http1).await;
            client
                .send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000000\r\n\r\nsome")
                .await;
            let response = client.response().await;
            assert_eq!(
                (response.status(), response.text()),
                (413, "no\n"),
                "{hop:?}"
            );
        }
    })
    .await;
}

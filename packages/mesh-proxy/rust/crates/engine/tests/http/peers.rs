//! Other implementations' proxies as clients: what they put on the wire, byte for byte.

use std::num::NonZeroU16;
use std::pin::pin;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Response, Version};
use mesh_decide::transport_header::{Header, Session};
use mesh_engine::snapshot::PeerId;
use mesh_engine::tls::Alpn;
use mesh_engine::transport::TlsStream;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use super::app;
use super::http2::collect;
use super::mesh::{CLIENT, Hop, Mesh, SERVER, run};

/// A proxy's connection to the server's proxy, for HTTP/2.
async fn proxy(mesh: &Mesh, app: std::net::SocketAddr) -> SendRequest<Bytes> {
    let epoch = mesh.client.identity.tls().unwrap();
    let config = epoch.client(&PeerId::Dns(SERVER.into()), Alpn::Transport);
    let tcp = TcpStream::connect(mesh.server.config.inbound.listen);
    let name = SERVER.try_into().unwrap();
    let tls = TlsStream::connect(tcp.await.unwrap(), config, name);
    let mut tls = tls.await.unwrap();
    let header = Header {
        port: NonZeroU16::new(app.port()).unwrap(),
        name: None,
        session: Session::Http2,
        gateways: 0,
    };
    tls.write_all(&header.encode()).await.unwrap();
    let (client, connection) = h2::client::handshake(tls).await.unwrap();
    spawn_local(async move {
        // Tests look at their streams, not at how the connection ends.
        let _ = pin!(connection).await;
    });
    client.ready().await.unwrap()
}

/// An HTTP/1 request as it travels between proxies: `:authority` and the client's `host` both.
fn carried(method: &str, path: &str, proto: &str) -> Request<()> {
    let request = Request::builder().method(method);
    let request = request.uri(format!("http://web{path}"));
    let request = request
        .header("host", "web")
        .header("l5d-orig-proto", proto);
    request.body(()).unwrap()
}

async fn answer(
    client: &mut SendRequest<Bytes>,
    request: Request<()>,
    content: Option<&'static str>,
) -> (Response<()>, String) {
    let (response, mut stream) = client.send_request(request, content.is_none()).unwrap();
    if let Some(content) = content {
        stream.send_data(Bytes::from(content), true).unwrap();
    }
    let (head, body) = response.await.unwrap().into_parts();
    let (body, _) = collect(body).await;
    let body = String::from_utf8(body).unwrap();
    (Response::from_parts(head, ()), body)
}

#[tokio::test]
async fn http1_that_another_proxy_carries_is_http1_again_for_the_application() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = proxy(&mesh, app).await;
        for (proto, line) in [
            ("HTTP/1.1", "GET /head HTTP/1.1"),
            ("HTTP/1.0", "GET /head HTTP/1.0"),
            ("HTTP/1.1; absolute-form", "GET http://web/head HTTP/1.1"),
        ] {
            let request = carried("GET", "/head", proto);
            let (response, seen) = answer(&mut client, request, None).await;
            assert_eq!(response.version(), Version::HTTP_2);
            let version = proto.split(';').next().unwrap();
            assert_eq!(response.headers()["l5d-orig-proto"], version);
            let mut lines = seen.lines();
            assert_eq!(lines.next(), Some(line));
            let mut fields: Vec<_> = lines.collect();
            fields.sort_unstable();
            let identity = format!("l5d-client-id: {CLIENT}");
            assert_eq!(fields, ["host: web", &identity]);
        }
    })
    .await;
}

#[tokio::test]
async fn content_without_a_length_is_framed_for_the_applications_version() {
    run(async {
        let app = app::http1().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = proxy(&mesh, app).await;
        let request = carried("POST", "/collect", "HTTP/1.1");
        let (response, body) = answer(&mut client, request, Some("hello")).await;
        assert_eq!((response.status().as_u16(), &*body), (200, "hello"));
        assert!(!response.headers().contains_key("transfer-encoding"));
    })
    .await;
}

#[tokio::test]
async fn a_mark_that_is_not_understood_leaves_the_request_as_it_came() {
    run(async {
        let app = app::http2().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = proxy(&mesh, app).await;
        let request = carried("GET", "/head", "HTTP/9.9");
        let (response, seen) = answer(&mut client, request, None).await;
        assert!(seen.starts_with("GET http://web/head HTTP/2.0\n"), "{seen}");
        assert!(!response.headers().contains_key("l5d-orig-proto"));
        assert!(!seen.contains("l5d-orig-proto"), "{seen}");
    })
    .await;
}

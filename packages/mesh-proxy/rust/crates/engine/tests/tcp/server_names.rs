//! Application TLS: carried untouched, and routed by the name that its hello asks for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::server_name::SniMatch;
use mesh_engine::discovery::Discovery;
use mesh_engine::snapshot::{InboundProtocol, OpaqueRoute, PeerId, Protocol, Snapshot};
use mesh_engine::tls::Alpn;
use mesh_engine::transport::TlsStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{self, expect};
use crate::doors;
use crate::pair::{
    CLIENT, Pair, SERVER, SERVICE, endpoint, everybody, metric, policy, route, routing, run,
};

/// Far longer than any test takes.
const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn tls_for_this_proxy_is_ended_on_any_port_and_other_tls_is_not_touched() {
    run(async {
        let application = app::echo().await;
        let pair = Pair::opaque(application).await;
        let detect = InboundProtocol::Detect(LONG);
        pair.policy.store(policy(detect, everybody()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        doors::inbound_to(listener, pair.server.clone(), application);

        let epoch = pair.authority.identity(CLIENT).tls().unwrap();
        let config = epoch.client(&PeerId::Dns(SERVER.into()), Alpn::None);
        let tcp = TcpStream::connect(door).await.unwrap();
        let mut tls = TlsStream::connect(tcp, config.clone(), SERVER.try_into().unwrap())
            .await
            .unwrap();
        tls.write_all(b"inside\r\n").await.unwrap();
        tls.flush().await.unwrap();
        let mut answer = [0; 8];
        tls.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"inside\r\n");
        let client_id = format!("client_id=\"{CLIENT}\"");
        metric(
            &pair.server,
            &["tcp_open_total", "peer=\"src\"", &client_id],
        )
        .await;

        let hello = client_hello(config, "other.example");
        let mut tcp = TcpStream::connect(door).await.unwrap();
        tcp.write_all(&hello).await.unwrap();
        expect(&mut tcp, &hello).await;
        metric(
            &pair.server,
            &["tcp_open_total", "tls=\"opaque\",sni=\"other.example\""],
        )
        .await;
    })
    .await;
}

fn client_hello(config: Arc<rustls::ClientConfig>, name: &'static str) -> Vec<u8> {
    let name = name.try_into().unwrap();
    let mut session = rustls::ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    hello
}

/// A server that says its own name after everything it is sent.
async fn named(name: &'static str) -> SocketAddr {
    app::serve(async move |mut tcp| {
        let mut scrap = [0; 4096];
        while let Ok(1..) = tcp.read(&mut scrap).await {
            if tcp.write_all(name.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}

async fn tls_route(name: &'static str, snis: Vec<SniMatch>) -> OpaqueRoute {
    let endpoint = Arc::new(endpoint(named(name).await, None));
    OpaqueRoute {
        snis,
        ..route(endpoint)
    }
}

/// A door to destinations of declared TLS.
async fn door(pair: &Pair, routes: Vec<OpaqueRoute>) -> SocketAddr {
    let mut client = pair.client.clone();
    let routing = Snapshot::fixed(routing(Protocol::Tls(routes.into())));
    client.discovery = Discovery::fixed(HashMap::from([(SERVICE.parse().unwrap(), routing)]));
    doors::outbound(client, SERVICE.parse().unwrap()).await
}

#[tokio::test]
async fn a_hello_goes_where_the_most_precise_route_for_its_name_says() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let routes = vec![
            tls_route(
                "below",
                vec![SniMatch::below(["com", "example"].into_iter())],
            )
            .await,
            tls_route("exact", vec![SniMatch::exact("Web.Example.com")]).await,
        ];
        let door = door(&pair, routes).await;
        let epoch = pair.authority.identity(CLIENT).tls().unwrap();
        let config = epoch.client(&PeerId::Dns(SERVER.into()), Alpn::None);
        for (name, server) in [
            ("web.example.com", "exact"),
            ("api.example.com", "below"),
            ("a.web.example.com", "below"),
        ] {
            let hello = client_hello(config.clone(), name);
            let mut tcp = TcpStream::connect(door).await.unwrap();
            // In two segments: a hello is rarely as small as one.
            let (first, second) = hello.split_at(100);
            tcp.write_all(first).await.unwrap();
            tokio::task::yield_now().await;
            tcp.write_all(second).await.unwrap();
            expect(&mut tcp, server.as_bytes()).await;
            let sni = format!("sni=\"{name}\"}} 1");
            metric(&pair.client, &["outbound_tls_server_names_total", &sni]).await;
        }
        let declared = "protocol=\"tls\",reason=\"declared\"} 3";
        metric(&pair.client, &["detect_decisions_total", declared]).await;

        // Names that no route takes, and clients that name nobody, are told apart from failures.
        let stranger = client_hello(config.clone(), "example.com");
        for bytes in [&stranger[..], b"GET / HTTP/1.1\r\n\r\n"] {
            let mut tcp = TcpStream::connect(door).await.unwrap();
            tcp.write_all(bytes).await.unwrap();
            let error = tcp.read(&mut [0]).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        let refused = ["outbound_tcp_errors_total", "route_not_found\"} 2"];
        metric(&pair.client, &refused).await;
    })
    .await;
}

#[tokio::test]
async fn a_route_without_names_takes_who_names_nobody() {
    run(async {
        let pair = Pair::opaque(app::echo().await).await;
        let routes = vec![
            tls_route("exact", vec![SniMatch::exact("web.example.com")]).await,
            tls_route("any", vec![]).await,
        ];
        let door = door(&pair, routes).await;
        let mut tcp = TcpStream::connect(door).await.unwrap();
        tcp.write_all(b"anything\r\n").await.unwrap();
        expect(&mut tcp, b"any").await;
    })
    .await;
}

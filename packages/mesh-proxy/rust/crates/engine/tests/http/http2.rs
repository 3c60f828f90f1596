//! Clients and applications of HTTP/2.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request};
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use super::app;
use super::bodies::noise;
use super::client::once;
use super::mesh::{CLIENT, Hop, Mesh, run};

const HOPS: [Hop; 3] = [Hop::Mesh, Hop::MeshHttp1, Hop::Plain];

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let tcp = TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let (client, connection) = h2::client::handshake(tcp).await.unwrap();
    spawn_local(async move {
        // Tests look at their streams, not at how the connection ends.
        let _ = connection.await;
    });
    client.ready().await.unwrap()
}

fn request(method: &str, path: &str) -> Request<()> {
    Request::builder()
        .method(method)
        .uri(format!("http://web{path}"))
        .body(())
        .unwrap()
}

pub async fn collect(mut body: RecvStream) -> (Vec<u8>, Option<HeaderMap>) {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        all.extend_from_slice(&data);
    }
    (all, body.trailers().await.unwrap())
}

/// An application that answers each message with itself, and ends with a gRPC status.
async fn grpc_app() -> SocketAddr {
    app::raw(async |tcp| {
        let mut connection = h2::server::handshake(tcp).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            spawn_local(async move {
                let response = http::Response::builder()
                    .header("content-type", "application/grpc")
                    .body(())
                    .unwrap();
                let mut send = respond.send_response(response, false).unwrap();
                let mut body = request.into_body();
                while let Some(Ok(data)) = body.data().await {
                    body.flow_control().release_capacity(data.len()).unwrap();
                    send.send_data(data, false).unwrap();
                }
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                trailers.insert("grpc-message", "done".parse().unwrap());
                // The client may have left.
                let _ = send.send_trailers(trailers);
            });
        }
    })
    .await
}

#[tokio::test]
async fn messages_flow_both_ways_at_once_and_end_with_trailers() {
    run(async {
        let app = grpc_app().await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = connect(mesh.http2).await;
            let mut call = request("POST", "/a.B/C");
            let fields = call.headers_mut();
            fields.insert("content-type", "application/grpc".parse().unwrap());
            fields.insert("te", "trailers".parse().unwrap());
            let (response, mut send) = client.send_request(call, false).unwrap();
            let response = response.await.unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            for round in 0..50 {
                let message = format!("message {round}");
                send.send_data(message.clone().into(), false).unwrap();
                let data = body.data().await.unwrap().unwrap();
                body.flow_control().release_capacity(data.len()).unwrap();
                assert_eq!(data, message, "{hop:?}");
            }
            send.send_data(Bytes::new(), true).unwrap();
            let (rest, trailers) = collect(body).await;
            assert!(rest.is_empty());
            assert_eq!(trailers.unwrap()["grpc-status"], "0");
            let parts = ["response_total", "outbound", "grpc_status=\"0\"", "success"];
            mesh.metrics_with(&mesh.client, &parts).await;
        }
    })
    .await;
}

#[tokio::test]
async fn http2_reaches_the_application_as_http2_with_its_client_named() {
    run(async {
        let app = app::http2().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = connect(mesh.http2).await;
        let mut call = request("GET", "/head?x=%2F");
        call.headers_mut()
            .insert("l5d-client-id", "admin".parse().unwrap());
        let (response, _) = client.send_request(call, true).unwrap();
        let (body, _) = collect(response.await.unwrap().into_body()).await;
        let text = String::from_utf8(body).unwrap();
        assert!(
            text.contains("GET http://web/head?x=%2F HTTP/2.0"),
            "{text}"
        );
        assert!(text.contains(&format!("l5d-client-id: {CLIENT}")), "{text}");
        assert!(
            !text.contains("admin") && !text.contains("l5d-orig-proto"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn large_content_flows_with_credit() {
    run(async {
        let app = app::http2().await;
        let content = noise(64 * 1024 * 1024);
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = connect(mesh.http2).await;
            let (response, mut send) = client
                .send_request(request("POST", "/echo"), false)
                .unwrap();
            let mut sent = content.clone();
            spawn_local(async move {
                while !sent.is_empty() {
                    send.reserve_capacity(sent.len().min(1 << 20));
                    let credit = std::future::poll_fn(|cx| send.poll_capacity(cx)).await;
                    let credit = credit.unwrap().unwrap();
                    send.send_data(sent.split_to(credit.min(sent.len())), sent.is_empty())
                        .unwrap();
                }
            });
            let (body, _) = collect(response.await.unwrap().into_body()).await;
            assert!(body == content, "{hop:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn many_streams_of_one_connection_do_not_wait_for_a_stalled_one() {
    run(async {
        let app = app::http2().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = connect(mesh.http2).await;
        // Nobody reads this response, and its request does not end.
        let (stalled, mut send) = client
            .send_request(request("POST", "/echo"), false)
            .unwrap();
        send.send_data(noise(60_000), false).unwrap();
        let stalled = stalled.await.unwrap();
        for _ in 0..200 {
            let (response, _) = client.send_request(request("GET", "/x"), true).unwrap();
            let (body, _) = collect(response.await.unwrap().into_body()).await;
            assert_eq!(body, b"hello /x");
        }
        drop(stalled);
    })
    .await;
}

#[tokio::test]
async fn a_reset_travels_to_the_application_and_back() {
    run(async {
        let app = app::raw(async |tcp| {
            let mut connection = h2::server::handshake(tcp).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                if request.uri().path() == "/refuse" {
                    respond.send_reset(Reason::INTERNAL_ERROR);
                    continue;
                }
                spawn_local(async move {
                    let response = http::Response::new(());
                    let mut send = respond.send_response(response, false).unwrap();
                    send.send_data("begun".into(), false).unwrap();
                    let breaks = request.uri().path() == "/break";
                    if breaks {
                        // What was sent before must have left, or the reset takes it along.
                        let _ = request.into_body().data().await;
                        send.send_reset(Reason::INTERNAL_ERROR);
                        return;
                    }
                    let reason = std::future::poll_fn(|cx| send.poll_reset(cx)).await;
                    assert!(
                        reason.is_ok(),
                        "the client's reset, not a broken connection"
                    );
                });
            }
        })
        .await;
        for hop in HOPS {
            let mesh = Mesh::start(app, hop).await;
            let mut client = connect(mesh.http2).await;
            let (response, mut send) = client
                .send_request(request("POST", "/break"), false)
                .unwrap();
            let mut body = response.await.unwrap().into_body();
            send.send_data("go on".into(), true).unwrap();
            let mut end = body.data().await;
            while let Some(Ok(_)) = end {
                end = body.data().await;
            }
            assert!(
                matches!(end, Some(Err(_))),
                "{hop:?}: a broken response never looks whole"
            );

            let (response, _) = client
                .send_request(request("GET", "/refuse"), true)
                .unwrap();
            assert_eq!(response.await.unwrap().status(), 502, "{hop:?}");

            let (response, mut send) = client
                .send_request(request("POST", "/wait"), false)
                .unwrap();
            let mut body = response.await.unwrap().into_body();
            assert_eq!(body.data().await.unwrap().unwrap(), "begun");
            send.send_reset(Reason::CANCEL);
            drop(body);
            // The connection is as good as before.
            let (response, _) = client
                .send_request(request("GET", "/refuse"), true)
                .unwrap();
            assert_eq!(response.await.unwrap().status(), 502);
        }
    })
    .await;
}

#[tokio::test]
async fn an_http1_client_sees_a_stream_error_as_502() {
    run(async {
        // Behind the endpoint's address is no proxy of ours but a bare HTTP/2 server over plaintext.
        let app = app::raw(async |tcp| {
            let mut connection = h2::server::handshake(tcp).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                respond.send_reset(Reason::INTERNAL_ERROR);
            }
        })
        .await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        let mut client = connect(mesh.http2).await;
        let (response, _) = client.send_request(request("GET", "/"), true).unwrap();
        assert_eq!(response.await.unwrap().status(), 502);
        // The application behind the other proxy speaks HTTP/2 only: an HTTP/1 request fails there.
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let response = once(mesh.http1, "GET / HTTP/1.1\r\nHost: web\r\n\r\n").await;
        assert_eq!(response.status(), 502);
    })
    .await;
}

#[tokio::test]
async fn fault_34_requests_that_a_goaway_leaves_out_are_sent_again() {
    run(async {
        // Each connection takes three requests, then says good-bye.
        let app = app::raw(async |tcp| {
            let mut connection = h2::server::handshake(tcp).await.unwrap();
            let mut served = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let mut send = respond
                    .send_response(http::Response::new(()), false)
                    .unwrap();
                send.send_data("ok".into(), true).unwrap();
                served += 1;
                if served == 3 {
                    connection.graceful_shutdown();
                }
            }
        })
        .await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        let client = connect(mesh.http2).await;
        let calls = (0..100).map(|_| {
            let mut client = client.clone();
            spawn_local(async move {
                let (response, _) = client.send_request(request("POST", "/x"), true).unwrap();
                let response = response.await.unwrap();
                (
                    response.status().as_u16(),
                    collect(response.into_body()).await.0,
                )
            })
        });
        let calls: Vec<_> = calls.collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), (200, b"ok".to_vec()));
        }
    })
    .await;
}

#[tokio::test]
async fn two_authorities_in_one_request_are_refused() {
    run(async {
        let (app, log) = app::silent().await;
        let mesh = Mesh::start(app, Hop::Plain).await;
        let mut client = connect(mesh.http2).await;
        let mut call = request("GET", "/");
        call.headers_mut().insert("host", "other".parse().unwrap());
        let (response, _) = client.send_request(call, true).unwrap();
        assert_eq!(response.await.unwrap().status(), 400);
        assert!(log.borrow().is_empty());
    })
    .await;
}

#[tokio::test]
async fn draining_says_good_bye_and_finishes_what_is_begun() {
    run(async {
        let app = app::http2().await;
        let mesh = Mesh::start(app, Hop::Mesh).await;
        let mut client = connect(mesh.http2).await;
        let (response, mut send) = client
            .send_request(request("POST", "/echo"), false)
            .unwrap();
        send.send_data("he".into(), false).unwrap();
        let mut body = response.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "he");
        mesh.client.drain.start();
        // The client learns of it with a GOAWAY, after which it can begin nothing new.
        while std::future::poll_fn(|cx| client.poll_ready(cx))
            .await
            .is_ok()
        {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        send.send_data("llo".into(), true).unwrap();
        assert_eq!(collect(body).await.0, b"llo");
    })
    .await;
}

/// Has one request answered as clients do: one that a GOAWAY leaves out goes to a new connection.
/// Gives how many of those it took.
async fn call_anew(client: &mut SendRequest<Bytes>, address: SocketAddr) -> u32 {
    let mut replaced = 0;
    loop {
        let sent = match client.clone().ready().await {
            Ok(mut ready) => ready.send_request(request("POST", "/a.B/C"), true),
            Err(error) => Err(error),
        };
        let answer = match sent {
            Ok((response, _)) => response.await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(response) => {
                let (parts, rest) = response.into_parts();
                assert_eq!(parts.status, 200);
                let (_, trailers) = collect(rest).await;
                assert_eq!(trailers.unwrap()["grpc-status"], "0");
                return replaced;
            }
            Err(error) => {
                assert!(error.is_go_away() && error.is_remote(), "{error:?}");
                assert_eq!(error.reason(), Some(Reason::NO_ERROR));
                replaced += 1;
                *client = connect(address).await;
            }
        }
    }
}

#[tokio::test]
async fn fault_34_connections_that_grow_old_end_no_stream_and_fail_no_request() {
    run(async {
        let age = [("HTTP_CONNECTION_MAX_AGE", "100ms")];
        let mesh = Mesh::with_variables(grpc_app().await, Hop::Mesh, &age).await;
        let mut client = connect(mesh.http2).await;
        let (response, mut send) = client
            .send_request(request("POST", "/a.B/C"), false)
            .unwrap();
        send.send_data(Bytes::from_static(b"0"), false).unwrap();
        let mut body = response.await.unwrap().into_body();
        // Every connection of the mesh is told to end many times meanwhile; the stream goes on.
        let until = tokio::time::Instant::now() + std::time::Duration::from_millis(1_500);
        let mut replaced = 0;
        loop {
            assert_eq!(body.data().await.unwrap().unwrap(), &b"0"[..]);
            body.flow_control().release_capacity(1).unwrap();
            replaced += call_anew(&mut client, mesh.http2).await;
            let over = tokio::time::Instant::now() >= until;
            send.send_data(Bytes::from_static(b"0"), over).unwrap();
            if over {
                break;
            }
        }
        let (last, trailers) = collect(body).await;
        assert_eq!(last, b"0");
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
        assert!(replaced > 0, "no connection of the client was ever old");
    })
    .await;
}

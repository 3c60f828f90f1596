//! Applications behind the mesh.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

type Body = BoxBody<Bytes, hyper::Error>;

/// A server whose connections are given to `serve`.
pub async fn raw<F>(serve: F) -> SocketAddr
where
    F: AsyncFn(TcpStream) + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Rc::new(serve);
    spawn_local(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let serve = serve.clone();
            spawn_local(async move { serve(tcp).await });
        }
    });
    address
}

/// A server that keeps everything it is sent and answers nothing.
pub async fn silent() -> (SocketAddr, Rc<RefCell<Vec<u8>>>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let written = log.clone();
    let address = raw(async move |mut tcp| {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = tcp.read(&mut buffer).await {
            written.borrow_mut().extend_from_slice(&buffer[..length]);
        }
    })
    .await;
    (address, log)
}

/// A server that answers every request head with the next of `answers`, byte for byte, the last
/// one again and again; it keeps what it is sent.
pub async fn scripted(answers: &'static [&'static str]) -> (SocketAddr, Rc<RefCell<Vec<u8>>>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let written = log.clone();
    let next = Rc::new(RefCell::new(0));
    let address = raw(async move |mut tcp| {
        let mut pending = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let Ok(length @ 1..) = tcp.read(&mut buffer).await else {
                return;
            };
            written.borrow_mut().extend_from_slice(&buffer[..length]);
            pending.extend_from_slice(&buffer[..length]);
            while let Some(end) = pending.windows(4).position(|part| part == b"\r\n\r\n") {
                pending.drain(..end + 4);
                let index = {
                    let mut next = next.borrow_mut();
                    let index = *next;
                    *next = (index + 1).min(answers.len() - 1);
                    index
                };
                if tcp.write_all(answers[index].as_bytes()).await.is_err() {
                    return;
                }
                if answers[index].contains("Connection: close") {
                    return;
                }
            }
        }
    })
    .await;
    (address, log)
}

/// An application of HTTP/1, by another implementation than ours.
pub async fn http1() -> SocketAddr {
    raw(async |tcp| {
        let service = service_fn(answer);
        let connection = http1::Builder::new()
            .serve_connection(TokioIo::new(tcp), service)
            .with_upgrades();
        // A client that leaves is no fault of the application.
        let _ = connection.await;
    })
    .await
}

/// The same with HTTP/2.
pub async fn http2() -> SocketAddr {
    raw(async |tcp| {
        let connection =
            http2::Builder::new(Local).serve_connection(TokioIo::new(tcp), service_fn(answer));
        let _ = pin!(connection).await;
    })
    .await
}

#[derive(Clone, Copy)]
struct Local;

impl<F> hyper::rt::Executor<F> for Local
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        spawn_local(async move {
            future.await;
        });
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.headers().contains_key("upgrade") {
        let upgrade = hyper::upgrade::on(&mut request);
        spawn_local(echo_raw(upgrade));
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("upgrade", "echo")
            .header("connection", "upgrade")
            .body(text(""))
            .unwrap();
        return Ok(response);
    }
    let path = request.uri().path().to_owned();
    let response = match (request.method(), path.as_str()) {
        (_, "/echo") => Response::new(request.into_body().boxed()),
        (_, "/collect") => match request.into_body().collect().await {
            Ok(body) => Response::new(
                Full::new(body.to_bytes())
                    .map_err(|never| match never {})
                    .boxed(),
            ),
            Err(_) => Response::new(text("the request broke off")),
        },
        (_, "/head") => Response::new(text(&describe(&request))),
        (&Method::HEAD, _) => Response::builder()
            .header("content-length", "12345")
            .body(text(""))
            .unwrap(),
        (_, "/204") => {
            let mut response = Response::new(text(""));
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        (_, "/500") => {
            let mut response = Response::new(text("broken"));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
        _ => Response::new(text(&format!("hello {path}"))),
    };
    Ok(response)
}

async fn echo_raw(upgrade: hyper::upgrade::OnUpgrade) {
    let mut io = TokioIo::new(upgrade.await.expect("the upgrade"));
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = io.read(&mut buffer).await {
        if io.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// The request's head as the application sees it.
fn describe(request: &Request<Incoming>) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    writeln!(
        text,
        "{} {} {:?}",
        request.method(),
        request.uri(),
        request.version()
    )
    .unwrap();
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", value.to_str().unwrap_or("?")).unwrap();
    }
    text
}

fn text(text: &str) -> Body {
    Full::new(Bytes::copy_from_slice(text.as_bytes()))
        .map_err(|never| match never {})
        .boxed()
}

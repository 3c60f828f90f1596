//! Serves the admin port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mesh_wire::vocabulary::limits;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::places::Places;
use super::respond::{self, Answer};
use super::{access, control, environment};
use crate::control::Status;
use crate::identity::Identity;
use crate::log;
use crate::metrics::Registry;
use crate::rejections::Rejections;

/// Connections at once; probes and scrapers need a handful.
const CONNECTIONS: usize = limits::ADMIN_CONNECTIONS.size();
/// How long a request's head, and then its body, may take.
const SLOW: Duration = limits::ADMIN_REQUEST_TIME.time();
/// Bytes of the only body that is read: a log filter.
const MOST_BODY: usize = limits::ADMIN_BODY_BYTES.size();
/// The pause after `accept` failed, mostly because there are too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// What the admin server shows and changes.
pub struct Admin {
    pub identity: Arc<Identity>,
    pub metrics: Arc<Registry>,
    pub rejections: Rejections,
    pub control: Arc<Status>,
    pub shutdown_enabled: bool,
    /// Told when somebody asks the process to end.
    pub shutdown: Arc<Notify>,
}

/// Accepts for ever.
pub async fn serve(listener: TcpListener, admin: Arc<Admin>) {
    let mut places = Places::new(CONNECTIONS);
    loop {
        let (tcp, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "the admin server cannot accept");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let admin = admin.clone();
        let connection = tokio::spawn(async move {
            let service = service_fn(move |request| {
                let admin = admin.clone();
                async move { Ok::<_, Infallible>(admin.answer(client, request).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SLOW)
                .serve_connection(TokioIo::new(tcp), service)
                .await;
            if let Err(error) = served {
                debug!(%client, %error, "an admin connection failed");
            }
        });
        if places.take(connection.abort_handle()) {
            debug!(%client, "too many admin connections; the oldest was closed");
        }
    }
}

impl Admin {
    async fn answer(&self, client: SocketAddr, request: Request<Incoming>) -> Answer {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/live" | "/ready" | "/metrics" if !read => respond::not_allowed("GET, HEAD"),
            "/live" => respond::text(StatusCode::OK, "live\n"),
            "/ready" if self.identity.is_ready() => respond::text(StatusCode::OK, "ready\n"),
            "/ready" => respond::text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            "/metrics" => respond::metrics(request.headers(), self.metrics.render()),
            "/shutdown" if !self.shutdown_enabled => not_found(),
            "/control.json" | "/env.json" | "/proxy-log-level" | "/rejections.json"
            | "/shutdown" => match access::local_only(client, request.headers()) {
                Ok(()) => self.answer_local(request).await,
                Err(refused) => respond::text(StatusCode::FORBIDDEN, refused.explain()),
            },
            _ => not_found(),
        }
    }

    /// What only the pod itself may ask for.
    async fn answer_local(&self, request: Request<Incoming>) -> Answer {
        match (request.uri().path(), request.method()) {
            ("/env.json", &Method::GET | &Method::HEAD) => environment(&request),
            ("/control.json", &Method::GET | &Method::HEAD) => {
                let json = control::to_json(request.uri().query(), &self.control);
                respond::typed(StatusCode::OK, "application/json", json)
            }
            ("/rejections.json", &Method::GET | &Method::HEAD) => {
                let json = self.rejections.to_json();
                respond::typed(StatusCode::OK, "application/json", json)
            }
            ("/control.json" | "/env.json" | "/rejections.json", _) => {
                respond::not_allowed("GET, HEAD")
            }
            ("/proxy-log-level", &Method::GET) => {
                respond::text(StatusCode::OK, format!("{}\n", log::filter()))
            }
            ("/proxy-log-level", &Method::PUT) => set_log_level(request).await,
            ("/proxy-log-level", _) => respond::not_allowed("GET, PUT"),
            (_, &Method::POST) => {
                info!("shutdown was asked for on the admin port");
                self.shutdown.notify_one();
                respond::text(StatusCode::OK, "shutdown\n")
            }
            _ => respond::not_allowed("POST"),
        }
    }
}

fn not_found() -> Answer {
    respond::text(StatusCode::NOT_FOUND, "not found\n")
}

fn environment(request: &Request<Incoming>) -> Answer {
    if !respond::accepts_json(request.headers()) {
        return respond::text(StatusCode::NOT_ACCEPTABLE, "only application/json\n");
    }
    // A variable that is not Unicode is shown with replacement characters.
    let all = std::env::vars_os().map(|(name, value)| {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        (text(name), text(value))
    });
    match environment::to_json(request.uri().query(), all) {
        Ok(json) => respond::typed(StatusCode::OK, "application/json", json),
        Err(reason) => respond::text(StatusCode::BAD_REQUEST, reason),
    }
}

async fn set_log_level(request: Request<Incoming>) -> Answer {
    let body = Limited::new(request.into_body(), MOST_BODY).collect();
    let body = match tokio::time::timeout(SLOW, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            return respond::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n");
        }
        Err(_) => return respond::text(StatusCode::REQUEST_TIMEOUT, "the body is too slow\n"),
    };
    match change_filter(&body) {
        Ok(()) => respond::text(StatusCode::NO_CONTENT, ""),
        Err(reason) => respond::text(StatusCode::BAD_REQUEST, format!("{reason}\n")),
    }
}

fn change_filter(body: &Bytes) -> Result<(), String> {
    let filter = std::str::from_utf8(body).map_err(|_| "the filter is not UTF-8".to_owned())?;
    log::set_filter(filter.trim())?;
    info!(filter = filter.trim(), "the log filter was changed");
    Ok(())
}

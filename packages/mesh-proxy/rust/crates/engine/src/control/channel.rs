//! What the generated clients call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::codegen::Service;

use super::connect::Sender;
use crate::metrics::HttpMetrics;

/// Bytes of the largest message taken: some hundred thousand endpoints. gRPC's usual 4 MiB would
/// cut the stream of a large Service, again and again.
pub const LARGEST_MESSAGE: usize = 64 << 20;

/// An open connection to one control-plane service.
#[derive(Clone)]
pub struct Channel {
    sender: Sender,
    origin: Uri,
    metrics: Arc<HttpMetrics>,
}

impl Channel {
    pub(super) fn new(sender: Sender, origin: Uri, metrics: Arc<HttpMetrics>) -> Self {
        Self {
            sender,
            origin,
            metrics,
        }
    }

    /// Scheme and authority of requests.
    pub fn origin(&self) -> Uri {
        self.origin.clone()
    }

    /// The counters of calls to this service.
    pub fn metrics(&self) -> &HttpMetrics {
        &self.metrics
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.sender.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}

//! What the generated clients call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use mesh_wire::vocabulary::limits;
use tonic::body::Body;
use tonic::codegen::Service;

use super::connect::Sender;
use super::room::Place;
use crate::metrics::HttpMetrics;

/// Bytes of the largest message taken. gRPC's usual 4 MiB would cut the stream of a large Service,
/// again and again.
pub const LARGEST_MESSAGE: usize = limits::CONTROL_MESSAGE_BYTES.size();

/// An open connection to one control-plane service, with room for one call.
#[derive(Clone)]
pub struct Channel {
    sender: Sender,
    origin: Uri,
    metrics: Arc<HttpMetrics>,
    /// Held for as long as the call may last.
    _place: Option<Arc<Place>>,
}

impl Channel {
    pub(super) fn new(sender: Sender, origin: Uri, metrics: Arc<HttpMetrics>) -> Self {
        Self {
            sender,
            origin,
            metrics,
            _place: None,
        }
    }

    /// The same connection for a call that has a place on it.
    pub(super) fn with(&self, place: Place) -> Self {
        Self {
            _place: Some(Arc::new(place)),
            ..self.clone()
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

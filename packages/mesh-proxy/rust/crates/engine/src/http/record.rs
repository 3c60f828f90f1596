//! What is counted of one request.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName};
use mesh_decide::classify::{classify, grpc_status, is_grpc};
use mesh_decide::fields::Fields;
use tokio::time::Instant;

use super::body::Frame;
use super::message::{Length, Response};
use crate::balance::Pending;
use crate::metrics::{Classification, HttpMetrics};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Counts one request sent to one endpoint.
#[derive(Debug)]
pub(crate) struct Record {
    metrics: Arc<HttpMetrics>,
    started: Instant,
    /// The endpoint's load, until it begins to answer.
    pending: Option<Pending>,
    status: u16,
    is_grpc: bool,
    grpc_status: Option<u16>,
    begun: bool,
    /// Whether the response's own end has come.
    whole: bool,
}

impl Record {
    /// A request that begins now.
    pub(crate) fn new(
        metrics: Arc<HttpMetrics>,
        started: Instant,
        pending: Option<Pending>,
    ) -> Self {
        metrics.request();
        Self {
            metrics,
            started,
            pending,
            status: 0,
            is_grpc: false,
            grpc_status: None,
            begun: false,
            whole: false,
        }
    }

    /// The response's head is there.
    pub(crate) fn head(&mut self, response: &Response) {
        self.status = response.status.as_u16();
        let content_type = response.fields.get(&CONTENT_TYPE);
        self.is_grpc = content_type.is_some_and(is_grpc);
        self.whole = response.length == Length::None;
        self.take_grpc_status(&response.fields);
    }

    /// A piece of the response's content is there.
    pub(crate) fn frame(&mut self, frame: &Frame) {
        self.begin();
        self.whole = frame.is_end();
        if let Frame::Trailers(fields) = frame {
            self.take_grpc_status(fields);
        }
    }

    fn take_grpc_status(&mut self, fields: &Fields) {
        if self.is_grpc {
            self.grpc_status = grpc_status(fields.get_all(&GRPC_STATUS));
        }
    }

    /// The first data, or the end of a response without any, is what latency means.
    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            let now = Instant::now();
            self.metrics
                .latency(self.status, now.saturating_duration_since(self.started));
            if let Some(pending) = self.pending.take() {
                pending.answered(now);
            }
        }
    }

    /// The response was passed on as it was, as far as the client wanted it.
    pub(crate) fn end(mut self) {
        self.begin();
        // A call without a status has failed: its client takes it for one whose end is missing.
        let endless = self.is_grpc && self.whole && self.grpc_status.is_none();
        let class = match endless {
            true => Classification::Failure,
            false => classify(self.status, self.grpc_status),
        };
        self.metrics.end(self.status, class, self.grpc_status);
    }

    /// There is no response, or not all of it; `status` is what the client was told instead.
    pub(crate) fn fail(mut self, status: u16) {
        if self.status == 0 {
            self.status = status;
        }
        self.metrics
            .end(self.status, Classification::Failure, self.grpc_status);
        self.pending = None;
    }
}

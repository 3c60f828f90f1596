//! Requests and responses.

use std::sync::Arc;
use std::time::Duration;

use mesh_decide::classify::Classification;
use mesh_wire::vocabulary::metrics::{self, Metric};

use super::counter::Counter;
use super::histogram::{Histogram, LATENCY_MS};
use super::slots::Slots;
use super::text::Text;
use crate::snapshot::Labels;

/// The counters of one label set.
#[derive(Debug)]
pub struct HttpMetrics {
    requests: Counter,
    responses: Slots<Counter>,
    /// By status code, because that is known when the latency is: long before the end.
    latencies: Slots<Histogram>,
}

impl HttpMetrics {
    pub(super) fn new() -> Self {
        Self {
            requests: Counter::default(),
            responses: Slots::new(),
            latencies: Slots::new(),
        }
    }

    /// A request has begun.
    pub fn request(&self) {
        self.requests.increment();
    }

    /// The first body frame of a response, or its end where there is none, came `latency` after
    /// the request began.
    pub fn latency(&self, status: u16, latency: Duration) {
        self.latencies
            .get(status.into(), || Histogram::new(LATENCY_MS))
            .observe(latency);
    }

    /// A response has ended; `grpc_status` is that of its trailers.
    pub fn end(&self, status: u16, classification: Classification, grpc_status: Option<u16>) {
        self.responses
            .get(key(status, classification, grpc_status), Counter::default)
            .increment();
    }

    /// [`Self::latency`] and [`Self::end`] at once.
    pub fn response(
        &self,
        status: u16,
        classification: Classification,
        grpc_status: Option<u16>,
        latency: Duration,
    ) {
        self.latency(status, latency);
        self.end(status, classification, grpc_status);
    }
}

fn key(status: u16, classification: Classification, grpc_status: Option<u16>) -> u64 {
    let grpc = grpc_status.map_or(0, |status| u64::from(status) + 1);
    let failure = u64::from(classification == Classification::Failure);
    u64::from(status) | failure << 16 | grpc << 17
}

fn key_labels(key: u64) -> super::LabelSet {
    if key == Slots::<Counter>::OTHER {
        return super::LabelSet::new().with("overflow", "true");
    }
    let classification = match key >> 16 & 1 {
        0 => Classification::Success,
        _ => Classification::Failure,
    };
    let labels = super::LabelSet::new()
        .with("status_code", key & 0xffff)
        .with("classification", classification.as_str());
    match key >> 17 {
        0 => labels,
        grpc => labels.with("grpc_status", grpc - 1),
    }
}

/// The three families of one kind of requests.
pub(super) struct Families {
    requests: Metric,
    responses: Metric,
    latency: Metric,
}

pub(super) const TRAFFIC: Families = Families {
    requests: metrics::REQUEST_TOTAL,
    responses: metrics::RESPONSE_TOTAL,
    latency: metrics::RESPONSE_LATENCY_MS,
};

pub(super) const CONTROL: Families = Families {
    requests: metrics::CONTROL_REQUEST_TOTAL,
    responses: metrics::CONTROL_RESPONSE_TOTAL,
    latency: metrics::CONTROL_RESPONSE_LATENCY_MS,
};

pub(super) fn render(text: &mut Text, families: &Families, all: &[(Labels, Arc<HttpMetrics>)]) {
    text.family(&families.requests);
    for (labels, metrics) in all {
        text.sample(&families.requests, labels, metrics.requests.value());
    }
    let responses = &families.responses;
    text.family(responses);
    for (labels, metrics) in all {
        for (key, count) in metrics.responses.iter() {
            text.sample2(responses, labels, key_labels(key).as_str(), count.value());
        }
    }
    text.family(&families.latency);
    for (labels, metrics) in all {
        for (status, histogram) in metrics.latencies.iter() {
            let status = if status == Slots::<Histogram>::OTHER {
                super::LabelSet::new().with("overflow", "true")
            } else {
                super::LabelSet::new().with("status_code", status)
            };
            text.histogram(&families.latency, labels, status.as_str(), histogram);
        }
    }
}

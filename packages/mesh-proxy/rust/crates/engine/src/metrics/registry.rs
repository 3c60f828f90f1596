//! All metrics of the process.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use mesh_wire::vocabulary::limits;

use super::store::Store;
use super::text::Text;
use super::{
    Counter, CounterFamily, Direction, Gauge, GaugeFamily, Histogram, HistogramFamily, HttpMetrics,
    LabelSet, Peer, TcpMetrics, http, process, tcp,
};

/// Label sets of requests and of connections, each.
const TRAFFIC_BUDGET: usize = limits::METRICS_TRAFFIC_LABEL_SETS.size();
/// Label sets of any other family.
const FAMILY_BUDGET: usize = limits::METRICS_FAMILY_LABEL_SETS.size();

/// All metrics of the process; handles count without looking anything up.
#[derive(Debug)]
pub struct Registry {
    started: SystemTime,
    retain: Duration,
    tcp: Store<TcpMetrics>,
    http: Store<HttpMetrics>,
    control: Store<HttpMetrics>,
    counters: Vec<Store<Counter>>,
    gauges: Vec<Store<Gauge>>,
    histograms: Vec<Store<Histogram>>,
}

impl Registry {
    /// A registry that forgets what nobody has held for `retain`.
    pub fn new(retain: Duration) -> Self {
        Self {
            started: SystemTime::now(),
            retain,
            tcp: Store::new(TRAFFIC_BUDGET),
            http: Store::new(TRAFFIC_BUDGET),
            control: Store::new(FAMILY_BUDGET),
            counters: stores(CounterFamily::ALL.len()),
            gauges: stores(GaugeFamily::ALL.len()),
            histograms: stores(HistogramFamily::ALL.len()),
        }
    }

    /// The connection counters of one label set; `labels` without `direction` and `peer`.
    pub fn tcp(&self, direction: Direction, peer: Peer, labels: &str) -> Arc<TcpMetrics> {
        let base = LabelSet::new()
            .with("direction", direction.as_str())
            .with("peer", peer.as_str());
        self.tcp.get(base.as_str(), labels, TcpMetrics::new)
    }

    /// The request counters of one label set; `labels` without `direction`.
    pub fn http(&self, direction: Direction, labels: &str) -> Arc<HttpMetrics> {
        let base = LabelSet::new().with("direction", direction.as_str());
        self.http.get(base.as_str(), labels, HttpMetrics::new)
    }

    /// The counters of calls to one control-plane service.
    pub fn control(&self, labels: &str) -> Arc<HttpMetrics> {
        self.control.get("", labels, HttpMetrics::new)
    }

    /// The counter of one label set; `labels` complete.
    pub fn counter(&self, family: CounterFamily, labels: &str) -> Arc<Counter> {
        self.counters[family as usize].get("", labels, Counter::default)
    }

    /// The gauge of one label set; `labels` complete.
    pub fn gauge(&self, family: GaugeFamily, labels: &str) -> Arc<Gauge> {
        self.gauges[family as usize].get("", labels, Gauge::default)
    }

    /// The histogram of one label set; `labels` complete.
    pub fn histogram(&self, family: HistogramFamily, labels: &str) -> Arc<Histogram> {
        let make = || Histogram::new(family.buckets());
        self.histograms[family as usize].get("", labels, make)
    }

    /// Forgets what has not been held for the retention time.
    pub fn sweep(&self, now: Instant) {
        self.tcp.sweep(now, self.retain);
        self.http.sweep(now, self.retain);
        self.counters
            .iter()
            .for_each(|store| store.sweep(now, self.retain));
        self.gauges
            .iter()
            .for_each(|store| store.sweep(now, self.retain));
        self.histograms
            .iter()
            .for_each(|store| store.sweep(now, self.retain));
    }

    /// Everything in Prometheus text format.
    pub fn render(&self) -> String {
        let mut text = Text::default();
        http::render(&mut text, &http::TRAFFIC, &self.http.all());
        http::render(&mut text, &http::CONTROL, &self.control.all());
        tcp::render(&mut text, &self.tcp.all());
        for (family, store) in CounterFamily::ALL.iter().zip(&self.counters) {
            text.family(family.metric());
            for (labels, counter) in store.all() {
                text.sample(family.metric(), &labels, counter.value());
            }
        }
        for (family, store) in GaugeFamily::ALL.iter().zip(&self.gauges) {
            text.family(family.metric());
            for (labels, gauge) in store.all() {
                text.sample(family.metric(), &labels, gauge.value());
            }
        }
        for (family, store) in HistogramFamily::ALL.iter().zip(&self.histograms) {
            text.family(family.metric());
            for (labels, histogram) in store.all() {
                text.histogram(family.metric(), &labels, "", &histogram);
            }
        }
        process::render(&mut text, self.started);
        text.finish()
    }
}

fn stores<T>(count: usize) -> Vec<Store<T>> {
    (0..count).map(|_| Store::new(FAMILY_BUDGET)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Classification;

    #[test]
    fn a_scrape_shows_what_was_counted_under_the_classic_names() {
        let registry = Registry::new(Duration::from_secs(600));
        let tcp = registry.tcp(Direction::Inbound, Peer::Src, "tls=\"true\"");
        tcp.open();
        tcp.read(10);
        tcp.close(Some(&std::io::Error::from_raw_os_error(libc::ECONNRESET)));
        let http = registry.http(Direction::Outbound, "authority=\"web:80\"");
        http.request();
        http.response(
            200,
            Classification::Success,
            Some(0),
            Duration::from_millis(7),
        );
        let text = registry.render();
        for line in [
            "tcp_open_total{direction=\"inbound\",peer=\"src\",tls=\"true\"} 1",
            "tcp_open_connections{direction=\"inbound\",peer=\"src\",tls=\"true\"} 0",
            "tcp_read_bytes_total{direction=\"inbound\",peer=\"src\",tls=\"true\"} 10",
            "tcp_close_total{direction=\"inbound\",peer=\"src\",tls=\"true\",errno=\"ECONNRESET\"} 1",
            "request_total{direction=\"outbound\",authority=\"web:80\"} 1",
            "response_total{direction=\"outbound\",authority=\"web:80\",status_code=\"200\",classification=\"success\",grpc_status=\"0\"} 1",
            "response_latency_ms_bucket{direction=\"outbound\",authority=\"web:80\",status_code=\"200\",le=\"10\"} 1",
            "response_latency_ms_bucket{direction=\"outbound\",authority=\"web:80\",status_code=\"200\",le=\"5\"} 0",
            "response_latency_ms_sum{direction=\"outbound\",authority=\"web:80\",status_code=\"200\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}

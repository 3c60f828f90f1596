//! What the control plane's services and streams are doing, for whoever asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use crate::metrics::{Gauge, GaugeFamily, LabelSet, Registry};

/// All services and streams of the process. They register themselves and vanish when dropped.
#[derive(Debug, Default)]
pub struct Status {
    services: Mutex<BTreeMap<&'static str, Weak<ServiceStatus>>>,
    streams: Mutex<BTreeMap<u64, Weak<StreamStatus>>>,
    next: AtomicU64,
}

/// One control-plane service.
#[derive(Debug)]
pub struct ServiceStatus {
    pub name: &'static str,
    /// Where it is, as the configuration says.
    pub address: String,
    state: Mutex<Reachability>,
}

/// Whether a service can be spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachability {
    /// Open connections.
    pub connections: usize,
    /// Since when it is so.
    pub since: Instant,
    /// Why there is no connection; None where there is one.
    pub problem: Option<Arc<str>>,
}

/// One stream, over all the times it was opened.
#[derive(Debug)]
pub struct StreamStatus {
    pub service: &'static str,
    pub call: &'static str,
    /// What is asked about: an address, a name, a port.
    pub target: Box<str>,
    connected: AtomicBool,
    opened: AtomicU64,
    revision: AtomicU64,
    last: Mutex<Last>,
    gauges: Gauges,
}

#[derive(Debug, Default)]
struct Last {
    answer: Option<Instant>,
    problem: Option<Arc<str>>,
}

#[derive(Debug)]
struct Gauges {
    connected: Arc<Gauge>,
    answered: Arc<Gauge>,
    revision: Arc<Gauge>,
}

/// What is known of a stream now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReport {
    pub connected: bool,
    /// How often it was opened.
    pub opened: u64,
    /// Time since the last answer; None before the first one.
    pub silent_for: Option<Duration>,
    /// The last answer's revision; counted here where the control plane does not number answers.
    pub revision: u64,
    /// Why it ended last; None while it is open.
    pub problem: Option<Arc<str>>,
}

impl Status {
    /// The status of a service, to be kept up to date by its holder.
    pub(super) fn service(&self, name: &'static str, address: String) -> Arc<ServiceStatus> {
        let service = Arc::new(ServiceStatus {
            name,
            address,
            state: Mutex::new(Reachability {
                connections: 0,
                since: Instant::now(),
                problem: Some("not tried yet".into()),
            }),
        });
        lock(&self.services).insert(name, Arc::downgrade(&service));
        service
    }

    /// The status of a stream, to be kept up to date by its holder.
    pub(super) fn stream(
        &self,
        service: &'static str,
        call: &'static str,
        target: &str,
        metrics: &Registry,
    ) -> Arc<StreamStatus> {
        let labels = LabelSet::new()
            .with("service", service)
            .with("call", call)
            .with("target", target);
        let gauge = |family| metrics.gauge(family, labels.as_str());
        let stream = Arc::new(StreamStatus {
            service,
            call,
            target: target.into(),
            connected: AtomicBool::new(false),
            opened: AtomicU64::new(0),
            revision: AtomicU64::new(0),
            last: Mutex::default(),
            gauges: Gauges {
                connected: gauge(GaugeFamily::ControlStreamConnected),
                answered: gauge(GaugeFamily::ControlStreamAnswered),
                revision: gauge(GaugeFamily::ControlStreamRevision),
            },
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut streams = lock(&self.streams);
        // Now and then, so that forgetting costs as little as remembering.
        if number.is_multiple_of(64) {
            streams.retain(|_, stream| stream.strong_count() > 0);
        }
        streams.insert(number, Arc::downgrade(&stream));
        stream
    }

    /// The services, by name.
    pub fn services(&self) -> Vec<Arc<ServiceStatus>> {
        lock(&self.services)
            .values()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// The streams, the oldest first.
    pub fn streams(&self) -> Vec<Arc<StreamStatus>> {
        lock(&self.streams)
            .values()
            .filter_map(Weak::upgrade)
            .collect()
    }
}

impl ServiceStatus {
    /// Whether the service can be spoken to.
    pub fn reachability(&self) -> Reachability {
        lock(&self.state).clone()
    }

    pub(super) fn connected(&self) {
        let mut state = lock(&self.state);
        state.connections += 1;
        if state.problem.take().is_some() {
            state.since = Instant::now();
        }
    }

    /// One connection fewer, and why; true if it was the last one.
    pub(super) fn disconnected(&self, problem: Arc<str>) -> bool {
        let mut state = lock(&self.state);
        state.connections = state.connections.saturating_sub(1);
        let last = state.connections == 0;
        if last {
            state.since = Instant::now();
            state.problem = Some(problem);
        }
        last
    }

    /// An attempt to connect failed, or waits.
    pub(super) fn failed(&self, problem: Arc<str>) {
        let mut state = lock(&self.state);
        if state.connections == 0 {
            state.problem = Some(problem);
        }
    }
}

impl StreamStatus {
    /// What is known of the stream now.
    pub fn report(&self) -> StreamReport {
        let last = lock(&self.last);
        StreamReport {
            connected: self.connected.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            silent_for: last.answer.map(|answer| answer.elapsed()),
            revision: self.revision.load(Ordering::Relaxed),
            problem: last.problem.clone(),
        }
    }

    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.set_connected(true);
        lock(&self.last).problem = None;
    }

    /// An answer came; one without a number is counted.
    pub(super) fn answered(&self, revision: u64) {
        let revision = match revision {
            0 => self.revision.load(Ordering::Relaxed) + 1,
            revision => revision,
        };
        self.revision.store(revision, Ordering::Relaxed);
        let shown = i64::try_from(revision).unwrap_or(i64::MAX);
        self.gauges.revision.set(shown);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seconds = now.map_or(0, |since| since.as_secs());
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.gauges.answered.set(seconds);
        lock(&self.last).answer = Some(Instant::now());
    }

    pub(super) fn ended(&self, problem: Arc<str>) {
        self.set_connected(false);
        lock(&self.last).problem = Some(problem);
    }

    fn set_connected(&self, connected: bool) {
        let before = self.connected.swap(connected, Ordering::Relaxed);
        // Streams beyond the label budget share a gauge: it then counts them.
        let change = i64::from(connected) - i64::from(before);
        self.gauges.connected.add(change);
    }
}

impl Drop for StreamStatus {
    fn drop(&mut self) {
        self.set_connected(false);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        Registry::new(Duration::from_secs(600))
    }

    #[test]
    fn a_stream_says_how_it_is_and_vanishes_with_its_holder() {
        let (status, metrics) = (Status::default(), registry());
        let stream = status.stream("policy", "Watch", "10.0.0.1:80", &metrics);
        assert_eq!(stream.report().silent_for, None);
        stream.opened();
        stream.answered(7);
        let report = status.streams()[0].report();
        assert!(report.connected && report.silent_for.is_some());
        assert_eq!((report.opened, report.revision), (1, 7));
        stream.ended("the service closed the stream".into());
        assert!(!stream.report().connected && stream.report().problem.is_some());
        drop(stream);
        assert!(status.streams().is_empty());
    }

    #[test]
    fn answers_without_a_number_are_counted() {
        let (status, metrics) = (Status::default(), registry());
        let stream = status.stream("destination", "Get", "web:80", &metrics);
        stream.answered(0);
        stream.answered(0);
        assert_eq!(stream.report().revision, 2);
    }

    #[test]
    fn a_service_has_a_problem_only_without_any_connection() {
        let status = Status::default();
        let service = status.service("policy", "policy:8090".to_owned());
        service.connected();
        service.connected();
        service.disconnected("gone".into());
        assert_eq!(service.reachability().problem, None);
        service.disconnected("gone too".into());
        assert_eq!(service.reachability().problem.as_deref(), Some("gone too"));
        drop(service);
        assert!(status.services().is_empty());
    }
}

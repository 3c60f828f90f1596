//! Work that an endpoint has been given.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::snapshot::Endpoint;

/// One piece of outstanding work: it counts as the endpoint's load until it is dropped or answered.
#[derive(Debug)]
#[must_use = "the work counts only as long as this is kept"]
pub struct Pending {
    endpoint: Arc<Endpoint>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Request { started: Instant, decay: Duration },
    Connection,
}

impl Pending {
    /// A request sent at `now`; `decay` is the balancer's.
    pub fn request(endpoint: Arc<Endpoint>, now: Instant, decay: Duration) -> Self {
        endpoint.load.asked(now);
        let started = now;
        Self {
            endpoint,
            kind: Kind::Request { started, decay },
        }
    }

    /// A connection that is open.
    pub fn connection(endpoint: Arc<Endpoint>) -> Self {
        endpoint.load.opened();
        Self {
            endpoint,
            kind: Kind::Connection,
        }
    }

    /// The first data of the answer is there: its latency counts, the work is over.
    /// Dropping a request instead (the client gave up) tells nothing about the endpoint.
    pub fn answered(self, now: Instant) {
        if let Kind::Request { started, decay } = self.kind {
            let sample = now.saturating_duration_since(started);
            self.endpoint.load.observe(sample, now, decay);
        }
    }

    /// Who has the work.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        match self.kind {
            Kind::Request { .. } => self.endpoint.load.settled(),
            Kind::Connection => self.endpoint.load.closed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_counts_until_it_is_answered_or_dropped() {
        let address = "10.0.0.1:80".parse().unwrap();
        let endpoint = Arc::new(Endpoint::plain(address, "test"));
        let (now, decay) = (Instant::now(), Duration::from_secs(10));
        let request = Pending::request(endpoint.clone(), now, decay);
        let connection = Pending::connection(endpoint.clone());
        assert_eq!(endpoint.load.pending(), 2);
        request.answered(now + Duration::from_millis(5));
        assert_eq!(endpoint.load.pending(), 1);
        drop(connection);
        assert_eq!(endpoint.load.pending(), 0);
    }
}

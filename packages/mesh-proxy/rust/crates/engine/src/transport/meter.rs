//! Counting a connection's bytes and its end.

use std::io;
use std::sync::Arc;

use crate::metrics::TcpMetrics;

/// One open connection in the metrics: counted as open until it is dropped.
#[derive(Debug)]
pub(super) struct Meter {
    metrics: Arc<TcpMetrics>,
    error: Option<io::Error>,
}

impl Meter {
    pub(super) fn new(metrics: Arc<TcpMetrics>) -> Self {
        metrics.open();
        Self {
            metrics,
            error: None,
        }
    }

    pub(super) fn read(&self, bytes: usize) {
        self.metrics.read(bytes as u64);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.metrics.write(bytes as u64);
    }

    /// Keeps the first error, as the reason of the end.
    pub(super) fn failed(&mut self, error: &io::Error) {
        self.error
            .get_or_insert_with(|| match error.raw_os_error() {
                Some(errno) => io::Error::from_raw_os_error(errno),
                None => error.kind().into(),
            });
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.metrics.close(self.error.as_ref());
    }
}

//! Histograms with fixed buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Latencies of the classic families, in milliseconds.
pub(super) const LATENCY_MS: Buckets = Buckets {
    unit: Unit::Milliseconds,
    bounds: &[
        1_000, 2_000, 3_000, 4_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000, 100_000,
        200_000, 300_000, 400_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000,
        10_000_000, 20_000_000, 30_000_000, 40_000_000, 50_000_000,
    ],
};

/// What a histogram counts in; time is kept in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
}

impl Unit {
    /// Microseconds per unit.
    fn scale(self) -> f64 {
        match self {
            Self::Milliseconds => 1e3,
            Self::Seconds => 1e6,
        }
    }

    /// `ticks` in this unit.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn display(self, ticks: u64) -> f64 {
        ticks as f64 / self.scale()
    }
}

/// Inclusive upper bounds, in microseconds, ascending; a last one without limit is implied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    pub(super) unit: Unit,
    pub(super) bounds: &'static [u64],
}

/// How often values fell into each bucket, and their sum.
#[derive(Debug)]
pub struct Histogram {
    buckets: Buckets,
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    pub(super) fn new(buckets: Buckets) -> Self {
        Self {
            buckets,
            counts: (0..=buckets.bounds.len())
                .map(|_| AtomicU64::new(0))
                .collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts one value.
    pub fn observe(&self, value: Duration) {
        let ticks = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.buckets.bounds.partition_point(|bound| *bound < ticks);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(ticks, Ordering::Relaxed);
    }

    pub(super) fn unit(&self) -> Unit {
        self.buckets.unit
    }

    /// Bounds with the number of values at or below each; the last, without a bound, is the total.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (Option<u64>, u64)> + '_ {
        let bounds = self.buckets.bounds.iter().copied().map(Some).chain([None]);
        bounds.zip(&self.counts).scan(0, |total, (bound, count)| {
            *total += count.load(Ordering::Relaxed);
            Some((bound, *total))
        })
    }

    pub(super) fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::new(LATENCY_MS);
        for micros in [1_000, 1_001, 60_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let counts: Vec<_> = histogram.cumulative().collect();
        assert_eq!(counts[0], (Some(1_000), 1));
        assert_eq!(counts[1], (Some(2_000), 2));
        assert_eq!(counts.last(), Some(&(None, 3)));
        assert_eq!(counts.len(), 26);
    }
}

//! Handles by label set, bounded in number and dropped when unused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::snapshot::Labels;

/// The label set of everything that exceeds the budget.
const OVERFLOW: &str = "overflow=\"true\"";

#[derive(Debug)]
pub(super) struct Store<T> {
    budget: usize,
    entries: Mutex<BTreeMap<Labels, Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    metric: Arc<T>,
    /// Since when nobody else holds the metric.
    idle: Option<Instant>,
}

impl<T> Store<T> {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            entries: Mutex::default(),
        }
    }

    /// The handle of `labels`; once the budget is used up, that of `base` with `overflow="true"`.
    pub(super) fn get(&self, base: &str, labels: &str, make: impl Fn() -> T) -> Arc<T> {
        let key = super::LabelSet::new().join(base).join(labels).finish();
        let mut entries = self.lock();
        if let Some(entry) = entries.get_mut(&key) {
            entry.idle = None;
            return entry.metric.clone();
        }
        let key = if entries.len() < self.budget {
            key
        } else {
            super::LabelSet::new().join(base).join(OVERFLOW).finish()
        };
        let entry = entries.entry(key).or_insert_with(|| Entry {
            metric: Arc::new(make()),
            idle: None,
        });
        entry.metric.clone()
    }

    /// Drops what nobody has held for `retain`; a metric that is held again starts anew.
    pub(super) fn sweep(&self, now: Instant, retain: Duration) {
        self.lock().retain(|_, entry| {
            if Arc::strong_count(&entry.metric) > 1 {
                entry.idle = None;
                return true;
            }
            let since = *entry.idle.get_or_insert(now);
            now.saturating_duration_since(since) < retain
        });
    }

    /// All label sets with their metrics, sorted.
    pub(super) fn all(&self) -> Vec<(Labels, Arc<T>)> {
        self.lock()
            .iter()
            .map(|(labels, entry)| (labels.clone(), entry.metric.clone()))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Labels, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Counter;

    #[test]
    fn fault_79_label_sets_beyond_the_budget_share_one_series() {
        let store = Store::<Counter>::new(10);
        for host in 0..1000 {
            let labels = format!("host=\"{host}\"");
            store.get("d=\"in\"", &labels, Counter::default).increment();
        }
        let all = store.all();
        assert_eq!(all.len(), 11);
        let overflow = all.iter().find(|(labels, _)| labels.contains("overflow"));
        assert_eq!(overflow.unwrap().1.value(), 990);
    }

    #[test]
    fn an_unused_series_goes_after_the_retention_time_and_a_used_one_stays() {
        let store = Store::<Counter>::new(10);
        let held = store.get("", "a=\"1\"", Counter::default);
        drop(store.get("", "b=\"1\"", Counter::default));
        let start = Instant::now();
        let retain = Duration::from_secs(600);
        store.sweep(start, retain);
        assert_eq!(store.all().len(), 2);
        store.sweep(start + retain, retain);
        assert_eq!(store.all().len(), 1);
        drop(held);
    }
}

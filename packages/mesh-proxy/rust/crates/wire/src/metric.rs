//! What a row of the table of metrics allows.

use crate::vocabulary::metrics::{Kind, Metric};

impl Metric {
    /// Whether a series of the family may have this label.
    pub fn admits(&self, label: &str) -> bool {
        label == "overflow"
            || self
                .labels
                .iter()
                .any(|known| match known.strip_suffix('*') {
                    Some(prefix) => label.starts_with(prefix),
                    None => *known == label,
                })
    }
}

impl Kind {
    /// The word of the Prometheus text format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::vocabulary::metrics::{PROCESS_THREADS, REQUEST_TOTAL};

    #[test]
    fn a_family_admits_its_labels_and_those_that_begin_as_told() {
        assert!(REQUEST_TOTAL.admits("direction"));
        assert!(REQUEST_TOTAL.admits("dst_zone"));
        assert!(PROCESS_THREADS.admits("overflow"));
        assert!(!REQUEST_TOTAL.admits("peer"));
        assert!(!REQUEST_TOTAL.admits("dst"));
    }
}

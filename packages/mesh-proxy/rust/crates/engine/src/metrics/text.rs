//! The Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write};

use mesh_wire::vocabulary::metrics::Metric;

use super::histogram::Histogram;

/// The text of one scrape. Writing to a String cannot fail, so results are not looked at.
#[derive(Default)]
pub(super) struct Text {
    out: String,
}

impl Text {
    /// Begins a family.
    pub(super) fn family(&mut self, metric: &Metric) {
        let name = metric.name;
        let _ = writeln!(self.out, "# HELP {name} {}", metric.meaning);
        let _ = writeln!(self.out, "# TYPE {name} {}", metric.kind.as_str());
    }

    /// A family of one series without labels.
    pub(super) fn single(&mut self, metric: &Metric, value: impl Display) {
        self.family(metric);
        self.sample(metric, "", value);
    }

    /// One line.
    pub(super) fn sample(&mut self, metric: &Metric, labels: &str, value: impl Display) {
        self.sample2(metric, labels, "", value);
    }

    /// One line whose labels come in two parts.
    pub(super) fn sample2(
        &mut self,
        metric: &Metric,
        labels: &str,
        more: &str,
        value: impl Display,
    ) {
        admitted(metric, labels);
        admitted(metric, more);
        self.line(metric.name, labels, more, value);
    }

    fn line(&mut self, name: &str, labels: &str, more: &str, value: impl Display) {
        let comma = if labels.is_empty() || more.is_empty() {
            ""
        } else {
            ","
        };
        let _ = if labels.is_empty() && more.is_empty() {
            writeln!(self.out, "{name} {value}")
        } else {
            writeln!(self.out, "{name}{{{labels}{comma}{more}}} {value}")
        };
    }

    /// The lines of one histogram.
    pub(super) fn histogram(
        &mut self,
        metric: &Metric,
        labels: &str,
        more: &str,
        value: &Histogram,
    ) {
        admitted(metric, labels);
        admitted(metric, more);
        let name = metric.name;
        let labels = super::LabelSet::new().join(labels).join(more);
        let unit = value.unit();
        let bucket = format!("{name}_bucket");
        let mut total = 0;
        for (bound, count) in value.cumulative() {
            let bound = bound.map_or_else(
                || "+Inf".to_owned(),
                |bound| unit.display(bound).to_string(),
            );
            let le = super::LabelSet::new().with("le", bound);
            self.line(&bucket, labels.as_str(), le.as_str(), count);
            total = count;
        }
        let sum = unit.display(value.sum());
        self.line(&format!("{name}_sum"), labels.as_str(), "", sum);
        self.line(&format!("{name}_count"), labels.as_str(), "", total);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// In builds with debug assertions, whether the table of metrics knows these labels of the family.
fn admitted(metric: &Metric, labels: &str) {
    if cfg!(debug_assertions) {
        for name in names(labels) {
            assert!(metric.admits(name), "{} has no label {name}", metric.name);
        }
    }
}

/// The names in `key="value",other="value"`, whatever the values hold.
fn names(mut labels: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (name, rest) = labels.split_once("=\"")?;
        let mut escaped = false;
        let end = rest.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        })?;
        labels = rest[end + 1..].trim_start_matches(',');
        Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_the_values_hold() {
        let labels = super::super::LabelSet::new()
            .with("a", "x\",b=\"y")
            .with("c", "")
            .with("d", "\\");
        assert_eq!(names(labels.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    }

    #[test]
    #[should_panic(expected = "process_threads has no label pod")]
    fn a_label_that_the_table_does_not_know_is_a_defect() {
        let threads = mesh_wire::vocabulary::metrics::PROCESS_THREADS;
        Text::default().sample(&threads, "pod=\"x\"", 1);
    }
}

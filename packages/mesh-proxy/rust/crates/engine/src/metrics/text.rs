//! The Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write};

use super::histogram::Histogram;

/// The text of one scrape. Writing to a String cannot fail, so results are not looked at.
#[derive(Default)]
pub(super) struct Text {
    out: String,
}

impl Text {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.out, "# HELP {name} {help}");
        let _ = writeln!(self.out, "# TYPE {name} {kind}");
    }

    /// One line.
    pub(super) fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        self.sample2(name, labels, "", value);
    }

    /// One line whose labels come in two parts.
    pub(super) fn sample2(&mut self, name: &str, labels: &str, more: &str, value: impl Display) {
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
    pub(super) fn histogram(&mut self, name: &str, labels: &str, more: &str, value: &Histogram) {
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
            self.sample2(&bucket, labels.as_str(), le.as_str(), count);
            total = count;
        }
        let sum = unit.display(value.sum());
        self.sample(&format!("{name}_sum"), labels.as_str(), sum);
        self.sample(&format!("{name}_count"), labels.as_str(), total);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

//! Metrics in Prometheus text, counted with atomics behind handles that are looked up once.
//!
//! A connection or endpoint asks for its handle when it begins; counting is then an atomic add.
//! Text is made when somebody scrapes. Label sets that nobody holds any more disappear after the
//! retention time, and their number is bounded: what exceeds the budget is counted in one
//! overflow series per direction, because clients can invent names without end.

mod counter;
mod family;
mod histogram;
mod http;
mod labels;
mod process;
mod registry;
mod slots;
mod store;
mod tcp;
mod text;

pub use counter::{Counter, Gauge};
pub use family::{CounterFamily, GaugeFamily, HistogramFamily};
pub use histogram::Histogram;
pub use http::HttpMetrics;
pub use labels::LabelSet;
pub use mesh_decide::classify::Classification;
pub use registry::Registry;
pub use tcp::{Peer, TcpMetrics};

/// Which way a connection goes, seen from the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    /// The value of the label `direction`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

//! Connections: how many, how long, how much, and how they ended.

use std::io;
use std::sync::Arc;

use mesh_wire::vocabulary::metrics::{self, Metric};

use super::counter::{Counter, Gauge};
use super::slots::Slots;
use super::text::Text;
use crate::snapshot::Labels;

/// Which end of the proxy a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// A connection that was accepted.
    Src,
    /// A connection that was made.
    Dst,
}

impl Peer {
    /// The value of the label `peer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Src => "src",
            Self::Dst => "dst",
        }
    }
}

/// The counters of one label set.
#[derive(Debug)]
pub struct TcpMetrics {
    opened: Counter,
    open: Gauge,
    read: Counter,
    written: Counter,
    closed: Slots<Counter>,
}

/// The key of an end without an error.
const CLEAN: u64 = 0;
/// The key of an error that is not the operating system's, such as one of TLS.
const NOT_AN_ERRNO: u64 = u64::MAX - 1;

impl TcpMetrics {
    pub(super) fn new() -> Self {
        Self {
            opened: Counter::default(),
            open: Gauge::default(),
            read: Counter::default(),
            written: Counter::default(),
            closed: Slots::new(),
        }
    }

    /// A connection is open.
    pub fn open(&self) {
        self.opened.increment();
        self.open.add(1);
    }

    /// `bytes` came from the peer.
    pub fn read(&self, bytes: u64) {
        self.read.add(bytes);
    }

    /// `bytes` went to the peer.
    pub fn write(&self, bytes: u64) {
        self.written.add(bytes);
    }

    /// A connection that was open has ended.
    pub fn close(&self, error: Option<&io::Error>) {
        let key = match error {
            None => CLEAN,
            Some(error) => error
                .raw_os_error()
                .and_then(|errno| u64::try_from(errno).ok())
                .unwrap_or(NOT_AN_ERRNO),
        };
        self.closed.get(key, Counter::default).increment();
        self.open.add(-1);
    }
}

pub(super) fn render(text: &mut Text, all: &[(Labels, Arc<TcpMetrics>)]) {
    let mut family = |metric: &Metric, value: fn(&TcpMetrics) -> i128| {
        text.family(metric);
        for (labels, metrics) in all {
            text.sample(metric, labels, value(metrics));
        }
    };
    family(&metrics::TCP_OPEN_TOTAL, |tcp| tcp.opened.value().into());
    family(&metrics::TCP_OPEN_CONNECTIONS, |tcp| {
        tcp.open.value().into()
    });
    family(&metrics::TCP_READ_BYTES_TOTAL, |tcp| {
        tcp.read.value().into()
    });
    family(&metrics::TCP_WRITE_BYTES_TOTAL, |tcp| {
        tcp.written.value().into()
    });
    let closed = &metrics::TCP_CLOSE_TOTAL;
    text.family(closed);
    for (labels, metrics) in all {
        for (key, count) in metrics.closed.iter() {
            let errno = super::LabelSet::new().with("errno", errno(key));
            text.sample2(closed, labels, errno.as_str(), count.value());
        }
    }
}

/// The value of the label `errno`: the symbol of the operating system's error, empty for none.
fn errno(key: u64) -> String {
    const NAMES: [(i32, &str); 14] = [
        (libc::EPERM, "EPERM"),
        (libc::EIO, "EIO"),
        (libc::EACCES, "EACCES"),
        (libc::EMFILE, "EMFILE"),
        (libc::EPIPE, "EPIPE"),
        (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (libc::ENETUNREACH, "ENETUNREACH"),
        (libc::ECONNABORTED, "ECONNABORTED"),
        (libc::ECONNRESET, "ECONNRESET"),
        (libc::ENOTCONN, "ENOTCONN"),
        (libc::ETIMEDOUT, "ETIMEDOUT"),
        (libc::ECONNREFUSED, "ECONNREFUSED"),
        (libc::EHOSTUNREACH, "EHOSTUNREACH"),
        (libc::EPROTO, "EPROTO"),
    ];
    match key {
        CLEAN => String::new(),
        NOT_AN_ERRNO | Slots::<Counter>::OTHER => "UNKNOWN".to_owned(),
        key => NAMES
            .iter()
            .find(|(number, _)| u64::try_from(*number) == Ok(key))
            .map_or_else(|| key.to_string(), |(_, name)| (*name).to_owned()),
    }
}

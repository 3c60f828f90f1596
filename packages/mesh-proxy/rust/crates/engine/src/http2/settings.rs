//! What this proxy grants and demands.

use std::time::Duration;

use mesh_wire::vocabulary::limits;

use crate::config::{Http2Server, Http2Windows};
use crate::http::age::jittered;

/// Who speaks HTTP/2 on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Implementation {
    /// Our own.
    #[default]
    Own,
    /// The `h2` crate.
    Library,
}

/// Limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub implementation: Implementation,
    /// How much of one stream's content the peer may send ahead.
    pub stream_window: u32,
    /// Whether a stream's window begins smaller and grows to `stream_window` by need. Our own only.
    pub grows: bool,
    /// The same for all streams together.
    pub connection_window: u32,
    pub max_concurrent_streams: u32,
    pub max_frame_size: u32,
    /// Of a head, counted as RFC 9113 §6.5.2 does: 32 bytes more per field.
    pub max_header_list_size: u32,
    /// How much of one stream's content waits to be sent.
    pub max_send_buffer: usize,
    /// Streams that the peer reset before this proxy looked at them (CVE-2023-44487).
    pub max_pending_accept_resets: usize,
    pub keep_alive: Option<KeepAlive>,
    /// After which a client's connection is asked to end gracefully.
    pub max_age: Option<Duration>,
}

/// Pings that find a dead peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    pub interval: Duration,
    pub timeout: Duration,
    /// Whether they are sent while there is no stream, too.
    pub while_idle: bool,
}

/// What the control plane says of connections to one endpoint; what it leaves open stays as it is.
///
/// How many streams are remembered that this end has reset is not among it: that is bounded anyhow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Http2Params {
    pub stream_window: Option<u32>,
    pub connection_window: Option<u32>,
    /// Whether a stream's window grows by need, though `stream_window` is given.
    pub adaptive: bool,
    pub max_frame_size: Option<u32>,
    pub max_send_buffer: Option<usize>,
    pub keep_alive: Option<KeepAlive>,
}

/// A window as large as a fast network needs at a millisecond's round trip, and large enough that
/// ordinary messages cost no window updates.
const STREAM_WINDOW: u32 = limits::HTTP2_STREAM_WINDOW_BYTES.number();
/// So many times that of a stream are streams that may stall, with all that they may send ahead,
/// before they hold up the others of their connection; and a stalled connection costs no more.
const CONNECTION_WINDOW: u32 = limits::HTTP2_CONNECTION_WINDOW_BYTES.number();
/// HTTP/2's own initial window (RFC 9113 §6.9.2): who configures it asked for nothing.
const UNCONFIGURED_WINDOW: u32 = 65_535;

impl Default for Settings {
    fn default() -> Self {
        Self {
            implementation: Implementation::Library,
            stream_window: STREAM_WINDOW,
            grows: true,
            connection_window: CONNECTION_WINDOW,
            max_concurrent_streams: limits::HTTP2_STREAMS.number(),
            max_frame_size: 64 * 1024,
            max_header_list_size: limits::HTTP2_HEADER_LIST_BYTES.number(),
            max_send_buffer: limits::HTTP2_SEND_BUFFER_BYTES.size(),
            max_pending_accept_resets: limits::HTTP2_PENDING_RESETS.size(),
            keep_alive: None,
            max_age: None,
        }
    }
}

impl Settings {
    /// The same, with what an endpoint wants otherwise.
    pub fn with(self, params: &Http2Params) -> Self {
        Self {
            stream_window: params.stream_window.unwrap_or(self.stream_window),
            grows: match params.stream_window {
                Some(_) => params.adaptive,
                None => self.grows,
            },
            connection_window: params.connection_window.unwrap_or(self.connection_window),
            max_frame_size: params.max_frame_size.unwrap_or(self.max_frame_size),
            max_send_buffer: params.max_send_buffer.unwrap_or(self.max_send_buffer),
            keep_alive: params.keep_alive.or(self.keep_alive),
            ..self
        }
    }

    /// The same, spoken by `implementation`.
    pub fn by(self, implementation: Implementation) -> Self {
        Self {
            implementation,
            ..self
        }
    }

    /// Of connections that were accepted.
    pub fn server(config: &Http2Server) -> Self {
        let own = Self::default();
        Self {
            implementation: own.implementation,
            stream_window: config.stream_window.unwrap_or(own.stream_window),
            grows: config.stream_window.is_none(),
            connection_window: config.connection_window.unwrap_or(own.connection_window),
            max_concurrent_streams: config
                .max_concurrent_streams
                .unwrap_or(own.max_concurrent_streams),
            max_frame_size: config.max_frame_size.unwrap_or(own.max_frame_size),
            max_header_list_size: config
                .max_header_list_size
                .unwrap_or(own.max_header_list_size),
            max_send_buffer: config.max_send_buf_size.unwrap_or(own.max_send_buffer),
            max_pending_accept_resets: config
                .max_pending_accept_reset_streams
                .unwrap_or(own.max_pending_accept_resets),
            keep_alive: keep_alive(config.keep_alive_interval, config.keep_alive_timeout),
            max_age: config.max_age.map(|age| jittered(age, fastrand::f64())),
        }
    }

    /// Of connections of clients that nobody vouches for: each stream costs memory before its
    /// request is judged, and a proxy of the mesh alone carries all of a pod's requests on one
    /// connection.
    pub fn stranger(config: &Http2Server) -> Self {
        let streams = limits::HTTP2_STRANGER_STREAMS.number();
        Self {
            max_concurrent_streams: config.max_concurrent_streams.unwrap_or(streams),
            ..Self::server(config)
        }
    }

    /// Of connections that were made; `pings` keep them alive.
    pub fn client(windows: Http2Windows, pings: Option<KeepAlive>) -> Self {
        let own = Self::default();
        Self {
            stream_window: match windows.stream {
                UNCONFIGURED_WINDOW => own.stream_window,
                asked => asked,
            },
            grows: windows.stream == UNCONFIGURED_WINDOW,
            connection_window: windows.connection.max(own.connection_window),
            keep_alive: pings,
            ..own
        }
    }
}

/// Pings at `interval`; a peer that does not answer one in time is gone.
pub(crate) fn keep_alive(
    interval: Option<Duration>,
    timeout: Option<Duration>,
) -> Option<KeepAlive> {
    const TIMEOUT: Duration = Duration::from_secs(20);
    interval
        .filter(|interval| !interval.is_zero())
        .map(|interval| KeepAlive {
            interval,
            timeout: timeout.unwrap_or(TIMEOUT),
            while_idle: true,
        })
}

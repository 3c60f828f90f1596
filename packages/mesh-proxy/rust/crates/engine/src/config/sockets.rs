//! Socket options, back-offs, queues and HTTP/2 limits.

use std::time::Duration;

use mesh_wire::vocabulary::environment::{self as names, Variable};

use super::environment::Environment;
use super::parse;

/// Options of connections in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// Interval of TCP keep-alive probes; None leaves them off.
    pub keepalive: Option<Duration>,
    /// TCP_USER_TIMEOUT; None leaves the kernel's own rule.
    pub user_timeout: Option<Duration>,
}

impl SocketOptions {
    pub(super) fn read(
        env: &mut Environment<'_>,
        keepalive: &Variable,
        user_timeout: &Variable,
    ) -> Self {
        let positive = |value: Duration| (!value.is_zero()).then_some(value);
        Self {
            keepalive: env.optional(keepalive, parse::duration).and_then(positive),
            user_timeout: env
                .optional(user_timeout, parse::duration)
                .and_then(positive),
        }
    }
}

/// How many may wait for something, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    pub capacity: usize,
    pub failfast: Duration,
}

impl QueueLimits {
    pub(super) fn read(
        env: &mut Environment<'_>,
        capacity: &Variable,
        failfast: &Variable,
    ) -> Self {
        Self {
            capacity: env.get(capacity, parse::integer),
            failfast: env.get(failfast, parse::duration),
        }
    }
}

/// An exponential back-off: from `min`, doubling, to `max`; each pause grows by up to `jitter` of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    pub min: Duration,
    pub max: Duration,
    pub jitter: f64,
}

impl Backoff {
    pub(super) fn read(
        env: &mut Environment<'_>,
        min: &Variable,
        max: &Variable,
        jitter: &Variable,
    ) -> Self {
        let backoff = Self {
            min: env.get(min, parse::duration),
            max: env.get(max, parse::duration),
            jitter: env.get(jitter, parse::ratio),
        };
        if backoff.min.is_zero() || backoff.min > backoff.max {
            let reason = format!(
                "must be above 0 and at most {} ({:?})",
                max.name, backoff.max
            );
            let value = env.text(min).or(min.default.map(str::to_owned));
            env.complain(min, value, reason);
        }
        backoff
    }
}

/// HTTP/2 flow-control windows, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Windows {
    pub stream: u32,
    pub connection: u32,
}

/// What this proxy grants to and demands of its HTTP/2 clients; None is the engine's own choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Http2Server {
    pub keep_alive_interval: Option<Duration>,
    pub keep_alive_timeout: Option<Duration>,
    pub max_concurrent_streams: Option<u32>,
    pub max_frame_size: Option<u32>,
    pub max_header_list_size: Option<u32>,
    pub max_pending_accept_reset_streams: Option<usize>,
    pub max_send_buf_size: Option<usize>,
    pub adaptive_flow_control: Option<bool>,
    pub stream_window: Option<u32>,
    pub connection_window: Option<u32>,
    /// After which a connection, also one to an endpoint, takes no new requests.
    pub max_age: Option<Duration>,
}

/// The variables of one direction's [`Http2Server`].
pub(super) struct Http2Variables {
    pub(super) keep_alive_interval: &'static Variable,
    pub(super) keep_alive_timeout: &'static Variable,
    pub(super) max_concurrent_streams: &'static Variable,
    pub(super) max_frame_size: &'static Variable,
    pub(super) max_header_list_size: &'static Variable,
    pub(super) max_pending_accept_reset_streams: &'static Variable,
    pub(super) max_send_buf_size: &'static Variable,
    pub(super) adaptive_flow_control: &'static Variable,
    pub(super) stream_window: &'static Variable,
    pub(super) connection_window: &'static Variable,
}

impl Http2Server {
    pub(super) fn read(env: &mut Environment<'_>, variables: &Http2Variables) -> Self {
        Self {
            keep_alive_interval: env.optional(variables.keep_alive_interval, parse::duration),
            keep_alive_timeout: env.optional(variables.keep_alive_timeout, parse::duration),
            max_concurrent_streams: env.optional(variables.max_concurrent_streams, parse::integer),
            max_frame_size: env.optional(variables.max_frame_size, parse::frame_size),
            max_header_list_size: env.optional(variables.max_header_list_size, parse::integer),
            max_pending_accept_reset_streams: env
                .optional(variables.max_pending_accept_reset_streams, parse::integer),
            max_send_buf_size: env.optional(variables.max_send_buf_size, parse::integer),
            adaptive_flow_control: env.optional(variables.adaptive_flow_control, parse::boolean),
            stream_window: env.optional(variables.stream_window, parse::window),
            connection_window: env.optional(variables.connection_window, parse::window),
            max_age: env
                .optional(&names::HTTP_CONNECTION_MAX_AGE, parse::duration)
                .filter(|age| !age.is_zero()),
        }
    }
}

//! The engine's configuration: the only parser of the `LINKERD2_PROXY_*` variables.
//!
//! Names, forms and defaults come from the generated vocabulary; this module turns them into one
//! typed value and, when something is wrong, into every complaint at once.

mod control;
mod environment;
mod identity;
mod inbound;
mod outbound;
mod parse;
mod ports;
mod process;
mod sockets;

pub use control::{Authority, Control, Service, StreamLimits};
pub use environment::Invalid;
pub use identity::IdentityConfig;
pub use inbound::{DefaultPolicy, Inbound};
pub use outbound::Outbound;
pub use ports::PortSet;
pub use process::{Admin, Log, LogFormat, Process};
pub use sockets::{Backoff, Http2Server, Http2Windows, QueueLimits, SocketOptions};

use std::time::Duration;

use environment::Environment;
use mesh_wire::vocabulary::environment as names;

use crate::http2::Implementation;

/// Everything that the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    pub inbound: Inbound,
    pub outbound: Outbound,
    pub admin: Admin,
    pub control: Control,
    pub identity: IdentityConfig,
    pub log: Log,
    pub process: Process,
    /// Who speaks HTTP/2 between proxies.
    pub mesh_http2: Implementation,
    /// HTTP/2 windows that this proxy opens as a client.
    pub http2_client: Http2Windows,
    /// How long an HTTP/2 connection may be without requests.
    pub http2_pool_idle: Duration,
    /// How many to each endpoint, of each worker, may be for longer.
    pub http2_warm: usize,
    /// How long a series that nobody uses any more stays in `/metrics`.
    pub metrics_retain_idle: Duration,
    /// How long open connections may take to end after the signal to stop.
    pub shutdown_grace: Duration,
}

impl Config {
    /// Reads all variables; `lookup` answers for one name. Empty values count as unset.
    ///
    /// # Errors
    /// Every variable that is missing, malformed or contradicts another, in table order.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Invalid>> {
        let mut env = Environment::new(&lookup);
        env.reject(&names::IDENTITY_DISABLED);
        let config = Self {
            inbound: Inbound::read(&mut env),
            outbound: Outbound::read(&mut env),
            admin: Admin::read(&mut env),
            control: Control::read(&mut env),
            identity: IdentityConfig::read(&mut env),
            log: Log::read(&mut env),
            process: Process::read(&mut env),
            mesh_http2: env.get(&names::MESH_HTTP2, mesh_http2),
            http2_client: Http2Windows {
                stream: env.get(&names::HTTP2_INITIAL_STREAM_WINDOW_SIZE, parse::window),
                connection: env.get(&names::HTTP2_INITIAL_CONNECTION_WINDOW_SIZE, parse::window),
            },
            http2_pool_idle: env.get(&names::HTTP2_CONNECTION_POOL_IDLE_TIMEOUT, parse::duration),
            http2_warm: env.get(&names::HTTP2_WARM_CONNECTIONS, parse::integer),
            metrics_retain_idle: env.get(&names::METRICS_RETAIN_IDLE, parse::duration),
            shutdown_grace: env.get(&names::SHUTDOWN_GRACE_PERIOD, parse::duration),
        };
        env.finish(config)
    }
}

fn mesh_http2(text: &str) -> Result<Implementation, String> {
    Ok(match parse::choice(text, &["own", "crate"])? {
        "crate" => Implementation::Library,
        _ => Implementation::Own,
    })
}

#[cfg(test)]
pub(crate) mod tests;

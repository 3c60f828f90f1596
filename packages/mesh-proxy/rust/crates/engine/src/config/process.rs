//! The process: workers, logs, the admin server.

use std::net::{Ipv4Addr, SocketAddr};

use mesh_wire::vocabulary::environment as names;

use super::environment::Environment;
use super::parse;

/// The admin server.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    pub listen: SocketAddr,
    /// Whether `POST /shutdown` exists.
    pub shutdown_enabled: bool,
}

impl Admin {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        Self {
            listen: env
                .optional(&names::ADMIN_LISTEN_ADDR, parse::address)
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            shutdown_enabled: env.get(&names::SHUTDOWN_ENDPOINT_ENABLED, parse::boolean),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Plain,
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// Comma-separated `LEVEL` or `TARGET=LEVEL`; checked.
    pub filter: String,
    pub format: LogFormat,
}

impl Log {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        Self {
            filter: env.get(&names::LOG, |text| {
                crate::log::parse_filter(text)?;
                Ok(text.to_owned())
            }),
            format: env.get(&names::LOG_FORMAT, |text| {
                Ok(match parse::choice(text, &["plain", "json"])? {
                    "json" => LogFormat::Json,
                    _ => LogFormat::Plain,
                })
            }),
        }
    }
}

/// Threads and names.
#[derive(Clone, Debug)]
pub struct Process {
    /// Worker threads, at least one.
    pub workers: usize,
    /// The pod's name.
    pub hostname: Option<String>,
}

impl Process {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        let machine = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = env.optional(&names::CORES, parse::positive);
        let ratio = env.optional(&names::CORES_MAX_RATIO, share);
        let min = env
            .optional(&names::CORES_MIN, parse::positive)
            .unwrap_or(1);
        let max = env.optional(&names::CORES_MAX, parse::positive);
        Self {
            workers: workers(machine, cores, ratio, min, max),
            hostname: env.text(&names::HOSTNAME),
        }
    }
}

/// How many workers a machine with `machine` cores gets.
pub(super) fn workers(
    machine: usize,
    cores: Option<usize>,
    ratio: Option<f64>,
    min: usize,
    max: Option<usize>,
) -> usize {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let wanted = match (cores, ratio) {
        (Some(cores), _) => cores,
        (None, Some(ratio)) => (machine as f64 * ratio).round() as usize,
        (None, None) => 1,
    };
    let max = max.unwrap_or(machine).min(machine).max(1);
    wanted.max(min).min(max)
}

fn share(text: &str) -> Result<f64, String> {
    match parse::ratio(text)? {
        0.0 => Err("must be above 0".to_owned()),
        ratio => Ok(ratio),
    }
}

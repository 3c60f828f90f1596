//! The life of the process: configuration, threads, signals, end.

mod start;
mod stop;

use std::io::Write;
use std::sync::Arc;

use mesh_wire::vocabulary::environment as names;
use tokio::runtime::Builder;
use tracing::{error, info, warn};

use self::start::Sockets;
use crate::config::Config;
use crate::{log, tls};

/// The exit code after an invalid configuration (`EX_USAGE` of sysexits.h).
pub const INVALID_CONFIGURATION: i32 = 64;
/// The exit code when the process cannot start or a part of it has died.
pub const FAILED: i32 = 1;

/// Runs the proxy with the process's environment until it is told to stop; gives its exit code.
///
/// This thread becomes the control thread. SIGTERM and SIGINT end the process gracefully; their
/// handlers must be the default ones when this is called.
pub fn run() -> i32 {
    // A value that is not Unicode is refused by its parser rather than taken for unset.
    let lookup = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    match Config::from_env(lookup) {
        Ok(config) => run_with(Arc::new(config)),
        Err(invalid) => {
            let mut stderr = std::io::stderr().lock();
            for invalid in invalid {
                // A closed standard error leaves the exit code to speak.
                let _ = writeln!(stderr, "mesh-proxy: invalid configuration: {invalid}");
            }
            INVALID_CONFIGURATION
        }
    }
}

/// Runs the proxy with `config`; see [`run`].
pub fn run_with(config: Arc<Config>) -> i32 {
    if let Err(reason) = log::install(&config.log.filter, config.log.format) {
        return fail(&reason);
    }
    info!(
        version = env!("CARGO_PKG_VERSION"),
        identity = %config.identity.local_name,
        workers = config.process.workers,
        "starting"
    );
    std::panic::set_hook(Box::new(|panic| error!(%panic, "a defect in the proxy")));
    for name in unknown_variables() {
        warn!(name, "this variable is not known and has no effect");
    }
    if let Err(reason) = tls::choose_groups(&config.identity.tls_groups) {
        return fail(&reason);
    }
    // Before anything else, so that a port that is taken ends the process at once.
    let sockets = match Sockets::bind(&config) {
        Ok(sockets) => sockets,
        Err(reason) => return fail(&reason),
    };
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start the control thread: {error}")),
    };
    let code = match runtime.block_on(start::start(config, sockets)) {
        Ok(code) => code,
        Err(reason) => return fail(&reason),
    };
    log::flush();
    code
}

/// Variables with our prefix that no table knows: most likely misspelt.
fn unknown_variables() -> Vec<String> {
    let known = |name: &str| names::ALL.iter().any(|variable| variable.name == name);
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    set.filter(|name| name.starts_with(names::PREFIX) && !known(name))
        .collect()
}

/// Says why the process cannot go on, where people and log collectors look.
fn fail(reason: &str) -> i32 {
    error!(reason, "the proxy cannot run");
    log::flush();
    let _ = writeln!(std::io::stderr().lock(), "mesh-proxy: {reason}");
    FAILED
}

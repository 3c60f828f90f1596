//! Accepting connections for as long as the process lives, whatever goes wrong with some of them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use super::original_destination::canonical;

/// The pause after the kernel ran out of something; long enough for connections to end meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// How often such a shortage is logged.
const LOGGED_EVERY: Duration = Duration::from_secs(10);

/// Accepts connections and hands each to `serve` with its client's address; never returns.
///
/// Where descriptors or memory run out, connections wait in the kernel's queue until some are free.
pub async fn accept(listener: &TcpListener, mut serve: impl FnMut(TcpStream, SocketAddr)) {
    let mut logged: Option<Instant> = None;
    loop {
        let error = match listener.accept().await {
            Ok((tcp, client)) => {
                serve(tcp, canonical(client));
                continue;
            }
            Err(error) => error,
        };
        if !is_shortage(&error) {
            // The connection went away while it waited (accept(2)): the next one is fine.
            tracing::debug!(%error, "a connection ended before it was accepted");
            continue;
        }
        if logged.is_none_or(|at| at.elapsed() >= LOGGED_EVERY) {
            logged = Some(Instant::now());
            tracing::error!(%error, "cannot accept connections; they wait until others end");
        }
        sleep(PAUSE).await;
    }
}

fn is_shortage(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

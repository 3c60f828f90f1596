//! The listening sockets of one worker.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Config;

/// Connections that the kernel holds until they are accepted, where nothing is configured.
const BACKLOG: u32 = 1024;

/// The listening sockets of one worker; bound before any worker starts, so that a port which is
/// taken ends the process at once.
#[derive(Debug)]
pub struct Listeners {
    pub inbound: TcpListener,
    pub outbound: Vec<TcpListener>,
}

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    pub address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        write!(formatter, "cannot listen on {address}: {source}")?;
        if source.kind() == io::ErrorKind::AddrInUse {
            write!(
                formatter,
                "; stop what listens there (`ss -ltnp` shows it) or configure another port"
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Listeners {
    /// Binds the sockets of `workers` workers; if there are several, each has its own on the same
    /// addresses and the kernel spreads connections over them.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn bind(config: &Config, workers: usize) -> Result<Vec<Self>, BindError> {
        let (inbound, outbound) = (&config.inbound, &config.outbound);
        let inbound = shares(inbound.listen, inbound.backlog, workers, &[])?;
        let mut sets: Vec<_> = inbound
            .into_iter()
            .map(|inbound| Self {
                inbound,
                outbound: Vec::new(),
            })
            .collect();
        for address in &outbound.listen {
            let shares = shares(*address, outbound.backlog, workers, &outbound.listen)?;
            for (set, listener) in sets.iter_mut().zip(shares) {
                set.outbound.push(listener);
            }
        }
        Ok(sets)
    }
}

/// One listener per worker on the same address; port 0 is chosen once.
fn shares(
    mut address: SocketAddr,
    backlog: Option<u32>,
    workers: usize,
    beside: &[SocketAddr],
) -> Result<Vec<TcpListener>, BindError> {
    // Both families on one port: then each has its own socket.
    let only_v6 = beside
        .iter()
        .any(|other| other.is_ipv4() && other.port() == address.port());
    let mut listeners = Vec::with_capacity(workers);
    for _ in 0..workers {
        let fail = |source| BindError { address, source };
        let listener = listen(address, backlog, workers > 1, only_v6).map_err(fail)?;
        address = listener.local_addr().map_err(fail)?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn listen(
    address: SocketAddr,
    backlog: Option<u32>,
    share: bool,
    only_v6: bool,
) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    // A restart must not wait for the connections of its predecessor.
    socket.set_reuse_address(true)?;
    if share {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    let backlog = backlog.unwrap_or(BACKLOG);
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY_PORT: &str = "127.0.0.1:0";

    #[test]
    fn workers_share_one_port() {
        let listeners = shares(ANY_PORT.parse().unwrap(), None, 3, &[]).unwrap();
        let address = listeners[0].local_addr().unwrap();
        assert!(
            listeners
                .iter()
                .all(|listener| listener.local_addr().unwrap() == address)
        );
    }

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind(ANY_PORT).unwrap();
        let address = taken.local_addr().unwrap();
        let error = shares(address, None, 1, &[]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&address.to_string()) && text.contains("ss -ltnp"),
            "{text}"
        );
    }

    #[test]
    fn one_port_of_both_families() {
        let v4 = shares("0.0.0.0:0".parse().unwrap(), None, 1, &[]).unwrap();
        let port = v4[0].local_addr().unwrap().port();
        let beside = [SocketAddr::from(([0, 0, 0, 0], port))];
        let address = SocketAddr::from(([0u16; 8], port));
        assert!(shares(address, None, 1, &beside).is_ok());
    }
}

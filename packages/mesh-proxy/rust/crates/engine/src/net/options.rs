//! Options of TCP connections.

use std::io;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::config::SocketOptions;

/// Sets what is configured, and TCP_NODELAY: a proxy must not hold bytes back.
///
/// # Errors
/// When the kernel refuses an option, as it does on a connection that is already gone.
pub fn apply(tcp: &TcpStream, options: &SocketOptions) -> io::Result<()> {
    let socket = SockRef::from(tcp);
    socket.set_tcp_nodelay(true)?;
    if let Some(interval) = options.keepalive {
        let keepalive = TcpKeepalive::new()
            .with_time(interval)
            .with_interval(interval);
        socket.set_tcp_keepalive(&keepalive)?;
    }
    if options.user_timeout.is_some() {
        socket.set_tcp_user_timeout(options.user_timeout)?;
    }
    Ok(())
}

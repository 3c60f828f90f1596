//! Where a connection was going before it was redirected here.

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;
use tokio::net::TcpStream;

/// The original destination of a redirected connection; for one that was not redirected, the
/// address it was made to. IPv4-mapped addresses come as IPv4.
///
/// # Errors
/// When the connection is already gone.
pub fn original_destination(tcp: &TcpStream) -> io::Result<SocketAddr> {
    let local = canonical(tcp.local_addr()?);
    let socket = SockRef::from(tcp);
    let answer = if local.is_ipv4() {
        socket.original_dst_v4()
    } else {
        socket.original_dst_v6()
    };
    match answer {
        Ok(address) => address
            .as_socket()
            .map(canonical)
            .ok_or_else(|| io::Error::other("the original destination is no IP address")),
        // No entry (the connection is not tracked, so nobody redirected it), or no tracking at all.
        Err(error)
            if matches!(
                error.raw_os_error(),
                Some(libc::ENOENT | libc::ENOPROTOOPT | libc::EOPNOTSUPP)
            ) =>
        {
            Ok(local)
        }
        Err(error) => Err(error),
    }
}

/// The same address, as IPv4 if it is an IPv4-mapped one, and without the parts that only routing needs.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

"""Listening sockets, for both address families where the address is a wildcard."""

import socket
from ipaddress import IPv4Address, IPv6Address

from mesh_core.authority import Authority
from mesh_core.service.errors import ServiceError

_BACKLOG = 128


def listen(address: Authority) -> socket.socket:
    """Open a listening TCP socket.

    `0.0.0.0` and `[::]` both mean every address of the machine, IPv4 and IPv6, as far as it has
    them. Port 0 cannot be written as an authority; no port takes a free one.
    """
    if not isinstance(address.host, IPv4Address | IPv6Address):
        msg = f"cannot listen on {address}: the host must be an IP address"
        raise ServiceError(msg)
    port = address.port or 0
    try:
        if address.host.is_unspecified and socket.has_dualstack_ipv6():
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG
            )
        family = socket.AF_INET if address.host.version == 4 else socket.AF_INET6
        return socket.create_server((str(address.host), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        msg = f"cannot listen on {address}: {error.strerror or error}"
        raise ServiceError(msg) from error


def grpc_target(address: Authority) -> str:
    """Write an address as a gRPC server binds it, with the same meaning as for `listen`."""
    if not isinstance(address.host, str) and address.host.is_unspecified:
        return f"[::]:{address.port or 0}"
    return str(address) if address.port is not None else f"{address}:0"

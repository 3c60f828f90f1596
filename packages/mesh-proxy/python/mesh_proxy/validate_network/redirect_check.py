"""One connection to nowhere, which the redirect must bring back to this process."""

import secrets
import select
import socket
import string
import time

from mesh_proxy.errors import CannotListen, NotRedirected

from .flags import Address

TOKEN_BYTES = 63
_ALPHABET = string.ascii_letters + string.digits
_BACKLOG = 128
_PLUGIN = (
    "check that the mesh's CNI plugin runs on this node, and stands last in the chain of its CNI"
    " configuration, then recreate the pod"
)


def check(listen: Address, connect: Address, seconds: float) -> None:
    """Return when a connection to `connect` has reached us (CannotListen, NotRedirected)."""
    deadline = time.monotonic() + seconds
    token = "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_BYTES)).encode()
    with _listener(listen) as listener, _connection(connect, deadline) as stream:
        received = _exchange(listener, stream, token, deadline)
    if received is None:
        raise NotRedirected(
            f"the connection to {connect} was accepted, but not by us at {listen}, and nobody"
            f" spoke within {seconds:g} s: {_wrong_port(listen)}"
        )
    if received != token:
        raise NotRedirected(
            f"the connection to {connect} was answered by somebody else than us at {listen}:"
            f" {_wrong_port(listen)}"
        )


def _listener(address: Address) -> socket.socket:
    family = socket.AF_INET6 if address.ip.version == 6 else socket.AF_INET
    try:
        listener = socket.create_server(
            (str(address.ip), address.port),
            family=family,
            backlog=_BACKLOG,
            dualstack_ipv6=str(address.ip) == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise CannotListen(
            f"--listen-addr {address}: cannot listen: {error.strerror}; the check must run before"
            " the proxy does, in a network namespace that has this address"
        ) from error
    listener.setblocking(False)
    return listener


def _connection(address: Address, deadline: float) -> socket.socket:
    family = socket.AF_INET6 if address.ip.version == 6 else socket.AF_INET
    try:
        stream = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise NotRedirected(_unconnected(address, error)) from error
    try:
        stream.settimeout(max(deadline - time.monotonic(), 0.001))
        # Completed by the kernel as soon as it is redirected; accepting comes later.
        stream.connect((str(address.ip), address.port))
    except OSError as error:
        stream.close()
        raise NotRedirected(_unconnected(address, error)) from error
    return stream


def _unconnected(address: Address, error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"the connection to {address} left the pod, unredirected, and timed out: {_PLUGIN}"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"the connection to {address} was refused: it left the pod unredirected, or was"
            f" redirected to another port than the one we listen on; {_PLUGIN}, or compare its"
            " outbound proxy port with --listen-addr"
        )
    return (
        f"the connection to {address} failed ({error.strerror}): the pod has no way to that"
        f" address, and none to the proxy; {_PLUGIN}"
    )


def _exchange(
    listener: socket.socket, stream: socket.socket, token: bytes, deadline: float
) -> bytes | None:
    """Greet whoever connects with the token; return what came back, None if too little did."""
    received = b""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(stream, select.POLLIN)
    while len(received) < TOKEN_BYTES:
        ready = poll.poll(max(deadline - time.monotonic(), 0) * 1000)
        if not ready:
            return received or None
        for descriptor, _ in ready:
            if descriptor == listener.fileno():
                _greet(listener, token)
                continue
            part = _receive(stream)
            if not part:
                return received
            received += part
    return received


def _greet(listener: socket.socket, token: bytes) -> None:
    try:
        peer, _ = listener.accept()
        with peer:
            # It fits into the buffer of a new connection, so this cannot block.
            peer.sendall(token)
    except OSError:
        # A peer that has gone again is not ours, whose end we hold.
        return


def _receive(stream: socket.socket) -> bytes:
    try:
        return stream.recv(4096)
    except OSError:
        # Reset, or unreachable after all: in either case no token comes.
        return b""


def _wrong_port(listen: Address) -> str:
    return (
        f"make the redirect's outbound proxy port {listen.port}, or give --connect-addr an address"
        f" that nobody has; else {_PLUGIN}"
    )

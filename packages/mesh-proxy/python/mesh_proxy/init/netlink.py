"""Sends a transaction to the kernel and waits for its one answer, never for ever.

The exchange is plain: one datagram out, one acknowledgement or error back. Without
CAP_NET_ADMIN the kernel answers only the first message, so nothing else is waited for.
"""

import errno
import os
import socket
import struct
import time
from collections.abc import Iterator

from mesh_proxy.errors import KernelRefused, KernelUnsupported, MissingCapability

from .batch import HEADER, Batch

# Ten milliseconds are usual (one RCU grace period); loading kernel modules takes longer.
ANSWER_SECONDS = 5.0

_NETLINK_NETFILTER = 12
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_ANSWER_BUFFER_BYTES = 1 << 20
_NLMSG_ERROR = 2
_ERROR = struct.Struct("=i")

_UNSUPPORTED = {
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.EOPNOTSUPP,
    errno.ENOENT,
}


def commit(batch: Batch, *, seconds: float = ANSWER_SECONDS) -> None:
    """Apply the whole batch in the namespace of this thread, or nothing of it.

    Raises KernelUnsupported, MissingCapability or KernelRefused.
    """
    deadline = time.monotonic() + seconds
    try:
        with opened(seconds, len(batch.data)) as netlink:
            netlink.sendto(batch.data, (0, 0))
            _await_answer(netlink, batch, deadline)
    except TimeoutError:
        raise KernelRefused(
            f"the kernel did not answer the nftables batch within {seconds:g} s; nothing is known"
            " to have changed; run the command again, and look at the kernel's log (dmesg)"
        ) from None
    except OSError as error:
        raise _explained(error.errno or 0, "open a netfilter socket") from error


def opened(seconds: float, size: int = 0) -> socket.socket:
    """Return a netfilter socket of this thread's namespace for requests of `size` bytes."""
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    try:
        netlink.settimeout(seconds)
        _size_buffers(netlink, size)
        netlink.bind((0, 0))
    except OSError:
        netlink.close()
        raise
    return netlink


def messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, sequence number and body of each message in a datagram."""
    offset = 0
    while offset + HEADER.size <= len(datagram):
        length, message_type, _, sequence, _ = HEADER.unpack_from(datagram, offset)
        yield message_type, sequence, datagram[offset + HEADER.size : offset + length]
        # Messages are aligned to four bytes; a length of nonsense must still advance.
        offset += max((length + 3) & ~3, HEADER.size)


def answers(datagram: bytes) -> list[tuple[int, int]]:
    """Return (sequence number, errno; 0 acknowledges) of each answer in a datagram."""
    return [
        (sequence, -_ERROR.unpack_from(body)[0])
        for message_type, sequence, body in messages(datagram)
        if message_type == _NLMSG_ERROR and len(body) >= _ERROR.size
    ]


def _size_buffers(netlink: socket.socket, size: int) -> None:
    """Make room for the batch; the FORCE forms pass the system's limit."""
    try:
        netlink.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 2 * size)
        netlink.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ANSWER_BUFFER_BYTES)
    except PermissionError:
        # They ask for CAP_NET_ADMIN over the first user namespace; in a user namespace
        # of its own the ordinary size must do, and holds some 700 rules.
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * size)


def _await_answer(netlink: socket.socket, batch: Batch, deadline: float) -> None:
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        netlink.settimeout(remaining)
        for sequence, code in answers(netlink.recv(_ANSWER_BUFFER_BYTES)):
            if code:
                raise _explained(code, batch.what(sequence))
            if sequence == batch.last:
                return


def _explained(code: int, what: str) -> KernelRefused | KernelUnsupported | MissingCapability:
    reason = os.strerror(code)
    if code in {errno.EPERM, errno.EACCES}:
        return MissingCapability(
            f"the kernel refused to {what}: {reason}; CAP_NET_ADMIN over this network namespace"
            " is needed"
        )
    if code in _UNSUPPORTED:
        return KernelUnsupported(
            f"the kernel could not {what}: {reason}; it needs nf_tables with inet NAT and"
            " redirection (CONFIG_NFT_NAT, CONFIG_NFT_REDIR; modules nf_tables, nft_chain_nat,"
            " nft_redir)"
        )
    return KernelRefused(f"the kernel refused to {what}: {reason}; nothing was changed")

"""Two network namespaces joined by a cable, and sockets that live in them.

A socket stays in the namespace that its thread was in when it was made, so one test
process holds both ends of a connection and needs no helper processes.
"""

import ctypes
import itertools
import os
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pyroute2 import IPRoute, netns

from mesh_proxy.init.namespace import entered

T = TypeVar("T")

SECONDS = 10.0
APP = {4: "10.99.0.1", 6: "fd99::1"}
PEER = {4: "10.99.0.2", 6: "fd99::2"}
_PREFIX = {4: 24, 6: 64}
_NO_DUPLICATE_DETECTION = 0x02
_ORIGINAL_DESTINATION = 80
_CABLE = "mi"
_count = itertools.count()


@dataclass(frozen=True)
class Namespace:
    """A named network namespace."""

    name: str

    @property
    def path(self) -> str:
        return f"/run/netns/{self.name}"

    def run(self, *command: str) -> str:
        """Run a command inside and return its output; it must succeed."""
        with entered(self.path):
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listener(self, port: int) -> socket.socket:
        """Listen on every address, IPv4 peers included."""
        with entered(self.path):
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=8
            )

    def connection(self, address: str, port: int, *, uid: int = 0) -> socket.socket:
        """Connect as `uid`, which the kernel notes when the socket is made."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with entered(self.path), _as_user(uid):
            stream = socket.socket(family, socket.SOCK_STREAM)
        try:
            stream.settimeout(SECONDS)
            stream.connect((address, port))
        except BaseException:
            stream.close()
            raise
        return stream


@dataclass(frozen=True)
class Pair:
    """`app` is the pod under test, `peer` the rest of the world and its router."""

    app: Namespace
    peer: Namespace


@contextmanager
def namespace(role: str) -> Iterator[Namespace]:
    """Make a namespace and remove it afterwards."""
    name = f"mesh-init-{role}-{os.getpid()}-{next(_count)}"
    netns.create(name)
    try:
        yield Namespace(name)
    finally:
        netns.remove(name)


@contextmanager
def pair() -> Iterator[Pair]:
    """Make the two namespaces and remove them afterwards."""
    with namespace("app") as app, namespace("peer") as peer:
        _join(app.name, peer.name)
        yield Pair(app, peer)


def move(old: Namespace, new: Namespace) -> None:
    """Give `new` the peer's cable and its addresses; neither `old` nor the other end is told."""

    def inside() -> str:
        with _opened(new.path) as file, entered(old.path), IPRoute() as ip:
            (name,) = (
                link.get_attr("IFLA_IFNAME")
                for link in ip.get_links()
                if link.get_attr("IFLA_IFNAME").startswith(_CABLE)
            )
            ip.link("set", index=ip.link_lookup(ifname=name)[0], net_ns_fd=file)
            return name

    _configure(new.path, _in_thread(inside), PEER, gateway=APP)


def original_destination(stream: socket.socket) -> tuple[str, int] | None:
    """Return where an accepted connection wanted to go; None when nobody redirected it."""
    try:
        if ":" in stream.getsockname()[0] and not stream.getsockname()[0].startswith("::ffff:"):
            raw = stream.getsockopt(socket.IPPROTO_IPV6, _ORIGINAL_DESTINATION, 28)
            return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0]
        raw = stream.getsockopt(socket.SOL_IP, _ORIGINAL_DESTINATION, 16)
        return socket.inet_ntoa(raw[4:8]), struct.unpack("!H", raw[2:4])[0]
    except FileNotFoundError:
        return None


def _join(app: str, peer: str) -> None:
    cable = f"{_CABLE}{os.getpid() % 100000}x{next(_count)}"
    with (
        _opened(f"/run/netns/{app}") as app_file,
        _opened(f"/run/netns/{peer}") as peer_file,
        IPRoute() as ip,
    ):
        ip.link(
            "add",
            ifname=f"{cable}a",
            kind="veth",
            net_ns_fd=app_file,
            peer={"ifname": f"{cable}b", "net_ns_fd": peer_file},
        )
    _configure(f"/run/netns/{app}", f"{cable}a", APP, gateway=PEER)
    _configure(f"/run/netns/{peer}", f"{cable}b", PEER, gateway=APP)


def _configure(
    path: str, interface: str, addresses: dict[int, str], gateway: dict[int, str]
) -> None:
    def inside() -> None:
        with entered(path), IPRoute() as ip:
            for name in ("lo", interface):
                index = ip.link_lookup(ifname=name)[0]
                ip.link("set", index=index, state="up")
            for version, address in addresses.items():
                # Without duplicate detection an IPv6 address is usable at once.
                ip.addr(
                    "add",
                    index=index,
                    address=address,
                    prefixlen=_PREFIX[version],
                    flags=_NO_DUPLICATE_DETECTION if version == 6 else 0,
                )
                family = socket.AF_INET if version == 4 else socket.AF_INET6
                ip.route("add", dst="default", gateway=gateway[version], family=family)

    _in_thread(inside)


def _in_thread(work: Callable[[], T]) -> T:
    """Run in a thread of its own: pyroute2's event loop thread inherits its namespace."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


@contextmanager
def _as_user(uid: int) -> Iterator[None]:
    # Of this thread alone, unlike os.seteuid.
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(uid)
    try:
        yield
    finally:
        libc.setfsuid(before)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

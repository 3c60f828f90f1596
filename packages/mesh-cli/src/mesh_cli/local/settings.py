"""What one local mesh is called, where its files lie, which addresses it uses.

Addresses need no configuration: each mesh has a net namespace of its own.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mesh_cli.local.errors import BadArgument
from mesh_cli.local.links import Address, Network

RUN_DIRECTORY = Path("/run/mesh")
DEFAULT_PREFIX = "mesh"
PROXY_UID = 2102
CONTROLLER_UID = 2103
UNPRIVILEGED_UID = 65534
CONTROL_NAMESPACE = "linkerd"
TRUST_DOMAIN = "cluster.local"
CLUSTER_DOMAIN = "cluster.local"
NODE_NAME = "local"

POD_NETWORKS: tuple[Network, ...] = (
    ipaddress.ip_network("10.244.0.0/16"),
    ipaddress.ip_network("fd00:10:244::/112"),
)
SERVICE_NETWORKS: tuple[Network, ...] = (
    ipaddress.ip_network("10.96.0.0/16"),
    ipaddress.ip_network("fd00:10:96::/112"),
)
# The first address of each pod network is the router's, the tenth service address is DNS.
GATEWAYS: tuple[Address, ...] = tuple(network[1] for network in POD_NETWORKS)
DNS_ADDRESSES: tuple[Address, ...] = tuple(network[10] for network in SERVICE_NETWORKS)

_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


def check_prefix(prefix: str) -> str:
    """Return the prefix, or raise BadArgument: it becomes a directory and a host name."""
    if not _PREFIX.fullmatch(prefix):
        raise BadArgument(
            f"--prefix {prefix!r}: use 1 to 32 lower-case letters, digits and inner hyphens"
        )
    return prefix


def prefix_option(prefix: str) -> str:
    """What a command needs besides to mean this mesh; nothing for the default one."""
    return "" if prefix == DEFAULT_PREFIX else f" --prefix {prefix}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """One door to the host: a port there, and what in the mesh answers it."""

    host: str
    host_port: int
    namespace: str
    kind: str
    name: str
    port: int

    def __str__(self) -> str:
        return (
            f"{self.host}:{self.host_port} → {self.kind}/{self.namespace}/{self.name}:{self.port}"
        )


def check_address(value: str | None) -> str | None:
    """Return an IP address, or raise BadArgument."""
    if value is None:
        return None
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise BadArgument(f"--dns-forward {value!r}: give an IP address") from None


_EXPOSURE = re.compile(
    r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?P<host_port>\d+):"
    r"(?:(?P<namespace>[a-z0-9-]+)/)?(?:(?P<kind>pod|service)/)?(?P<name>[a-z0-9.-]+):(?P<port>\d+)"
)


def parse_exposure(value: str) -> Exposure:
    """Parse `[ADDRESS:]PORT:[NAMESPACE/][pod/|service/]NAME:PORT`."""
    match = _EXPOSURE.fullmatch(value)
    if not match:
        raise BadArgument(
            f"--expose {value!r}: write HOSTPORT:NAMESPACE/SERVICE:PORT, for example "
            "8080:shop/web:80, or 8080:shop/pod/web-0:8000"
        )
    host_port, port = int(match["host_port"]), int(match["port"])
    if not (0 < host_port < 65536 and 0 < port < 65536):
        raise BadArgument(f"--expose {value!r}: a port is a number from 1 to 65535")
    return Exposure(
        (match["host"] or "127.0.0.1").strip("[]"),
        host_port,
        match["namespace"] or "default",
        match["kind"] or "service",
        match["name"],
        port,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the supervisor is told at start."""

    prefix: str
    directories: tuple[Path, ...]
    search_path: tuple[Path, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    # File descriptors of the listening sockets, in the order of `exposures`.
    listeners: tuple[int, ...] = ()
    dns_forward: str | None = None
    control_plane: bool = True
    log_level: str = "warn,linkerd=info,mesh=info"

    @property
    def state(self) -> Path:
        """The mesh's directory on the host."""
        return RUN_DIRECTORY / self.prefix

    @property
    def socket(self) -> Path:
        """Where commands reach the supervisor."""
        return self.state / "control.sock"

    @property
    def objects(self) -> Path:
        """The state directory: one object a file."""
        return self.state / "objects"

    @property
    def logs(self) -> Path:
        """`<namespace>/<pod>/<container>.log`."""
        return self.state / "logs"

    @property
    def identity(self) -> Path:
        """Trust root and issuer; only the identity pod sees it."""
        return self.state / "identity"

    @property
    def pods(self) -> Path:
        """Per pod: token, hosts, volumes. A private mount: the host sees it empty."""
        return self.state / "pods"

    def to_json(self) -> str:
        """Encode for the supervisor's command line."""
        return json.dumps(asdict(self), default=str)


def settings_from_json(document: str) -> Settings:
    """The reverse of `Settings.to_json`."""
    raw: Mapping[str, object] = json.loads(document)
    values = dict(raw)
    for name in ("directories", "search_path"):
        values[name] = tuple(Path(str(path)) for path in _list(values[name]))
    values["listeners"] = tuple(_list(values["listeners"]))
    values["exposures"] = tuple(
        Exposure(**entry) for entry in _list(values["exposures"]) if isinstance(entry, dict)
    )
    return Settings(**values)  # type: ignore[arg-type]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []

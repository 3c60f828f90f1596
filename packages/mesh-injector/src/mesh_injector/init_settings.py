"""The containers that make sure of a pod's redirect before anything else runs in it."""

from dataclasses import dataclass
from datetime import timedelta

from mesh_core.annotations import LogFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class InitSettings:
    """How `linkerd-init` runs; what it redirects belongs to the proxy's settings."""

    iptables_mode: str = "nft"
    """legacy, nft or plain; matters only to images of Linkerd's own."""
    log_level: str = "info"
    log_format: LogFormat = LogFormat.PLAIN
    privileged: bool = False
    run_as_root: bool = False
    run_as_user: int = 65534
    run_as_group: int = 65534
    lock_directory: str = "/run"
    """Where iptables, of images that use it, writes its lock: the root file system is read-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkValidatorSettings:
    """How `linkerd-network-validator` runs where a CNI plugin makes the redirect."""

    log_level: str = "debug"
    log_format: LogFormat = LogFormat.PLAIN
    connect_address: str = ""
    """Somewhere that only a redirect answers; empty means one of the pod's family."""
    listen_address: str = ""
    """Empty means the proxy's outbound port on all addresses."""
    timeout: timedelta = timedelta(seconds=10)
    security_context: bool = True

"""The containers that make sure of a pod's redirect before anything else runs in it."""

from dataclasses import dataclass
from datetime import timedelta

from mesh_core.annotations import LogFormat
from mesh_proto.vocabulary import ports


@dataclass(frozen=True, slots=True, kw_only=True)
class InitSettings:
    """How `linkerd-init` runs; what it redirects belongs to the proxy's settings."""

    iptables_mode: str = "nft"
    """legacy, nft or plain; matters only to images of Linkerd's own."""
    log_level: str = "info"
    log_format: LogFormat = LogFormat.PLAIN
    privileged: bool = False
    run_as_root: bool = False
    run_as_user: int = ports.INIT_UID
    run_as_group: int = ports.INIT_UID
    lock_directory: str = "/run"
    """Where iptables, of images that use it, writes its lock: the root file system is read-only."""

    @property
    def root(self) -> bool:
        """Whether it runs as root, however that was asked for."""
        return self.run_as_root or self.run_as_user == 0


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

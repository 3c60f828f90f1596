"""Which connections of a pod go through its proxy."""

import math
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from mesh_core.networks import Network
from mesh_core.ports import NO_PORTS, PortSet
from mesh_core.resources import Pod
from mesh_injector.control_plane import component_of
from mesh_injector.images import is_linkerds
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectPlan:
    """What `mesh-proxy init` is told. Typed throughout, so that no text of a user becomes a flag.

    `proxy_gid` is None when connections are told apart by user only.
    """

    incoming_port: int
    outgoing_port: int
    proxy_uid: int
    proxy_gid: int | None = None
    skip_inbound_ports: PortSet = NO_PORTS
    skip_outbound_ports: PortSet = NO_PORTS
    skip_subnets: tuple[Network, ...] = ()
    only_inbound_ports: PortSet = NO_PORTS
    """Empty means all."""
    ipv6: bool = False
    close_wait_timeout: timedelta | None = None
    iptables_mode: str = ""
    """Empty leaves it to the program."""
    log_level: str = "info"
    log_format: str = "plain"

    def arguments(self) -> tuple[str, ...]:
        """Give the flags of `mesh-proxy init`, which are those of linkerd2-proxy-init."""
        flags = {
            "--incoming-proxy-port": str(self.incoming_port),
            "--outgoing-proxy-port": str(self.outgoing_port),
            "--proxy-uid": str(self.proxy_uid),
            "--proxy-gid": "" if self.proxy_gid is None else str(self.proxy_gid),
            "--inbound-ports-to-ignore": str(self.skip_inbound_ports),
            "--outbound-ports-to-ignore": str(self.skip_outbound_ports),
            "--subnets-to-ignore": ",".join(map(str, self.skip_subnets)),
            "--ports-to-redirect": str(self.only_inbound_ports),
            "--timeout-close-wait-secs": _seconds(self.close_wait_timeout),
            "--iptables-mode": self.iptables_mode,
            # These have defaults in the program, of Linkerd's too; saying them again says nothing.
            "--log-level": "" if self.log_level == "info" else self.log_level,
            "--log-format": "" if self.log_format == "plain" else self.log_format,
        }
        given = [part for flag, value in flags.items() if value for part in (flag, value)]
        return (*given, f"--ipv6={'true' if self.ipv6 else 'false'}")


def redirect_plan(pod: Pod, settings: ProxySettings, installation: Installation) -> RedirectPlan:
    """Plan a pod's redirect.

    The proxy's own control and admin ports are never redirected to itself. The control plane
    reaches the Kubernetes API without its proxy, which needs the control plane to work.
    """
    outbound = settings.skip_outbound_ports
    if component_of(pod, installation) is not None:
        outbound |= installation.kubernetes_api_ports
    return RedirectPlan(
        incoming_port=settings.inbound_port,
        outgoing_port=settings.outbound_port,
        proxy_uid=settings.uid,
        proxy_gid=settings.gid if settings.gid > 0 else None,
        skip_inbound_ports=_with_own(
            settings.control_port, settings.admin_port, settings.skip_inbound_ports
        ),
        skip_outbound_ports=outbound,
        skip_subnets=settings.skip_subnets,
        ipv6=installation.ipv6,
        close_wait_timeout=settings.close_wait_timeout,
        iptables_mode=_iptables_mode(settings, installation),
        log_level=installation.init.log_level,
        log_format=installation.init.log_format.value,
    )


def _iptables_mode(settings: ProxySettings, installation: Installation) -> str:
    """Say it to whom it matters: our own program uses no iptables and would say so."""
    mode = installation.init.iptables_mode
    return "" if mode == "nft" and not is_linkerds(settings.image) else mode


@lru_cache(maxsize=256)
def _with_own(control_port: int, admin_port: int, skipped: PortSet) -> PortSet:
    return PortSet.of((control_port, admin_port)) | skipped


def _seconds(duration: timedelta | None) -> str:
    return str(math.ceil(duration.total_seconds())) if duration else ""

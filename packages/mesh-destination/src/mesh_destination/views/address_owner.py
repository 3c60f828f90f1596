"""Whom an IP address belongs to."""

from __future__ import annotations

from mesh_core.resources import Pod, Service
from mesh_destination.index import Index
from mesh_destination.views.refusals import AmbiguousTarget


def address_owner(index: Index, ip: str) -> Service | Pod | None:
    """The Service or pod at a canonical address, None for a stranger.

    Raises AmbiguousTarget when several Services claim it: guessing would send traffic to the
    wrong one.
    """
    services = index.services.at(ip)
    if len(services) > 1:
        names = ", ".join(str(service.key) for service in services)
        raise AmbiguousTarget(f"the ClusterIP {ip} belongs to several Services: {names}")
    return services[0] if services else index.pods.at(ip)

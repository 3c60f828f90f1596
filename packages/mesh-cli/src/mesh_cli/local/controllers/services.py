"""Services as an API server would complete them (pure)."""

from collections.abc import Sequence

import msgspec

from mesh_cli.local.links import Address
from mesh_core.resources import Service

_DUAL = ("PreferDualStack", "RequireDualStack")


def complete(service: Service, addresses: Sequence[Address]) -> Service:
    """Fill in addresses and families; `addresses` are the ones reserved for it, IPv4 first.

    One family unless the Service asks for both, as in a cluster.
    """
    spec = service.spec
    if service.external:
        return service
    families = tuple(f"IPv{address.version}" for address in addresses)
    chosen = tuple(family for family in spec.ip_families if family in families)
    if not chosen:
        chosen = families if spec.ip_family_policy in _DUAL else families[:1]
    elif spec.ip_family_policy in _DUAL:
        chosen = (*chosen, *(family for family in families if family not in chosen))
    if service.headless:
        ips: tuple[str, ...] = ("None",)
        if not spec.ip_family_policy and not spec.ip_families:
            chosen = families[:1]
    else:
        by_family = {f"IPv{address.version}": str(address) for address in addresses}
        ips = tuple(by_family[family] for family in chosen)
    completed = msgspec.structs.replace(
        spec,
        cluster_ip=ips[0],
        cluster_ips=ips,
        ip_families=chosen,
        ip_family_policy=spec.ip_family_policy or "SingleStack",
    )
    return msgspec.structs.replace(service, spec=completed)

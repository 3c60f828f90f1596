"""The rules by which the mesh's own net namespace plays kube-proxy (pure plan).

A Service port becomes one rule that goes to a chain of its own, where each ready endpoint
is picked with equal chance. What still has a service address after that has no endpoint and
is refused. Only a pod that reaches itself through its Service needs its source rewritten.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mesh_cli.local import nftables
from mesh_cli.local.links import Address, Network
from mesh_cli.local.netlink import Message
from mesh_cli.local.nftables import BaseChain, Hook

TABLE = "mesh-services"

_DNAT_PRIORITY, _FILTER_PRIORITY, _SNAT_PRIORITY = -100, 0, 100
_PREROUTING = BaseChain("prerouting", "nat", Hook.PREROUTING, _DNAT_PRIORITY)
_OUTPUT = BaseChain("output", "nat", Hook.OUTPUT, _DNAT_PRIORITY)
_POSTROUTING = BaseChain("postrouting", "nat", Hook.POSTROUTING, _SNAT_PRIORITY)
_FORWARD = BaseChain("forward", "filter", Hook.FORWARD, _FILTER_PRIORITY)
_LOCAL = BaseChain("local", "filter", Hook.OUTPUT, _FILTER_PRIORITY)
_PROTOCOLS = {"TCP": nftables.TCP, "UDP": nftables.UDP}


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One ready endpoint of a Service port."""

    address: Address
    port: int


@dataclass(frozen=True, slots=True)
class Route:
    """Where one Service port's connections go, for one of its addresses."""

    address: Address
    protocol: str
    port: int
    targets: tuple[Target, ...]


def chain_name(route: Route) -> str:
    """A name that fits nftables' limit and stays the same while the port exists."""
    digest = hashlib.sha256(f"{route.address}/{route.protocol}/{route.port}".encode())
    return f"svc-{digest.hexdigest()[:16]}"


def plan(
    routes: Sequence[Route], services: Sequence[Network], router: Iterable[Address]
) -> list[Message]:
    """All messages that replace the table in one transaction.

    `router` are the router's own addresses within the service networks (its DNS server's).
    """
    usable = [route for route in routes if route.targets and route.protocol in _PROTOCOLS]
    messages = nftables.replace_table(TABLE)
    for chain in (_PREROUTING, _OUTPUT, _POSTROUTING, _FORWARD, _LOCAL):
        messages.append(nftables.base_chain(TABLE, chain))
    for route in usable:
        messages += _route_rules(route)
    messages += _hairpin_rules(usable)
    messages += _refusals(services, router)
    return messages


def _route_rules(route: Route) -> list[Message]:
    chain = chain_name(route)
    match = [
        *nftables.destination(route.address),
        *nftables.destination_port(_PROTOCOLS[route.protocol], route.port),
        *nftables.goto(chain),
    ]
    messages = [nftables.plain_chain(TABLE, chain)]
    messages += [nftables.rule(TABLE, base.name, match) for base in (_PREROUTING, _OUTPUT)]
    remaining = len(route.targets)
    for target in route.targets:
        chance = nftables.one_in(remaining) if remaining > 1 else []
        messages.append(
            nftables.rule(TABLE, chain, [*chance, *nftables.send_to(target.address, target.port)])
        )
        remaining -= 1
    return messages


def _hairpin_rules(routes: Iterable[Route]) -> list[Message]:
    addresses = sorted(
        {target.address for route in routes for target in route.targets},
        key=lambda address: (address.version, int(address)),
    )
    return [
        nftables.rule(
            TABLE,
            _POSTROUTING.name,
            [
                *nftables.source(address),
                *nftables.destination(address),
                *nftables.masquerade(),
            ],
        )
        for address in addresses
    ]


def _refusals(services: Sequence[Network], router: Iterable[Address]) -> list[Message]:
    messages = [
        nftables.rule(TABLE, _LOCAL.name, [*nftables.destination(address), *nftables.accept()])
        for address in router
    ]
    for chain in (_FORWARD, _LOCAL):
        for network in services:
            match = nftables.destination_in(network)
            messages.append(nftables.rule(TABLE, chain.name, [*match, *nftables.reject_tcp()]))
            messages.append(nftables.rule(TABLE, chain.name, [*match, *nftables.reject()]))
    return messages

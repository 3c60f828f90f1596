"""Handing out pod and service addresses (pure)."""

import hashlib
from collections.abc import Iterable, Sequence

from mesh_cli.local.errors import LocalError
from mesh_cli.local.links import Address, Network

# Below these, both networks keep their numbers for the router and the DNS server.
_FIRST_POD, _FIRST_SERVICE = 2, 16


class PodAddresses:
    """Numbers for pods: the next free one, so that a freed address rests as long as possible.

    A pod's number gives its addresses in every family, its link's name and index.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._limit = min(network.num_addresses for network in networks) - 2
        self._next = _FIRST_POD
        self._used: set[int] = set()

    def take(self) -> int:
        """Reserve a number; raises LocalError when all are in use."""
        for _ in range(self._limit):
            number = self._next
            self._next = number + 1 if number < self._limit else _FIRST_POD
            if number not in self._used:
                self._used.add(number)
                return number
        raise LocalError("all pod addresses are in use; run fewer pods")

    def release(self, number: int) -> None:
        """Give a number back."""
        self._used.discard(number)

    def of(self, number: int) -> list[Address]:
        """The addresses behind a number, one per family, IPv4 first."""
        return [network[number] for network in self._networks]


class ServiceAddresses:
    """Stable service addresses: by the Service's name, so that they survive a restart."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._numbers: dict[str, int] = {}

    def of(self, name: str) -> list[Address]:
        """The addresses of a Service, one per family."""
        number = self._numbers.get(name)
        if number is None:
            number = self._choose(name)
            self._numbers[name] = number
        return [network[number] for network in self._networks]

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget Services that are gone."""
        wanted = set(names)
        self._numbers = {name: n for name, n in self._numbers.items() if name in wanted}

    def _choose(self, name: str) -> int:
        size = min(network.num_addresses for network in self._networks) - _FIRST_SERVICE - 1
        start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % size
        used = set(self._numbers.values())
        for step in range(size):
            number = _FIRST_SERVICE + (start + step) % size
            if number not in used:
                return number
        raise LocalError("all service addresses are in use")

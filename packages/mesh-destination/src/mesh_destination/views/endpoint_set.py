"""The endpoints of a Service port: a set whose changes travel as differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from mesh_destination.views.answer import revision_field
from mesh_destination.views.wire import tcp_address
from mesh_proto.pb import destination_pb2 as pb


class SocketAddress(NamedTuple):
    """Where an endpoint listens; `ip` in canonical text."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class EndpointSet:
    """All endpoints by address. `exists` is false when there is no such Service at all."""

    exists: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[SocketAddress, pb.WeightedAddr] = field(default_factory=dict)

    def since(self, sent: Self | None, revision: int) -> tuple[bytes, ...]:
        """At most one `add` and one `remove`, or one `no_endpoints`.

        New endpoints come before old ones go, so that a reader between the two messages is
        never without any. An `add` of a known address replaces it.
        """
        if sent == self:
            return ()
        if not self.endpoints:
            return self._emptied(sent, revision)
        added = self._added(sent)
        gone = () if sent is None else tuple(sent.endpoints.keys() - self.endpoints.keys())
        if not gone:
            return (self._add(added) + revision_field(revision),)
        if not added:
            return (_remove(gone) + revision_field(revision),)
        return (
            self._add(added) + revision_field(revision - 1),
            _remove(gone) + revision_field(revision),
        )

    def _emptied(self, sent: Self | None, revision: int) -> tuple[bytes, ...]:
        none = pb.Update(no_endpoints=pb.NoEndpoints(exists=self.exists)).SerializeToString()
        last = none + revision_field(revision)
        if sent is None or not sent.endpoints:
            return (last,)
        # Not every reader takes `no_endpoints` for a removal of what it knows.
        return _remove(sent.endpoints) + revision_field(revision - 1), last

    def _added(self, sent: Self | None) -> list[pb.WeightedAddr]:
        if sent is None or sent.labels != self.labels:
            return list(self.endpoints.values())
        known = sent.endpoints
        return [
            endpoint
            for address, endpoint in self.endpoints.items()
            if known.get(address) != endpoint
        ]

    def _add(self, endpoints: Iterable[pb.WeightedAddr]) -> bytes:
        added = pb.WeightedAddrSet(addrs=endpoints, metric_labels=self.labels)
        return pb.Update(add=added).SerializeToString()


def _remove(addresses: Iterable[SocketAddress]) -> bytes:
    removed = pb.AddrSet(addrs=[tcp_address(*address) for address in sorted(addresses)])
    return pb.Update(remove=removed).SerializeToString()

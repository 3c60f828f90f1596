"""One row per pair of workloads that talk: who they are, and whether it is secured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .exposition import Sample
from .pods import PodView, by_workload
from .workloads import is_probe

# Who called in plaintext and has hung up since: no label of the proxy says who it was.
UNMESHED = "(not meshed)"

# `no_tls_reason` of the proxy's metrics, in a reader's words.
_REASONS = {
    "disabled": "the proxy has no identity",
    "loopback": "it stays within the pod",
    "not_provided_by_service_discovery": "server not meshed",
    "ingress_without_override": "ingress mode without an override",
    "port_skipped": "the port is left out of the mesh",
    "no_tls_from_remote": "client not meshed",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A client workload and a server workload.

    `expected` says that both ends have proxies, so that it has to be secured. `reason`
    says why it is not; it is empty when `secured`.
    """

    src: str
    dst: str
    client_id: str
    server_id: str
    secured: bool
    reason: str
    expected: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """One kind of connection that a client's proxy counted to one workload."""

    src: str
    dst: str
    client_id: str
    server_id: str
    tls: str
    no_tls_reason: str


def edge_rows(pods: Sequence[PodView], window: Sequence[PodView]) -> list[Edge]:
    """Return the edges seen by the proxies, by source and destination.

    Meshed clients are judged over the whole life of their proxies (`pods`): one connection in
    plaintext at the start is one too many. Unmeshed ones are those of the `window`.

    What a client's proxy reports is believed only when the server's proxy names the same
    client: both ends have to have verified each other.
    """
    workloads = by_workload(pods)
    verified = {name: _client_ids(group) for name, group in workloads.items()}
    edges = [
        _outbound_edge(seen, workloads.get(seen.dst, []), verified.get(seen.dst, frozenset()))
        for seen in _outbound(pods)
    ]
    edges += [
        Edge(client, name, "", "", secured=False, reason=reason, expected=False)
        for name, group in by_workload(window).items()
        for reason in _plaintext_reasons(group)
        for client in _unmeshed_clients(pods, group)
    ]
    return sorted(set(edges), key=lambda edge: (edge.src, edge.dst, edge.server_id))


def _outbound(pods: Sequence[PodView]) -> set[_Seen]:
    owners = {address: pod.workload for pod in pods for address in pod.addresses}
    return {
        _Seen(
            src=pod.workload,
            dst=destination,
            client_id=pod.identity,
            server_id=sample.labels.get("server_id", ""),
            tls=sample.labels.get("tls", ""),
            no_tls_reason=sample.labels.get("no_tls_reason", ""),
        )
        for pod in pods
        for sample in _dialled(pod)
        if sample.value > 0 and (destination := _destination(sample.labels, owners))
    }


def _dialled(pod: PodView) -> Iterator[Sample]:
    yield from pod.scrape.samples("tcp_open_total", direction="outbound", peer="dst")
    yield from pod.scrape.samples("request_total", direction="outbound")


def _destination(labels: Mapping[str, str], owners: Mapping[str, str]) -> str:
    """Name the workload; addresses outside the application (the control plane) have none."""
    by_label = labels.get("dst_deployment") or labels.get("dst_pod")
    address = labels.get("target_ip") or labels.get("target_addr", "").rpartition(":")[0]
    # The address is the better witness: labels may name a workload of another namespace.
    return owners.get(address.strip("[]"), "") or (
        by_label or "" if by_label in owners.values() else ""
    )


def _outbound_edge(seen: _Seen, servers: Sequence[PodView], verified: frozenset[str]) -> Edge:
    expected = any(pod.meshed for pod in servers)
    secured, reason = True, ""
    if seen.tls != "true" or not seen.server_id:
        secured, reason = False, _reason(seen.no_tls_reason, seen.tls)
    elif seen.client_id not in verified:
        secured, reason = False, "the server has not verified the client"
    return Edge(
        src=seen.src,
        dst=seen.dst,
        client_id=seen.client_id if secured else "",
        server_id=seen.server_id,
        secured=secured,
        reason=reason,
        expected=expected,
    )


def _client_ids(pods: Sequence[PodView]) -> frozenset[str]:
    """Return the clients that these pods' proxies have verified."""
    return frozenset(
        identity
        for pod in pods
        for family in ("tcp_open_total", "request_total")
        for sample in pod.scrape.samples(family, direction="inbound", tls="true")
        if (identity := sample.labels.get("client_id"))
    )


def _unmeshed_clients(pods: Sequence[PodView], servers: Sequence[PodView]) -> set[str]:
    """Return the workloads without a proxy that are connected to these pods."""
    connected = frozenset[str]().union(*(pod.clients for pod in servers))
    found = {
        pod.workload for pod in pods if not pod.meshed and not connected.isdisjoint(pod.addresses)
    }
    return found or {UNMESHED}


def _plaintext_reasons(pods: Sequence[PodView]) -> set[str]:
    """Return why plaintext requests came in; the kubelet's probes do not count.

    Nor do requests without a route: a proxy that has no policy yet names none, and what a
    pod is asked before it is ready are probes.
    """
    return {
        _reason(sample.labels.get("no_tls_reason", ""), sample.labels.get("tls", ""))
        for pod in pods
        for sample in pod.scrape.samples("request_total", direction="inbound")
        if sample.value > 0
        and sample.labels.get("tls") != "true"
        and "route_name" in sample.labels
        and not is_probe(sample.labels)
    }


def _reason(no_tls_reason: str, tls: str) -> str:
    return _REASONS.get(no_tls_reason) or no_tls_reason.replace("_", " ") or f"tls is {tls or '?'}"

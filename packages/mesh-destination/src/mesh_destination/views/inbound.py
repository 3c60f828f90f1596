"""Who may connect to a port of a pod, and as what: `InboundServerPolicies`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from mesh_core.annotations import InboundPolicy
from mesh_core.networks import EVERYWHERE, Network
from mesh_core.resources import Container, HTTPGetAction, Pod
from mesh_destination.index import Index, Key, canonical_ip, pod_key
from mesh_destination.views import pod_facts
from mesh_destination.views.answer import Whole
from mesh_destination.views.refusals import UnknownTarget
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import default_reference, duration, ip_address, ip_network
from mesh_proto.pb import http_route_pb2, http_types_pb2
from mesh_proto.pb import inbound_pb2 as pb

DETECT_TIMEOUT = timedelta(seconds=10)
_PROBE = "probe"
_DEFAULT_ROUTE = "default"


@dataclass(frozen=True, slots=True)
class InboundServer:
    """The server that stands for `port` of a pod."""

    view: ClassVar[str] = "inbound"

    namespace: str
    pod: str
    port: int

    @property
    def keys(self) -> frozenset[Key]:
        """The pod; what it inherits from its namespace counts as its own."""
        return frozenset({pod_key(self.namespace, self.pod)})

    def answer(self, index: Index, settings: Settings) -> Whole:
        """Compute the default server; raises UnknownTarget for an unknown pod."""
        pod = index.pods.get(self.namespace, self.pod)
        if pod is None:
            raise UnknownTarget(f"there is no pod {self.namespace}/{self.pod}")
        policy = pod_facts.inbound_policy(index, settings, pod, self.port)
        authorizations = _authorizations(policy, settings)
        return Whole.of(
            pb.Server(
                protocol=_protocol(index, settings, pod, self.port, authorizations),
                server_ips=[ip_address(ip) for ip in map(canonical_ip, pod.status.addresses) if ip],
                authorizations=authorizations,
                labels=_labels(policy),
            )
        )


def _labels(name: str) -> dict[str, str]:
    """How metrics and logs name something that comes from no object."""
    return {"group": "", "kind": "default", "name": name}


def _authorizations(policy: InboundPolicy, settings: Settings) -> list[pb.Authz]:
    if policy is InboundPolicy.DENY:
        return []
    cluster_only = policy in (
        InboundPolicy.CLUSTER_AUTHENTICATED,
        InboundPolicy.CLUSTER_UNAUTHENTICATED,
    )
    authenticated = policy in (
        InboundPolicy.CLUSTER_AUTHENTICATED,
        InboundPolicy.ALL_AUTHENTICATED,
    )
    sources = settings.cluster_networks if cluster_only else EVERYWHERE
    return [_authorization(policy, sources, authenticated=authenticated)]


def _authorization(name: str, sources: Iterable[Network], *, authenticated: bool) -> pb.Authz:
    if authenticated:
        # A suffix without parts is the suffix of every identity.
        anyone = pb.Authn.PermitMeshTLS.PermitClientIdentities(suffixes=[pb.IdentitySuffix()])
        authentication = pb.Authn(meshTLS=pb.Authn.PermitMeshTLS(identities=anyone))
    else:
        authentication = pb.Authn(unauthenticated=pb.Authn.PermitUnauthenticated())
    return pb.Authz(
        networks=[pb.Network(net=ip_network(network)) for network in sources],
        authentication=authentication,
        labels=_labels(name),
        metadata=default_reference(name),
    )


def _protocol(
    index: Index, settings: Settings, pod: Pod, port: int, authorizations: list[pb.Authz]
) -> pb.ProxyProtocol:
    if port in pod_facts.opaque_ports(index, settings, pod):
        return pb.ProxyProtocol(opaque=pb.ProxyProtocol.Opaque())
    routes = [_route(_DEFAULT_ROUTE, [_prefix("/")], authorizations)]
    paths = _probe_paths(settings, pod, port)
    if paths:
        probes = _authorization(_PROBE, settings.probe_networks, authenticated=False)
        # In front, for readers that take the first match rather than the most specific one.
        routes.insert(0, _route(_PROBE, [_get(path) for path in paths], [probes]))
    detect = pb.ProxyProtocol.Detect(timeout=duration(DETECT_TIMEOUT), http_routes=routes)
    return pb.ProxyProtocol(detect=detect)


def _route(
    name: str, matches: list[http_route_pb2.HttpRouteMatch], authorizations: list[pb.Authz]
) -> pb.HttpRoute:
    return pb.HttpRoute(
        metadata=default_reference(name),
        authorizations=authorizations,
        rules=[pb.HttpRoute.Rule(matches=matches)],
    )


def _prefix(path: str) -> http_route_pb2.HttpRouteMatch:
    return http_route_pb2.HttpRouteMatch(path=http_route_pb2.PathMatch(prefix=path))


def _get(path: str) -> http_route_pb2.HttpRouteMatch:
    return http_route_pb2.HttpRouteMatch(
        path=http_route_pb2.PathMatch(exact=path),
        method=http_types_pb2.HttpMethod(registered=http_types_pb2.HttpMethod.GET),
    )


def _probe_paths(settings: Settings, pod: Pod, port: int) -> list[str]:
    """The paths that the node asks for on this port, so that health checks need no policy."""
    paths = {
        _path_only(action.path)
        for container in pod.spec.all_containers()
        for action in _http_probes(container)
        if _probed_port(container, action) == port
    }
    if port == pod_facts.admin_port(pod) and pod_facts.is_meshed(settings, pod):
        # The proxy's own probes, also where the pod's manifest does not show the proxy.
        paths |= {"/live", "/ready"}
    return sorted(paths)


def _http_probes(container: Container) -> Iterable[HTTPGetAction]:
    probes = (container.liveness_probe, container.readiness_probe, container.startup_probe)
    return (probe.http_get for probe in probes if probe is not None and probe.http_get is not None)


def _probed_port(container: Container, action: HTTPGetAction) -> int | None:
    if isinstance(action.port, int):
        return action.port
    if action.port.isdecimal():
        return int(action.port)
    named = (p.container_port for p in container.ports if p.name == action.port)
    return next(named, None)


def _path_only(path: str) -> str:
    """Without its query, which a path match does not see."""
    path = path.partition("?")[0]
    return path if path.startswith("/") else f"/{path}"

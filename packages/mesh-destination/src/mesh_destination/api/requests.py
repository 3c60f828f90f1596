"""From requests on the wire to questions."""

from __future__ import annotations

import msgspec

from mesh_core.authority import Authority, InvalidAuthorityError
from mesh_core.kubernetes_names import is_label, is_subdomain
from mesh_core.names import InvalidNameError, ServiceName
from mesh_core.ports import MAX_PORT, MIN_PORT
from mesh_destination.index import canonical_ip
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.inbound import InboundServer
from mesh_destination.views.outbound import OutboundToAddress, OutboundToService
from mesh_destination.views.profile import ProfileOfAddress, ProfileOfName
from mesh_destination.views.refusals import InvalidQuestion, UnknownTarget
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import ip_text
from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2

DEFAULT_PORT = 80
_SHOWN = 300


class _Client(msgspec.Struct, rename="camel", frozen=True):
    """Who asks, as the proxy's environment says; only the place matters here."""

    node_name: str = ""


class _Workload(msgspec.Struct, frozen=True):
    """A pod, as proxies name themselves to the policy API."""

    ns: str
    pod: str = ""
    external_workload: str = ""


def endpoints_question(request: destination_pb2.GetDestination, settings: Settings) -> Endpoints:
    """`Destination.Get`; raises InvalidQuestion for what is not a Service's name."""
    authority = _authority(request.path)
    if authority.is_address:
        raise InvalidQuestion(f"Invalid authority: {authority} is an address; Get takes names")
    name = _service_name(authority, settings)
    return Endpoints(
        name.namespace,
        name.service,
        authority.port or DEFAULT_PORT,
        hostname=name.hostname,
        node=_node(request.context_token),
    )


def profile_question(
    request: destination_pb2.GetDestination, settings: Settings
) -> ProfileOfAddress | ProfileOfName:
    """`Destination.GetProfile`; raises InvalidQuestion."""
    authority = _authority(request.path)
    port = authority.port or DEFAULT_PORT
    node = _node(request.context_token)
    if authority.is_address:
        ip = canonical_ip(str(authority.host))
        if ip is not None:
            return ProfileOfAddress(ip, port, node)
    name = _service_name(authority, settings)
    return ProfileOfName(name.namespace, name.service, port, hostname=name.hostname, node=node)


def outbound_question(
    spec: outbound_pb2.TrafficSpec, settings: Settings
) -> OutboundToAddress | OutboundToService:
    """`OutboundPolicies`; raises InvalidQuestion."""
    _workload(spec.source_workload)
    match spec.WhichOneof("target"):
        case "addr":
            ip = ip_text(spec.addr.ip)
            if ip is None:
                raise InvalidQuestion("the target's address holds no IP address")
            return OutboundToAddress(ip, _port(spec.addr.port))
        case "authority":
            return _outbound_authority(spec.authority, settings)
        case _:
            raise InvalidQuestion("the request names no target")


def inbound_question(spec: inbound_pb2.PortSpec) -> InboundServer:
    """`InboundServerPolicies`; raises InvalidQuestion, or UnknownTarget for other than pods."""
    workload = _workload(spec.workload)
    if not workload.pod:
        raise UnknownTarget(f"there is no workload {spec.workload[:_SHOWN]}; pods are known")
    return InboundServer(workload.ns, workload.pod, _port(spec.port))


def _outbound_authority(text: str, settings: Settings) -> OutboundToAddress | OutboundToService:
    authority = _authority(text)
    port = authority.port or DEFAULT_PORT
    if authority.is_address:
        ip = canonical_ip(str(authority.host))
        if ip is not None:
            return OutboundToAddress(ip, port)
    name = _service_name(authority, settings)
    if name.hostname:
        raise UnknownTarget(f"{name} is a pod; its profile says how it is reached")
    return OutboundToService(name.namespace, name.service, port)


def _authority(text: str) -> Authority:
    try:
        return Authority.parse(text)
    except InvalidAuthorityError as error:
        raise InvalidQuestion(f"Invalid authority: {error}") from error


def _service_name(authority: Authority, settings: Settings) -> ServiceName:
    try:
        return ServiceName.parse(str(authority.host), settings.cluster_domain)
    except InvalidNameError as error:
        raise InvalidQuestion(f"Invalid authority: {error}") from error


def _port(port: int) -> int:
    if not MIN_PORT <= port <= MAX_PORT:
        raise InvalidQuestion(f"{port} is not a port: expected {MIN_PORT} to {MAX_PORT}")
    return port


def _node(context_token: str) -> str:
    """The client's node; a token that cannot be read costs the client only what is local."""
    try:
        return msgspec.json.decode(context_token, type=_Client).node_name
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""


def _workload(text: str) -> _Workload:
    """Read `{"ns": …, "pod": …}`, or `ns:pod` as older proxies write it."""
    expected = f'the workload {text[:_SHOWN]!r} is not {{"ns": NAMESPACE, "pod": POD}}'
    namespace, colon, pod = text.partition(":")
    if colon and not text.startswith("{"):
        workload = _Workload(namespace, pod)
    else:
        try:
            workload = msgspec.json.decode(text, type=_Workload)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise InvalidQuestion(f"{expected}: {error}") from error
    # Names become parts of answers, which have limits of their own.
    names = filter(None, (workload.pod, workload.external_workload))
    if not (is_label(workload.ns) and all(map(is_subdomain, names))):
        raise InvalidQuestion(f"{expected}: these cannot be names")
    return workload

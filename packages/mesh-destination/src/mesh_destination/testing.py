"""What tests play with: small objects, an index to put them in, and a reader of answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.resources import (
    Address,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Namespace,
    Node,
    ObjectMeta,
    ObjectReference,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
    Resource,
    Service,
    ServicePort,
    ServiceSpec,
)
from mesh_core.store import Event
from mesh_destination.index import Index, Key
from mesh_destination.views.answer import Answer
from mesh_destination.views.endpoint_set import EndpointSet
from mesh_destination.views.question import Question
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import ip_text
from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2
from mesh_proto.pb.net_pb2 import TcpAddress

CREATED = datetime(2026, 11, 23, tzinfo=UTC)
HTTP = ServicePort(80, name="http", target_port=8080)
Place = tuple[str, int]


def make_pod(
    name: str = "web-1",
    namespace: str = "shop",
    *,
    ips: Iterable[str] = ("10.1.0.1",),
    meshed: bool = True,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    spec: PodSpec | None = None,
    phase: str = "Running",
    created: datetime = CREATED,
) -> Pod:
    """A running pod; `owner` is the kind and name of its controller."""
    mesh = {CONTROL_PLANE_LABEL: "linkerd"} if meshed else {}
    addresses = tuple(ips)
    return Pod(
        metadata=ObjectMeta(
            name=name,
            namespace=namespace,
            labels=mesh | dict(labels or {}),
            annotations=annotations or {},
            owner_references=() if owner is None else (make_owner(*owner),),
            creation_timestamp=created,
        ),
        spec=spec or PodSpec(service_account_name="web", node_name="node-a"),
        status=PodStatus(
            phase=phase,
            pod_ip=addresses[0] if addresses else "",
            pod_ips=tuple(Address(ip) for ip in addresses),
        ),
    )


def make_owner(kind: str, name: str) -> OwnerReference:
    """A reference to a controller."""
    return OwnerReference("apps/v1", kind, name, controller=True)


def make_service(
    name: str = "web",
    namespace: str = "shop",
    *,
    ip: str = "10.96.0.1",
    ports: Iterable[ServicePort] = (HTTP,),
    annotations: Mapping[str, str] | None = None,
    internal_traffic_policy: str = "Cluster",
    external_name: str = "",
) -> Service:
    """A Service with a ClusterIP, headless with the ip `None`, or an alias."""
    return Service(
        metadata=ObjectMeta(name=name, namespace=namespace, annotations=annotations or {}),
        spec=ServiceSpec(
            ports=tuple(ports),
            cluster_ip="" if external_name else ip,
            type="ExternalName" if external_name else "ClusterIP",
            external_name=external_name,
            internal_traffic_policy=internal_traffic_policy,
        ),
    )


def make_endpoint(
    pod: Pod | None = None,
    *,
    address: str | None = None,
    ready: bool | None = True,
    hostname: str = "",
    node: str = "",
    zone: str = "",
) -> Endpoint:
    """An endpoint for a pod at its first address, or a bare one."""
    addresses = (address,) if address else () if pod is None else pod.status.addresses[:1]
    reference = None
    if pod is not None:
        reference = ObjectReference(kind="Pod", name=pod.name, namespace=pod.namespace)
    return Endpoint(
        addresses=addresses,
        conditions=EndpointConditions(ready=ready),
        hostname=hostname,
        node_name=node or ("" if pod is None else pod.spec.node_name),
        zone=zone,
        target_ref=reference,
    )


def make_slice(
    *endpoints: Endpoint | Pod,
    service: str = "web",
    namespace: str = "shop",
    name: str = "web-abc",
    port: int | None = 8080,
    port_name: str = "http",
    family: str = "IPv4",
) -> EndpointSlice:
    """A slice of a Service's endpoints, all on one port."""
    return EndpointSlice(
        metadata=ObjectMeta(
            name=name, namespace=namespace, labels={"kubernetes.io/service-name": service}
        ),
        address_type=family,
        endpoints=tuple(
            make_endpoint(item) if isinstance(item, Pod) else item for item in endpoints
        ),
        ports=(EndpointPort(port, port_name),),
    )


def make_namespace(name: str = "shop", **annotations: str) -> Namespace:
    """A namespace; annotations are given as `opaque_ports="80"` for the mesh's own."""
    given = {f"config.linkerd.io/{k.replace('_', '-')}": v for k, v in annotations.items()}
    return Namespace(metadata=ObjectMeta(name=name, annotations=given))


def make_node(name: str = "node-a", zone: str = "") -> Node:
    """A node, in a zone where one is given."""
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return Node(metadata=ObjectMeta(name=name, labels=labels))


class World:
    """An index with objects in it, and questions to ask."""

    def __init__(self, *resources: Resource, settings: Settings | None = None) -> None:
        self.index = Index()
        self.settings = settings or Settings()
        self._objects: dict[tuple[str, str, str], Resource] = {}
        self.put(*resources)

    def put(self, *resources: Resource) -> frozenset[Key]:
        """Create or replace objects; gives the keys that this touched."""
        keys: frozenset[Key] = frozenset()
        for resource in resources:
            place = (resource.kind, resource.namespace, resource.name)
            old = self._objects.get(place)
            self._objects[place] = resource
            keys |= self.index.apply(Event(old, resource))
        return keys

    def delete(self, resource: Resource) -> frozenset[Key]:
        """Remove an object; gives the keys that this touched."""
        self._objects.pop((resource.kind, resource.namespace, resource.name), None)
        return self.index.apply(Event(resource, None))

    @property
    def objects(self) -> tuple[Resource, ...]:
        """All present objects."""
        return tuple(self._objects.values())

    def ask(self, question: Question) -> Answer:
        """The answer of today; raises Refused."""
        return question.answer(self.index, self.settings)

    def endpoints(self, question: Question) -> EndpointSet:
        """The answer to a question about endpoints."""
        answer = self.ask(question)
        assert isinstance(answer, EndpointSet)  # noqa: S101 - this is a test's own tool
        return answer

    def profile(self, question: Question) -> destination_pb2.DestinationProfile:
        """The answer to a question about a profile."""
        return destination_pb2.DestinationProfile.FromString(self._bytes(question))

    def server(self, question: Question) -> inbound_pb2.Server:
        """The answer to a question about inbound policy."""
        return inbound_pb2.Server.FromString(self._bytes(question))

    def policy(self, question: Question) -> outbound_pb2.OutboundPolicy:
        """The answer to a question about outbound policy."""
        return outbound_pb2.OutboundPolicy.FromString(self._bytes(question))

    def _bytes(self, question: Question) -> bytes:
        (message,) = self.ask(question).since(None, 2)
        return message


class Follower:
    """Keeps the set of endpoints as a proxy does, from the messages of a stream."""

    def __init__(self) -> None:
        self.endpoints: dict[Place, destination_pb2.WeightedAddr] = {}
        self.labels: dict[str, str] = {}
        self.exists: bool | None = None
        self.revisions: list[int] = []

    def read(self, *messages: bytes) -> None:
        """Take in encoded updates."""
        for message in messages:
            update = destination_pb2.Update.FromString(message)
            self.revisions.append(update.mesh_revision)
            match update.WhichOneof("update"):
                case "add":
                    self.exists = True
                    self.labels = dict(update.add.metric_labels)
                    self.endpoints |= {_place(item.addr): item for item in update.add.addrs}
                case "remove":
                    for address in update.remove.addrs:
                        del self.endpoints[_place(address)]
                case "no_endpoints":
                    self.exists = update.no_endpoints.exists
                    self.endpoints.clear()


def _place(address: TcpAddress) -> Place:
    return ip_text(address.ip) or "", address.port

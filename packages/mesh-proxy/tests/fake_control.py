"""A control plane in the test's own process: it says what the test tells it to say.

It speaks the real gRPC services. What it has said so far is kept per call and key, so that a
stream that is opened again begins with the newest answer, as a real controller's does.
"""

import copy
import datetime
import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Any, Protocol

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import Message

from mesh_proto.pb import (
    destination_pb2,
    destination_pb2_grpc,
    identity_pb2,
    identity_pb2_grpc,
    inbound_pb2,
    inbound_pb2_grpc,
    meta_pb2,
    net_pb2,
    outbound_pb2,
    outbound_pb2_grpc,
)

SECONDS = 10.0
_SKEW = datetime.timedelta(seconds=20)


class Authority:
    """A certificate authority that signs what it is asked to, within the given life."""

    def __init__(self, common: str = "root") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
        self.root = self._sign(name, self.key.public_key(), datetime.timedelta(days=1), ca=True)
        self.intermediates: list[x509.Certificate] = []
        """From the one that signs leaves up to the one that the root has signed."""
        self.uris: dict[str, str] = {}
        """URIs that stand in leaves before the names they belong to."""

    @property
    def pem(self) -> str:
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def leaf(self, public_key: Any, name: str, life: datetime.timedelta) -> x509.Certificate:
        return self.leaf_of_several(public_key, [name], life)

    def leaf_of_several(
        self, public_key: Any, names: list[str], life: datetime.timedelta
    ) -> x509.Certificate:
        """A leaf with these names in this order, each behind its URI if it has one."""
        alternatives: list[x509.GeneralName] = []
        for name in names:
            if uri := self.uris.get(name):
                alternatives.append(x509.UniformResourceIdentifier(uri))
            alternatives.append(x509.DNSName(name))
        return self._sign(x509.Name([]), public_key, life, names=alternatives)

    def below(self, depth: int) -> "Authority":
        """One that signs by way of `depth` intermediates; this one stays as it is."""
        other = copy.copy(self)
        other.intermediates = list(self.intermediates)
        for _ in range(depth):
            other.delegate()
        return other

    def delegate(self) -> None:
        """Have leaves signed by a new intermediate from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        common = f"intermediate {len(self.intermediates)}"
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
        issuer = self._issuer
        life = datetime.timedelta(days=1)
        certificate = self._sign(name, key.public_key(), life, ca=True, issuer=issuer)
        self.intermediates.insert(0, certificate)
        self.key = key

    @property
    def _issuer(self) -> x509.Name:
        return (self.intermediates[0] if self.intermediates else self.root).subject

    def _sign(
        self,
        subject: x509.Name,
        public_key: Any,
        life: datetime.timedelta,
        *,
        ca: bool = False,
        names: list[x509.GeneralName] | None = None,
        issuer: x509.Name | None = None,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or (subject if ca else self._issuer))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        return builder.sign(self.key, hashes.SHA256())


class Deltas(Protocol):
    """A script of `Get` streams."""

    def stream(self, context: grpc.ServicerContext) -> Iterator[destination_pb2.Update]: ...


@dataclass
class Said:
    """The newest answer of one call about one thing."""

    number: int
    answer: Message


@dataclass
class Script:
    """What the control plane says and has heard. Guarded by `changed`."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    said: dict[tuple[str, str], Said] = field(default_factory=dict)
    streams: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    opened: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    certified: list[identity_pb2.CertifyRequest] = field(default_factory=list)
    refuse: tuple[grpc.StatusCode, str] | None = None
    life: datetime.timedelta = datetime.timedelta(hours=1)
    limit: int | None = None
    """Messages after which a stream is ended; None: never."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    stopping: bool = False


class FakeControl:
    """Identity, discovery and both policy services on one address.

    Several can share one `authority`, for pods of the same mesh.
    """

    def __init__(self, authority: Authority | None = None) -> None:
        self.authority = authority or Authority()
        self.script = Script()
        self.deltas: dict[str, Deltas] = {}
        """What is said by `Get` about a path word for word, in place of whole answers."""
        self.streams: int | None = None
        """Streams that one connection may have at a time; None: gRPC's own limit."""
        self._server: grpc.Server | None = None
        self.port = 0

    @contextmanager
    def running(self) -> Iterator["FakeControl"]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Listen on loopback of this thread's network namespace, on the port of last time."""
        self.script.stopping = False
        options = [("grpc.so_reuseport", 0)]
        if self.streams is not None:
            options.append(("grpc.max_concurrent_streams", self.streams))
        server = grpc.server(ThreadPoolExecutor(max_workers=256), options=options)
        identity_pb2_grpc.add_IdentityServicer_to_server(_Identity(self), server)
        destination_pb2_grpc.add_DestinationServicer_to_server(_Destination(self), server)
        inbound_pb2_grpc.add_InboundServerPoliciesServicer_to_server(_Inbound(self), server)
        outbound_pb2_grpc.add_OutboundPoliciesServicer_to_server(_Outbound(self), server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        server.start()
        self._server = server

    def stop(self) -> None:
        """Go away as a killed process does: connections end, what was said is kept."""
        with self.script.changed:
            self.script.stopping = True
            self.script.changed.notify_all()
        if self._server is not None:
            self._server.stop(grace=None).wait(SECONDS)
            self._server = None

    def hand_over(self, grace: float) -> None:
        """Be replaced by another server at the same address, as in a rolling update.

        The old one takes no new calls, and ends the open ones after `grace` seconds.
        """
        old = self._server
        assert old is not None
        old.stop(grace)
        self.start()

    # What it says.

    def say(self, call: str, key: str, answer: Message, *, number: int | None = None) -> None:
        """Answer `call` about `key` from now on; `number` is the revision to claim."""
        with self.script.changed:
            number = next(self.script.numbers) if number is None else number
            answer.mesh_revision = number  # type: ignore[attr-defined]
            self.script.said[call, key] = Said(number, answer)
            self.script.changed.notify_all()

    def refuse_to_certify(self, code: grpc.StatusCode | None, text: str = "") -> None:
        with self.script.changed:
            self.script.refuse = (code, text) if code else None

    # What it has heard.

    def wait(
        self, what: str, condition: Callable[[Script], bool], seconds: float = SECONDS
    ) -> None:
        """Wait until the condition holds for what was heard."""
        with self.script.changed:
            if not self.script.changed.wait_for(lambda: condition(self.script), seconds):
                streams = dict(self.script.streams)
                raise AssertionError(f"not within {seconds} s: {what}; open: {streams}")

    def wait_stream(self, call: str, key: str, seconds: float = SECONDS) -> None:
        self.wait(f"{call} {key}", lambda script: script.streams[call, key] > 0, seconds)

    # How its services work.

    def follow(self, call: str, key: str, context: grpc.ServicerContext) -> Iterator[Message]:
        """Send the newest answer, and each newer one, until the stream or the server ends."""
        script = self.script
        with script.changed:
            if (call, key) not in script.said:
                context.abort(grpc.StatusCode.NOT_FOUND, f"nothing is known of {key}")
            script.streams[call, key] += 1
            script.opened[call, key] += 1
            script.changed.notify_all()
        context.add_callback(self._wake)
        last: Said | None = None
        sent = 0
        try:
            while (last := self._newer(call, key, last, context)) is not None:
                yield last.answer
                sent += 1
                if script.limit is not None and sent >= script.limit:
                    return
        finally:
            with script.changed:
                script.streams[call, key] -= 1
                script.changed.notify_all()

    def _newer(
        self, call: str, key: str, last: Said | None, context: grpc.ServicerContext
    ) -> Said | None:
        """Wait for an answer other than `last`; None when the stream or the server ends."""
        script = self.script
        with script.changed:
            script.changed.wait_for(
                lambda: self._over(context) or script.said[call, key] is not last
            )
            return None if self._over(context) else script.said[call, key]

    def _over(self, context: grpc.ServicerContext) -> bool:
        return self.script.stopping or not context.is_active()

    def _wake(self) -> None:
        with self.script.changed:
            self.script.changed.notify_all()


class _Identity(identity_pb2_grpc.IdentityServicer):
    def __init__(self, control: FakeControl) -> None:
        self.control = control

    def Certify(self, request, context):
        script = self.control.script
        with script.changed:
            script.certified.append(request)
            script.changed.notify_all()
            refuse, life = script.refuse, script.life
        if refuse:
            context.abort(*refuse)
        csr = x509.load_der_x509_csr(request.certificate_signing_request)
        leaf = self.control.authority.leaf(csr.public_key(), request.identity, life)
        response = identity_pb2.CertifyResponse(
            leaf_certificate=leaf.public_bytes(serialization.Encoding.DER),
            intermediate_certificates=[
                certificate.public_bytes(serialization.Encoding.DER)
                for certificate in self.control.authority.intermediates
            ],
        )
        response.valid_until.FromDatetime(leaf.not_valid_after_utc.replace(tzinfo=None))
        return response


class _Destination(destination_pb2_grpc.DestinationServicer):
    def __init__(self, control: FakeControl) -> None:
        self.control = control

    def Get(self, request, context):
        """The answers are whole; the stream carries what leads from one to the next."""
        if deltas := self.control.deltas.get(request.path):
            yield from deltas.stream(context)
            return
        before: list[net_pb2.TcpAddress] = []
        for answer in self.control.follow("Get", request.path, context):
            after = [weighted.addr for weighted in answer.add.addrs]
            number = 2 * answer.mesh_revision
            yield destination_pb2.Update(add=answer.add, mesh_revision=number)
            # As our destination does it: a reader between the two is never without endpoints.
            if gone := [address for address in before if address not in after]:
                remove = destination_pb2.AddrSet(addrs=gone)
                yield destination_pb2.Update(remove=remove, mesh_revision=number + 1)
            before = after

    def GetProfile(self, request, context):
        yield from self.control.follow("GetProfile", request.path, context)


class _Inbound(inbound_pb2_grpc.InboundServerPoliciesServicer):
    def __init__(self, control: FakeControl) -> None:
        self.control = control

    def GetPort(self, request, context):
        return next(self.control.follow("WatchPort", str(request.port), context))

    def WatchPort(self, request, context):
        yield from self.control.follow("WatchPort", str(request.port), context)


class _Outbound(outbound_pb2_grpc.OutboundPoliciesServicer):
    def __init__(self, control: FakeControl) -> None:
        self.control = control

    def Get(self, request, context):
        return next(self.control.follow("Watch", _asked(request), context))

    def Watch(self, request, context):
        yield from self.control.follow("Watch", _asked(request), context)


def _asked(request: outbound_pb2.TrafficSpec) -> str:
    return request.authority or address_text(request.addr)


def wire_address(text: str) -> net_pb2.TcpAddress:
    """`HOST:PORT` as the wire has it."""
    host, port = text.rsplit(":", 1)
    ip = ip_address(host.strip("[]"))
    if isinstance(ip, IPv4Address):
        wire = net_pb2.IPAddress(ipv4=int(ip))
    else:
        halves = net_pb2.IPv6(first=int(ip) >> 64, last=int(ip) & (1 << 64) - 1)
        wire = net_pb2.IPAddress(ipv6=halves)
    return net_pb2.TcpAddress(ip=wire, port=int(port))


def address_text(address: net_pb2.TcpAddress) -> str:
    """The reverse of `wire_address`."""
    if address.ip.HasField("ipv6"):
        number = address.ip.ipv6.first << 64 | address.ip.ipv6.last
        return f"[{ip_address(number)}]:{address.port}"
    return f"{ip_address(address.ip.ipv4)}:{address.port}"


def endpoints(*addresses: str) -> destination_pb2.Update:
    """The endpoints of a destination: plaintext, of ordinary weight."""
    addrs = [
        destination_pb2.WeightedAddr(addr=wire_address(address), weight=10_000)
        for address in addresses
    ]
    return destination_pb2.Update(add=destination_pb2.WeightedAddrSet(addrs=addrs))


def meshed(address: str, identity: str) -> destination_pb2.Update:
    """One endpoint behind a proxy that proves `identity` and takes HTTP as HTTP/2."""
    update = endpoints(address)
    (endpoint,) = update.add.addrs
    endpoint.tls_identity.dns_like_identity.name = identity
    endpoint.tls_identity.server_name.name = identity
    endpoint.protocol_hint.h2.SetInParent()
    endpoint.protocol_hint.opaque_transport.inbound_port = 4143
    return update


def profile(name: str = "", *, opaque: bool = False) -> destination_pb2.DestinationProfile:
    return destination_pb2.DestinationProfile(fully_qualified_name=name, opaque_protocol=opaque)


def _service() -> meta_pb2.Metadata:
    return meta_pb2.Metadata(
        resource=meta_pb2.Resource(group="core", kind="Service", name="web", namespace="shop")
    )


def _default(name: str) -> meta_pb2.Metadata:
    """Of what nobody has declared."""
    return meta_pb2.Metadata(default=name)


def _balancer(path: str) -> outbound_pb2.Backend:
    backend = outbound_pb2.Backend(metadata=_service())
    backend.balancer.discovery.dst.path = path
    backend.balancer.peak_ewma.default_rtt.FromMilliseconds(30)
    backend.balancer.peak_ewma.decay.FromSeconds(10)
    backend.queue.capacity = 100
    backend.queue.failfast_timeout.FromSeconds(3)
    return backend


def _opaque_route(path: str) -> outbound_pb2.OpaqueRoute:
    route = outbound_pb2.OpaqueRoute(metadata=_default("opaque"))
    available = route.rules.add().backends.first_available
    available.backends.add().backend.CopyFrom(_balancer(path))
    return route


def _http_route(path: str) -> outbound_pb2.HttpRoute:
    route = outbound_pb2.HttpRoute(metadata=_default("http"))
    rule = route.rules.add()
    rule.matches.add().path.prefix = "/"
    rule.backends.first_available.backends.add().backend.CopyFrom(_balancer(path))
    return route


def opaque_policy(path: str) -> outbound_pb2.OutboundPolicy:
    """Balance connections over the endpoints of `path`."""
    policy = outbound_pb2.OutboundPolicy(metadata=_service())
    policy.protocol.opaque.routes.append(_opaque_route(path))
    return policy


def detect_policy(path: str) -> outbound_pb2.OutboundPolicy:
    """Detect the protocol, and balance requests or connections over the endpoints of `path`."""
    policy = outbound_pb2.OutboundPolicy(metadata=_service())
    detect = policy.protocol.detect
    detect.timeout.FromSeconds(10)
    detect.http1.routes.append(_http_route(path))
    detect.http2.routes.append(_http_route(path))
    detect.opaque.routes.append(_opaque_route(path))
    return policy


def open_server() -> inbound_pb2.Server:
    """Anybody may come; the protocol is detected."""
    server = inbound_pb2.Server(labels={"kind": "default", "name": "all-unauthenticated"})
    server.protocol.detect.timeout.FromSeconds(10)
    authz = server.authorizations.add()
    authz.metadata.default = "all-unauthenticated"
    authz.networks.add().net.ip.ipv4 = 0
    authz.networks.add().net.ip.ipv6.first = 0
    authz.authentication.unauthenticated.SetInParent()
    return server


def closed_server(*identities: str, opaque: bool = False) -> inbound_pb2.Server:
    """Only these may come."""
    server = opaque_server() if opaque else open_server()
    demanded = server.authorizations[0].authentication.meshTLS.identities.identities
    for identity in identities:
        demanded.add(name=identity)
    return server


def opaque_server() -> inbound_pb2.Server:
    """Anybody may come; bytes are relayed."""
    server = open_server()
    server.protocol.opaque.SetInParent()
    return server

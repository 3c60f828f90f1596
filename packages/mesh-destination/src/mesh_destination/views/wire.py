"""Small wire messages: addresses, networks, durations, references."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration

from mesh_core.networks import Network
from mesh_core.resources import Resource
from mesh_proto.pb import meta_pb2, net_pb2

_LOW_64_BITS = (1 << 64) - 1

# The wire calls the group without a name `core`; proxies insist on a non-empty one.
_CORE_GROUP = "core"


def ip_address(ip: str) -> net_pb2.IPAddress:
    """An address; IPv4 as its ordinary numeric value, IPv6 as two halves."""
    version, number = _parsed(ip)
    if version == 4:
        return net_pb2.IPAddress(ipv4=number)
    return net_pb2.IPAddress(ipv6=net_pb2.IPv6(first=number >> 64, last=number & _LOW_64_BITS))


@lru_cache(maxsize=65536)
def _parsed(ip: str) -> tuple[int, int]:
    """The version and the number of an address; the same few are encoded again and again."""
    address = ipaddress.ip_address(ip)
    return address.version, int(address)


def tcp_address(ip: str, port: int) -> net_pb2.TcpAddress:
    """An address and a port."""
    return net_pb2.TcpAddress(ip=ip_address(ip), port=port)


def ip_text(address: net_pb2.IPAddress) -> str | None:
    """The canonical text of an address from the wire, None when it holds none."""
    match address.WhichOneof("ip"):
        case "ipv4":
            return str(ipaddress.IPv4Address(address.ipv4))
        case "ipv6":
            parsed = ipaddress.IPv6Address((address.ipv6.first << 64) | address.ipv6.last)
            return str(parsed.ipv4_mapped or parsed)
        case _:
            return None


def ip_network(network: Network) -> net_pb2.IPNetwork:
    """A network with its prefix length."""
    return net_pb2.IPNetwork(
        ip=ip_address(str(network.network_address)), prefix_len=network.prefixlen
    )


def duration(span: timedelta) -> Duration:
    """A span of time."""
    message = Duration()
    message.FromTimedelta(span)
    return message


def resource_reference(resource: Resource, port: int = 0) -> meta_pb2.Metadata:
    """Names a Kubernetes object, if given a port of it."""
    group = resource.api_version.rpartition("/")[0] or _CORE_GROUP
    return meta_pb2.Metadata(
        resource=meta_pb2.Resource(
            group=group,
            kind=resource.kind,
            name=resource.name,
            namespace=resource.namespace,
            port=port,
        )
    )


def default_reference(name: str) -> meta_pb2.Metadata:
    """Names something that comes from no object, such as a default route."""
    return meta_pb2.Metadata(default=name)

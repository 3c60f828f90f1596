"""Routes and backends of outbound policies.

Proxies insist on completeness: every piece of metadata, all four parts of `detect`, discovery
and load of a balancer, both times of its load measure.
"""

from __future__ import annotations

from datetime import timedelta

from mesh_destination.views.service_ports import Protocol
from mesh_destination.views.wire import default_reference, duration, tcp_address
from mesh_proto.pb import destination_pb2, http_route_pb2, meta_pb2, opaque_route_pb2
from mesh_proto.pb import outbound_pb2 as pb

DETECT_TIMEOUT = timedelta(seconds=10)
QUEUE = pb.Queue(capacity=100, failfast_timeout=duration(timedelta(seconds=3)))
PEAK_EWMA = pb.Backend.BalanceP2c.PeakEwma(
    default_rtt=duration(timedelta(milliseconds=30)), decay=duration(timedelta(seconds=10))
)


def service_backend(reference: meta_pb2.Metadata, path: str) -> pb.Backend:
    """Balance over the endpoints that `Destination.Get` gives for `path`."""
    discovery = pb.Backend.EndpointDiscovery(
        dst=pb.Backend.EndpointDiscovery.DestinationGet(path=path)
    )
    balancer = pb.Backend.BalanceP2c(discovery=discovery, peak_ewma=PEAK_EWMA)
    return pb.Backend(metadata=reference, queue=QUEUE, balancer=balancer)


def forward_backend(reference: meta_pb2.Metadata, ip: str, port: int) -> pb.Backend:
    """Connect to one address as it is, without the mesh at its other end."""
    forward = destination_pb2.WeightedAddr(addr=tcp_address(ip, port), weight=1)
    return pb.Backend(metadata=reference, queue=QUEUE, forward=forward)


def default_routes(
    protocol: Protocol, backend: pb.Backend, *, name: str | None = None
) -> pb.ProxyProtocol:
    """Send everything to one backend; routes are called `name`, else after what they carry."""
    http = [_http_route(name or "http", backend)]
    opaque = [_opaque_route(name or "opaque", backend)]
    match protocol:
        case Protocol.HTTP1:
            return pb.ProxyProtocol(http1=pb.ProxyProtocol.Http1(routes=http))
        case Protocol.HTTP2:
            return pb.ProxyProtocol(http2=pb.ProxyProtocol.Http2(routes=http))
        case Protocol.OPAQUE:
            return pb.ProxyProtocol(opaque=pb.ProxyProtocol.Opaque(routes=opaque))
        case Protocol.DETECT:
            return pb.ProxyProtocol(
                detect=pb.ProxyProtocol.Detect(
                    timeout=duration(DETECT_TIMEOUT),
                    opaque=pb.ProxyProtocol.Opaque(routes=opaque),
                    http1=pb.ProxyProtocol.Http1(routes=http),
                    http2=pb.ProxyProtocol.Http2(routes=http),
                )
            )


def forbidden_route(name: str) -> pb.OpaqueRoute:
    """Refuse every connection."""
    rule = pb.OpaqueRoute.Rule(
        backends=pb.OpaqueRoute.Distribution(empty=pb.OpaqueRoute.Distribution.Empty()),
        filters=[pb.OpaqueRoute.Filter(forbidden=opaque_route_pb2.Forbidden())],
    )
    return pb.OpaqueRoute(metadata=default_reference(name), rules=[rule])


def _http_route(name: str, backend: pb.Backend) -> pb.HttpRoute:
    first = pb.HttpRoute.Distribution.FirstAvailable(
        backends=[pb.HttpRoute.RouteBackend(backend=backend)]
    )
    anything = http_route_pb2.HttpRouteMatch(path=http_route_pb2.PathMatch(prefix="/"))
    rule = pb.HttpRoute.Rule(
        matches=[anything], backends=pb.HttpRoute.Distribution(first_available=first)
    )
    return pb.HttpRoute(metadata=default_reference(name), rules=[rule])


def _opaque_route(name: str, backend: pb.Backend) -> pb.OpaqueRoute:
    first = pb.OpaqueRoute.Distribution.FirstAvailable(
        backends=[pb.OpaqueRoute.RouteBackend(backend=backend)]
    )
    rule = pb.OpaqueRoute.Rule(backends=pb.OpaqueRoute.Distribution(first_available=first))
    return pb.OpaqueRoute(metadata=default_reference(name), rules=[rule])

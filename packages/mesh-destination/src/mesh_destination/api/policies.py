"""`InboundServerPolicies` and `OutboundPolicies`."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from mesh_destination.api.requests import inbound_question, outbound_question
from mesh_destination.api.stream import Context, Streams
from mesh_destination.views.refusals import Refused
from mesh_destination.views.settings import Settings
from mesh_proto.pb.inbound_pb2 import PortSpec
from mesh_proto.pb.outbound_pb2 import TrafficSpec

INBOUND_SERVICE = "io.linkerd.proxy.inbound.InboundServerPolicies"
OUTBOUND_SERVICE = "io.linkerd.proxy.outbound.OutboundPolicies"


class PoliciesApi:
    """Policy of both directions."""

    def __init__(self, streams: Streams, settings: Settings) -> None:
        """Serve from `streams`."""
        self._streams = streams
        self._settings = settings

    async def get_port(self, request: PortSpec, context: Context) -> bytes:
        """The server of a pod's port, once."""
        try:
            question = inbound_question(request)
        except Refused as refusal:
            await self._streams.refuse("GetPort", refusal, context)
        return await self._streams.once("GetPort", question, context)

    async def watch_port(self, request: PortSpec, context: Context) -> None:
        """Follow the server of a pod's port."""
        try:
            question = inbound_question(request)
        except Refused as refusal:
            await self._streams.refuse("WatchPort", refusal, context)
        await self._streams.follow("WatchPort", question, context)

    async def get(self, request: TrafficSpec, context: Context) -> bytes:
        """The policy for a target, once."""
        try:
            question = outbound_question(request, self._settings)
        except Refused as refusal:
            await self._streams.refuse("OutboundGet", refusal, context)
        return await self._streams.once("OutboundGet", question, context)

    async def watch(self, request: TrafficSpec, context: Context) -> None:
        """Follow the policy for a target."""
        try:
            question = outbound_question(request, self._settings)
        except Refused as refusal:
            await self._streams.refuse("OutboundWatch", refusal, context)
        await self._streams.follow("OutboundWatch", question, context)

    def handlers(self) -> Sequence[grpc.GenericRpcHandler]:
        """Both services, as a gRPC server takes them."""
        inbound = grpc.method_handlers_generic_handler(
            INBOUND_SERVICE,
            {
                "GetPort": grpc.unary_unary_rpc_method_handler(
                    self.get_port, request_deserializer=PortSpec.FromString
                ),
                "WatchPort": grpc.unary_stream_rpc_method_handler(
                    self.watch_port, request_deserializer=PortSpec.FromString
                ),
            },
        )
        outbound = grpc.method_handlers_generic_handler(
            OUTBOUND_SERVICE,
            {
                "Get": grpc.unary_unary_rpc_method_handler(
                    self.get, request_deserializer=TrafficSpec.FromString
                ),
                "Watch": grpc.unary_stream_rpc_method_handler(
                    self.watch, request_deserializer=TrafficSpec.FromString
                ),
            },
        )
        return inbound, outbound

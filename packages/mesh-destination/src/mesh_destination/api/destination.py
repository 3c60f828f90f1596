"""`io.linkerd.proxy.destination.Destination`."""

from __future__ import annotations

import grpc

from mesh_destination.api.requests import endpoints_question, profile_question
from mesh_destination.api.stream import Context, Streams
from mesh_destination.index import Index
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.refusals import InvalidQuestion, Refused, UnknownTarget
from mesh_destination.views.settings import Settings
from mesh_proto.pb.destination_pb2 import GetDestination

SERVICE = "io.linkerd.proxy.destination.Destination"


class DestinationApi:
    """Discovery and profiles."""

    def __init__(self, streams: Streams, index: Index, settings: Settings) -> None:
        """Serve from `streams`; `index` says which Services there are."""
        self._streams = streams
        self._index = index
        self._settings = settings

    async def get(self, request: GetDestination, context: Context) -> None:
        """Follow the endpoints of a Service."""
        try:
            question = endpoints_question(request, self._settings)
            check_service(self._index, question)
        except Refused as refusal:
            await self._streams.refuse("Get", refusal, context)
        await self._streams.follow("Get", question, context)

    async def get_profile(self, request: GetDestination, context: Context) -> None:
        """Follow the profile of an address or a name."""
        try:
            question = profile_question(request, self._settings)
        except Refused as refusal:
            await self._streams.refuse("GetProfile", refusal, context)
        await self._streams.follow("GetProfile", question, context)

    def handler(self) -> grpc.GenericRpcHandler:
        """The service, as a gRPC server takes it."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Get": grpc.unary_stream_rpc_method_handler(
                    self.get, request_deserializer=GetDestination.FromString
                ),
                "GetProfile": grpc.unary_stream_rpc_method_handler(
                    self.get_profile, request_deserializer=GetDestination.FromString
                ),
            },
        )


def check_service(index: Index, question: Endpoints) -> None:
    """Refuse to begin with a Service that is not there, or is only an alias.

    Once a client follows a Service, its disappearance is a message and not an error.
    """
    service = index.services.get(question.namespace, question.service)
    if service is None:
        raise UnknownTarget(f"Service {question.service}.{question.namespace} not found")
    if service.external:
        raise InvalidQuestion(
            f"Service {question.service}.{question.namespace} is an ExternalName: "
            f"it stands for {service.spec.external_name} and has no endpoints of its own"
        )

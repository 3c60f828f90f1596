"""A gRPC service of every kind of call: it says back what it has heard, or what it is told to."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from network import Namespace

SERVICE = "test.Everything"
LARGE = 8 * 1024 * 1024
"""Largest message, in bytes."""


class Everything(grpc.GenericRpcHandler):
    """Messages are bytes; the method's name says what happens to them."""

    def __init__(self) -> None:
        self.cancelled = threading.Semaphore(0)
        """Released by every call that its client has given up."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        name = details.method.rpartition("/")[2]
        return {
            "Echo": grpc.unary_unary_rpc_method_handler(self.echo),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "Metadata": grpc.unary_unary_rpc_method_handler(self.metadata),
            "Deadline": grpc.unary_unary_rpc_method_handler(self.deadline),
            "Wait": grpc.unary_unary_rpc_method_handler(self.wait),
            "Count": grpc.unary_stream_rpc_method_handler(self.count),
            "FailLate": grpc.unary_stream_rpc_method_handler(self.fail_late),
            "Sum": grpc.stream_unary_rpc_method_handler(self.sum),
            "Chat": grpc.stream_stream_rpc_method_handler(self.chat),
        }.get(name)

    def echo(self, request: bytes, _context: grpc.ServicerContext) -> bytes:
        return request

    def fail(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """Fail with the status that the request is, before any message: only trailers leave."""
        context.set_trailing_metadata((("why", "asked for"), ("why-bin", b"\0\xff")))
        (code,) = [code for code in grpc.StatusCode if code.value[0] == int(request)]
        context.abort(code, "as you wish: ü %")
        raise AssertionError

    def metadata(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        """Give the client's own metadata back: as a message, as headers and as trailers."""
        own = [
            (key, value) for key, value in context.invocation_metadata() if key.startswith("my-")
        ]
        context.send_initial_metadata(tuple(own))
        context.set_trailing_metadata(tuple(own))
        return repr(sorted(own)).encode()

    def deadline(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        """Whether there is a deadline, to the ten seconds."""
        remaining = context.time_remaining()
        # Without one grpcio says a very large number, or none.
        return b"none" if remaining is None or remaining > 1e6 else b"%d" % round(remaining, -1)

    def wait(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        """Never answer; notice when nobody wants an answer any more."""
        over = threading.Event()
        if not context.add_callback(over.set):
            over.set()
        over.wait(30)
        self.cancelled.release()
        return b""

    def count(self, request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        for number in range(int(request)):
            yield b"%d" % number * 100

    def fail_late(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from self.count(request, context)
        context.abort(grpc.StatusCode.DATA_LOSS, "no more")

    def sum(self, requests: Iterator[bytes], _context: grpc.ServicerContext) -> bytes:
        return b"%d" % sum(map(len, requests))

    def chat(self, requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        for request in requests:
            yield request[::-1]


@contextmanager
def running(space: Namespace, port: int) -> Iterator[Everything]:
    """The service, listening in a pod."""
    from mesh_proxy.init.namespace import entered

    handler = Everything()
    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", LARGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=32), [handler], options=options)
    with entered(space.path):
        server.add_insecure_port(f"[::]:{port}")
        server.start()
    try:
        yield handler
    finally:
        server.stop(grace=None).wait(10)

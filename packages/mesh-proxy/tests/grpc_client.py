"""Calls every kind of method of a gRPC server and prints what comes of it, as JSON.

A process of its own, because grpcio makes its sockets in threads of its own.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import grpc

SECONDS = 10.0
MEGABYTE = 1024 * 1024


def ending(call: Any) -> dict[str, Any]:
    """How a call has ended."""
    own = [
        (key, value if isinstance(value, str) else value.hex())
        for key, value in call.trailing_metadata() or ()
        if not key.startswith("l5d-")
    ]
    own.sort(key=lambda field: field[0])
    code = call.code()
    # The client words its own deadline in two ways, by which of its timers is first.
    details = None if code is grpc.StatusCode.DEADLINE_EXCEEDED else call.details()
    return {"code": code.name, "details": details, "trailers": own}


class Calls:
    """One channel, and a call of each kind on it."""

    def __init__(self, target: str) -> None:
        options = [
            ("grpc.max_receive_message_length", 8 * MEGABYTE),
            ("grpc.max_send_message_length", 8 * MEGABYTE),
            ("grpc.enable_retries", 0),
            ("grpc.keepalive_time_ms", 1000),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        self._channel = grpc.insecure_channel(target, options=options)

    def unary(self, method: str, request: bytes, **options: Any) -> dict[str, Any]:
        multi = self._channel.unary_unary(f"/test.Everything/{method}")
        try:
            response, call = multi.with_call(request, **{"timeout": SECONDS, **options})
        except grpc.RpcError as error:
            return ending(error)
        first = [
            (key, value if isinstance(value, str) else value.hex())
            for key, value in call.initial_metadata()
            if key.startswith("my-")
        ]
        # Only the order of fields of one name means something.
        first.sort(key=lambda field: field[0])
        return {"response": _shown(response), "headers": first, **ending(call)}

    def server_stream(self, method: str, request: bytes) -> dict[str, Any]:
        call = self._channel.unary_stream(f"/test.Everything/{method}")(request, timeout=SECONDS)
        return self._read(call)

    def client_stream(self, count: int, size: int) -> dict[str, Any]:
        multi = self._channel.stream_unary("/test.Everything/Sum")
        response, call = multi.with_call((b"x" * size for _ in range(count)), timeout=SECONDS)
        return {"response": _shown(response), **ending(call)}

    def ping_pong(self, rounds: int) -> dict[str, Any]:
        """Each message is sent when the answer to the one before is there."""
        answered = threading.Semaphore(1)

        def requests() -> Iterator[bytes]:
            for number in range(rounds):
                answered.acquire()
                yield b"message %d" % number

        call = self._channel.stream_stream("/test.Everything/Chat")(requests(), timeout=SECONDS)
        responses = []
        for response in call:
            responses.append(_shown(response))
            answered.release()
        return {"responses": responses, **ending(call)}

    def cancelled(self) -> dict[str, Any]:
        """A call that is given up while it waits for its answer."""
        call = self._channel.unary_unary("/test.Everything/Wait").future(b"", timeout=SECONDS)
        threading.Timer(0.2, call.cancel).start()
        try:
            call.result()
        except grpc.FutureCancelledError:
            return {"cancelled": True}
        return {"cancelled": False}

    def given_up(self) -> dict[str, Any]:
        """A stream of which only the beginning is read."""
        call = self._channel.unary_stream("/test.Everything/Count")(b"100000", timeout=SECONDS)
        first = _shown(next(call))
        call.cancel()
        return {"first": first, "code": call.code().name}

    @staticmethod
    def _read(call: Any) -> dict[str, Any]:
        responses = []
        with suppress(grpc.RpcError):
            responses.extend(_shown(response) for response in call)
        return {"responses": responses, **ending(call)}


def _shown(message: bytes) -> Any:
    return len(message) if len(message) > 500 else message.decode()


METADATA = (("my-text", "a b"), ("my-text", "c"), ("my-data-bin", bytes(range(256))))
CASES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "unary": lambda calls: calls.unary("Echo", b"hello"),
    "empty": lambda calls: calls.unary("Echo", b""),
    "large": lambda calls: calls.unary("Echo", b"x" * 5 * MEGABYTE),
    "compressed": lambda calls: calls.unary(
        "Echo", b"x" * MEGABYTE, compression=grpc.Compression.Gzip
    ),
    "unknown method": lambda calls: calls.unary("Nothing", b""),
    "metadata": lambda calls: calls.unary("Metadata", b"", metadata=METADATA),
    "deadline": lambda calls: calls.unary("Deadline", b"", timeout=60),
    "no deadline": lambda calls: calls.unary("Deadline", b"", timeout=None),
    "deadline passes": lambda calls: calls.unary("Wait", b"", timeout=0.3),
    "server stream": lambda calls: calls.server_stream("Count", b"300"),
    "no messages": lambda calls: calls.server_stream("Count", b"0"),
    "fails late": lambda calls: calls.server_stream("FailLate", b"5"),
    "client stream": lambda calls: calls.client_stream(200, 10_000),
    "nothing to send": lambda calls: calls.client_stream(0, 0),
    "both ways": lambda calls: calls.ping_pong(50),
    "cancelled": lambda calls: calls.cancelled(),
    "given up": lambda calls: calls.given_up(),
    **{
        f"status {code}": lambda calls, code=code: calls.unary("Fail", b"%d" % code)
        for code in range(1, 17)
    },
}


def main() -> None:
    calls = Calls(sys.argv[1])
    json.dump({name: case(calls) for name, case in CASES.items()}, sys.stdout)


if __name__ == "__main__":
    main()

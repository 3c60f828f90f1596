"""A stock controller: answers without revisions, and deltas just as the test says them."""

import threading
from collections.abc import Iterator

import grpc
from fake_control import FakeControl, wire_address
from google.protobuf.message import Message

from mesh_proto.pb import destination_pb2

UNNUMBERED = 0
"""The revision of messages that have none."""
STATUS = 500
"""With which a stock controller answers the share of a backend that does not exist."""


class Deltas:
    """The `Destination.Get` streams about one path."""

    def __init__(self, *first: destination_pb2.Update) -> None:
        self._changed = threading.Condition()
        self._updates = list(first)
        self._generation = 0
        self.opened = 0

    def send(self, *updates: destination_pb2.Update) -> None:
        """Send more on the open streams."""
        with self._changed:
            self._updates.extend(updates)
            self._changed.notify_all()

    def end(self, *first: destination_pb2.Update) -> None:
        """End the open streams; those that follow begin with `first`."""
        with self._changed:
            self._updates = list(first)
            self._generation += 1
            self._changed.notify_all()

    def stream(self, context: grpc.ServicerContext) -> Iterator[destination_pb2.Update]:
        context.add_callback(self._wake)
        with self._changed:
            self.opened += 1
            generation = self._generation
        sent = 0
        while (update := self._next(sent, generation, context)) is not None:
            yield update
            sent += 1

    def _next(
        self, sent: int, generation: int, context: grpc.ServicerContext
    ) -> destination_pb2.Update | None:
        def over() -> bool:
            return self._generation != generation or not context.is_active()

        with self._changed:
            self._changed.wait_for(lambda: over() or len(self._updates) > sent)
            return None if over() else self._updates[sent]

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def say(control: FakeControl, call: str, key: str, answer: Message) -> None:
    """Answer without a revision."""
    control.say(call, key, answer, number=UNNUMBERED)


def add(*addresses: str) -> destination_pb2.Update:
    addrs = [
        destination_pb2.WeightedAddr(addr=wire_address(address), weight=10_000)
        for address in addresses
    ]
    return destination_pb2.Update(add=destination_pb2.WeightedAddrSet(addrs=addrs))


def remove(*addresses: str) -> destination_pb2.Update:
    addrs = [wire_address(address) for address in addresses]
    return destination_pb2.Update(remove=destination_pb2.AddrSet(addrs=addrs))


def no_endpoints(*, exists: bool) -> destination_pb2.Update:
    return destination_pb2.Update(no_endpoints=destination_pb2.NoEndpoints(exists=exists))


def later(message: Message) -> Message:
    """The message with a field of a later version behind its own."""
    field_2047_varint = b"\xf8\x7f\x01"
    return type(message).FromString(message.SerializeToString() + field_2047_varint)


def add_backend(rule: Message, backend: Message, weight: int) -> None:
    """Give a rule's backends, which share by weight, another one."""
    weighted = rule.backends.random_available.backends.add(weight=weight)
    weighted.backend.backend.CopyFrom(backend)


def add_invalid_backend(rule: Message, weight: int) -> None:
    """As for a reference to a Service that does not exist."""
    weighted = rule.backends.random_available.backends.add(weight=weight)
    weighted.backend.backend.metadata.default = "invalid"
    failure = weighted.backend.filters.add().failure_injector
    failure.status, failure.message = STATUS, "no such Service"

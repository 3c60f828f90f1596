"""A plan as one nftables transaction: the netlink messages that make it."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import plan as p
from .attribute import nested, number, text
from .expressions import expressions

SUBSYSTEM = 10
"""nf_tables among netfilter's subsystems (linux/netfilter/nfnetlink.h)."""

HEADER = struct.Struct("=IHHII")
"""Of every netlink message: length, type, flags, sequence number, port."""

FAMILY = struct.Struct("!BBH")
"""Of every netfilter message: address family, version, resource."""

REQUEST, ACKNOWLEDGE, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
"""Flags of requests (linux/netlink.h)."""

_NFPROTO_INET = 1
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
_TABLE_NAME = 1
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY, _CHAIN_TYPE = 1, 3, 4, 5, 7
_HOOK_NUMBER, _HOOK_PRIORITY = 1, 2
_RULE_TABLE, _RULE_CHAIN, _RULE_EXPRESSIONS = 1, 2, 4
_ACCEPT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a transaction and what it does, in words, for errors."""

    what: str
    message_type: int
    flags: int
    attributes: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """A transaction ready to send. The kernel acknowledges only sequence number `last`.

    One acknowledgement is enough, because errors come unasked and nothing is applied
    unless every message is accepted; a thousand would overflow the socket's buffer.
    """

    data: bytes
    steps: tuple[Step, ...]

    @property
    def last(self) -> int:
        """The sequence number of the last step; step n has number n + 1, the frame 0."""
        return len(self.steps)

    def what(self, sequence: int) -> str:
        """Say what the message with this sequence number does."""
        return self.steps[sequence - 1].what if 1 <= sequence <= self.last else "begin the batch"


def replacement(chains: Iterable[p.Chain]) -> Batch:
    """Return the transaction that replaces whatever the table held by these chains."""
    return encode(tuple(_steps(chains)))


def encode(steps: tuple[Step, ...], subsystem: int = SUBSYSTEM) -> Batch:
    """Encode the steps between the marks that make them one transaction."""
    frames = [_mark(_BATCH_BEGIN, subsystem)]
    for sequence, step in enumerate(steps, start=1):
        flags = REQUEST | step.flags | (ACKNOWLEDGE if sequence == len(steps) else 0)
        message_type = subsystem << 8 | step.message_type
        body = FAMILY.pack(_NFPROTO_INET, 0, 0) + step.attributes
        frames.append(message(message_type, flags, sequence, body))
    frames.append(_mark(_BATCH_END, subsystem))
    return Batch(b"".join(frames), steps)


def message(message_type: int, flags: int, sequence: int, body: bytes) -> bytes:
    """Encode one netlink message; `body` is padded already, as attributes are."""
    return HEADER.pack(HEADER.size + len(body), message_type, flags, sequence, 0) + body


def _steps(chains: Iterable[p.Chain]) -> Iterator[Step]:
    # Creating the table first makes its deletion valid where there was none, so a
    # second run needs no question "does it exist?" and leaves no moment without rules.
    yield _table("create table inet mesh", _NEW_TABLE, CREATE)
    yield _table("delete table inet mesh", _DELETE_TABLE, 0)
    yield _table("create table inet mesh", _NEW_TABLE, CREATE)
    for chain in chains:
        yield _chain(chain)
        for position, rule in enumerate(chain.rules, start=1):
            yield _rule(chain, position, rule)


def _table(what: str, message_type: int, flags: int) -> Step:
    return Step(what, message_type, flags, text(_TABLE_NAME, p.TABLE))


def _chain(chain: p.Chain) -> Step:
    attributes = (
        text(_CHAIN_TABLE, p.TABLE),
        text(_CHAIN_NAME, chain.name),
        nested(
            _CHAIN_HOOK,
            number(_HOOK_NUMBER, chain.hook.value),
            number(_HOOK_PRIORITY, p.DSTNAT_PRIORITY),
        ),
        text(_CHAIN_TYPE, "nat"),
        number(_CHAIN_POLICY, _ACCEPT),
    )
    return Step(f"create the nat chain {chain.name}", _NEW_CHAIN, CREATE, b"".join(attributes))


def _rule(chain: p.Chain, position: int, rule: p.Rule) -> Step:
    attributes = (
        text(_RULE_TABLE, p.TABLE),
        text(_RULE_CHAIN, chain.name),
        nested(_RULE_EXPRESSIONS, *expressions(rule)),
    )
    return Step(
        f"add rule {position} of chain {chain.name}",
        _NEW_RULE,
        CREATE | APPEND,
        b"".join(attributes),
    )


def _mark(message_type: int, subsystem: int) -> bytes:
    return message(message_type, REQUEST, 0, FAMILY.pack(0, 0, subsystem))

"""A plan as one nftables transaction: netlink messages encoded by pyroute2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import plan as p
from .bare_package import bare_package
from .expressions import expressions

with bare_package("pyroute2"):
    from pyroute2.netlink import NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST
    from pyroute2.netlink.nfnetlink import NFNL_SUBSYS_NFTABLES, nfgen_msg
    from pyroute2.netlink.nfnetlink.nftsocket import (
        NFT_MSG_DELTABLE,
        NFT_MSG_NEWCHAIN,
        NFT_MSG_NEWRULE,
        NFT_MSG_NEWTABLE,
        nft_chain_msg,
        nft_rule_msg,
        nft_table_msg,
    )

_NFPROTO_INET = 1
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_ACCEPT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a transaction and what it does, in words, for errors."""

    what: str
    message_class: type[Any]
    message_type: int
    flags: int
    attributes: Sequence[tuple[str, Any]]


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


def encode(steps: tuple[Step, ...]) -> Batch:
    """Encode the steps between the marks that make them one transaction."""
    frames = [_mark(_BATCH_BEGIN)]
    for number, step in enumerate(steps, start=1):
        flags = NLM_F_REQUEST | step.flags | (NLM_F_ACK if number == len(steps) else 0)
        message = step.message_class()
        message["nfgen_family"] = _NFPROTO_INET
        message["attrs"] = list(step.attributes)
        message_type = NFNL_SUBSYS_NFTABLES << 8 | step.message_type
        frames.append(_encoded(message, message_type, flags, number))
    frames.append(_mark(_BATCH_END))
    return Batch(b"".join(frames), steps)


def _steps(chains: Iterable[p.Chain]) -> Iterable[Step]:
    # Creating the table first makes its deletion valid where there was none, so a
    # second run needs no question "does it exist?" and leaves no moment without rules.
    yield _table("create table inet mesh", NFT_MSG_NEWTABLE, NLM_F_CREATE)
    yield _table("delete table inet mesh", NFT_MSG_DELTABLE, 0)
    yield _table("create table inet mesh", NFT_MSG_NEWTABLE, NLM_F_CREATE)
    for chain in chains:
        yield _chain(chain)
        for number, rule in enumerate(chain.rules, start=1):
            yield _rule(chain, number, rule)


def _table(what: str, message_type: int, flags: int) -> Step:
    return Step(what, nft_table_msg, message_type, flags, [("NFTA_TABLE_NAME", p.TABLE)])


def _chain(chain: p.Chain) -> Step:
    hook = [
        ("NFTA_HOOK_HOOKNUM", chain.hook.value),
        ("NFTA_HOOK_PRIORITY", p.DSTNAT_PRIORITY),
    ]
    return Step(
        f"create the nat chain {chain.name}",
        nft_chain_msg,
        NFT_MSG_NEWCHAIN,
        NLM_F_CREATE,
        [
            ("NFTA_CHAIN_TABLE", p.TABLE),
            ("NFTA_CHAIN_NAME", chain.name),
            ("NFTA_CHAIN_HOOK", {"attrs": hook}),
            ("NFTA_CHAIN_TYPE", "nat"),
            ("NFTA_CHAIN_POLICY", _ACCEPT),
        ],
    )


def _rule(chain: p.Chain, number: int, rule: p.Rule) -> Step:
    return Step(
        f"add rule {number} of chain {chain.name}",
        nft_rule_msg,
        NFT_MSG_NEWRULE,
        NLM_F_CREATE | NLM_F_APPEND,
        [
            ("NFTA_RULE_TABLE", p.TABLE),
            ("NFTA_RULE_CHAIN", chain.name),
            ("NFTA_RULE_EXPRESSIONS", expressions(rule)),
        ],
    )


def _mark(message_type: int) -> bytes:
    message = nfgen_msg()
    message["res_id"] = NFNL_SUBSYS_NFTABLES
    return _encoded(message, message_type, NLM_F_REQUEST, 0)


def _encoded(message: Any, message_type: int, flags: int, sequence: int) -> bytes:
    header = message["header"]
    header["type"], header["flags"], header["sequence_number"] = message_type, flags, sequence
    message.encode()
    return bytes(message.data)

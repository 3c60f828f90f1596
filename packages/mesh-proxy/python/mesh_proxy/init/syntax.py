"""A plan in the syntax of nft: what `--dry-run` prints and `nft -f` would load."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from . import plan as p


def document(chains: Iterable[p.Chain]) -> str:
    """Return the whole transaction; loading it twice leaves the same as once."""
    body = "\n\n".join("\n".join(_chain(chain)) for chain in chains)
    # Declaring the table first makes the deletion valid where there was none.
    return (
        f"table inet {p.TABLE}\ndelete table inet {p.TABLE}\ntable inet {p.TABLE} {{\n{body}\n}}\n"
    )


def _chain(chain: p.Chain) -> Iterator[str]:
    yield f"    chain {chain.name} {{"
    yield (
        f"        type nat hook {chain.hook.name.lower()} priority {p.DSTNAT_PRIORITY};"
        " policy accept;"
    )
    for rule in chain.rules:
        yield f"        {_rule(rule)}"
    yield "    }"


def _rule(rule: p.Rule) -> str:
    return " ".join([*map(_match, rule.matches), _verdict(rule.verdict)])


def _match(match: p.Match) -> str:  # noqa: PLR0911 - one line for each kind of match
    match match:
        case p.Tcp():
            return "meta l4proto tcp"
        case p.Ipv6():
            return "meta nfproto ipv6"
        case p.EntersBy(name):
            return f'iifname "{name}"'
        case p.LeavesBy(name):
            return f'oifname "{name}"'
        case p.SentByUser(uid):
            return f"meta skuid {uid}"
        case p.SentByGroup(gid):
            return f"meta skgid {gid}"
        case p.FromSubnet(subnet):
            return f"{'ip' if subnet.version == 4 else 'ip6'} saddr {subnet}"
        case p.ToPorts(ports):
            return f"tcp dport {ports}"
        case p.NotToPort(port):
            return f"tcp dport != {port}"
        case _:
            assert_never(match)


def _verdict(verdict: p.Leave | p.ToProxy) -> str:
    match verdict:
        case p.Leave():
            return "return"
        case p.ToProxy(port):
            return f"counter redirect to :{port}"
        case _:
            assert_never(verdict)

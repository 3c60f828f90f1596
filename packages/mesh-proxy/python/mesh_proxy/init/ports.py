"""Ports and port ranges as the flags of `init` take them: `25,4567-4568`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

HIGHEST = 65535

# At most five digits: a longer number is no port, and `int` need not read it.
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """The ports `first` to `last`, both included; 1 ≤ first ≤ last ≤ 65535."""

    first: int
    last: int

    def __post_init__(self) -> None:
        """Refuse what is no range (ValueError)."""
        if not 1 <= self.first <= HIGHEST or not 1 <= self.last <= HIGHEST:
            raise ValueError("a port is a number from 1 to 65535")
        if self.first > self.last:
            raise ValueError("a range begins with its lower port")

    def __contains__(self, port: int) -> bool:
        """Whether `port` lies in the range."""
        return self.first <= port <= self.last

    def __str__(self) -> str:
        """`25` or `4567-4568`, as nft writes it."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def parse_port(text: str) -> int:
    """Read one port, 1 to 65535 (ValueError)."""
    if "-" in text:
        raise ValueError("one port is expected, not a range")
    return parse_range(text).first


def parse_range(text: str) -> PortRange:
    """Read `80` or `80-90` (ValueError). No signs, no spaces: the flags are made by machines."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError("expected ports such as 80 or 8000-8100, separated by commas")
    first, last = match.groups()
    return PortRange(int(first), int(last or first))


def merge(ranges: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """Return the same ports in ascending order, in as few ranges as possible."""
    merged: list[PortRange] = []
    for ports in sorted(ranges):
        if merged and ports.first <= merged[-1].last + 1:
            merged[-1] = PortRange(merged[-1].first, max(merged[-1].last, ports.last))
        else:
            merged.append(ports)
    return tuple(merged)

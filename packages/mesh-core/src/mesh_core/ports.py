"""TCP ports and sets of them, as in `25,587,4567-4568`."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from mesh_core.errors import CoreError

MIN_PORT, MAX_PORT = 1, 65535

_NUMBER = re.compile(r"[0-9]{1,5}")
_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_SHOWN = 40


class InvalidPortError(CoreError):
    """A text or number is not a port, a range or a port's name."""


class PortRange(NamedTuple):
    """All ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        """Write `80`, or `80-90`."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def parse_port(text: str) -> int:
    """Read a decimal port number from 1 to 65535."""
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not MIN_PORT <= number <= MAX_PORT:
        msg = f"{text[:_SHOWN]!r} is not a port: expected {MIN_PORT} to {MAX_PORT}"
        raise InvalidPortError(msg)
    return number


def is_port_name(text: str) -> bool:
    """Say whether `text` can name a container's port (RFC 6335, section 5.1)."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class PortSet:
    """A set of ports in canonical form: ranges in order that neither overlap nor touch.

    `names` are ports known only by their name until a pod or Service resolves them. `in` takes
    a number or a name and costs a binary search.
    """

    ranges: tuple[PortRange, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ports: Iterable[int | PortRange] = (), names: Iterable[str] = ()) -> Self:
        """Make a set of single ports and ranges."""
        parts = (PortRange(port, port) if isinstance(port, int) else port for port in ports)
        return cls(tuple(_merged(sorted(_checked(part) for part in parts))), frozenset(names))

    @classmethod
    def parse(cls, text: str, *, names: bool = False) -> Self:
        """Read ports and ranges with commas between; with `names`, names too.

        Spaces around an element and empty elements mean nothing.
        """
        ports: list[PortRange] = []
        found: set[str] = set()
        for element in filter(None, map(str.strip, text.split(","))):
            if names and is_port_name(element):
                found.add(element)
            else:
                ports.append(_parse_range(element, names=names))
        return cls.of(ports, found)

    def __str__(self) -> str:
        """Write the canonical text, which `parse` reads back."""
        return ",".join((*map(str, self.ranges), *sorted(self.names)))

    def __contains__(self, port: object) -> bool:
        """Say whether a number or a name is in the set."""
        if isinstance(port, str):
            return port in self.names
        if not isinstance(port, int):
            return False
        index = bisect_right(self.ranges, port, key=lambda part: part.first) - 1
        return index >= 0 and port <= self.ranges[index].last

    def __iter__(self) -> Iterator[int]:
        """All port numbers in order; names are left out."""
        for part in self.ranges:
            yield from range(part.first, part.last + 1)

    def __len__(self) -> int:
        """How many ports and names there are."""
        return len(self.names) + sum(part.last - part.first + 1 for part in self.ranges)

    def __bool__(self) -> bool:
        """True unless empty."""
        return bool(self.ranges or self.names)

    def __or__(self, other: "PortSet") -> "PortSet":
        """All ports of both."""
        return PortSet.of((*self.ranges, *other.ranges), self.names | other.names)

    def resolve(self, numbers: Mapping[str, int]) -> "PortSet":
        """Replace names by their numbers; names that `numbers` does not have are dropped."""
        known = (numbers[name] for name in self.names if name in numbers)
        return PortSet.of((*self.ranges, *known))

    def only(self, ports: Iterable[int]) -> "PortSet":
        """Those of `ports` that are in this set."""
        return PortSet.of(port for port in ports if port in self)


def _parse_range(element: str, *, names: bool) -> PortRange:
    first, dash, last = element.partition("-")
    try:
        return _checked(PortRange(parse_port(first), parse_port(last if dash else first)))
    except InvalidPortError as error:
        allowed = "a port, a range such as 80-90" + (" or a port's name" if names else "")
        msg = f"{element[:_SHOWN]!r} is not {allowed}"
        raise InvalidPortError(msg) from error


def _checked(part: PortRange) -> PortRange:
    if MIN_PORT <= part.first <= part.last <= MAX_PORT:
        return part
    msg = f"{part.first}-{part.last} is not a range of ports within {MIN_PORT} to {MAX_PORT}"
    raise InvalidPortError(msg)


def _merged(parts: Iterable[PortRange]) -> Iterator[PortRange]:
    """Join ranges, sorted by their beginning, that overlap or touch."""
    current: PortRange | None = None
    for part in parts:
        if current is not None and part.first <= current.last + 1:
            current = PortRange(current.first, max(current.last, part.last))
        else:
            if current is not None:
                yield current
            current = part
    if current is not None:
        yield current


NO_PORTS = PortSet()
"""The empty set."""

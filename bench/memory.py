"""Memory of processes, as the kernel counts it."""

from dataclasses import dataclass, fields

from bench.cpu import PROC, Process


@dataclass(frozen=True)
class Memory:
    """Bytes of one or several processes."""

    resident: int
    """Pages in memory, shared ones counted in each process."""
    proportional: int
    """Shared pages divided by how many processes share them."""
    anonymous: int
    """Pages that belong to no file: what the program itself has asked for."""

    def as_metrics(self) -> dict[str, int]:
        """By name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


FIELDS = {"Rss": "resident", "Pss": "proportional", "Anonymous": "anonymous"}


def parse_rollup(text: str) -> Memory:
    """Read a `smaps_rollup` (proc(5))."""
    found = dict.fromkeys(FIELDS.values(), 0)
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        if key in FIELDS:
            found[FIELDS[key]] = int(rest.split()[0]) * 1024
    return Memory(**found)


def memory_of(processes: list[Process]) -> Memory:
    """The sum over the processes."""
    each = [parse_rollup((PROC / str(p.pid) / "smaps_rollup").read_text()) for p in processes]
    return Memory(
        sum(one.resident for one in each),
        sum(one.proportional for one in each),
        sum(one.anonymous for one in each),
    )


def resident_bytes(processes: list[Process]) -> int:
    """Resident memory of the processes, shared pages counted in each."""
    return memory_of(processes).resident

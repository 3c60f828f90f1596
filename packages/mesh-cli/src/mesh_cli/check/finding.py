"""What a check finds wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_LINES = 8
"""How many things of one kind are named; the rest is counted."""


class Level(StrEnum):
    """How a check ended; the values are those of the JSON document."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: a line for each thing, with what to do next."""

    level: Level
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """Render with a line for each thing."""
        return "\n".join(self.lines)


def error(*lines: str) -> Finding:
    """Make a finding because of which the command fails."""
    return Finding(Level.ERROR, shortened(lines))


def warning(*lines: str) -> Finding:
    """Make a finding that does not make the command fail."""
    return Finding(Level.WARNING, shortened(lines))


def errors(lines: Sequence[str]) -> Finding | None:
    """Make an error of what was found wrong; None when that is nothing."""
    return error(*lines) if lines else None


def warnings(lines: Sequence[str]) -> Finding | None:
    """Make a warning of what was found wrong; None when that is nothing."""
    return warning(*lines) if lines else None


def shortened(lines: Sequence[str]) -> tuple[str, ...]:
    """Keep as many lines as somebody reads, and count the others."""
    if len(lines) <= MAX_LINES:
        return tuple(lines)
    return (*lines[: MAX_LINES - 1], f"and {len(lines) - MAX_LINES + 1} more")

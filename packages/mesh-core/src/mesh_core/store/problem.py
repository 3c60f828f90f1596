"""Something wrong in a user's file, or with an object of an API server."""

from dataclasses import dataclass
from pathlib import Path

from mesh_core.resources import Key


@dataclass(frozen=True, slots=True)
class Problem:
    """Says what is wrong and where; `line` counts from 1, `field` is empty for a whole file."""

    file: Path
    message: str
    line: int | None = None
    field: str = ""

    def __str__(self) -> str:
        """Render as `file:line: field: message`, which editors can follow."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )


@dataclass(frozen=True, slots=True)
class ObjectProblem:
    """Says what is wrong with an object of an API server, or with all of a kind without a key."""

    kind: str
    key: Key | None
    message: str
    field: str = ""

    def __str__(self) -> str:
        """Render as `Kind namespace/name: field: message`."""
        place = self.kind if self.key is None else f"{self.kind} {self.key}"
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )

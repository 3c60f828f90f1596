"""Something wrong in a user's file."""

from dataclasses import dataclass
from pathlib import Path


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

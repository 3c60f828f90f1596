"""Compares and copies the generated files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Output:
    """A directory of generated files: where they were made, and where they are checked in.

    `patterns` says which of the checked-in files are generated, so that one whose source is gone
    is noticed too.
    """

    made: Path
    kept: Path
    patterns: tuple[str, ...]

    def differences(self) -> list[str]:
        """One line per file that is missing, stale or left over."""
        made, kept = self._names(self.made), self._names(self.kept)
        lines = [f"missing: {self.kept / name}" for name in sorted(made - kept)]
        lines += [f"left over: {self.kept / name}" for name in sorted(kept - made)]
        lines += [
            f"stale: {self.kept / name}"
            for name in sorted(made & kept)
            if (self.made / name).read_bytes() != (self.kept / name).read_bytes()
        ]
        return lines

    def install(self) -> None:
        """Makes the checked-in files equal to the made ones; untouched ones keep their time."""
        made, kept = self._names(self.made), self._names(self.kept)
        for name in kept - made:
            (self.kept / name).unlink()
        self.kept.mkdir(parents=True, exist_ok=True)
        for name in made:
            source, target = self.made / name, self.kept / name
            if name not in kept or source.read_bytes() != target.read_bytes():
                shutil.copyfile(source, target)

    def _names(self, directory: Path) -> set[str]:
        return {path.name for pattern in self.patterns for path in directory.glob(pattern)}

"""Programs and libraries without what only a debugger reads."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def stripped(path: Path) -> bytes:
    """A file's content without symbols of no use at run time."""
    return stripped_bytes(path.read_bytes())


def stripped_bytes(content: bytes) -> bytes:
    """The same for content; unchanged where `strip` is missing or cannot read it.

    Dynamic symbols stay: Python's extensions are linked against those of the interpreter.
    """
    strip = shutil.which("strip")
    if strip is None:
        return content
    with tempfile.TemporaryDirectory(prefix="mesh-strip-") as scratch:
        before, after = Path(scratch, "before"), Path(scratch, "after")
        before.write_bytes(content)
        command = [strip, "--strip-unneeded", "-o", str(after), str(before)]
        done = subprocess.run(command, capture_output=True, check=False)
        # Of another architecture, perhaps: then it is only larger.
        return after.read_bytes() if done.returncode == 0 else content

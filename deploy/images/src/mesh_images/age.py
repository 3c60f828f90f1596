"""What in the cache no build has used for long was made from sources that are gone."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

_KEPT_SECONDS = 14 * 24 * 3600


def used(path: Path) -> None:
    """Note that a file or folder was needed now."""
    os.utime(path)


def forget(cache: Path, now: float | None = None) -> None:
    """Delete what lies in the cache's folders and was not used for two weeks.

    The archives stay: they lie where their user wants them.
    """
    oldest = (time.time() if now is None else now) - _KEPT_SECONDS
    for folder in ("blobs", "bytecode", "layers", "projects", "wheels"):
        for path in cache.joinpath(folder).glob("*"):
            if path.stat().st_mtime >= oldest:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

"""Fetching one Go module without Go: from a module proxy, checked by its published sum."""

import base64
import hashlib
import http.client
import re
import shutil
import tempfile
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 120
_EXECUTABLE = re.compile(r"(bin|pkg/tool/[^/]+)/[^/]+")


class ModuleUnavailable(Exception):
    """No proxy gave the module, or what it gave is not the module."""


def proxies(setting: str) -> tuple[str, ...]:
    """The proxies in a GOPROXY setting (https://go.dev/ref/mod#environment-variables)."""
    words = (word.strip().rstrip("/") for word in re.split(r"[,|]", setting))
    return tuple(word for word in words if word and word not in ("direct", "off"))


def fetch(module: str, expected: str, sources: Sequence[str], folder: Path) -> None:
    """Unpack `path@version` at the folder, all of it or nothing; raises ModuleUnavailable.

    The expected sum is Go's `h1:`, as in go.sum.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        archive = Path(scratch, "module.zip")
        _download(module, sources, archive)
        tree = Path(scratch, "tree")
        try:
            with zipfile.ZipFile(archive) as opened:
                if (found := module_sum(opened)) != expected:
                    raise ModuleUnavailable(f"{module} has the sum {found}, not {expected}")
                _unpack(opened, f"{module}/", tree)
        except zipfile.BadZipFile as error:
            raise ModuleUnavailable(f"what came as {module} is no zip file") from error
        shutil.rmtree(folder, ignore_errors=True)
        tree.rename(folder)


def module_sum(archive: zipfile.ZipFile) -> str:
    """Go's sum of a module: a hash over the sorted list of its files' hashes."""
    lines = []
    for name in sorted(archive.namelist()):
        digest = hashlib.sha256()
        with archive.open(name) as file:
            while part := file.read(1 << 20):
                digest.update(part)
        lines.append(f"{digest.hexdigest()}  {name}\n")
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def _download(module: str, sources: Sequence[str], archive: Path) -> None:
    path, version = module.split("@")
    problems = []
    for source in sources:
        try:
            with (
                urllib.request.urlopen(
                    f"{source}/{path}/@v/{version}.zip", timeout=_SECONDS
                ) as got,
                archive.open("wb") as file,
            ):
                shutil.copyfileobj(got, file)
        except (OSError, ValueError, http.client.HTTPException) as error:
            problems.append(f"{_without_password(source)}: {error}")
        else:
            return
    raise ModuleUnavailable("; ".join(problems) or "GOPROXY names no proxy")


def _unpack(archive: zipfile.ZipFile, prefix: str, tree: Path) -> None:
    for name in archive.namelist():
        relative = name.removeprefix(prefix)
        # A module holds no other modules, so a toolchain's own go.mod files go by another name.
        target = tree / relative.replace("/_go.mod", "/go.mod")
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
        if _EXECUTABLE.fullmatch(relative):
            target.chmod(0o755)  # a module's zip file carries no modes


def _without_password(source: str) -> str:
    return re.sub(r"//[^/@]*@", "//", source)

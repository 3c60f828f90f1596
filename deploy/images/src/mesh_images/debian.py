"""Which Debian packages the system's files in an image come from."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mesh_images.layer import Entry, file

_OWNER = re.compile(r"^([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9]+)?: ", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Package:
    """An installed Debian package: its name, version, source's home, and dpkg's own words."""

    name: str
    version: str
    architecture: str
    stanza: str

    def entries(self) -> Iterator[Entry]:
        """What an image that has files of it says of it, where scanners and lawyers look."""
        yield file(f"var/lib/dpkg/status.d/{self.name}", self.stanza.encode())
        licence = Path("/usr/share/doc", self.name, "copyright")
        if licence.is_file():
            yield file(f"usr/share/doc/{self.name}/copyright", licence.read_bytes())


def owners(paths: Iterable[Path]) -> list[Package]:
    """The packages that own files; none where dpkg is not in charge."""
    asked = sorted({form for path in paths for form in _forms(path)})
    if not asked or shutil.which("dpkg-query") is None:
        return []
    names = sorted(set(_OWNER.findall(_dpkg("--search", *asked))))
    stanzas = _dpkg("--status", *names).split("\n\n") if names else []
    return sorted(filter(None, (_package(text.strip() + "\n") for text in stanzas)))


def _forms(path: Path) -> Iterator[str]:
    """A file's names: dpkg knows many by the path that they had before /lib became a link."""
    yield str(path)
    if path.is_relative_to("/usr"):
        yield str(Path("/", path.relative_to("/usr")))


def _package(stanza: str) -> Package | None:
    fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.MULTILINE))
    if "Package" not in fields or "Version" not in fields:
        return None
    return Package(fields["Package"], fields["Version"], fields.get("Architecture", ""), stanza)


def _dpkg(*arguments: str) -> str:
    # It ends with 1 when one of the files belongs to nobody, and tells the rest all the same.
    done = subprocess.run(
        ["dpkg-query", *arguments], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    return done.stdout

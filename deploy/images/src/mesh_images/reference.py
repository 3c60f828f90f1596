"""Names of images: `[registry/]repository[:tag][@digest]`, with Docker's defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mesh_images.errors import ImagesError

_DOCKER_HUB = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"\w[\w.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Reference:
    """A name, taken apart; `version` is the digest if there is one, else the tag."""

    registry: str
    repository: str
    version: str

    def __str__(self) -> str:
        separator = "@" if _DIGEST.fullmatch(self.version) else ":"
        return f"{self.registry}/{self.repository}{separator}{self.version}"

    @property
    def url(self) -> str:
        """Where the registry answers; without TLS on this machine only."""
        host = "registry-1.docker.io" if self.registry == _DOCKER_HUB else self.registry
        name = host.partition(":")[0]
        local = name == "localhost" or name.startswith("127.")
        return f"{'http' if local else 'https'}://{host}/v2/{self.repository}"


def parse(text: str) -> Reference:
    """Take a name apart; raises ImagesError when it is none."""
    rest, _, digest = text.partition("@")
    first, slash, path = rest.partition("/")
    # As Docker tells a registry from the first part of a repository's name.
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, rest = first, path
    else:
        registry = _DOCKER_HUB
    repository, colon, tag = rest.partition(":")
    if registry == _DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    version = digest or (tag if colon else "latest")
    known = _DIGEST.fullmatch(version) if digest else _TAG.fullmatch(version)
    if not _REPOSITORY.fullmatch(repository) or not known:
        raise ImagesError(f"{text!r}: is no name of an image, such as python:3.12-slim")
    return Reference(registry, repository, version)

"""An image: layers and what a runtime is told about them (OCI image specification 1.1)."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from mesh_images.errors import ImagesError
from mesh_images.layer import Layer, digest

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def architecture(machine: str | None = None) -> str:
    """What images call a machine's architecture; this machine's by default."""
    name = machine or platform.machine()
    try:
        return _ARCHITECTURES[name]
    except KeyError:
        known = " and ".join(sorted(set(_ARCHITECTURES.values())))
        raise ImagesError(f"{name}: images are made for {known} only") from None


@dataclass(frozen=True)
class Config:
    """How the container starts. `user` is UID or UID:GID, in numbers: there may be no passwd."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Sequence[str] = (_PATH,)
    user: str = ""
    folder: str = "/"
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The `config` of an image configuration."""
        said = {
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "Env": list(self.environment),
            "User": self.user,
            "WorkingDir": self.folder,
            "Labels": dict(self.labels),
        }
        return {key: value for key, value in said.items() if value}


@dataclass(frozen=True)
class Image:
    """An image with the names (`registry/repository:tag`) that it goes by."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]
    config: Config
    architecture: str = field(default_factory=architecture)
    annotations: Mapping[str, str] = field(default_factory=dict)
    epoch: int = 0

    def configuration(self) -> bytes:
        """The configuration blob."""
        created = datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return encode(
            {
                "architecture": self.architecture,
                "os": "linux",
                "created": created,
                "config": self.config.document(),
                "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in self.layers]},
                "history": [{"created": created, "created_by": one.note} for one in self.layers],
            }
        )

    def manifest(self) -> bytes:
        """The manifest blob."""
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, self.configuration()),
            "layers": [descriptor(LAYER, layer.blob) for layer in self.layers],
            "annotations": dict(self.annotations),
        }
        return encode({key: value for key, value in document.items() if value})

    @property
    def digest(self) -> str:
        """The digest of the manifest, which names the image wherever it goes."""
        return digest(self.manifest())

    @property
    def size(self) -> int:
        """Bytes that a node without any layer fetches."""
        return sum(layer.size for layer in self.layers)

    def called(self, *names: str) -> Image:
        """The same image under other names."""
        return replace(self, names=names)


def descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    """What refers to a blob."""
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob)}


def encode(document: Any) -> bytes:
    """A JSON document, the same bytes every time."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

"""Image archives: one tar that is an OCI layout and a Docker archive at once.

`ctr images import`, `docker load`, `podman load` and `kind load image-archive` read it.

    layer = pack([file("pause", Path("build/pause"), 0o755)])
    image = Image(("registry.k8s.io/pause:3.10",), (layer,), Config(entrypoint=["/pause"]))
    write(Path("pause.tar"), [image])
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mesh_images.image import INDEX, MANIFEST, Image, descriptor, encode
from mesh_images.layer import digest

Blobs = Mapping[str, bytes]


def write(path: Path, images: Iterable[Image]) -> None:
    """Writes images into one archive; a reader of `path` sees all of it or the old file."""
    blobs: dict[str, bytes] = {}
    index, docker = [], []
    for image in images:
        configuration = _keep(blobs, image.configuration())
        manifest = _keep(blobs, image.manifest())
        blobs |= {layer.digest: layer.blob for layer in image.layers}
        index += [_named(manifest, blobs, image, name) for name in image.names]
        layers = [_blob(layer.digest) for layer in image.layers]
        docker.append(
            {"Config": _blob(configuration), "RepoTags": list(image.names), "Layers": layers}
        )
    members = {
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": index}),
        "manifest.json": encode(docker),
        **{_blob(name): blobs[name] for name in sorted(blobs)},
    }
    _replace(path, members)


def _named(manifest: str, blobs: Blobs, image: Image, name: str) -> dict[str, Any]:
    return descriptor(MANIFEST, blobs[manifest]) | {
        "platform": {"architecture": image.architecture, "os": "linux"},
        "annotations": {
            # containerd goes by its own annotation, everybody else by the specification's.
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.rpartition(":")[2],
        },
    }


def _keep(blobs: dict[str, bytes], blob: bytes) -> str:
    name = digest(blob)
    blobs[name] = blob
    return name


def _blob(name: str) -> str:
    return "blobs/" + name.replace(":", "/")


def _replace(path: Path, members: Mapping[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as archive:
            for name, content in members.items():
                header = tarfile.TarInfo(name)
                header.size = len(content)
                archive.addfile(header, io.BytesIO(content))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

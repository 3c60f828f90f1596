"""Sends images to a registry, one name for all architectures, each with its bill of materials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mesh_images.build import Built
from mesh_images.image import INDEX, MANIFEST, Image, descriptor, encode
from mesh_images.layer import digest
from mesh_images.reference import parse
from mesh_images.registry import Registry
from mesh_images.sbom import MEDIA_TYPE

_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY = b"{}"


def publish(built: Built, say: Callable[[str], None]) -> str:
    """Send an image under its first name and return the digest that the name has now.

    What the name meant for other architectures it goes on to mean. The bill of materials refers
    to the image (OCI 1.1 referrers), where `cosign`, `oras` and scanners look for it.
    """
    reference = parse(built.image.names[0])
    registry = Registry(reference)
    say(f"sending {reference}")
    _image(registry, built.image)
    _bill(registry, built.image, built.sbom.read_bytes())
    index = _with(registry.manifest(), built.image)
    registry.put_manifest(index, reference.version, INDEX)
    return digest(index)


def _image(registry: Registry, image: Image) -> None:
    for layer in image.layers:
        registry.put_blob(layer.blob)
    registry.put_blob(image.configuration())
    registry.put_manifest(image.manifest(), image.digest, MANIFEST)


def _bill(registry: Registry, image: Image, bill: bytes) -> None:
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": MEDIA_TYPE,
        "config": descriptor(_EMPTY_TYPE, _EMPTY),
        "layers": [descriptor(MEDIA_TYPE, bill)],
        "subject": descriptor(MANIFEST, image.manifest()),
    }
    for blob in (_EMPTY, bill):
        registry.put_blob(blob)
    content = encode(document)
    if not registry.put_manifest(content, digest(content), MANIFEST):
        # A registry that knows no referrers: the specification's fallback is a tag.
        listed = descriptor(MANIFEST, content) | {"artifactType": MEDIA_TYPE}
        tag = image.digest.replace(":", "-")
        registry.put_manifest(_encoded_index([listed]), tag, INDEX)


def _with(known: dict[str, Any] | None, image: Image) -> bytes:
    """The index that a name has, with the image in its place for the image's architecture."""
    platform = {"architecture": image.architecture, "os": "linux"}
    mine = descriptor(MANIFEST, image.manifest()) | {"platform": platform}
    others = [
        one
        for one in (known or {}).get("manifests", [])
        if one.get("platform", {}).get("architecture") != image.architecture
    ]
    return _encoded_index(sorted([*others, mine], key=lambda one: str(one.get("platform"))))


def _encoded_index(manifests: list[dict[str, Any]]) -> bytes:
    return encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})

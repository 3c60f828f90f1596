"""The bill of materials of an image: SPDX 2.3, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from mesh_images.debian import Package
from mesh_images.wheel import Wheel

MEDIA_TYPE = "application/spdx+json"
_UNKNOWN = "NOASSERTION"


@dataclass(frozen=True, order=True)
class Part:
    """Something in an image: what it is, which version, by whose licence, and its package URL."""

    name: str
    version: str
    licence: str = ""
    url: str = ""
    sha256: str = ""


def part_of_wheel(wheel: Wheel, *, ours: bool = False) -> Part:
    """What a wheel says of itself.

    One that was built here has no checksum that others would know, nor is it the same when another
    machine builds it from the same sources.
    """
    metadata = wheel.metadata
    name, version = str(metadata["Name"]), str(metadata["Version"])
    # The older License field is free text, often the whole text.
    licence = str(metadata.get("License-Expression") or "")
    normal = re.sub(r"[-_.]+", "-", name).lower()
    return Part(
        name, version, licence, f"pkg:pypi/{normal}@{quote(version)}", "" if ours else wheel.sha256
    )


def part_of_package(package: Package, distribution: str) -> Part:
    """What dpkg says of a package; `distribution` is the system's ID: debian, ubuntu."""
    url = f"pkg:deb/{distribution}/{quote(package.name)}@{quote(package.version)}"
    return Part(package.name, package.version, "", f"{url}?arch={package.architecture}")


def document(image: Part, parts: Iterable[Part], epoch: int) -> bytes:
    """The bill of an image; the same parts give the same bytes."""
    listed = [image, *sorted(set(parts))]
    identity = hashlib.sha256(repr(listed).encode()).hexdigest()
    packages = [_package(part) for part in listed]
    body = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{image.name}-{image.version}",
        "documentNamespace": f"urn:mesh:sbom:{quote(image.name)}:{identity}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: mesh-images"],
        },
        "packages": packages,
        "relationships": list(_relationships(packages)),
    }
    return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def _package(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {
        "SPDXID": _reference(part),
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": part.licence or _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }
    if part.url:
        said["externalRefs"] = [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": part.url,
            }
        ]
    if part.sha256:
        said["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.sha256}]
    return said


def _reference(part: Part) -> str:
    """An identifier of the letters that SPDX allows; the same name may come from two ecosystems."""
    kind = part.url.partition("/")[0].removeprefix("pkg:") or "image"
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", f"{kind}-{part.name}-{part.version}")
    return f"SPDXRef-{plain}"


def _relationships(packages: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    image, *parts = (package["SPDXID"] for package in packages)
    yield _relation("SPDXRef-DOCUMENT", "DESCRIBES", image)
    for part in parts:
        yield _relation(image, "CONTAINS", part)


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}

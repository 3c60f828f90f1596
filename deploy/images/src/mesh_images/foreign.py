"""A base image that others made: from a registry, or from an archive."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import sys
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh_images.age import used
from mesh_images.base import Base
from mesh_images.bytecode import Bytecode
from mesh_images.errors import ArchiveError, ImagesError
from mesh_images.layer import Layer, digest
from mesh_images.reference import Reference, parse
from mesh_images.registry import Registry, RegistryError
from mesh_images.sbom import Part
from mesh_images.target import Target

_PYTHON = re.compile(r"usr/(local/)?bin/python3\.(\d+)")
_GLIBC = re.compile(rb"GNU C Library [^\n]*version 2\.(\d+)")
_LIBRARY = re.compile(r"[\w.+-]+\.so(\.[\w.]+)?")


@dataclass(frozen=True)
class _Found:
    """An image as it was found."""

    name: str
    digest: str
    config: dict[str, Any]
    layers: tuple[Layer, ...]


def foreign(name: str, architecture: str, cache: Path) -> Base:
    """A base by its name in a registry, or by the path of its archive; raises ImagesError."""
    path = Path(name)
    is_file = path.is_file()
    found = (
        _of_archive(path) if is_file else _of_registry(parse(name), architecture, cache / "blobs")
    )
    said = str(found.config.get("architecture"))
    if said != architecture:
        raise ImagesError(f"{name}: is for {said}, not for {architecture}; see --platform")
    return _base(found, architecture, cache)


def _base(found: _Found, architecture: str, cache: Path) -> Base:
    content = _Content(found)
    environment = tuple(found.config.get("config", {}).get("Env") or ())
    said = dict(one.partition("=")[::2] for one in environment)
    version = said.get("PYTHON_VERSION") or f"{content.release}.0"
    annotation = "org.opencontainers.image.base"
    return Base(
        layers=found.layers,
        target=Target(version, architecture, content.glibc),
        python=f"/{content.python_path}",
        content=lambda: content.python,
        bytecode=Bytecode(_compiler(content.release), cache / "bytecode"),
        # What is in it, its own bill of materials says.
        parts=(Part(found.name, found.digest, "", f"pkg:oci/{found.name.rpartition('/')[2]}"),),
        holds=frozenset(content.names),
        environment=environment,
        annotations={f"{annotation}.name": found.name, f"{annotation}.digest": found.digest},
    )


class _Content:
    """What matters to us of a base's files."""

    def __init__(self, found: _Found) -> None:
        self.names: set[str] = set()
        self.python_path = ""
        self.python = b""
        self.glibc = 0
        for path, read in _files(found):
            name = path.rpartition("/")[2]
            if _LIBRARY.fullmatch(name) or path.startswith(("usr/bin/", "bin/")):
                self.names.add(name)
            if _PYTHON.fullmatch(path) and (program := read()):
                self.python_path, self.python = path, program
            if name == "libc.so.6" and (version := _GLIBC.search(read())):
                self.glibc = int(version[1])
        if not self.python_path or not self.glibc:
            raise ImagesError(
                f"{found.name}: holds no Python 3 in /usr/bin or /usr/local/bin, or no GNU C"
                " library; take a base such as python:3.12-slim"
            )

    @property
    def release(self) -> str:
        """MAJOR.MINOR."""
        match = _PYTHON.fullmatch(self.python_path)
        return f"3.{match[2]}" if match else ""


def _files(found: _Found) -> Iterator[tuple[str, Any]]:
    """Every file or link of all layers in their order, with how to read it."""
    for layer in found.layers:
        with tarfile.open(fileobj=io.BytesIO(_unpacked(found.name, layer))) as files:
            for member in files:
                if not member.isdir():
                    path = member.name.removeprefix("./").lstrip("/")
                    yield path, lambda member=member, files=files: _read(files, member)


def _read(files: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = files.extractfile(member) if member.isfile() else None
    return stream.read() if stream else b""


def _unpacked(name: str, layer: Layer) -> bytes:
    try:
        content = gzip.decompress(layer.blob)
    except (OSError, EOFError, zlib.error) as error:
        raise ImagesError(f"{name}: a layer is not packed with gzip ({error})") from error
    if digest(content) != layer.diff_id:
        raise ImagesError(f"{name}: a layer is not what its configuration says")
    return content


def _of_archive(path: Path) -> _Found:
    """The one image of an archive as this package, `docker save` or `podman save` writes it."""
    try:
        with tarfile.open(path) as archive:

            def member(name: str) -> bytes:
                return _read(archive, archive.getmember(name))

            (described,) = json.loads(member("manifest.json"))
            configuration = member(described["Config"])
            blobs = [member(name) for name in described["Layers"]]
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        raise ArchiveError(f"{path}: is no archive of one image ({error})") from error
    config = json.loads(configuration)
    name = (described.get("RepoTags") or [path.stem])[0]
    # The digest of an archive is that of its configuration: it need not hold a manifest.
    return _Found(name, digest(configuration), config, _layers(config, blobs))


def _of_registry(reference: Reference, architecture: str, cache: Path) -> _Found:
    registry = Registry(reference)
    manifest = registry.manifest()
    if manifest is None:
        raise RegistryError(f"{reference}: is not in the registry")
    if "manifests" in manifest:
        (name,) = [
            one["digest"]
            for one in manifest["manifests"]
            if _platform(one) == ("linux", architecture)
        ][:1] or [""]
        manifest = registry.manifest(name) if name else None
        if manifest is None:
            raise RegistryError(f"{reference}: is not there for linux/{architecture}")
    names = [manifest["config"]["digest"], *(one["digest"] for one in manifest["layers"])]
    configuration, *blobs = (_fetched(registry, name, cache) for name in names)
    config = json.loads(configuration)
    return _Found(str(reference), manifest["config"]["digest"], config, _layers(config, blobs))


def _platform(described: dict[str, Any]) -> tuple[str, str]:
    platform = described.get("platform", {})
    return platform.get("os", ""), platform.get("architecture", "")


def _fetched(registry: Registry, name: str, cache: Path) -> bytes:
    path = cache / name.partition(":")[2]
    if path.is_file() and digest(kept := path.read_bytes()) == name:
        used(path)
        return kept
    content = registry.blob(name)
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
    return content


def _layers(config: dict[str, Any], blobs: list[bytes]) -> tuple[Layer, ...]:
    identities = config["rootfs"]["diff_ids"]
    if len(identities) != len(blobs):
        raise ImagesError("a base whose configuration does not describe its layers")
    # `docker save` writes layers as they are; everybody else packs them.
    packed = [blob if blob[:2] == b"\x1f\x8b" else zlib.compress(blob, wbits=31) for blob in blobs]
    return tuple(
        Layer(blob, identity, "base") for blob, identity in zip(packed, identities, strict=True)
    )


def _compiler(release: str) -> str:
    """A Python of this machine that makes bytecode for a release; empty when there is none."""
    if release == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    return shutil.which(f"python{release}") or ""

"""The images of the mesh and of its examples: what is in each, and how it starts.

Everything that knows an image's entry point, user or labels knows it from here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesh_images.errors import ImagesError
from mesh_images.places import ROOT

# The same numbers as in Linkerd's charts: the redirect leaves the proxy's own user out.
PROXY_USER = 2102
CONTROL_USER = 2103
NOBODY = 65534


@dataclass(frozen=True)
class Alias:
    """A path that runs a command of the image's program with the caller's arguments.

    With `capabilities`, a copy of the interpreter that carries them runs it.
    """

    path: str
    command: str
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Component:
    """One image."""

    name: str
    title: str
    # A folder of the checkout; empty for an image of system programs alone.
    project: str = ""
    extras: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: int = NOBODY
    aliases: tuple[Alias, ...] = ()
    # Names of programs, and the Debian package that each is in.
    programs: Mapping[str, str] = field(default_factory=dict)
    # Components of a family share a layer with the libraries that all of them need.
    family: str = ""
    # Names besides REGISTRY/REPOSITORY:VERSION.
    names: tuple[str, ...] = ()
    tag: str = ""

    @property
    def repository(self) -> str:
        """The last part of the image's name, without its tag."""
        return f"mesh-{self.name}" if self.project else self.name

    @property
    def folder(self) -> Path:
        """The project in this checkout."""
        return ROOT / self.project

    @property
    def version(self) -> str:
        """The project's version."""
        if not self.project:
            return self.tag
        description = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))
        return str(description["project"]["version"])

    def called(self, registry: str) -> tuple[str, ...]:
        """The image's names, the one with the version first."""
        first = f"{registry}/{self.repository}:{self.version}"
        return (first, *self.names)


COMPONENTS = (
    Component(
        name="identity",
        title="The certificate authority of the mesh",
        project="packages/mesh-identity",
        entrypoint=("/usr/local/bin/mesh-identity",),
        user=CONTROL_USER,
        family="control",
    ),
    Component(
        name="destination",
        title="Discovery, service profiles and policy of the mesh",
        project="packages/mesh-destination",
        entrypoint=("/usr/local/bin/mesh-destination",),
        user=CONTROL_USER,
        family="control",
    ),
    Component(
        name="injector",
        title="The webhook that gives pods their sidecar",
        project="packages/mesh-injector",
        extras=("webhook",),
        entrypoint=("/usr/local/bin/mesh-injector",),
        user=CONTROL_USER,
        family="control",
    ),
    Component(
        name="proxy",
        title="The sidecar of the mesh, and what redirects a pod's traffic to it",
        project="packages/mesh-proxy",
        entrypoint=("/usr/local/bin/mesh-proxy",),
        command=("run",),
        user=PROXY_USER,
        aliases=(
            Alias("usr/lib/linkerd/linkerd2-proxy-init", "init", ("cap_net_admin",)),
            Alias("usr/lib/linkerd/linkerd2-network-validator", "validate-network"),
            Alias("usr/lib/linkerd/linkerd-await", "await"),
        ),
    ),
    Component(
        name="bookshop",
        title="The bookshop, a small application to try the mesh on",
        project="examples/bookshop/app",
    ),
    Component(
        name="e2e-apps",
        title="The applications that the end-to-end scenarios run in pods",
        project="tests-e2e/apps",
        programs={"sleep": "coreutils"},
    ),
    Component(
        name="redis",
        title="Redis as Debian packages it, for the examples where no registry can be reached",
        entrypoint=("/usr/bin/redis-server",),
        programs={"redis-server": "redis-server", "redis-cli": "redis-tools"},
        names=("docker.io/library/redis:7",),
        tag="7",
    ),
)


def component(name: str) -> Component:
    """The component of a name; raises ImagesError with those that there are."""
    for one in COMPONENTS:
        if name in (one.name, one.repository):
            return one
    raise ImagesError(f"{name}: there is no such image; there are {', '.join(names())}")


def names() -> list[str]:
    """What the components are called."""
    return [one.name for one in COMPONENTS]

"""The Go compiler: the machine's own, else one fetched as a module.

Go publishes its toolchains through the module proxy. So where the proxy can be reached, which
the build needs anyway, a machine without Go or with an old one needs no installation.
"""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local.programs import installed
from mesh_clusters import go_module
from mesh_clusters.errors import GoMissing

OLDEST = (1, 24)
# Fetched where there is none; the sums are those of sum.golang.org.
FETCHED = "1.26.8"
_SUMS = {
    "amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
    "arm64": "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=",
}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_USUAL_PLACE = Path("/usr/local/go/bin/go")
_DEFAULT_PROXY = "https://proxy.golang.org"
_VERSION = re.compile(r"go(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Go:
    """A compiler that is new enough, and its version (`go1.26.8`)."""

    program: Path
    version: str

    def environment(self) -> dict[str, str]:
        """What every build runs with: static, for this machine, from the pinned modules alone."""
        return {
            **os.environ,
            "CGO_ENABLED": "0",
            "GO111MODULE": "on",
            "GOARCH": architecture(),
            "GOFLAGS": "-mod=readonly",
            "GOOS": "linux",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }


def architecture() -> str:
    """This machine's architecture in Go's words; raises GoMissing for one we never tried."""
    try:
        return _ARCHITECTURES[platform.machine()]
    except KeyError:
        raise GoMissing(
            f"clusters are built for {' and '.join(_ARCHITECTURES)}, and this is"
            f" {platform.machine()}: use a cluster of your own (provider `existing`)"
        ) from None


def present(home: Path) -> Go | None:
    """Give the machine's Go, or the one fetched before; None where there is none that fits."""
    for program in (installed("go"), _USUAL_PLACE, _fetched(home)):
        version = _version(program) if program else None
        if program and version and new_enough(version):
            return Go(program, version)
    return None


def find(home: Path, say: Callable[[str], None]) -> Go:
    """Give a compiler that is new enough, fetched if need be; raises GoMissing."""
    if go := present(home):
        return go
    program = _fetched(home)
    machine = architecture()
    say(f"fetching Go {FETCHED} (about 70 MB), because {_why()}")
    module = f"golang.org/toolchain@v0.0.1-go{FETCHED}.linux-{machine}"
    proxies = go_module.proxies(_proxy_setting())
    try:
        go_module.fetch(module, _SUMS[machine], proxies, program.parents[1])
    except go_module.ModuleUnavailable as error:
        newest = ".".join(map(str, OLDEST))
        raise GoMissing(
            f"{_why()}, and it could not be fetched ({error}); install Go {newest} or newer"
            " (https://go.dev/dl, or your distribution's package), or set GOPROXY to a module"
            " proxy that this machine reaches"
        ) from error
    if go := present(home):
        return go
    raise GoMissing(f"the fetched {program} does not run; remove {program.parents[1]} and repeat")


def new_enough(version: str) -> bool:
    """Whether `go1.26.8` or the like can build what we build."""
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _fetched(home: Path) -> Path:
    return home / "go" / FETCHED / "bin" / "go"


def _version(program: Path) -> str | None:
    # `local`: else an old Go that finds a go.mod above us goes and fetches a newer one itself.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    try:
        done = subprocess.run(
            [str(program), "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd="/",
        )
    except OSError:
        return None
    return done.stdout.strip() or None


def _why() -> str:
    found = next((path for path in (installed("go"), _USUAL_PLACE) if path and path.exists()), None)
    if found is None:
        return "Go is not installed"
    return f"{found} is {_version(found) or 'broken'}, older than {'.'.join(map(str, OLDEST))}"


def _proxy_setting() -> str:
    """GOPROXY as Go itself would see it."""
    if given := os.environ.get("GOPROXY"):
        return given
    if (program := installed("go")) and sys.platform == "linux":
        done = subprocess.run(
            [str(program), "env", "GOPROXY"], capture_output=True, text=True, check=False, cwd="/"
        )
        if done.stdout.strip():
            return done.stdout.strip()
    return _DEFAULT_PROXY

"""Building targets into the cache: only what is stale, one process at a time."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_clusters import go
from mesh_clusters.errors import BuildFailed
from mesh_clusters.go import Go
from mesh_clusters.targets import Target

Say = Callable[[str], None]

_REPORT_SECONDS = 15.0
# What the estimates of Target were measured on.
_PROCESSORS = 2
_ERROR_LINES = 20


def build(targets: Sequence[Target], home: Path, say: Say) -> None:
    """Bring the targets' programs in `home/bin` up to date; raises GoMissing, BuildFailed."""
    if not stale(targets, home, go.present(home)):
        return
    with alone(home, say):
        compiler = go.find(home, say)
        waiting = stale(targets, home, compiler)
        if len(waiting) > 1:
            say(f"building {', '.join(target.name for target in waiting)} with {compiler.version}")
        for target in waiting:
            _build(target, compiler, home, say)


def stale(targets: Sequence[Target], home: Path, compiler: Go | None) -> list[Target]:
    """The targets whose program is not there, or is of other sources or another compiler.

    Without a compiler, what was built from the same sources is good.
    """
    return [target for target in targets if not _fresh(target, home, compiler)]


def inputs(target: Target) -> str:
    """A hash over all that decides what the program will be, but the compiler."""
    digest = hashlib.sha256()
    for path in sorted(target.folder.iterdir()):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    digest.update(f"{target.package} {target.linker_flags} {target.links}".encode())
    return digest.hexdigest()


def _fresh(target: Target, home: Path, compiler: Go | None) -> bool:
    try:
        stamp = json.loads(_stamp(target, home).read_text())
    except (OSError, ValueError):
        return False
    if not all((home / "bin" / name).exists() for name in (target.name, *target.links)):
        return False
    wanted = {"inputs": inputs(target), "go": compiler.version if compiler else stamp.get("go")}
    return bool(stamp == wanted)


def _stamp(target: Target, home: Path) -> Path:
    return home / "stamps" / f"{target.name}.json"


@contextlib.contextmanager
def alone(home: Path, say: Say) -> Iterator[None]:
    """Hold the cache's lock: one process builds, the others wait."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "build.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is building; waiting for it to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(target: Target, compiler: Go, home: Path, say: Say) -> None:
    started = time.monotonic()
    stamp = {"inputs": inputs(target), "go": compiler.version}
    binaries = home / "bin"
    binaries.mkdir(exist_ok=True)
    _stamp(target, home).parent.mkdir(exist_ok=True)
    _stamp(target, home).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".build-") as scratch:
        program = Path(scratch, target.name)
        _compile(target, compiler, program, say)
        size = program.stat().st_size
        program.rename(binaries / target.name)
        for link in target.links:
            new = Path(scratch, link)
            new.symlink_to(target.name)
            new.rename(binaries / link)
    _stamp(target, home).write_text(json.dumps(stamp))
    say(f"{target.name}: {size / 1e6:.0f} MB, built in {duration(time.monotonic() - started)}")


def _compile(target: Target, compiler: Go, program: Path, say: Say) -> None:
    options = ["-trimpath", "-buildvcs=false", f"-ldflags={target.linker_flags}"]
    say(f"{target.name}: looking for its modules and what of it is compiled already")
    listing = ["list", "-deps", *options, "-f={{.Stale}}", target.package]
    packages = _run(target, compiler, listing).split()
    progress = Progress(target.name, len(packages), packages.count("true"))
    say(progress.estimate(target.cold_seconds, os.cpu_count() or 1))
    _run(
        target, compiler, ["build", "-v", *options, f"-o={program}", target.package], progress, say
    )


def _run(
    target: Target,
    compiler: Go,
    arguments: Sequence[str],
    progress: "Progress | None" = None,
    say: Say = print,
) -> str:
    """Run Go in the target's folder and give what it prints; with progress, report meanwhile."""
    complaints: list[str] = []
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            [str(compiler.program), *arguments],
            cwd=target.folder,
            env=compiler.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                if progress is None or not progress.takes(line):
                    complaints.append(line)
                elif report := progress.due(time.monotonic()):
                    say(report)
        except BaseException:
            process.kill()  # or leaving the `with` waits for minutes
            raise
        if process.wait() == 0:
            output.seek(0)
            return output.read()
    said = "".join(complaints[-_ERROR_LINES:]).strip()
    raise BuildFailed(
        f"go {arguments[0]} of {target.name} in {target.folder} failed; without a module proxy"
        f" (`go env GOPROXY`) nothing can be built. Go says:\n{said}"
    )


@dataclass(slots=True)
class Progress:
    """How far one `go build -v` is: it names each package that it compiles."""

    name: str
    packages: int
    to_compile: int
    compiled: int = 0
    started: float = 0.0
    reported: float = 0.0

    def estimate(self, cold_seconds: int, processors: int) -> str:
        """What to expect, from the share of packages that has to be compiled."""
        seconds = cold_seconds * _PROCESSORS / processors * self.to_compile / self.packages
        return (
            f"{self.name}: {self.to_compile} of {self.packages} packages to compile,"
            f" about {duration(max(seconds, 5))} with {processors} processors"
        )

    def takes(self, line: str) -> bool:
        """Count the line if it names a package."""
        # Anything else that Go says has a space in it.
        if " " in line.strip() or line.startswith("#"):
            return False
        self.compiled += 1
        return True

    def due(self, now: float) -> str | None:
        """A line about progress, every 15 s; `now` is monotonic."""
        self.started = self.started or now
        self.reported = self.reported or now
        if now - self.reported < _REPORT_SECONDS:
            return None
        self.reported = now
        gone = now - self.started
        left = gone / self.compiled * max(self.to_compile - self.compiled, 0)
        return (
            f"{self.name}: {self.compiled} of {self.to_compile} packages in {duration(gone)},"
            f" about {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """A length of time as one reads it: `45 s`, `4 min 30 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

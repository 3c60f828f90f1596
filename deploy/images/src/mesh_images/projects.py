"""Wheels of the projects in this checkout, made anew when a source has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_images.age import used
from mesh_images.errors import ImagesError
from mesh_images.places import ROOT, cargo_target
from mesh_images.wheel import Wheel

# What a wheel is made from; what tools leave behind in between is not.
_SOURCES = (".py", ".pyi", ".typed", ".toml", ".lock", ".md", ".rs", ".proto")
_SKIPPED = {"__pycache__", "target", "tests", "fuzz", "build", "dist"}
# As in Cargo.toml: what is shipped, and what is shared with the checks.
PROFILES = ("dist", "mesh")


class ProjectError(ImagesError):
    """A project's wheel could not be built."""


@dataclass(frozen=True)
class Builder:
    """Builds wheels into a folder of the cache; `given` holds wheels that were built elsewhere."""

    folder: Path
    profile: str
    say: Callable[[str], None]
    given: Path | None = None

    def wheels(self, projects: Iterable[Path]) -> dict[Path, Wheel]:
        """A wheel for each project; raises ProjectError."""
        found: dict[Path, Wheel] = {}
        python: list[tuple[Path, Path]] = []
        for project in projects:
            if self.given is not None:
                found[project] = _only(self.given, _name(project), "--wheels: ")
                continue
            place = self.folder / f"{_name(project)}-{self._identity(project)}"
            if not place.is_dir():
                if _backend(project) == "maturin":
                    self._engine(project, place)
                else:
                    python.append((project, place))
                    continue
            used(place)
            found[project] = _only(place, _name(project))
        if python:
            found |= self._python(python)
        return found

    def _python(self, wanted: Sequence[tuple[Path, Path]]) -> dict[Path, Wheel]:
        """All at once: pip takes longer to make a building environment than to build."""
        self.say(f"building {', '.join(_name(project) for project, _ in wanted)}")
        with _scratch(self.folder) as made:
            scratch = Path(made)
            command = [
                *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
                *("--no-deps", "--wheel-dir", str(scratch)),
            ]
            _run([*command, *(str(project) for project, _ in wanted)])
            for project, place in wanted:
                _keep(_only(scratch, _name(project)).path, place)
        return {project: _only(place, _name(project)) for project, place in wanted}

    def _engine(self, project: Path, place: Path) -> None:
        patience = "; that takes minutes" if self.profile == "dist" else ""
        self.say(f"building {_name(project)} with the profile {self.profile}{patience}")
        maturin = shutil.which("maturin", path=_path())
        if maturin is None:
            raise ProjectError("maturin is missing; run through ./dev, or pip install maturin")
        manifest = project / "rust/crates/py/Cargo.toml"
        with _scratch(self.folder) as made:
            scratch = Path(made)
            profile = ["--profile", self.profile, "--locked"]
            where = ["--out", str(scratch), "--manifest-path", str(manifest)]
            _run([maturin, "build", "--quiet", *profile, *where], cwd=project)
            _keep(_only(scratch, _name(project)).path, place)

    def _identity(self, project: Path) -> str:
        total = hashlib.sha256()
        if _backend(project) == "maturin":
            total.update(self.profile.encode())
        for path in _sources(project):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(project)} {content}\n".encode())
        return total.hexdigest()[:16]


def _sources(project: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(project):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not name.startswith(".")
        )
        yield from (Path(where, name) for name in sorted(files) if name.endswith(_SOURCES))


def _only(folder: Path, name: str, said: str = "") -> Wheel:
    found = sorted(folder.glob(f"{name.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        raise ProjectError(f"{said}{folder}: holds {len(found)} wheels of {name}, not one")
    return Wheel(found[0])


def _keep(wheel: Path, place: Path) -> None:
    """Under a name that was never there half: another build may be doing the same."""
    partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=".wheel-"))
    shutil.copyfile(wheel, partial / wheel.name)
    partial.chmod(0o755)
    try:
        partial.rename(place)
    except OSError:
        shutil.rmtree(partial)
        if not place.is_dir():
            raise


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=folder, prefix=".build-")


def _run(command: Sequence[str], cwd: Path = ROOT) -> None:
    environment = {
        **os.environ,
        # Nothing that the other cargo commands do not have: dependencies would be compiled anew.
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(cargo_target())),
        "PATH": _path(),
        "PYO3_PYTHON": os.environ.get("PYO3_PYTHON", str(Path(sys.prefix, "bin/python"))),
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise ProjectError(
            f"{' '.join(command[:4])} … ended with {done.returncode}:\n{done.stdout}"
        )


def _path() -> str:
    cargo = Path.home() / ".cargo/bin"
    return os.pathsep.join(
        [str(Path(sys.prefix, "bin")), os.environ.get("PATH", os.defpath), str(cargo)]
    )


def _name(project: Path) -> str:
    return str(_description(project)["project"]["name"])


def _backend(project: Path) -> str:
    return str(_description(project)["build-system"]["build-backend"]).partition(".")[0]


def _description(project: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))

"""Where the bookshop lies, and the programs that its pods need on their PATH."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mesh_cli.errors import MeshError
from mesh_cli.local.programs import cache_directory, find_program

_PLACE = Path("examples/bookshop")
_BUILD_SECONDS = 600
_ESTIMATE = "10 to 30 seconds, once"

Progress = Callable[[str], None]


class BookshopMissing(MeshError):
    """The bookshop's files are not where they could be found."""


class BuildFailed(MeshError):
    """The bookshop's Python environment could not be made."""


def find_bookshop(given: Path | None = None) -> Path:
    """Return the directory of its manifests: the given one, or that of a clone."""
    if given is not None:
        candidates = [given]
    else:
        # A checkout has it beside `packages`; an installed package only under the directory
        # where the user cloned the repository.
        candidates = [base / _PLACE for base in (*Path(__file__).parents, Path.cwd())]
    for candidate in candidates:
        if (candidate / "app" / "pyproject.toml").is_file():
            return candidate.resolve()
    raise BookshopMissing(
        f"there is no bookshop in {candidates[-1]}; run this in a clone of the repository, or"
        " give its directory: mesh demo --dir PATH/examples/bookshop"
    )


def search_path(bookshop: Path, progress: Progress) -> tuple[Path, ...]:
    """Return the directories that its pods need first on PATH, made where they are missing.

    Raises BuildFailed, or ProgramMissing for redis.
    """
    programs = [
        find_program("redis-server", "redis-server", progress=progress).parent,
        find_program("redis-cli", "redis-server", progress=progress).parent,
    ]
    return (_python(bookshop / "app", progress), *dict.fromkeys(programs))


def _python(app: Path, progress: Progress) -> Path:
    """Return a directory with a `python` that can import the shop."""
    own = Path(sys.executable).parent
    if _installed_version() == _version(app) and (own / "python").exists():
        return own
    environment = cache_directory() / "examples" / f"bookshop-{fingerprint(app)}"
    if not (environment / "bin" / "python").exists():
        progress(f"building the bookshop's Python environment ({_ESTIMATE})")
        _build(app, environment)
    return environment / "bin"


def _installed_version() -> str | None:
    try:
        return importlib.metadata.version("mesh-bookshop")
    except importlib.metadata.PackageNotFoundError:
        return None


def _version(app: Path) -> str:
    project = tomllib.loads((app / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def fingerprint(app: Path) -> str:
    """Name what the environment is made from: the shop's files and this interpreter."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.base_prefix}\n".encode())
    for path in sorted([app / "poetry.lock", *app.glob("bookshop/*.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def requirements(lock: Mapping[str, Any]) -> str:
    """Return a Poetry lock as a requirements file: exact versions, every file's hash."""
    lines = []
    for package in lock["package"]:
        if package.get("optional") or "main" not in package.get("groups", ["main"]):
            continue
        marker = f" ; {package['markers']}" if package.get("markers") else ""
        hashes = "".join(f" --hash={file['hash']}" for file in package["files"])
        lines.append(f"{package['name']}=={package['version']}{marker}{hashes}")
    return "".join(f"{line}\n" for line in lines)


def _build(app: Path, environment: Path) -> None:
    environment.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run([sys.executable, "-m", "venv", "--clear", str(environment)])
        pinned = environment / "requirements.txt"
        pinned.write_text(requirements(tomllib.loads((app / "poetry.lock").read_text())))
        python = str(environment / "bin" / "python")
        install = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
        _run([python, *install, "--require-hashes", "--requirement", str(pinned)])
        # The shop is plain Python: copying it needs no build backend from the index.
        (packages,) = environment.glob("lib/python*/site-packages")
        shutil.copytree(app / "bookshop", packages / "bookshop")
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise


def _run(command: list[str]) -> None:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(
            f"the bookshop's environment was not ready after {_BUILD_SECONDS} s; check the network"
        ) from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        reason = next((line for line in lines if line.startswith("ERROR")), lines[-1])
        raise BuildFailed(
            f"cannot build the bookshop's environment: {reason.removeprefix('ERROR: ')}; check"
            " that pip can reach its index and that Python has venv (Debian: python3-venv)"
        )

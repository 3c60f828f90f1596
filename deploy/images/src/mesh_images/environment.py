"""The Python environment of an image: wheels below /opt/mesh, and the programs that they bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass

from mesh_images import elf
from mesh_images.bytecode import Bytecode
from mesh_images.component import Alias
from mesh_images.layer import Entry, file, link
from mesh_images.stripped import stripped_bytes
from mesh_images.wheel import Wheel

_HOME = "opt/mesh"
_CAPPED = "opt/mesh-init"
# Isolated from the container's environment variables, and nothing is ever written.
_OPTIONS = "-IB"


@dataclass(frozen=True)
class Environment:
    """A virtual environment on an interpreter that the image has at `python` (an absolute path)."""

    python: str
    version: str
    bytecode: Bytecode

    @property
    def site(self) -> str:
        """Where wheels are unpacked."""
        return f"{_HOME}/{self._site}"

    @property
    def _site(self) -> str:
        return f"lib/python{'.'.join(self.version.split('.')[:2])}/site-packages"

    def frame(self) -> Iterator[Entry]:
        """What makes it an environment."""
        yield from self._links(_HOME)
        yield link(f"{_HOME}/bin/python", self.python)

    def wheel(self, wheel: Wheel, *, ours: bool = False) -> Iterator[Entry]:
        """The files of a wheel, with bytecode; those of our own without debugging symbols."""
        for name, content in wheel.files(_is_ours if ours else _is_kept):
            our_library = ours and name.endswith(".so")
            kept = stripped_bytes(content) if our_library else content
            yield file(f"{self.site}/{name}", kept)
        for name, content in self._bytecode(wheel).items():
            yield file(f"{self.site}/{name}", content)

    def prepare(self, wheel: Wheel) -> None:
        """Compile a wheel's bytecode ahead, while another does the same."""
        self._bytecode(wheel)

    def launchers(self, wheel: Wheel) -> Iterator[Entry]:
        """The programs that a wheel declares, in /usr/local/bin."""
        for name, target in _scripts(wheel).items():
            yield file(f"usr/local/bin/{name}", self._launcher(_HOME, target, ""), 0o755)

    def aliases(self, wheel: Wheel, aliases: Iterable[Alias], python: bytes) -> Iterator[Entry]:
        """Paths that run a command of the wheel's program; `python` is the interpreter."""
        (target,) = _scripts(wheel).values()
        for alias in aliases:
            home = _CAPPED if alias.capabilities else _HOME
            content = self._launcher(home, target, alias.command)
            yield file(alias.path, content, 0o755)
            if alias.capabilities:
                yield from self._capped(alias.capabilities, python)

    def _capped(self, capabilities: tuple[str, ...], python: bytes) -> Iterator[Entry]:
        """An environment around a copy of the interpreter that carries capabilities.

        Never the interpreter itself: where the capability is not in the bounding set, as in the
        sidecar, the kernel refuses to execute a file that carries it.
        """
        yield from self._links(_CAPPED)
        yield link(f"{_CAPPED}/{self._site}", f"/{self.site}")
        yield Entry(f"{_CAPPED}/bin/python", python, mode=0o755, capabilities=capabilities)

    def _links(self, home: str) -> Iterator[Entry]:
        said = {
            "home": self.python.rpartition("/")[0],
            "include-system-site-packages": "false",
            "version": self.version,
        }
        text = "".join(f"{key} = {value}\n" for key, value in said.items())
        yield file(f"{home}/pyvenv.cfg", text.encode())
        yield link(f"{home}/bin/python3", "python")

    def _launcher(self, home: str, target: str, command: str) -> bytes:
        """A script that the interpreter runs directly: there is no shell, and none is needed."""
        module, _, function = target.partition(":")
        arguments = f"[{command!r}, *sys.argv[1:]]" if command else ""
        return (
            f"#!/{home}/bin/python {_OPTIONS}\n"
            "import sys\n\n"
            f"from {module} import {function}\n\n"
            f"sys.exit({function}({arguments}))\n"
        ).encode()

    def _bytecode(self, wheel: Wheel) -> dict[str, bytes]:
        name = f"{wheel.sha256}-{self.version}"
        return self.bytecode.of(name, self.site, lambda: dict(wheel.files(_is_source)))


def needed_libraries(wheels: Iterable[Wheel]) -> set[str]:
    """Names of the libraries that wheels expect the system to have."""
    needed: set[str] = set()
    brought: set[str] = set()
    for wheel in wheels:
        for name, content in wheel.files(lambda name: ".so" in name):
            binary = elf.read(content)
            if binary is not None:
                brought.add(name.rpartition("/")[2])
                needed |= set(binary.needed)
    return needed - brought


def _scripts(wheel: Wheel) -> dict[str, str]:
    parser = ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(wheel.described("entry_points.txt").decode())
    return dict(parser["console_scripts"]) if parser.has_section("console_scripts") else {}


def _is_kept(name: str) -> bool:
    # Nothing will be uninstalled from an image.
    return not name.endswith(".dist-info/RECORD")


def _is_ours(name: str) -> bool:
    # maturin's own bill of materials has a time, a random number and paths of this machine; the
    # image's says the same without them.
    return _is_kept(name) and ".dist-info/sboms/" not in name


def _is_source(name: str) -> bool:
    return name.endswith(".py")

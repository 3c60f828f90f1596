"""iptables of an unpacked Debian package.

The distribution's alternatives give the program its name and the loader's path its extensions;
what was only unpacked has neither.
"""

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

from mesh_cli.local.programs import find_program, installed
from mesh_clusters.places import home

_KINDS = ("iptables", "ip6tables")
_SUFFIXES = ("", "-save", "-restore")


def folder(say: Callable[[str], None]) -> Path:
    """The folder with `iptables` and its kin; raises ProgramMissing."""
    if found := installed("iptables"):
        return found.parent
    program = find_program("iptables-nft", "iptables", progress=say)
    aliases = home() / "iptables"
    aliases.mkdir(parents=True, exist_ok=True)
    extensions = next((program.parent / "root/usr/lib").glob("*/xtables"), None)
    for kind in _KINDS:
        for suffix in _SUFFIXES:
            script = _script(program.with_name(f"{kind}-nft{suffix}"), extensions)
            _write(aliases / f"{kind}{suffix}", script)
    return aliases


def _write(alias: Path, script: str) -> None:
    """Write a script that a node that runs already may be about to start."""
    if alias.exists() and alias.read_text() == script:
        return
    with tempfile.TemporaryDirectory(dir=alias.parent, prefix=".new-") as scratch:
        new = Path(scratch, alias.name)
        new.write_text(script)
        new.chmod(0o755)
        new.rename(alias)


def _script(program: Path, extensions: Path | None) -> str:
    # There are none below it if only this package's own names are installed.
    export = f"export XTABLES_LIBDIR={shlex.quote(str(extensions))}\n" if extensions else ""
    return f'#!/bin/sh\n{export}exec {shlex.quote(str(program))} "$@"\n'

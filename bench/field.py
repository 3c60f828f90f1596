"""The field that everything is measured on: one `mesh local` with all subjects side by side."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench import certificates, configs
from bench.cpu import Process, processes_in
from mesh_cli.local.programs import find_program

PROGRAMS = {
    "nginx": "nginx-core",
    "haproxy": "haproxy",
    "wrk": "wrk",
}


class FieldError(Exception):
    """The field could not be made or used; the text says why."""


class Field:
    """A running mesh with origin, load generator, haproxy pair and nginx hop."""

    def __init__(self, workloads: Path) -> None:
        """Prepare the workloads' files; nothing runs yet."""
        self._prefix = f"bench-{os.getpid()}"
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._programs = {name: find_program(name, package) for name, package in PROGRAMS.items()}
        shutil.copytree(workloads, self._folder, dirs_exist_ok=True)
        (self._folder / "config.yaml").write_text(json.dumps(self._config_map()))

    def __enter__(self) -> Self:
        """Bring it up."""
        paths = [word for path in self._programs.values() for word in ("--path", str(path.parent))]
        try:
            self._mesh("up", str(self._folder), "--detach", *paths, timeout=180)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take it down; nothing is left."""
        self._mesh("down", timeout=60, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self, pod: str, pattern: str) -> list[Process]:
        """The processes of a pod whose command line matches."""
        namespace = self.run(pod, "readlink", "/proc/self/ns/net").strip()
        found = [one for one in processes_in(namespace) if re.search(pattern, one.command)]
        if not found:
            raise FieldError(f"pod {pod} has no process that matches {pattern!r}")
        return found

    def run(self, pod: str, *command: str, timeout: float = 60) -> str:
        """Run a command in a pod and return what it prints."""
        return self._mesh("exec", f"bench/{pod}", "--", *command, timeout=timeout)

    def program(self, name: str) -> str:
        """The path of wrk, nginx or haproxy as pods see it."""
        return str(self._programs[name])

    def _config_map(self) -> dict[str, Any]:
        # JSON is YAML; the peer is asked for by name, since its address is not known yet.
        data = configs.files("haproxy-in.bench.svc.cluster.local") | certificates.files()
        metadata = {"name": "bench", "namespace": "bench"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def _mesh(self, verb: str, *arguments: str, timeout: float, check: bool = True) -> str:
        mesh = Path(sys.executable).parent / "mesh"
        options = ("--prefix", self._prefix)
        command = [str(mesh), "local", verb, *options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise FieldError(f"`mesh local {verb}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout

"""A Docker daemon of our own, in namespaces of its own.

It is no daemon of the user's and changes none: its firewall, its bridge, its containers and its
mounts are in namespaces that end with their first process, and the machine has only a link to
them, a control group, and a folder.
"""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mesh_cli.local import record
from mesh_cli.local.programs import ProgramMissing, find_program, installed
from mesh_clusters.daemons import environment
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import StartFailed, Unsupported
from mesh_clusters.kind import runtime
from mesh_clusters.kind.boot import DAEMON_FILE
from mesh_clusters.kind.docker import Docker
from mesh_clusters.kind.settings import KindSettings
from mesh_clusters.node import iptables, machine
from mesh_clusters.node.launch import last_words, launch
from mesh_clusters.node.networks import check_free

_SECONDS = 60.0
_SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_LOG_LINES = 5


@dataclass(frozen=True, slots=True)
class DockerPrograms:
    """The client, runc, and the PATH that the daemon needs."""

    client: Path
    runc: Path
    path: str


def find(say: Callable[[str], None]) -> DockerPrograms:
    """Find the programs, fetching what is missing; raises Unsupported with what to install."""
    try:
        daemon = find_program("dockerd", "docker.io", progress=say)
        # In the same package, until Debian 13.
        client = _beside(daemon, "docker") or find_program("docker", "docker-cli", progress=say)
        containerd, runc = (
            installed(name) or _beside(daemon, name) or find_program(name, name, progress=say)
            for name in ("containerd", "runc")
        )
        tables = iptables.folder(say)
    except ProgramMissing as error:
        raise Unsupported(str(error)) from error
    found = [daemon.parent, containerd.parent, runc.parent, tables, *map(Path, _SYSTEM)]
    return DockerPrograms(client, runc, ":".join(dict.fromkeys(map(str, found))))


def _beside(daemon: Path, name: str) -> Path | None:
    """A program that came with the daemon."""
    program = daemon.with_name(name)
    return program if program.exists() else None


def start(settings: KindSettings, programs: DockerPrograms) -> Docker:
    """Start it, and return when it answers; raises StartFailed, Unsupported.

    The cluster's folder is there and has nothing in it.
    """
    check_free(settings.families, machine.routes())
    for folder in (settings.logs, settings.etc, settings.private):
        folder.mkdir(mode=0o700)
    _configure(settings, programs)
    machine.make_control_groups(settings)
    launch(settings, "mesh_clusters.kind.boot", environment() | {"PATH": programs.path})
    docker = Docker.private(programs.client, settings.docker_socket)
    wait_for("Docker's answer", partial(_answers, settings, docker), _SECONDS)
    return docker


def stop(settings: KindSettings) -> None:
    """End it with all its containers, and remove what it has on the machine but for the folder."""
    found = record.load(settings.state)
    if found is not None:
        found.kill()
        wait_for("Docker's end", lambda: not found.alive, _SECONDS)
    machine.disconnect(settings)
    machine.remove_control_groups(settings)


def _answers(settings: KindSettings, docker: Docker) -> bool:
    found = record.load(settings.state)
    if found is None or not found.alive:
        log = settings.logs / "dockerd.log"
        said = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
        raise StartFailed("\n".join([f"Docker ended: {last_words(settings)}", *said]))
    return settings.docker_socket.exists() and docker.answers()


def _configure(settings: KindSettings, programs: DockerPrograms) -> None:
    document: dict[str, object] = {
        "hosts": [f"unix://{settings.docker_socket}"],
        "pidfile": "/run/docker.pid",
        "data-root": str(settings.private / "docker"),
        "exec-root": "/run/docker",
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "cgroup-parent": settings.control_group,
        # kind's nodes manage control groups below their own.
        "default-cgroupns-mode": "private",
        # There is no name server that it could ask.
        "dns": [str(settings.families[0].machine)],
    }
    if runtime.lacks_any():
        wrapper = settings.etc / "runc"
        words = [sys.executable, "-I", "-S", str(Path(runtime.__file__)), str(programs.runc)]
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        wrapper.chmod(0o700)
        document |= {"runtimes": {"limited": {"path": str(wrapper)}}, "default-runtime": "limited"}
    (settings.etc / DAEMON_FILE).write_text(json.dumps(document))

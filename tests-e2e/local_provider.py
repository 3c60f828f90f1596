"""Scenarios on `mesh local`: the whole mesh in namespaces of this machine."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from provider import PodState

PROC = Path("/proc")
ETH_P_ALL = 3


class LocalMesh:
    """A mesh of this test run's own; the `mesh` command is the one beside this interpreter."""

    def __init__(self, prefix: str, workloads: Path, programs: Sequence[Path]) -> None:
        """Name it, and say what it runs and which folders of programs its pods see."""
        self._prefix = prefix
        self._workloads = workloads
        self._programs = programs

    def up(self) -> None:
        """Bring it up and wait until everything is ready."""
        paths = [word for folder in self._programs for word in ("--path", str(folder))]
        self._mesh("up", str(self._workloads), "--detach", *paths, timeout=120)

    def down(self) -> None:
        """Take it down."""
        self._mesh("down", timeout=60)

    def diagnosis(self) -> str:
        """What a reader of a failed run wants to see first."""
        return subprocess.run(
            self._command("status"), capture_output=True, text=True, timeout=30, check=False
        ).stdout

    def apply(self, workloads: Path) -> None:
        """Read the folder again; it is the one that `up` was given."""
        assert workloads == self._workloads
        self._mesh("apply")

    def pods(self, namespace: str) -> Sequence[PodState]:
        """The pods of a namespace that are not ending."""
        return [
            PodState(
                namespace=row["namespace"],
                name=row["name"],
                ready=row["ready"],
                restarts=row["restarts"],
                meshed=row["meshed"],
                address=row["addresses"][0],
            )
            for row in self._rows(namespace)
        ]

    def start(self, pod: str, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a pod."""
        return subprocess.Popen(
            self._command("exec", pod, "--", *command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def restart(self, namespace: str) -> None:
        """Begin a rolling restart of every Deployment of a namespace."""
        for row in self._status()["deployments"]:
            if row["namespace"] == namespace:
                names = (f"deployment/{row['name']}", "--namespace", namespace)
                self._mesh("restart", *names, "--wait", "0")

    def kill(self, pod: str, what: str) -> None:
        """SIGKILL the processes in a pod's network whose command line holds `what`."""
        victims = [pid for pid in processes_in(self._network(pod)) if what in command_line(pid)]
        assert victims, f"no process of {pod} has {what!r} in its command line"
        for pid in victims:
            os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def capture(self, pod: str) -> Iterator["InterfaceCapture"]:
        """Record what passes the pod's interfaces but loopback."""
        pid = processes_in(self._network(pod))[0]
        capture = InterfaceCapture(pid)
        try:
            yield capture
        finally:
            capture.close()

    def _network(self, pod: str) -> str:
        process = self.start(pod, "readlink", "/proc/self/ns/net")
        output, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
        return output.strip()

    def _rows(self, namespace: str) -> list[dict[str, Any]]:
        return [
            row
            for row in self._status()["pods"]
            if row["namespace"] == namespace and row["phase"] != "Terminating"
        ]

    def _status(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._mesh("status", "--output", "json"))
        return document

    def _command(self, verb: str, *arguments: str) -> list[str]:
        mesh = Path(sys.executable).parent / "mesh"
        return [str(mesh), "local", verb, "--prefix", self._prefix, *arguments]

    def _mesh(self, verb: str, *arguments: str, timeout: float = 30) -> str:
        command = self._command(verb, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
        return done.stdout


def processes_in(network: str) -> list[int]:
    """The processes in a network namespace, by the machine's numbers."""
    found = []
    for entry in PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "ns/net").readlink().name == network:
                found.append(int(entry.name))
    return sorted(found)


def command_line(pid: int) -> str:
    """A process's arguments, joined with blanks; empty when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class InterfaceCapture:
    """Reads every frame from a packet socket that was made in the pod's network."""

    def __init__(self, pid: int) -> None:
        """Capture in the network namespace of a process (needs root)."""
        self._socket = packet_socket_in(pid)
        self._frames: list[bytes] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def bytes(self) -> bytes:
        """All frames so far; those on their way get a moment to arrive."""
        self._thread.join(0.3)
        with self._lock:
            return b"".join(self._frames)

    def close(self) -> None:
        """Stop."""
        self._socket.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                frame, address = self._socket.recvfrom(1 << 17)
                if address[0] != "lo":
                    with self._lock:
                        self._frames.append(frame)


def packet_socket_in(pid: int) -> socket.socket:
    """A packet socket of another network namespace: a child enters it and hands the socket over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    program = (
        "import socket, sys\n"
        "channel = socket.socket(fileno=int(sys.argv[1]))\n"
        f"raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons({ETH_P_ALL}))\n"
        "socket.send_fds(channel, [b'x'], [raw.fileno()])\n"
    )
    nsenter = shutil.which("nsenter") or "/usr/bin/nsenter"
    with ours, theirs:
        subprocess.run(
            [
                *(nsenter, f"--target={pid}", "--net"),
                *(sys.executable, "-c", program, str(theirs.fileno())),
            ],
            pass_fds=[theirs.fileno()],
            check=True,
            timeout=20,
        )
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=descriptors[0])

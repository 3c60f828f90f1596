"""`mesh local exec`: a command in a pod with this process's own streams."""

import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence
from types import FrameType

from mesh_cli.local.client import LocalMesh
from mesh_cli.local.control_protocol import send

_PASSED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def run_in_pod(
    mesh: LocalMesh,
    pod: str,
    argv: Sequence[str],
    *,
    container: str | None = None,
    namespace: str | None = None,
    streams: Sequence[int] = (0, 1, 2),
) -> int:
    """Run a command and return its exit code; signals are passed on."""
    with mesh.connect() as connection:
        request = {
            "op": "exec",
            "pod": pod,
            "argv": list(argv),
            "container": container,
            "namespace": namespace,
        }
        with _passing_signals(mesh, connection):
            send(connection, request, streams)
            return int(mesh.answer(connection)["exit_code"])


@contextlib.contextmanager
def _passing_signals(mesh: LocalMesh, connection: socket.socket) -> Iterator[None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        mesh.send_signal(connection, number)

    before = {number: signal.signal(number, handle) for number in _PASSED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

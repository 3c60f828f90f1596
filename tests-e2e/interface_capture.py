"""Every frame on a pod's interfaces, read from a packet socket in the pod's network."""

import contextlib
import shutil
import socket
import subprocess
import sys
import threading

ETH_P_ALL = 3


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

"""Starts a proxy again and again, run by path in its pod's network: `/proc/PID ROUNDS`.

Prints for each round how many milliseconds it took until `/ready` was answered 200.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PREFIX = "LINKERD2_PROXY_"
PORTS = {"INBOUND_LISTEN_ADDR": 24143, "OUTBOUND_LISTEN_ADDR": 24140, "ADMIN_LISTEN_ADDR": 24191}
OUTBOUND = "OUTBOUND_LISTEN_ADDRS"
REQUEST = b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PATIENCE = 30.0


def environment(running: Path, host: str = "127.0.0.1") -> dict[str, str]:
    """What the running proxy was given, with other ports; connections are taken on `host`."""
    pairs = (entry.partition("=") for entry in (running / "environ").read_text().split("\0"))
    found = {name: value for name, _, value in pairs if name}
    for name, port in PORTS.items():
        found[PREFIX + name] = f"{host}:{port}"
    if PREFIX + OUTBOUND in found:
        found[PREFIX + OUTBOUND] = f"{host}:{PORTS['OUTBOUND_LISTEN_ADDR']}"
    return found


def entering(running: Path, *first: str) -> list[str]:
    """The words before a command that is to see what a process sees, as the same user.

    `first` are the words of what is to be done there before, as root.
    """
    status = (running / "status").read_text()
    uid = status.split("Uid:")[1].split()[0]
    gid = status.split("Gid:")[1].split()[0]
    enter = ["nsenter", f"--mount={running}/ns/mnt", *first]
    return [*enter, "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]


def is_ready(port: int) -> bool:
    """Whether the admin server says so."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(REQUEST)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def start(running: Path) -> float:
    """Milliseconds from the start of the process until it is ready."""
    command = (running / "cmdline").read_text().rstrip("\0").split("\0")
    began = time.monotonic()
    process = subprocess.Popen(
        [*entering(running), *command],
        env=environment(running),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not is_ready(PORTS["ADMIN_LISTEN_ADDR"]):
            if time.monotonic() - began > PATIENCE or process.poll() is not None:
                raise TimeoutError("the proxy does not become ready")
            time.sleep(0.0005)
        return (time.monotonic() - began) * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main() -> None:
    """Start it as often as asked for."""
    running, rounds = Path(sys.argv[1]), int(sys.argv[2])
    os.chdir("/")
    print(json.dumps([start(running) for _ in range(rounds)]))


if __name__ == "__main__":
    main()

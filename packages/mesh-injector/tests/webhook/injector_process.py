"""`mesh-injector serve` as the cluster runs it: its own process, mounts, ServiceAccount."""

import base64
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reviews import VALUES
from serving_certificates import Pair, make_pair

ROOT = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Give what the condition gives, once that is something."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{condition} did not come true within {seconds} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Mount:
    """A directory as the kubelet keeps it."""

    def __init__(self, directory: Path, files: dict[str, bytes]) -> None:
        self.directory = directory
        self._version = 0
        directory.mkdir()
        self.swap(files)

    def swap(self, files: dict[str, bytes]) -> None:
        self._version += 1
        version = self.directory / f"..{self._version}"
        version.mkdir()
        for name, data in files.items():
            (version / name).write_bytes(data)
            if not (self.directory / name).is_symlink():
                (self.directory / name).symlink_to(f"..data/{name}")
        (self.directory / "..data_tmp").symlink_to(version.name)
        (self.directory / "..data_tmp").rename(self.directory / "..data")


class Injector:
    """A process that may be stopped and started again, on the same ports."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.pair = make_pair()
        self.tls = Mount(folder / "tls", self.pair.contents())
        self.values = Mount(folder / "config", {"values": VALUES.encode()})
        self.roots = Mount(folder / "roots", {"ca-bundle.crt": ROOT.encode()})
        self.port, self.admin_port = free_port(), free_port()
        self._kubeconfig = kubeconfig
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "mesh_injector.webhook.main", "serve"),
            f"--tls-dir={self.tls.directory}",
            f"--config={self.values.directory / 'values'}",
            f"--trust-anchors={self.roots.directory / 'ca-bundle.crt'}",
            "--controller-namespace=linkerd",
            f"--addr=127.0.0.1:{self.port}",
            f"--admin-addr=127.0.0.1:{self.admin_port}",
            f"--kubeconfig={self._kubeconfig}",
            "--shutdown-delay=0s",
            "--log-level=debug",
        ]

    @property
    def ca_bundle(self) -> str:
        return base64.b64encode(self.pair.certificate).decode()

    def renew(self, pair: Pair) -> None:
        self.pair = pair
        self.tls.swap(pair.contents())

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self.command, stderr=log, stdin=subprocess.DEVNULL)
        until(self.ready, 30)

    def ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return self.admin("/ready")[0] == 200
        except OSError:
            return False

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(15)
        self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text()

    def admin(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, sample: str) -> float | None:
        lines = self.admin("/metrics")[1].splitlines()
        values = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{sample} ")]
        return float(values[0]) if values else None

    def unmeshed(self) -> dict[str, Any]:
        status, text = self.admin("/unmeshed.json")
        assert status == 200
        report: dict[str, Any] = json.loads(text)
        return report

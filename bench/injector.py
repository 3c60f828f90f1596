"""The injector as its own process, beside a real API server that fills its caches."""

import contextlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from bench.certificates import certificate, pem
from bench.cpu import Process
from bench.errors import FieldError
from mesh_clusters.apiserver import ApiServer
from mesh_clusters.binaries import ensure

NAMESPACE = "bench"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Injector:
    """A running injector."""

    port: int
    admin_port: int
    process: Process
    trusting: ssl.SSLContext

    @property
    def url(self) -> str:
        """Where it takes reviews."""
        return f"https://localhost:{self.port}/"


@contextlib.contextmanager
def running_injector() -> Iterator[Injector]:
    """Start an API server and the injector; the body runs once the caches are filled."""
    with tempfile.TemporaryDirectory(prefix="bench-injector-") as name:
        folder = Path(name)
        (folder / "api").mkdir()
        with ApiServer(ensure("apiserver"), folder / "api") as server:
            server.start()
            server.kubectl("apply", "-f", "-", stdin=json.dumps(objects()))
            with injector(folder, server.kubeconfig) as running:
                yield running


@contextlib.contextmanager
def injector(folder: Path, kubeconfig: Path) -> Iterator[Injector]:
    """Run `mesh-injector serve`; its log lies in `folder`."""
    root = mount_files(folder)
    port, admin_port = free_port(), free_port()
    command = [
        *(sys.executable, "-m", "mesh_injector.webhook.main", "serve"),
        f"--tls-dir={folder}",
        f"--config={folder / 'values'}",
        f"--trust-anchors={folder / 'tls.crt'}",
        f"--addr=127.0.0.1:{port}",
        f"--admin-addr=127.0.0.1:{admin_port}",
        f"--kubeconfig={kubeconfig}",
        "--shutdown-delay=0s",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        wait_until_ready(process, admin_port, folder / "log")
        trusting = ssl.create_default_context(cadata=root)
        yield Injector(port, admin_port, Process(process.pid, " ".join(command)), trusting)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def mount_files(folder: Path) -> str:
    """Write what a pod has mounted, and give the certificate that clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = pem(certificate("localhost", key.public_key(), "localhost", key))
    (folder / "tls.crt").write_text(root)
    (folder / "tls.key").write_text(pem(key))
    (folder / "values").write_text("proxy: {image: {version: bench}}\n")
    return root


def wait_until_ready(process: subprocess.Popen[bytes], admin_port: int, log: Path) -> None:
    """Wait for the admin server to say so."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(admin_port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise FieldError(f"the injector does not become ready:\n{log.read_text()}")
        time.sleep(0.05)


def is_ready(admin_port: int) -> bool:
    """Ask once."""
    connection = http.client.HTTPConnection("127.0.0.1", admin_port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def objects() -> dict[str, Any]:
    """An annotated namespace, and a Deployment's ReplicaSet in it."""
    metadata: dict[str, Any] = {
        "name": NAMESPACE,
        "annotations": {"linkerd.io/inject": "enabled"},
    }
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d"}
    replica_set = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-1",
            "namespace": NAMESPACE,
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": "web"}]},
            },
        },
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, replica_set]}

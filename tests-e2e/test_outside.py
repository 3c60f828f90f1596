"""Pods of the mesh, and servers and clients that are no part of any cluster: this machine's."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes_provider import KubernetesMesh
from scenario import Mesh, header

pytestmark = pytest.mark.cluster


class WhoAsks(BaseHTTPRequestHandler):
    """Says which headers arrived, as the scenarios' own server does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with what was asked."""
        body = json.dumps({"headers": self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def outside(cluster: KubernetesMesh) -> Iterator[str]:
    """The address and port of a server outside of the cluster."""
    if not cluster.place.machine:
        pytest.skip("pods have no way to this machine here")
    with ThreadingHTTPServer((cluster.place.machine, 0), WhoAsks) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"{cluster.place.machine}:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("client", ["client", "plain-client"])
def test_a_server_outside_of_the_cluster_is_reached(mesh: Mesh, outside: str, client: str) -> None:
    answer = mesh.get(client, f"http://{outside}/", "--header", "x-question:yes")
    assert answer["status"] == 200
    assert header(answer, "x-question") == ["yes"]
    seen = [name.lower() for name, _ in answer["json"]["headers"]]
    assert not [name for name in seen if name.startswith("l5d-")], "ours, and nobody's business"


def test_a_client_outside_of_the_cluster_is_answered_and_has_no_identity(
    mesh: Mesh, outside: str
) -> None:
    pod = mesh.ready("web", 2)[0]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{pod.address}:8080/whoami", timeout=10) as answer:
        names = [name.lower() for name, _ in json.loads(answer.read())["headers"]]
    assert "l5d-client-id" not in names

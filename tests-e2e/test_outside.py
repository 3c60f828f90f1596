"""Pods of the mesh, and servers and clients that are no part of any cluster: this machine's."""

import ipaddress
import json
import socket
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
        """Not on the test's terminal."""


@pytest.fixture
def machine(cluster: KubernetesMesh) -> str:
    """This machine's address on the network that it shares with the node."""
    (node, *_) = cluster.kubectl.get("nodes")
    internal = [
        ipaddress.ip_address(each["address"])
        for each in node["status"]["addresses"]
        if each["type"] == "InternalIP"
    ]
    there = next((address for address in internal if address.version == 4), None)
    if there is None:
        pytest.skip("the node has no IPv4 address")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((str(there), 9))
        address = str(probe.getsockname()[0])
    if there not in ipaddress.ip_network(f"{address}/24", strict=False):
        pytest.skip("this machine and the node share no network: pods may have no way here")
    return address


@pytest.fixture
def outside(machine: str) -> Iterator[str]:
    """The address and port of a server outside of the cluster."""
    with ThreadingHTTPServer((machine, 0), WhoAsks) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"{machine}:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("client", ["client", "plain-client"])
def test_a_server_outside_of_the_cluster_is_reached(mesh: Mesh, outside: str, client: str) -> None:
    answer = mesh.get(client, f"http://{outside}/", "--header", "x-question:yes")
    assert answer["status"] == 200
    assert header(answer, "x-question") == ["yes"]
    seen = [name.lower() for name, _ in answer["json"]["headers"]]
    assert not [name for name in seen if name.startswith("l5d-")], "ours, and nobody's business"


def test_a_refusal_from_outside_is_an_error_at_once(mesh: Mesh, machine: str) -> None:
    answer = mesh.get("client", f"http://{machine}:1/")
    assert answer["status"] == 502, answer
    assert "l5d-proxy-error" in answer["headers"]


def test_a_client_outside_of_the_cluster_is_answered_and_has_no_identity(
    mesh: Mesh, machine: str
) -> None:
    pod = mesh.ready("web", 2)[0]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{pod.address}:8080/whoami", timeout=10) as answer:
        names = [name.lower() for name, _ in json.loads(answer.read())["headers"]]
    assert "l5d-client-id" not in names

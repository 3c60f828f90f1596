"""Fields with which proxies talk are nobody else's: not a client's, and not an application's."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import engine
import meshed
import pytest
from meshed import Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
OURS = {
    "l5d-client-id": "root.kube-system.serviceaccount.identity.linkerd.cluster.local",
    "L5d-Client-Id": "somebody",
    "l5d_client_id": "somebody",
    "l5d-dst-override": "other.shop.svc.cluster.local:80",
    "l5d-dst-canonical": "other.shop.svc.cluster.local:80",
    "l5d-orig-proto": "HTTP/1.0",
    "l5d-proxy-error": "made up",
    "l5d-proxy-connection": "close",
    "l5d-mesh-anything": "x",
}
CERT = "By=spiffe://x;Hash=abc"


class Talking(RawServer):
    """An application that answers with fields of proxies."""

    def _serve(self, stream: socket.socket) -> None:
        fields = "".join(f"{name}: {value}\r\n" for name, value in OURS.items())
        answer = f"HTTP/1.1 200 OK\r\n{fields}X-Own: yes\r\nContent-Length: 2\r\n\r\nok"
        with stream, suppress(OSError):
            while data := stream.recv(65536):
                self.heard.append(data)
                if b"\r\n\r\n" in data:
                    stream.sendall(answer.encode())


@pytest.fixture(scope="module")
def application(spaces: Pair) -> Iterator[Talking]:
    with closing(Talking(spaces.peer.listener(PORT))) as application:
        yield application


@pytest.fixture(scope="module", params=[False, True], ids=["sidecar", "ingress"])
def mesh(
    request: pytest.FixtureRequest,
    spaces: Pair,
    application: Talking,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mesh]:
    del application  # it listens
    mode = {"LINKERD2_PROXY_INGRESS_MODE": str(request.param).lower()}
    with meshed.running(spaces, tmp_path_factory.mktemp("spoofed"), server_variables=mode) as mesh:
        mesh.declare(PORT)
        yield mesh


@pytest.mark.fault(24)
@pytest.mark.parametrize("way", ["through", "stranger", "outside"])
def test_nothing_that_is_made_up_arrives(mesh, application, way):
    application.heard.clear()
    fields = [f"{name}: {value}" for name, value in OURS.items()]
    cert = f"X-Forwarded-Client-Cert: {CERT}"
    lines = ["GET /x HTTP/1.1", "Host: web", *fields, cert, "X-Own: yes", "", ""]
    with getattr(mesh, way).connection(PORT) as stream:
        stream.settimeout(engine.SECONDS)
        stream.sendall("\r\n".join(lines).encode())
        answer = b""
        while not answer.endswith(b"ok"):
            data = stream.recv(4096)
            assert data, answer
            answer += data
    heard = b"".join(application.heard).lower()
    named = re.findall(rb"\r\n(l5d[-_][^:]*): ([^\r]*)", heard)
    identity = engine.IDENTITY.encode()
    assert named == ([(b"l5d-client-id", identity)] if way == "through" else [])
    assert (b"x-forwarded-client-cert" in heard) == (way == "through")
    assert b"x-own: yes" in heard
    assert b"\r\nx-own: yes" in answer.lower()
    assert not re.search(rb"(?i)\r\nl5d[-_]", answer)

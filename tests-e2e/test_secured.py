"""What is on the wire, who the server thinks is calling, and what a caller cannot pretend."""

import pytest
from scenario import Mesh, header

MARKER = "the-eagle-has-landed"
CLIENT_IDENTITY = "default.e2e.serviceaccount.identity.linkerd.cluster.local"


def test_bytes_between_meshed_pods_are_not_readable(mesh: Mesh) -> None:
    with mesh.provider.capture("e2e/client") as capture:
        answer = mesh.get("client", "http://web/whoami", "--header", f"x-secret:{MARKER}")
        assert header(answer, "x-secret") == [MARKER]
        mesh.run("client", "tcp", "greeter:7001", "--send", MARKER)
        assert MARKER.encode() not in capture.bytes()
        assert capture.bytes(), "the capture saw nothing at all"


def test_bytes_between_unmeshed_pods_are_readable(mesh: Mesh) -> None:
    with mesh.provider.capture("e2e/plain-client") as capture:
        mesh.get("plain-client", "http://plain/whoami", "--header", f"x-secret:{MARKER}")
        assert MARKER.encode() in capture.bytes()


def test_the_server_learns_the_verified_identity(mesh: Mesh) -> None:
    answer = mesh.get("client", "http://web/whoami")
    assert header(answer, "l5d-client-id") == [CLIENT_IDENTITY]


@pytest.mark.fault(24)
@pytest.mark.parametrize("client", ["client", "plain-client"])
@pytest.mark.parametrize("name", ["l5d-client-id", "L5D-Client-Id"])
def test_a_pretended_identity_is_gone(mesh: Mesh, client: str, name: str) -> None:
    answer = mesh.get(client, "http://web/whoami", "--header", f"{name}:boss.bank.example")
    expected = [CLIENT_IDENTITY] if client == "client" else []
    assert header(answer, "l5d-client-id") == expected


@pytest.mark.parametrize(
    ("client", "server"), [("plain-client", "web"), ("client", "plain"), ("plain-client", "plain")]
)
def test_unmeshed_peers_talk_in_plaintext(mesh: Mesh, client: str, server: str) -> None:
    with mesh.provider.capture(f"e2e/{client}") as capture:
        url = f"http://{server}/whoami"
        assert mesh.get(client, url, "--header", f"x-open:{MARKER}")["status"] == 200
        assert MARKER.encode() in capture.bytes()


def test_names_addresses_and_both_families_reach_the_same_service(mesh: Mesh) -> None:
    web = mesh.ready("web", 2)
    for host in ("web", "web.e2e", "web.e2e.svc.cluster.local"):
        assert mesh.get("client", f"http://{host}/whoami")["status"] == 200
    for host in ("web-headless", web[0].address):
        answer = mesh.get("client", f"http://{host}:8080/whoami")
        assert header(answer, "l5d-client-id") == [CLIENT_IDENTITY]

"""The fixture itself, against real processes."""

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mesh_clusters.apiserver import ApiServer
from mesh_clusters.binaries import ensure
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import CommandFailed, StartFailed

pytest_plugins = ["mesh_clusters.fixtures"]

_SCRIPT = """
import sys
from pathlib import Path
from mesh_clusters.apiserver import ApiServer
from mesh_clusters.binaries import ensure

server = ApiServer(ensure("apiserver"), Path(sys.argv[1]))
server.start()
server.pause()
print(server.url, flush=True)
sys.stdin.read()
"""


def test_objects_outlive_a_stop_of_the_server(api_server: ApiServer) -> None:
    api_server.kubectl("create", "configmap", "kept", "--from-literal=a=b")

    api_server.stop()
    with pytest.raises(CommandFailed, match="refused"):
        api_server.kubectl("get", "configmap", "kept")
    api_server.start()

    stored = json.loads(api_server.kubectl("get", "configmap", "kept", "-o", "json"))
    assert stored["data"] == {"a": "b"}


def test_paused_server_keeps_connections_and_answers_nothing(api_server: ApiServer) -> None:
    api_server.pause()
    try:
        with pytest.raises(CommandFailed, match=r"[Tt]imeout"):
            api_server.kubectl("get", "namespaces", "--request-timeout=0.3s")
    finally:
        api_server.resume()

    assert "default" in api_server.kubectl("get", "namespaces")


def test_service_account_may_do_what_is_granted_to_it_only(api_server: ApiServer) -> None:
    config = api_server.service_account_kubeconfig("accounts", "reader")
    # Not a role like `view`, which a controller would fill.
    api_server.kubectl("create", "role", "r", "--verb=list", "--resource=pods", "-n=accounts")

    def as_account(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = str(ensure("apiserver").path("kubectl"))
        argv = [program, f"--kubeconfig={config}", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    assert "forbidden" in as_account("get", "pods").stderr
    account = "--serviceaccount=accounts:reader"
    api_server.kubectl("create", "rolebinding", "r", "--role=r", account, "-n=accounts")
    # The server learns of its own objects by watching, so not at once.
    wait_for("the grant", lambda: as_account("get", "pods").returncode == 0, 5)
    assert "forbidden" in as_account("get", "secrets").stderr


def test_token_is_for_the_audience_asked_for(api_server: ApiServer) -> None:
    token = api_server.token("web", "api", ["identity.l5d.io"], 600)

    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["aud"] == ["identity.l5d.io"]
    assert claims["sub"] == "system:serviceaccount:web:api"
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": ["identity.l5d.io"]},
    }
    answer = api_server.kubectl("create", "-o=json", "-f=-", stdin=json.dumps(review))
    assert json.loads(answer)["status"]["authenticated"] is True


def test_refused_command_says_what_kubectl_says(api_server: ApiServer) -> None:
    with pytest.raises(CommandFailed, match='"nowhere" not found'):
        api_server.kubectl("get", "namespace", "nowhere")


def test_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "etcd").write_text("a file where the data should lie")
    with ApiServer(ensure("apiserver"), tmp_path) as server, pytest.raises(StartFailed) as caught:
        server.start()
    assert "etcd ended" in str(caught.value)
    assert "not a directory" in str(caught.value)


def test_nothing_outlives_a_killed_test_process(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _SCRIPT, str(tmp_path)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("https://127.0.0.1:")
        servers = _processes_of(tmp_path)
        assert len(servers) == 2
        os.kill(process.pid, signal.SIGKILL)

    wait_for("the servers' end", lambda: not _processes_of(tmp_path), 5)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=1)


def _processes_of(folder: Path) -> list[int]:
    """The processes whose command line names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith((b"etcd", b"kube-apiserver")) and any(
                str(folder).encode() in word for word in words
            ):
                found.append(int(entry.name))
    return found

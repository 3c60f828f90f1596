"""No kubeconfig, no server, no credentials, no answer: one clear error each, and soon."""

import json
import time

import pytest
from installed_mesh import look

pytest_plugins = ["mesh_clusters.fixtures"]

CLIENT = "can initialize the client"
QUERY = "can query the Kubernetes API"


def kubeconfig(folder, server="https://127.0.0.1:1", **user):
    path = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "x", "cluster": {"server": server, **user.pop("cluster", {})}}],
        "users": [{"name": "x", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(document))
    return path


def test_no_kubeconfig(tmp_path):
    found = look(tmp_path / "none")
    assert found == {CLIENT: ("error", f"the kubeconfig {tmp_path / 'none'} does not exist")}


def test_a_context_that_is_not_there(tmp_path):
    found = look(kubeconfig(tmp_path), context="other")
    assert found.keys() == {CLIENT}
    assert "other" in found[CLIENT][1]


def test_nobody_listens(tmp_path):
    found = look(kubeconfig(tmp_path))
    assert found.keys() == {QUERY}
    assert "cannot reach https://127.0.0.1:1" in found[QUERY][1]


def test_another_clusters_certificate(tmp_path, api_server):
    found = look(kubeconfig(tmp_path, api_server.url, token="x"))
    assert found.keys() == {QUERY}
    assert "is not trusted" in found[QUERY][1]


@pytest.mark.parametrize("user", [{"token": "rubbish"}, {}], ids=["wrong", "none"])
def test_credentials_that_do_not_count(tmp_path, api_server, user):
    trust = {"certificate-authority": str(api_server.ca_file)}
    found = look(kubeconfig(tmp_path, api_server.url, cluster=trust, **user))
    assert found.keys() == {QUERY}
    said = found[QUERY][1]
    assert "does not accept the credentials" in said or "system:anonymous" in said


def test_a_server_that_hangs_holds_up_nobody(api_server):
    api_server.pause()
    try:
        began = time.monotonic()
        found = look(api_server.kubeconfig)
        assert time.monotonic() - began < 15
    finally:
        api_server.resume()
    assert found.keys() == {QUERY}
    assert "no answer within 10 s" in found[QUERY][1]


def test_wrong_usage(mesh_command):
    done = mesh_command("check", "--wait", "soon")
    assert done.returncode == 2
    assert done.stderr.startswith("mesh: --wait: 'soon' is not a length of time")
    assert mesh_command("check", "--pre", "--proxy").returncode == 2
    assert mesh_command("check", "-o", "xml").returncode == 2

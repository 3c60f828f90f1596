"""`mesh check` against a real API server with the chart on it, and no kubelet: nothing runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64decode
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.request import urlopen

import pytest
from authorities import DAY, LOOPBACK, encoded, make
from installed_mesh import NAMESPACE, InstalledMesh, look

from mesh_cli.check.categories.all import Purpose
from mesh_clusters.binaries import ensure

pytest_plugins = ["mesh_clusters.fixtures"]

CONFIG = "'linkerd-config' config map exists"
ISSUER = "linkerd-identity-issuer"
ROOTS = "linkerd-identity-trust-roots"
WEBHOOK = "linkerd-proxy-injector-webhook-config"
WEBHOOK_NAME = "linkerd-proxy-injector.linkerd.svc"
TODAY = datetime.now(UTC)

NOTHING_RUNS = {
    "control plane replica sets are ready",
    "control plane pods are ready",
    "proxy-injector adds a proxy to new pods",
    "control plane proxies are healthy",
}
"""What is wrong because there is no kubelet."""


class Injector:
    """The injector's process on this machine, with what the cluster holds for it."""

    def __init__(self, mesh, folder):
        for key, value in mesh.get("secret", "linkerd-proxy-injector-k8s-tls")["data"].items():
            (folder / key).write_bytes(b64decode(value))
        (folder / "values").write_text(mesh.get("configmap", "linkerd-config")["data"]["values"])
        (folder / "roots").write_text(mesh.get("configmap", ROOTS)["data"]["ca-bundle.crt"])
        port, self._admin = free_port(), free_port()
        self.url = f"https://{LOOPBACK}:{port}/"
        self._command = (
            *(sys.executable, "-m", "mesh_injector.webhook.main", "serve", "--shutdown-delay=0s"),
            *(f"--tls-dir={folder}", f"--config={folder}/values"),
            *(f"--trust-anchors={folder}/roots", f"--controller-namespace={NAMESPACE}"),
            *(f"--addr={LOOPBACK}:{port}", f"--admin-addr={LOOPBACK}:{self._admin}"),
            f"--kubeconfig={mesh.kubeconfig}",
        )
        self._log = folder / "log"

    def __enter__(self):
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        wait_for("the injector", self._is_ready, 30)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._process.kill()
        self._process.wait()

    def _is_ready(self):
        assert self._process.poll() is None, self._log.read_text()
        try:
            with urlopen(f"http://{LOOPBACK}:{self._admin}/ready") as answer:
                return answer.status == 200
        except OSError:
            return False


def free_port():
    with socket.create_server((LOOPBACK, 0)) as listener:
        return listener.getsockname()[1]


def wait_for(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.1)


def today(name, signer=None, **settings):
    return make(name, signer, now=TODAY, **settings)


@pytest.fixture(scope="module")
def serving():
    """The webhook's certificate, good for the Service and for an address on this machine."""
    root = today("webhook root")
    names = {"names": (WEBHOOK_NAME,), "addresses": (ip_address(LOOPBACK),)}
    return root, today("webhook", root, authority=False, **names)


@pytest.fixture(scope="module")
def mesh(api_server, tmp_path_factory, serving):
    root, leaf = serving
    values = {"proxyInjector": {"crtPEM": leaf.pem, "keyPEM": leaf.key_pem, "caBundle": root.pem}}
    helm = ensure("helm").path("helm")
    mesh = InstalledMesh(api_server, helm, tmp_path_factory.mktemp("helm"), values)
    mesh.install()
    yield mesh
    mesh.uninstall()


def beyond(found):
    """What is wrong beside that nothing runs."""
    return {name: finding for name, finding in found.items() if name not in NOTHING_RUNS}


def test_without_a_mesh_one_thing_is_wrong(mesh):
    found = mesh.look(control_plane="elsewhere")
    assert found.keys() == {CONFIG}
    assert "in namespace elsewhere, but in linkerd; name it with -L linkerd" in found[CONFIG][1]


def test_an_installation_that_nothing_runs(mesh):
    found = mesh.look()
    assert found.keys() == NOTHING_RUNS
    assert {level for level, _ in found.values()} == {"error"}
    assert (
        "gets none (failurePolicy Ignore): no pod of it is ready"
        in (found["proxy-injector adds a proxy to new pods"][1])
    )


def test_an_expired_issuer(mesh):
    root = today("root")
    old = today("old issuer", root, begins=TODAY - 2 * DAY, ends=TODAY - DAY)
    data = {"crt.pem": encoded(old.pem), "key.pem": encoded(old.key_pem)}
    roots = {"ca-bundle.crt": root.pem}
    with mesh.changed("secret", ISSUER, data=data), mesh.changed("configmap", ROOTS, data=roots):
        found = beyond(mesh.look())
    [(level, said)] = found.values()
    assert (level, *found) == ("error", "issuer cert is within its validity period")
    assert said.startswith("issuer CN=old issuer expired at ")


def test_wrong_trust_roots(mesh):
    roots = {"ca-bundle.crt": today("stranger").pem}
    with mesh.changed("configmap", ROOTS, data=roots):
        found = beyond(mesh.look())
    assert found.keys() == {"issuer cert is issued by the trust anchor"}
    assert "the anchors are CN=stranger" in str(found)


def test_a_lost_issuer_ends_its_category(mesh):
    with mesh.without("secret", ISSUER):
        found = beyond(mesh.look())
    assert found.keys() == {"certificate config is valid"}
    assert "Secret linkerd/linkerd-identity-issuer does not exist; restore it" in str(found)


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (None, "is empty: the API server does not trust the injector"),
        (encoded(make("stranger").pem), "did not sign the injector's certificate CN=webhook"),
    ],
    ids=["none", "a stranger's"],
)
def test_a_broken_bundle_of_the_webhook(mesh, bundle, said):
    webhooks = mesh.get("mutatingwebhookconfiguration", WEBHOOK)["webhooks"]
    webhooks[0]["clientConfig"]["caBundle"] = bundle
    with mesh.changed("mutatingwebhookconfiguration", WEBHOOK, webhooks=webhooks):
        found = beyond(mesh.look())
    assert said in found["proxy-injector webhook has valid cert"][1]


@pytest.mark.parametrize(
    ("kind", "name", "check"),
    [
        ("crd", "servers.policy.linkerd.io", "control plane CustomResourceDefinitions exist"),
        ("clusterrole", "linkerd-linkerd-identity", "control plane ClusterRoles exist"),
        (
            "clusterrolebinding",
            "linkerd-linkerd-destination",
            "control plane ClusterRoleBindings exist",
        ),
        ("serviceaccount", "linkerd-proxy-injector", "control plane ServiceAccounts exist"),
    ],
)
def test_a_missing_object_is_named_with_the_way_back(mesh, kind, name, check):
    with mesh.without(kind, name):
        found = beyond(mesh.look())
    assert found.keys() == {check}
    assert f"{name} does not exist; " in found[check][1]
    assert "helm upgrade" in found[check][1]


def test_a_missing_webhook(mesh):
    with mesh.without("mutatingwebhookconfiguration", WEBHOOK):
        found = beyond(mesh.look())
    assert found.keys() == {
        "control plane MutatingWebhookConfigurations exist",
        "proxy-injector webhook has valid cert",
        "proxy-injector cert is valid for at least 60 days",
    }


def test_whoever_may_nothing_is_told_what_he_lacks(mesh):
    kubeconfig = mesh.api_server.service_account_kubeconfig("check-nobody", "eve")
    found = look(kubeconfig)
    assert found.keys() == {CONFIG}
    level, said = found[CONFIG]
    assert level == "error"
    assert "system:serviceaccount:check-nobody:eve lacks the permission to get configmaps" in said


def rule(group, verbs, *resources):
    return {"apiGroups": [group], "verbs": verbs, "resources": list(resources)}


READ = ["get", "list"]
DOCUMENTED = [
    rule("", READ, "namespaces", "nodes", "pods", "services", "configmaps", "serviceaccounts"),
    rule("apps", READ, "deployments", "replicasets"),
    rule("rbac.authorization.k8s.io", READ, "clusterroles", "clusterrolebindings"),
    rule("apiextensions.k8s.io", READ, "customresourcedefinitions"),
    rule("admissionregistration.k8s.io", READ, "mutatingwebhookconfigurations"),
    rule("", ["create"], "pods", "services/proxy"),
    rule("", ["get"], "pods/proxy"),
    rule("", ["get"], "secrets"),
]
"""What docs/checks/README.md says, with the Secrets last."""


def test_what_the_documentation_asks_for_is_enough(mesh):
    with mesh.granted("reader", DOCUMENTED) as kubeconfig:
        assert look(kubeconfig) == mesh.look()
        assert look(kubeconfig, Purpose.DATA_PLANE) == mesh.look(Purpose.DATA_PLANE)


def test_whoever_may_not_read_secrets_is_told_the_rest(mesh):
    with mesh.granted("viewer", DOCUMENTED[:-1]) as kubeconfig:
        found = beyond(look(kubeconfig))
    assert found.keys() == {
        "certificate config is valid",
        "proxy-injector webhook has valid cert",
        "proxy-injector cert is valid for at least 60 days",
    }
    assert all("lacks the permission to get secrets" in said for _, said in found.values())


def test_before_the_installation(mesh):
    found = mesh.look(Purpose.INSTALL)
    assert found.keys() == {"control plane namespace does not already exist"}
    assert "a control plane is installed in namespace linkerd" in str(found)
    assert mesh.look(Purpose.INSTALL, control_plane="another") == {}
    eve = look(mesh.api_server.service_account_kubeconfig("check-nobody", "eve"), Purpose.INSTALL)
    assert "eve may not create secrets in namespace linkerd" in eve["can create Secrets"][1]
    assert len(eve["can create non-namespaced resources"][1].splitlines()) == 5


def test_pods_that_should_be_meshed_are_found_without_an_injector(mesh):
    namespace = {"name": "check-shop", "annotations": {"linkerd.io/inject": "enabled"}}
    pod = {"metadata": {"name": "web", "namespace": "check-shop"}}
    spec = {"containers": [{"name": "web", "image": "web"}]}
    for document in (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": namespace},
        {"apiVersion": "v1", "kind": "Pod", **pod, "spec": spec},
    ):
        mesh.kubectl("create", "--filename=-", stdin=json.dumps(document))
    try:
        found = beyond(mesh.look())
        assert found.keys() == {"all pods that should have a proxy have one"}
        level, said = found.popitem()[1]
        assert (level, said.partition(" should")[0]) == ("warning", "Pod check-shop/web")
        assert beyond(mesh.look(namespace="elsewhere")) == {}
    finally:
        mesh.kubectl("delete", "pod", "web", "--namespace=check-shop", "--now")


def test_the_data_plane_of_nobody(mesh):
    found = beyond(mesh.look(Purpose.DATA_PLANE, namespace="check-none"))
    assert found.keys() == {"data plane namespace exists"}
    found = beyond(mesh.look(Purpose.DATA_PLANE, namespace="default"))
    assert found["data plane proxies are ready"][0] == "warning"


def test_a_webhooks_secret_that_was_deleted_comes_back_with_an_upgrade(mesh):
    """As the hint page says."""
    with mesh.without("secret", "linkerd-proxy-injector-k8s-tls"):
        found = beyond(mesh.look())
        assert "Secret linkerd/linkerd-proxy-injector-k8s-tls does not exist" in str(found)
        mesh.helm("upgrade")
        assert beyond(mesh.look()) == {}
        mesh.kubectl("delete", "secret", "linkerd-proxy-injector-k8s-tls", "--namespace=linkerd")


def test_a_pod_is_tried_out_with_the_injector_itself(mesh, tmp_path):
    webhooks = mesh.get("mutatingwebhookconfiguration", WEBHOOK)["webhooks"]
    with Injector(mesh, tmp_path) as injector:
        reached = {"caBundle": webhooks[0]["clientConfig"]["caBundle"], "url": injector.url}
        webhooks[0]["clientConfig"] = reached
        with mesh.changed("mutatingwebhookconfiguration", WEBHOOK, webhooks=webhooks):
            # The API server follows its configuration with a delay.
            name = "proxy-injector adds a proxy to new pods"
            wait_for("an injected pod", lambda: name not in mesh.look(), 20)
            with mesh.changed("configmap", ROOTS, data={"ca-bundle.crt": today("other").pem}):
                assert "other trust anchors" in mesh.look()[name][1]
            webhooks[0]["failurePolicy"] = "Fail"
            with mesh.changed("mutatingwebhookconfiguration", WEBHOOK, webhooks=webhooks):
                injector.stop()
                wait_for("a refusal", lambda: "cannot be created" in str(mesh.look().get(name)), 20)


def test_the_command_prints_a_table_and_gives_an_exit_code(mesh, mesh_command):
    where = ("--kubeconfig", str(mesh.kubeconfig), "--wait", "0")
    done = mesh_command("check", *where)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == ["kubernetes-api", "--------------", "√ can initialize the client"]
    assert lines[-1] == "Status check results are ×"
    assert "√ issuer cert is issued by the trust anchor" in lines
    assert "    see docs/checks/linkerd-existence.md#l5d-api-control-ready for hints" in lines
    done = mesh_command("check", *where, "--pre", "-L", "nowhere", "-o", "short")
    assert (done.returncode, done.stdout) == (0, "Status check results are √\n")


def test_warnings_fail_only_where_that_is_asked_for(mesh, mesh_command):
    mesh.kubectl("create", "namespace", "check-empty")
    where = ("--kubeconfig", str(mesh.kubeconfig), "--pre", "-L", "check-empty", "-o", "short")
    done = mesh_command("check", *where)
    assert done.returncode == 0
    assert done.stdout.endswith("Status check results are √, with 1 warning\n")
    assert mesh_command("check", *where, "--strict").returncode == 1


def test_the_command_prints_one_document(mesh, mesh_command):
    done = mesh_command(
        *("check", "--proxy", "-o", "json", "--wait", "0", "--verbose"),
        *("--kubeconfig", str(mesh.kubeconfig)),
    )
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["success"] is False
    assert "linkerd-data-plane" in [each["categoryName"] for each in document["categories"]]
    assert "Pod linkerd" not in done.stderr
    assert "the API server's version: " in done.stderr


def test_an_interrupted_command_ends_without_a_trace(mesh):
    command = [sys.executable, "-I", "-m", "mesh_cli.main", "check", "--wait", "1m", "--verbose"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--kubeconfig", str(mesh.kubeconfig)], **pipes) as process:
        for line in process.stderr:
            if "replicasets" in line:  # whose check is repeated
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Status check" not in rest
    assert "Traceback" not in errors


def test_a_locale_without_the_marks_is_no_obstacle(mesh):
    command = [sys.executable, "-m", "mesh_cli.main", "check", "--pre", "-L", "nowhere"]
    done = subprocess.run(
        [*command, "--kubeconfig", str(mesh.kubeconfig)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\\u221a can create Secrets" in done.stdout

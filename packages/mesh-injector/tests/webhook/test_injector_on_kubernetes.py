"""The injector's process, asked by a real API server, with no more rights than it declares."""

import http.client
import json
import ssl
import uuid
from pathlib import Path

import pytest
from injector_process import Injector, until
from reviews import INJECT, PROXY, VALUES, body, containers, patched, pod, service
from serving_certificates import make_pair

from mesh_injector.webhook.access import ACCESS

pytest_plugins = ["mesh_clusters.fixtures"]

REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "r"}
HOOK = "linkerd-proxy-injector.linkerd.io"
DEPLOYMENT_ANNOTATION = "config.linkerd.io/skip-outbound-ports"


class Cluster:
    """The API server, as these tests speak with it."""

    def __init__(self, api_server) -> None:
        self.kubectl = api_server.kubectl
        self.mark = f"webhook-{uuid.uuid4().hex[:8]}"

    def apply(self, *documents: dict) -> None:
        self.kubectl("apply", "-f", "-", stdin=as_list(documents))

    def create(self, document: dict) -> dict:
        return json.loads(
            self.kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(document))
        )

    def namespace(self, **annotations: str) -> str:
        name = f"shop-{uuid.uuid4().hex[:8]}"
        meta = {"name": name, "labels": {"test": self.mark}, "annotations": annotations}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        return name

    def events(self, namespace: str) -> list[tuple[str, str, str]]:
        items = json.loads(self.kubectl("get", "events", "-n", namespace, "-o", "json"))["items"]
        return [
            (
                f"{item['involvedObject']['kind']}/{item['involvedObject']['name']}",
                item["type"],
                item["reason"],
            )
            for item in items
        ]

    def register(self, injector: Injector) -> None:
        """What the chart says, with an address in place of a Service."""
        hook = {
            "name": HOOK,
            "clientConfig": {
                "url": f"https://127.0.0.1:{injector.port}/",
                "caBundle": injector.ca_bundle,
            },
            "namespaceSelector": {"matchLabels": {"test": self.mark}},
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["pods", "services"],
                    "scope": "Namespaced",
                }
            ],
            "admissionReviewVersions": ["v1", "v1beta1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "timeoutSeconds": 10,
        }
        self.apply(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": self.mark},
                "webhooks": [hook],
            }
        )


def as_list(documents) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})


def in_namespace(document: dict, namespace: str) -> dict:
    return {**document, "metadata": {**document["metadata"], "namespace": namespace}}


def grant(api_server, name: str, needs) -> Path:
    """A ServiceAccount with these rights and no other, as a kubeconfig."""
    kubeconfig = api_server.service_account_kubeconfig("linkerd", name)
    group = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"test-{name}"},
        "rules": [need.rule for need in needs],
    }
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"test-{name}"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": f"test-{name}"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "linkerd"}],
    }
    api_server.kubectl("apply", "-f", "-", stdin=as_list([role, binding]))
    return kubeconfig


@pytest.fixture(scope="module")
def account(api_server):
    return grant(api_server, "linkerd-proxy-injector", ACCESS)


@pytest.fixture(scope="module")
def injector(account, tmp_path_factory):
    injector = Injector(tmp_path_factory.mktemp("injector"), account)
    injector.start()
    yield injector
    injector.close()


@pytest.fixture(scope="module")
def cluster(api_server, injector):
    cluster = Cluster(api_server)
    cluster.register(injector)
    meshed = cluster.namespace(**{INJECT: "enabled"})
    # The API server reads webhook configurations with a delay.
    until(lambda: PROXY in containers(cluster.create(in_namespace(pod(), meshed))))
    yield cluster
    cluster.kubectl("delete", "mutatingwebhookconfiguration", cluster.mark)


@pytest.fixture
def shop(cluster):
    return cluster.namespace(**{INJECT: "enabled"})


def test_a_pod_comes_back_with_its_proxy(cluster, shop):
    created = cluster.create(in_namespace(pod("bare"), shop))
    assert containers(created) == ["linkerd-init", PROXY, "app"]
    meta = created["metadata"]
    assert meta["labels"]["linkerd.io/workload-ns"] == shop
    assert meta["annotations"]["linkerd.io/created-by"].startswith("mesh")
    opted_out = in_namespace(pod("plain", annotations={INJECT: "disabled"}), shop)
    assert containers(cluster.create(opted_out)) == ["app"]


def test_the_owner_is_found_labelled_and_told(cluster, shop):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod()["spec"]}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    deployment = cluster.create(
        in_namespace(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "spec": spec,
            },
            shop,
        )
    )
    replica_set = cluster.create(
        in_namespace(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {"name": "web-1", **controlled_by(deployment)},
                "spec": spec,
            },
            shop,
        )
    )
    given = in_namespace(pod("web-1-a"), shop)
    given["metadata"] |= controlled_by(replica_set)
    assert cluster.create(given)["metadata"]["labels"]["linkerd.io/proxy-deployment"] == "web"
    until(lambda: ("Deployment/web", "Normal", "Injected") in cluster.events(shop))
    denied = in_namespace(pod("web-1-b", annotations={DEPLOYMENT_ANNOTATION: "x; y"}), shop)
    denied["metadata"] |= controlled_by(replica_set)
    with pytest.raises(Exception, match="denied the request") as complaint:
        cluster.create(denied)
    assert f"annotation {DEPLOYMENT_ANNOTATION} of Pod {shop}/web-1-b" in str(complaint.value)
    until(lambda: ("Deployment/web", "Warning", "InjectionDenied") in cluster.events(shop))


def controlled_by(document: dict) -> dict:
    owner = {key: document[key] for key in ("apiVersion", "kind")}
    owner |= {key: document["metadata"][key] for key in ("name", "uid")}
    return {"ownerReferences": [{**owner, "controller": True}]}


def test_services_get_their_opaque_ports(cluster, shop):
    created = cluster.create(in_namespace(service(3306), shop))
    assert created["metadata"]["annotations"]["config.linkerd.io/opaque-ports"] == "3306"


def test_a_dry_run_shows_the_proxy(cluster, shop):
    given = json.dumps(in_namespace(pod("dry"), shop))
    shown = cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=given)
    assert PROXY in containers(json.loads(shown))


def test_the_configuration_is_read_live(cluster, injector, shop):
    image = "localhost/mesh-proxy:0.2.0"
    refused = 'mesh_mounted_files_refused{files="configuration"}'

    def proxy_image() -> str:
        created = cluster.create(in_namespace(pod(), shop))
        spec = created["spec"]
        everything = (*spec.get("initContainers", ()), *spec["containers"])
        return next(each["image"] for each in everything if each["name"] == PROXY)

    assert proxy_image() == "localhost/mesh-proxy:0.1.0"
    injector.values.swap({"values": VALUES.replace("0.1.0", "0.2.0").encode()})
    until(lambda: proxy_image() == image)
    injector.values.swap({"values": b"proxy: {uid: [not, a, number]}"})
    until(lambda: injector.metric(refused) == 1)
    assert proxy_image() == image
    assert "what was in use stays" in injector.log()
    injector.values.swap({"values": VALUES.encode()})
    until(lambda: injector.metric(refused) == 0)
    until(lambda: proxy_image() == "localhost/mesh-proxy:0.1.0")


def test_the_certificate_is_renewed_under_way_although_torn(cluster, injector, shop):
    refused = 'mesh_mounted_files_refused{files="webhook-certificate"}'
    renewed = make_pair()
    injector.tls.swap({**renewed.contents(), "tls.key": injector.pair.key})
    until(lambda: injector.metric(refused) == 1)
    assert "tls.key is not the key of tls.crt" in injector.log()
    assert PROXY in containers(cluster.create(in_namespace(pod(), shop)))
    injector.renew(renewed)
    until(lambda: injector.metric(refused) == 0)
    cluster.register(injector)
    until(lambda: PROXY in containers(cluster.create(in_namespace(pod(), shop))))


def post(injector: Injector, data: bytes) -> tuple[int, bytes]:
    trusting = ssl.create_default_context(cadata=injector.pair.certificate.decode())
    connection = http.client.HTTPSConnection(
        "localhost", injector.port, timeout=5, context=trusting
    )
    try:
        connection.request("POST", "/", data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.fault(67)
def test_garbage_does_not_touch_the_next_review(cluster, injector, shop):
    for data, status in (
        (b"aaaaaa", 400),
        (b"{}", 400),
        (b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', 400),
        (b'{"x":' + b"[" * 100_000, 400),
        (b" " * 3 * 1024 * 1024, 400),
        (b" " * 3 * 1024 * 1024 + b" ", 413),
        (b" " * 16 * 1024 * 1024, 413),
    ):
        answer = post(injector, data)
        assert answer[0] == status
        assert json.loads(answer[1])["message"]
    assert PROXY in containers(cluster.create(in_namespace(pod(), shop)))


@pytest.mark.fault(70)
def test_pods_that_were_created_without_the_injector_are_reported(cluster, injector, shop):
    assert injector.stop() == 0
    try:
        for name in ("a", "b"):
            assert containers(cluster.create(in_namespace(pod(name), shop))) == ["app"]
        opted_out = in_namespace(pod("c", annotations={INJECT: "disabled"}), shop)
        cluster.create(opted_out)
    finally:
        injector.start()
    mine = until(lambda: in_report(injector, shop) if len(in_report(injector, shop)) == 2 else None)
    assert [each["name"] for each in mine] == ["a", "b"]
    assert "should have a proxy and has none" in mine[0]["message"]
    sample = f'mesh_injector_unmeshed_pods{{namespace="{shop}"}}'
    assert injector.metric(sample) == 2
    until(lambda: ("Pod/a", "Warning", "NotInjected") in cluster.events(shop))
    until(lambda: ("Pod/b", "Warning", "NotInjected") in cluster.events(shop))
    cluster.kubectl("delete", "pod", "a", "-n", shop, "--grace-period=0", "--force")
    until(lambda: [each["name"] for each in in_report(injector, shop)] == ["b"])
    until(lambda: PROXY in containers(cluster.create(in_namespace(pod(), shop))))


def test_pods_from_before_the_annotation_are_listed_without_a_warning(cluster, injector):
    plain = cluster.namespace()
    cluster.create(in_namespace(pod("early"), plain))
    cluster.kubectl("annotate", "namespace", plain, f"{INJECT}=enabled")
    [found] = until(lambda: in_report(injector, plain))
    assert (found["name"], found["older"]) == ("early", True)
    assert "delete it and create it again" in found["message"]
    assert cluster.events(plain) == []
    cluster.kubectl("annotate", "namespace", plain, f"{INJECT}-")
    until(lambda: not in_report(injector, plain))


def in_report(injector: Injector, namespace: str) -> list[dict]:
    report = injector.unmeshed()
    return [each for each in report["pods"] if each["namespace"] == namespace]


def test_without_the_right_to_see_pods_it_injects_all_the_same(cluster, api_server, tmp_path, shop):
    needs = [need for need in ACCESS if need.resource == "namespaces"]
    poor = Injector(tmp_path, grant(api_server, "poor-injector", needs))
    try:
        poor.start()
        status, answer = post(poor, body(pod(owner=REPLICA_SET), shop))
        assert status == 200
        assert PROXY in containers(patched(pod(), answer))
        report = until(lambda: said if (said := poor.unmeshed())["problems"] else None)
        assert not report["synced"]
        assert "pods" in report["problems"][0]
    finally:
        poor.close()

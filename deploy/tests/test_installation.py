"""Installing, upgrading and uninstalling, against a real API server."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import jsonpatch
import msgspec
import pytest
import yaml
from credentials import GIVEN, WEBHOOK_CERTIFICATE
from cryptography import x509
from helm import CHART, NAMESPACE, Helm, HelmError, merged, objects

from mesh_clusters.errors import CommandFailed
from mesh_core.resources import Namespace, ObjectMeta, Pod
from mesh_identity.issuer import Issuer
from mesh_identity.pem import read_certificates, read_key
from mesh_injector import Inject, decide
from mesh_injector.patch import patch_pod
from mesh_injector.values import installation

JOB = {"identity": {"generate": "job"}}
WEBHOOK = "linkerd-proxy-injector-webhook-config"
KINDS = (
    "configmaps,secrets,services,serviceaccounts,deployments,jobs,poddisruptionbudgets,roles,"
    "rolebindings,clusterroles,clusterrolebindings,mutatingwebhookconfigurations"
)
INJECTION = "linkerd-test-injection"
OURS = "--selector=linkerd.io/control-plane-ns"


class Cluster:
    """The API server, and a mesh in it."""

    def __init__(self, api_server, helm):
        self.kubectl = api_server.kubectl
        self.helm = helm

    def install(self, values=None):
        where = ("mesh", str(CHART), f"--namespace={NAMESPACE}")
        return self.helm.run("install", *where, "--create-namespace", values=values)

    def upgrade(self, values=None):
        return self.helm.run(
            "upgrade", "mesh", str(CHART), f"--namespace={NAMESPACE}", values=values
        )

    def uninstall(self):
        return self.helm.run(
            "uninstall", "mesh", f"--namespace={NAMESPACE}", "--ignore-not-found", "--wait=false"
        )

    def objects(self):
        """All objects of the mesh, and how often each was changed."""
        listed = json.loads(
            self.kubectl("get", KINDS, f"--namespace={NAMESPACE}", OURS, "--output=json")
        )
        return {
            (item["kind"], item["metadata"]["name"]): item["metadata"]["resourceVersion"]
            for item in listed["items"]
        }

    def get(self, kind, name):
        text = self.kubectl("get", kind, name, f"--namespace={NAMESPACE}", "--output=json")
        return json.loads(text)

    def certificates(self):
        """Everything that must never change by itself."""
        webhook = self.get("mutatingwebhookconfiguration", WEBHOOK)["webhooks"][0]
        return (
            self.get("secret", "linkerd-identity-issuer")["data"],
            self.get("configmap", "linkerd-identity-trust-roots")["data"],
            self.get("secret", "linkerd-proxy-injector-k8s-tls")["data"],
            webhook["clientConfig"]["caBundle"],
        )


@pytest.fixture
def cluster(api_server, helm_program, tmp_path):
    helm = Helm(helm_program, tmp_path, api_server.kubeconfig)
    mesh = Cluster(api_server, helm)
    yield mesh
    mesh.uninstall()


@pytest.mark.parametrize(
    "values",
    [
        GIVEN,
        JOB,
        merged(GIVEN, {"enablePodDisruptionBudget": True, "cniEnabled": True}),
        merged(GIVEN, {"proxy": {"nativeSidecar": False}, "disableIPv6": False}),
        merged(GIVEN, {"proxyInit": {"runAsRoot": True, "closeWaitTimeoutSecs": 5}}),
    ],
    ids=["given", "job", "CNI", "classic", "root"],
)
def test_the_api_server_accepts_every_object_without_a_warning(api_server, helm, values):
    api_server.token(NAMESPACE, "unused")  # makes the namespace
    accepted = [d for d in helm.template(values).documents if d["metadata"]["name"] != INJECTION]
    printed = api_server.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--dry-run=server"),
        *("--validate=strict", "--warnings-as-errors", "--filename=-"),
        stdin=yaml.safe_dump_all(accepted),
    )
    assert printed.count("serverside-applied (server dry run)") == len(accepted)


def test_the_pod_that_tests_injection_is_refused_without_and_accepted_with_it(api_server, helm):
    rendered = helm.template(GIVEN)
    document = rendered.get("Pod", INJECTION)
    with pytest.raises(CommandFailed, match='Not found: "linkerd-identity-end-entity"'):
        create(api_server, document)

    pod = msgspec.convert(document, Pod)
    settings = installation(rendered.get("ConfigMap", "linkerd-config")["data"]["values"])
    namespace = Namespace(metadata=ObjectMeta(name="default"))
    decision = decide(pod, namespace, settings)
    assert isinstance(decision, Inject)
    operations = patch_pod(document, pod, namespace, settings, None, decision)
    create(api_server, jsonpatch.JsonPatch(msgspec.to_builtins(operations)).apply(document))


def test_an_install_makes_certificates_that_fit_together(cluster):
    cluster.install()
    issuer, roots, webhook, bundle = cluster.certificates()
    now = datetime.now(UTC)

    anchors = read_certificates(roots["ca-bundle.crt"].encode(), "roots")
    made = Issuer(
        read_key(b64decode(issuer["key.pem"]), "key"),
        read_certificates(b64decode(issuer["crt.pem"]), "certificate"),
        anchors,
        now=now,
        lifetime=timedelta(days=1),
        skew=timedelta(seconds=20),
    )
    assert made.objection(now) is None
    assert made.expires > now + timedelta(days=364)

    [authority] = read_certificates(b64decode(bundle), "bundle")
    [leaf] = read_certificates(b64decode(webhook["tls.crt"]), "leaf")
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["linkerd-proxy-injector.linkerd.svc"]


def test_the_settings_are_what_the_injector_reads(cluster):
    cluster.install({"clusterDomain": "example.org", "disableIPv6": False})
    text = cluster.get("configmap", "linkerd-config")["data"]["values"]
    roots = cluster.get("configmap", "linkerd-identity-trust-roots")["data"]["ca-bundle.crt"]
    read = installation(text)
    assert read.trust_anchors == roots
    assert read.effective_trust_domain == "example.org"
    assert read.ipv6
    assert read.version == "0.1.0"
    assert read == installation(text, roots)


def test_an_upgrade_with_the_same_values_changes_nothing(cluster):
    cluster.install()
    before, certificates = cluster.objects(), cluster.certificates()
    cluster.upgrade()
    assert cluster.certificates() == certificates
    assert cluster.objects() == before


def test_an_upgrade_with_other_values_keeps_the_certificates(cluster):
    cluster.install()
    certificates = cluster.certificates()
    cluster.upgrade({"controllerLogLevel": "debug", "clusterNetworks": "10.0.0.0/8"})
    assert cluster.certificates() == certificates


def test_an_upgrade_keeps_an_issuer_that_was_replaced_by_hand(cluster):
    cluster.install()
    data = {"crt.pem": "bmV3", "key.pem": "bmV3"}
    patch = json.dumps({"data": data})
    where = f"--namespace={NAMESPACE}"
    cluster.kubectl("patch", "secret", "linkerd-identity-issuer", where, f"--patch={patch}")
    cluster.upgrade({"controllerLogLevel": "debug"})
    assert cluster.get("secret", "linkerd-identity-issuer")["data"] == data


@pytest.mark.parametrize(
    ("kind", "name"),
    [("secret", "linkerd-identity-issuer"), ("configmap", "linkerd-identity-trust-roots")],
)
def test_half_an_identity_is_never_completed_by_a_guess(cluster, kind, name):
    cluster.install()
    cluster.kubectl("delete", kind, name, f"--namespace={NAMESPACE}")
    with pytest.raises(HelmError, match="restore it, or give identityTrustAnchorsPEM"):
        cluster.upgrade()


def test_what_a_job_filled_in_stays_through_upgrades(cluster):
    cluster.install(JOB)
    where = f"--namespace={NAMESPACE}"
    for kind, name, key in (
        ("secret", "linkerd-identity-issuer", "crt.pem"),
        ("configmap", "linkerd-identity-trust-roots", "ca-bundle.crt"),
        ("secret", "linkerd-proxy-injector-k8s-tls", "tls.crt"),
    ):
        filled = json.dumps({"data": {key: "bmV3"}})
        cluster.kubectl("patch", kind, name, where, f"--patch={filled}")
    bundle = b64encode(WEBHOOK_CERTIFICATE.encode()).decode()
    trusted = {"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}
    cluster.kubectl(
        *("patch", "mutatingwebhookconfiguration", WEBHOOK, "--type=json"),
        f"--patch={json.dumps([trusted])}",
    )
    certificates = cluster.certificates()
    before = cluster.objects()
    cluster.upgrade(JOB)
    assert cluster.objects() == before
    cluster.upgrade(merged(JOB, {"controllerLogLevel": "debug", "webhookFailurePolicy": "Fail"}))
    assert cluster.certificates() == certificates
    # Nor has Helm put them into its own records.
    assert "bmV3" not in cluster.helm.run("get", "manifest", "mesh", where)


def test_who_makes_certificates_may_change_without_losing_them(cluster):
    cluster.install()
    certificates = cluster.certificates()
    for values in (JOB, JOB, {}, JOB):
        cluster.upgrade(values)
        assert cluster.certificates() == certificates


def test_an_uninstall_leaves_nothing_but_the_definitions(cluster):
    cluster.install(merged(JOB, {"enablePodDisruptionBudget": True}))
    assert cluster.objects()
    cluster.uninstall()
    assert cluster.objects() == {}
    left = cluster.kubectl("get", "customresourcedefinitions", "--output=name").split()
    assert {name.partition("/")[2] for name in left} >= {
        "servers.policy.linkerd.io",
        "serviceprofiles.linkerd.io",
    }
    cluster.install()  # and they are no obstacle to the next one
    assert cluster.objects()


def test_the_webhook_leaves_the_control_plane_alone(cluster):
    cluster.install()
    [webhook] = cluster.get("mutatingwebhookconfiguration", WEBHOOK)["webhooks"]
    excluded = {
        name
        for rule in webhook["namespaceSelector"]["matchExpressions"]
        if rule["key"] == "kubernetes.io/metadata.name" and rule["operator"] == "NotIn"
        for name in rule["values"]
    }
    assert excluded == {"kube-system", "cert-manager", NAMESPACE}
    assert webhook["failurePolicy"] == "Ignore"
    assert webhook["timeoutSeconds"] == 10
    assert webhook["sideEffects"] == "None"


def test_a_dry_run_that_asks_the_server_needs_no_certificates(cluster):
    text = cluster.helm.run(
        *("template", "mesh", str(CHART), f"--namespace={NAMESPACE}", "--dry-run=server")
    )
    assert objects(text).has("Secret", "linkerd-identity-issuer")


def create(api_server, document):
    flags = ("--dry-run=server", "--warnings-as-errors", "--filename=-")
    api_server.kubectl("create", *flags, stdin=json.dumps(document))

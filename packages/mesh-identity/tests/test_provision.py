"""The certificates of a cluster, made once: beside a real API server, also several at a time."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from mesh_clusters.apiserver import ApiServer
from mesh_core.kubernetes import KubernetesClient
from mesh_identity.access import (
    ISSUER_SECRET,
    TRUST_ROOTS,
    WEBHOOK_CONFIGURATION,
    WEBHOOK_SECRET,
    provision_access,
)
from mesh_identity.errors import CredentialsError, ProvisionError
from mesh_identity.provision import Wishes, provision
from mesh_identity.testing import Signer

pytest_plugins = ["mesh_clusters.fixtures"]

Objects = dict[str, dict[str, str]]
Provision = Callable[[], Awaitable[list[str]]]
NAMES = {
    "roots": ("configmap", TRUST_ROOTS),
    "issuer": ("secret", ISSUER_SECRET),
    "webhook": ("secret", WEBHOOK_SECRET),
}


@pytest.fixture
def namespace(api_server: ApiServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty one, and the webhook configuration without a caBundle."""
    name = f"provision-{abs(hash(request.node.name)) % 10**10}"
    api_server.kubectl("create", "namespace", name)
    api_server.kubectl("apply", "-f", "-", stdin=json.dumps(webhook_configuration(name)))
    yield name
    api_server.kubectl("delete", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION)


def webhook_configuration(namespace: str) -> dict[str, Any]:
    """It selects nothing, so that other tests never notice."""
    service = {"name": "linkerd-proxy-injector", "namespace": namespace, "path": "/"}
    webhook = {
        "name": "linkerd-proxy-injector.linkerd.io",
        "clientConfig": {"service": service},
        "namespaceSelector": {"matchLabels": {"provision-test": "none"}},
        "failurePolicy": "Ignore",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [
            {
                "operations": ["CREATE"],
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "resources": ["pods"],
            }
        ],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": WEBHOOK_CONFIGURATION},
        "webhooks": [webhook],
    }


@pytest.fixture
async def client(api_server: ApiServer) -> AsyncIterator[KubernetesClient]:
    async with await KubernetesClient.connect(api_server.kubeconfig, user_agent="tests") as client:
        yield client


@pytest.fixture
def run(client: KubernetesClient, namespace: str) -> Provision:
    async def run() -> list[str]:
        wishes = Wishes(namespace, "cluster.local", webhook_wait=timedelta(seconds=5))
        return [line async for line in provision(client, wishes, datetime.now(UTC))]

    return run


def stored(api_server: ApiServer, namespace: str) -> dict[str, Any]:
    """Data of the three objects, and the caBundle."""
    found: dict[str, Any] = {}
    for what, (kind, name) in NAMES.items():
        text = api_server.kubectl(
            "get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"
        )
        found[what] = json.loads(text)["data"] if text else None
    configuration = json.loads(
        api_server.kubectl(
            "get", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION, "-o", "json"
        )
    )
    found["bundle"] = configuration["webhooks"][0]["clientConfig"].get("caBundle", "")
    return found


def put(api_server: ApiServer, namespace: str, what: str, **data: bytes) -> None:
    """Make one of the objects by hand; `tls_crt` stands for `tls.crt`."""
    kind, name = NAMES[what]
    document = {
        "apiVersion": "v1",
        "kind": "Secret" if kind == "secret" else "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "stringData" if kind == "secret" else "data": {
            key.replace("_", "."): value.decode() for key, value in data.items()
        },
    }
    api_server.kubectl("apply", "-f", "-", stdin=json.dumps(document))


def pem(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(base64.b64decode(text))


async def test_everything_is_made_once(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    assert await run() == [
        f"made Secret {namespace}/{WEBHOOK_SECRET}",
        "set the webhook configuration's caBundle",
        f"made Secret {namespace}/{ISSUER_SECRET}",
        f"made ConfigMap {namespace}/{TRUST_ROOTS}",
    ]
    made = stored(api_server, namespace)
    assert all(line.startswith("kept") for line in await run())
    assert stored(api_server, namespace) == made
    issuer = pem(made["issuer"]["crt.pem"])
    assert made["roots"]["ca-bundle.crt"].encode() == base64.b64decode(made["issuer"]["crt.pem"])
    assert issuer.subject.rfc4514_string() == f"CN=identity.{namespace}.cluster.local"


async def test_the_api_server_would_trust_the_webhook(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    await run()
    made = stored(api_server, namespace)
    name = x509.DNSName(f"linkerd-proxy-injector.{namespace}.svc")
    verifier = PolicyBuilder().store(Store([pem(made["bundle"])])).build_server_verifier(name)
    leaf, _ = verifier.verify(pem(made["webhook"]["tls.crt"]), [])
    assert leaf.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)
    document = json.loads(
        api_server.kubectl(
            "get", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION, "-o", "json"
        )
    )
    client_config = document["webhooks"][0]["clientConfig"]
    assert client_config["service"]["namespace"] == namespace, "the rest stays"


async def test_ten_at_a_time_agree(api_server: ApiServer, namespace: str, run: Provision) -> None:
    answers = await asyncio.gather(*(run() for _ in range(10)))
    for what in ("Secret", "ConfigMap"):
        made = [line for lines in answers for line in lines if line.startswith(f"made {what}")]
        assert len(made) == (2 if what == "Secret" else 1)
    found = stored(api_server, namespace)
    assert found["roots"]["ca-bundle.crt"].encode() == base64.b64decode(found["issuer"]["crt.pem"])
    assert found["bundle"] == found["webhook"]["ca.crt"]


async def test_blank_objects_of_a_chart_are_filled(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    put(api_server, namespace, "roots", **{"ca-bundle_crt": b""})
    put(api_server, namespace, "issuer")
    put(api_server, namespace, "webhook", tls_crt=b"", tls_key=b"")
    answers = await asyncio.gather(*(run() for _ in range(5)))
    assert sum(line.startswith("made") for lines in answers for line in lines) == 3
    found = stored(api_server, namespace)
    assert found["roots"]["ca-bundle.crt"].encode() == base64.b64decode(found["issuer"]["crt.pem"])


async def test_a_users_own_issuer_is_kept_and_its_root_published(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    root = Signer.root(begins=datetime.now(UTC))
    issuer = root.below(begins=datetime.now(UTC))
    put(
        api_server, namespace, "issuer", tls_crt=issuer.pem, tls_key=issuer.key_pem, ca_crt=root.pem
    )
    before = stored(api_server, namespace)
    assert (await run())[2:] == [
        f"kept Secret {namespace}/{ISSUER_SECRET}",
        f"made ConfigMap {namespace}/{TRUST_ROOTS}",
    ]
    after = stored(api_server, namespace)
    assert after["issuer"] == before["issuer"]
    assert after["roots"]["ca-bundle.crt"].encode() == root.pem


async def test_an_issuer_without_its_root_is_not_guessed_at(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    issuer = Signer.root().below()
    put(api_server, namespace, "issuer", crt_pem=issuer.pem, key_pem=issuer.key_pem)
    with pytest.raises(ProvisionError, match="there without its root: create ConfigMap"):
        await run()
    assert stored(api_server, namespace)["roots"] is None


async def test_trust_anchors_without_an_issuer_are_not_replaced(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    root = Signer.root()
    put(api_server, namespace, "roots", **{"ca-bundle_crt": root.pem})
    with pytest.raises(ProvisionError, match="an issuer below them is missing: add it"):
        await run()
    found = stored(api_server, namespace)
    assert (found["issuer"], found["roots"]["ca-bundle.crt"].encode()) == (None, root.pem)


async def test_half_a_secret_is_left_to_its_owner(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    put(api_server, namespace, "issuer", crt_pem=Signer.root().pem)
    with pytest.raises(ProvisionError, match=r"holds crt\.pem but not key\.pem; complete it"):
        await run()


async def test_what_does_not_fit_is_said_and_the_webhook_works(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    issuer = Signer.root(begins=datetime.now(UTC)).below(begins=datetime.now(UTC))
    put(api_server, namespace, "issuer", crt_pem=issuer.pem, key_pem=issuer.key_pem)
    put(api_server, namespace, "roots", **{"ca-bundle_crt": Signer.root("another").pem})
    with pytest.raises(CredentialsError, match="does not chain to a trust anchor"):
        await run()
    assert stored(api_server, namespace)["bundle"]


async def test_a_stale_bundle_is_replaced_and_a_larger_one_kept(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    await run()
    ours = base64.b64decode(stored(api_server, namespace)["bundle"])
    stranger = Signer.root().pem
    for bundle, said in ((stranger, "set"), (stranger + ours, "kept")):
        value = base64.b64encode(bundle).decode()
        patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": value}]
        api_server.kubectl(
            *("patch", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION),
            *("--type=json", "-p", json.dumps(patch)),
        )
        assert (await run())[1] == f"{said} the webhook configuration's caBundle"


async def test_a_bundle_that_cert_manager_writes_is_left_to_it(
    api_server: ApiServer, namespace: str, run: Provision
) -> None:
    api_server.kubectl(
        *("annotate", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION),
        "cert-manager.io/inject-ca-from=x/y",
    )
    assert (await run())[1].startswith("kept")
    assert stored(api_server, namespace)["bundle"] == ""


def test_the_declared_permissions_are_enough_for_the_command(
    api_server: ApiServer, namespace: str
) -> None:
    kubeconfig = api_server.service_account_kubeconfig(namespace, "provision")
    account = f"--serviceaccount={namespace}:provision"
    for number, need in enumerate(provision_access(namespace)):
        scope = ["-n", need.namespace] if need.namespace else []
        kind = "role" if need.namespace else "clusterrole"
        name = f"{namespace}-{number}"
        rule = [f"--verb={','.join(need.verbs)}", f"--resource={need.resource}.{need.group}"]
        rule += [f"--resource-name={need.name}"] if need.name else []
        api_server.kubectl("create", kind, name, *rule, *scope)
        binding = f"{kind}binding"
        api_server.kubectl("create", binding, name, f"--{kind}={name}", account, *scope)
    command = [sys.executable, "-m", "mesh_identity.main", "provision"]
    flags = ["--kubeconfig", str(kubeconfig), "--namespace", namespace]
    for verb in ("made", "kept"):
        done = subprocess.run(
            [*command, *flags], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(verb) >= 3
    api_server.kubectl("delete", f"clusterrolebinding/{name}", f"clusterrole/{name}")


def test_a_missing_webhook_configuration_is_named(api_server: ApiServer, namespace: str) -> None:
    api_server.kubectl("delete", "mutatingwebhookconfiguration", WEBHOOK_CONFIGURATION)
    command = [sys.executable, "-m", "mesh_identity.main", "provision"]
    flags = ["--kubeconfig", str(api_server.kubeconfig), "--namespace", namespace]
    try:
        for more, code, said in (
            ("--webhook-wait=100ms", 1, "does not appear"),
            ("--skip-webhook", 0, ""),
        ):
            done = subprocess.run(
                [*command, *flags, more],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert done.returncode == code
            assert said in done.stderr
            assert done.stderr.count("\n") == code
    finally:
        text = json.dumps(webhook_configuration(namespace))
        api_server.kubectl("apply", "-f", "-", stdin=text)

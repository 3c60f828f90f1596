"""`serve --kubernetes` beside a real API server: whose tokens count, and who is told what."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mesh_clusters.apiserver import ApiServer
from mesh_identity.access import service_access
from mesh_identity.testing import Signer, base64url, certify_request, make_csr, sign_segments
from mesh_identity.testing_mount import IssuerMount
from mesh_identity.testing_process import IdentityProcess
from mesh_identity.token_review import REVIEW_SECONDS

pytest_plugins = ["mesh_clusters.fixtures"]

NAMESPACE = "mesh-identity-tests"
WORKLOADS = "identity-workloads"
ACCOUNT = "linkerd-identity"
OURS = ("identity.l5d.io",)
WEB = f"web.{WORKLOADS}.serviceaccount.identity.{NAMESPACE}.cluster.local"
API = f"api.{WORKLOADS}.serviceaccount.identity.{NAMESPACE}.cluster.local"

Start = Callable[..., AbstractContextManager[IdentityProcess]]


@pytest.fixture(scope="module")
def cluster(api_server: ApiServer) -> ApiServer:
    """With our ServiceAccount, exactly the permissions that are declared, and our Deployment."""
    api_server.token(NAMESPACE, ACCOUNT)
    documents = [*roles(), deployment()]
    api_server.kubectl(
        "apply",
        "-f",
        "-",
        stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": documents}),
    )
    return api_server


def roles() -> list[dict[str, Any]]:
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    made: list[dict[str, Any]] = []
    for number, need in enumerate(service_access(NAMESPACE)):
        kind = "Role" if need.namespace else "ClusterRole"
        metadata = {"name": f"{NAMESPACE}-{number}"}
        metadata |= {"namespace": need.namespace} if need.namespace else {}
        group = "rbac.authorization.k8s.io"
        header = {"apiVersion": f"{group}/v1", "metadata": metadata}
        reference = {"kind": kind, "name": metadata["name"], "apiGroup": group}
        made.append({**header, "kind": kind, "rules": [need.rule]})
        made.append(
            {**header, "kind": f"{kind}Binding", "roleRef": reference, "subjects": [subject]}
        )
    return made


def deployment() -> dict[str, Any]:
    labels = {"app": ACCOUNT}
    container = {"name": "identity", "image": "example.test/identity"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": ACCOUNT, "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


@pytest.fixture(scope="module")
def root() -> Signer:
    return Signer.root(begins=datetime.now(UTC) - timedelta(days=1))


@pytest.fixture(scope="module")
def start(cluster: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Start the service on a mount, as our ServiceAccount or another one."""

    def start(
        mount: IssuerMount, account: str = ACCOUNT
    ) -> AbstractContextManager[IdentityProcess]:
        kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, account)
        flags = {
            "--kubeconfig": kubeconfig,
            "--issuer-dir": mount.secret.directory,
            "--issuer-scheme": mount.scheme,
            "--trust-anchors": mount.anchors,
            "--controller-namespace": NAMESPACE,
        }
        arguments = [item for flag in flags.items() for item in flag]
        log = tmp_path_factory.mktemp("identity") / "log"
        return IdentityProcess(["--kubernetes", *arguments], log)

    return start


def make_mount(directory: Path, root: Signer) -> IssuerMount:
    mount = IssuerMount(directory)
    mount.trust(root)
    mount.put(root.below("issuer", begins=datetime.now(UTC) - timedelta(hours=1)))
    return mount


@pytest.fixture
def mount(tmp_path: Path, root: Signer) -> IssuerMount:
    return make_mount(tmp_path, root)


@pytest.fixture(scope="module")
def identity(
    start: Start, root: Signer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IdentityProcess]:
    """One process for all tests that leave it as it is."""
    with start(make_mount(tmp_path_factory.mktemp("mount"), root)) as process:
        process.until(lambda: process.ready, "readiness")
        yield process


def web_token(cluster: ApiServer, *audiences: str) -> bytes:
    return cluster.token(WORKLOADS, "web", audiences).encode()


def events(
    cluster: ApiServer, namespace: str, kind: str, name: str, by: str = "uid"
) -> dict[str, str]:
    """The messages of an object's events by their reasons, as `kubectl describe` finds them."""
    found = json.loads(cluster.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
    selector = f"involvedObject.{by}={found['metadata'][by]}"
    items = json.loads(
        cluster.kubectl(
            "get", "events", "-n", namespace, "--field-selector", selector, "-o", "json"
        )
    )["items"]
    return {f"{item['type']} {item['reason']}": item["message"] for item in items}


@pytest.mark.parametrize("audiences", [OURS, ()], ids=["for us", "default"])
def test_a_workload_is_certified_and_told(
    cluster: ApiServer, identity: IdentityProcess, root: Signer, audiences: tuple[str, ...]
) -> None:
    response = identity.certify(certify_request(web_token(cluster, *audiences), WEB))
    chain = [
        x509.load_der_x509_certificate(der)
        for der in (response.leaf_certificate, *response.intermediate_certificates)
    ]
    for certificate, signer in zip(chain, [*chain[1:], root.certificate], strict=True):
        certificate.verify_directly_issued_by(signer)
    identity.until(
        lambda: WEB
        in events(cluster, WORKLOADS, "serviceaccount", "web").get(
            "Normal IssuedLeafCertificate", ""
        ),
        "the event",
    )
    assert 'identity_token_review_seconds_count{result="accepted"}' in identity.page("/metrics")[1]


def another_cluster_signs(token: bytes) -> bytes:
    payload = token.split(b".")[1]
    return sign_segments(
        ec.generate_private_key(ec.SECP256R1()),
        b'{"alg":"ES256","kid":"other"}',
        base64.urlsafe_b64decode(payload + b"==="),
    )


def expired(cluster: ApiServer, token: bytes) -> bytes:
    """The same token, signed again by the cluster's own key, but of two hours ago."""
    header, payload, _ = token.split(b".")
    claims = json.loads(base64.urlsafe_b64decode(payload + b"==="))
    for claim in ("iat", "nbf", "exp"):
        claims[claim] -= 7200
    key = load_pem_private_key(cluster._pki.tokens.key.read_bytes(), None)
    payload = json.dumps(claims).encode()
    if isinstance(key, rsa.RSAPrivateKey):
        signed = header + b"." + base64url(payload)
        return signed + b"." + base64url(key.sign(signed, padding.PKCS1v15(), SHA256()))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return sign_segments(key, base64.urlsafe_b64decode(header + b"==="), payload)


WRONG_TOKENS: dict[str, tuple[Callable[[ApiServer], bytes], str]] = {
    "another audience": (lambda c: web_token(c, "vault"), "invalid bearer token"),
    "expired": (lambda c: expired(c, web_token(c, *OURS)), "expired"),
    "of another cluster": (
        lambda c: another_cluster_signs(web_token(c, *OURS)),
        "invalid bearer token",
    ),
    "of an account that is gone": (lambda c: gone(c), "not deleted"),
    "no token": (lambda _: b"garbage", "three parts separated by dots"),
    "three parts": (lambda _: b"a.b.c", "does not accept the token"),
}


def gone(cluster: ApiServer) -> bytes:
    token = cluster.token(WORKLOADS, "gone", OURS).encode()
    cluster.kubectl("delete", "serviceaccount", "gone", "-n", WORKLOADS)
    return token


@pytest.mark.parametrize("kind", WRONG_TOKENS)
def test_a_wrong_token_gets_nothing(
    cluster: ApiServer, identity: IdentityProcess, kind: str
) -> None:
    make, said = WRONG_TOKENS[kind]
    code, text = identity.refusal(certify_request(make(cluster), WEB))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert said in text


def test_the_token_of_another_account_gets_nothing_and_is_told(
    cluster: ApiServer, identity: IdentityProcess
) -> None:
    web_token(cluster)
    token = cluster.token(WORKLOADS, "api", OURS).encode()
    code, text = identity.refusal(certify_request(token, WEB))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert f"the request is for {WEB}, the token belongs to {API}" in text
    identity.until(
        lambda: text
        in events(cluster, WORKLOADS, "serviceaccount", "api").get(
            "Warning CertificateRefused", ""
        ),
        "the event",
    )


def test_a_csr_for_another_name_gets_nothing_and_is_told(
    cluster: ApiServer, identity: IdentityProcess
) -> None:
    name = f"batch.{WORKLOADS}.serviceaccount.identity.{NAMESPACE}.cluster.local"
    token = cluster.token(WORKLOADS, "batch", OURS).encode()
    csr = make_csr(x509.DNSName(WEB))
    code, text = identity.refusal(certify_request(token, name, csr))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "both must agree" in text
    identity.until(
        lambda: text
        in events(cluster, WORKLOADS, "serviceaccount", "batch").get(
            "Warning CertificateRefused", ""
        ),
        "the event",
    )


def test_a_refused_token_is_told_to_the_account_that_was_claimed(
    cluster: ApiServer, identity: IdentityProcess
) -> None:
    name = f"auditor.{WORKLOADS}.serviceaccount.identity.{NAMESPACE}.cluster.local"
    token = cluster.token(WORKLOADS, "auditor", ("vault",)).encode()
    _, text = identity.refusal(certify_request(token, name))

    def message() -> str:
        found = events(cluster, WORKLOADS, "serviceaccount", "auditor", by="name")
        return found.get("Warning CertificateRefused", "")

    identity.until(lambda: text in message(), "the event")
    assert "someone who names this as its account" in message()


@pytest.mark.fault(61)
def test_a_new_issuer_is_used_within_seconds_and_told(
    cluster: ApiServer, start: Start, mount: IssuerMount, root: Signer
) -> None:
    request = certify_request(web_token(cluster, *OURS), WEB)
    with start(mount) as process:
        process.until(lambda: process.ready, "readiness")
        new = root.below("the next issuer", begins=datetime.now(UTC) - timedelta(minutes=1))
        mount.put(new)

        def signed_anew() -> bool:
            leaf = x509.load_der_x509_certificate(process.certify(request).leaf_certificate)
            return leaf.issuer == new.certificate.subject

        process.until(signed_anew, "the change")
        mount.put(new, key=root.key_pem)
        told = {"Normal IssuerUpdated", "Warning IssuerUpdateSkipped"}
        process.until(
            lambda: told <= events(cluster, NAMESPACE, "deployment", ACCOUNT).keys(), "the events"
        )
        assert signed_anew()
        assert process.ready


def test_a_start_without_an_issuer_waits_for_it(
    cluster: ApiServer, start: Start, tmp_path: Path, root: Signer
) -> None:
    mount = IssuerMount(tmp_path)
    request = certify_request(web_token(cluster, *OURS), WEB)
    with start(mount) as process:
        code, text = process.refusal(request)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert "no certificates can be issued" in text
        assert "does not exist; is its Secret or ConfigMap mounted" in text
        status, body = process.page("/ready")
        assert (status, "a valid issuer" in body) == (503, True)
        assert process.page("/live")[0] == 200
        assert "identity_issuer_valid 0.0" in process.page("/metrics")[1]
        mount.trust(root)
        mount.put(root.below("late", begins=datetime.now(UTC) - timedelta(minutes=1)))
        process.until(lambda: process.ready, "readiness")
        assert process.certify(request).leaf_certificate
        metrics = process.page("/metrics")[1]
        assert "identity_issuer_valid 1.0" in metrics
        assert 'trust_anchor_cert_ttl_seconds{fingerprint="' in metrics


@pytest.mark.parametrize("outage", ["pause", "stop"])
def test_an_api_server_that_is_away_is_waited_for_by_the_proxy_not_by_us(
    cluster: ApiServer, identity: IdentityProcess, outage: str
) -> None:
    request = certify_request(web_token(cluster, *OURS), WEB)
    assert identity.certify(request).leaf_certificate
    getattr(cluster, outage)()
    try:
        began = time.monotonic()
        with ThreadPoolExecutor(200) as proxies:
            answers = set(proxies.map(identity.refusal, [request] * 200))
        assert {code for code, _ in answers} == {grpc.StatusCode.UNAVAILABLE}
        assert all("the token cannot be reviewed" in text for _, text in answers)
        assert time.monotonic() - began < REVIEW_SECONDS + 3, "nobody waits behind the first"
        assert identity.ready, "leaves can be issued: it is not we who are unavailable"
    finally:
        (cluster.resume if outage == "pause" else cluster.start)()

    def certified() -> bool:
        with contextlib.suppress(grpc.RpcError):
            return bool(identity.certify(request).leaf_certificate)
        return False

    identity.until(certified, "recovery")


def test_a_missing_permission_is_named(
    cluster: ApiServer, start: Start, mount: IssuerMount
) -> None:
    request = certify_request(web_token(cluster, *OURS), WEB)
    with start(mount, account="nobody") as process:
        code, text = process.refusal(request)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert "tokenreviews" in text
        process.until(
            lambda: "the permission to create tokenreviews.authentication.k8s.io"
            in process.log.read_text(),
            "the line",
        )

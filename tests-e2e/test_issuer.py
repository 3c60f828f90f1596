"""The issuer's Secret is replaced: new certificates come from the new issuer, nothing restarts."""

import base64
import json
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pod_documents as documents
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kubectl import Kubectl
from kubernetes_provider import KubernetesMesh
from scenario import Mesh, Note, wait_for

pytestmark = pytest.mark.cluster

SECRET = "linkerd-identity-issuer"
NAME = "the-new-issuer"
SECONDS = 120
"""The kubelet brings a changed Secret into a pod with its next look at the pod, once a minute."""


def test_a_replaced_issuer_signs_from_then_on(
    mesh: Mesh, cluster: KubernetesMesh, note: Note
) -> None:
    kubectl = cluster.kubectl
    restarts = {pod.name: pod.restarts for pod in cluster.pods("linkerd")}
    (secret,) = kubectl.get(f"secret/{SECRET}", "linkerd")
    data = {name: base64.b64decode(value) for name, value in secret["data"].items()}
    certificate, key = issuer_below(data["crt.pem"], data["key.pem"])
    encoded = {
        name: base64.b64encode(value).decode()
        for name, value in (("crt.pem", certificate), ("key.pem", key))
    }
    before = updates(kubectl)
    replaced = time.monotonic()
    patch = json.dumps({"data": encoded})
    kubectl("patch", "secret", SECRET, "--namespace", "linkerd", "--patch", patch)

    wait_for("the event IssuerUpdated", lambda: updates(kubectl) - before or None, SECONDS)
    note(f"a replaced issuer was taken after {time.monotonic() - replaced:.0f} s")
    fresh = documents.pod("fresh", "e2e", documents.web_server())
    kubectl("apply", "--filename", "-", stdin=json.dumps(fresh))
    where = ("pod/fresh", "--namespace", "e2e", "--timeout=60s")
    kubectl("wait", "--for=condition=Ready", *where, timeout=70)
    address = next(pod.address for pod in cluster.pods("e2e") if pod.name == "fresh")
    assert NAME in issuer_of_the_proxy_at(address)
    answer = mesh.get("client", f"http://{address}:8080/whoami")
    assert "l5d-client-id" in str(answer["json"]["headers"]), "old and new do not trust each other"
    assert {pod.name: pod.restarts for pod in cluster.pods("linkerd")} == restarts
    kubectl("delete", "pod", "fresh", "--namespace", "e2e", "--wait=false")


def updates(kubectl: Kubectl) -> set[tuple[str, int]]:
    """The events of an issuer that was taken, each with how often it happened."""
    events = kubectl.get("events", "linkerd", "--field-selector=reason=IssuerUpdated")
    return {(each["metadata"]["name"], each.get("count", 1)) for each in events}


def issuer_below(certificate: bytes, key: bytes) -> tuple[bytes, bytes]:
    """A new issuer that the present one, whose certificate is an anchor, has signed."""
    parent = x509.load_pem_x509_certificate(certificate)
    signer = serialization.load_pem_private_key(key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    ours = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    usage = {
        **dict.fromkeys(
            (
                *("digital_signature", "content_commitment", "key_encipherment"),
                *("data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            ),
            False,
        ),
        "key_cert_sign": True,
        "crl_sign": True,
    }
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(parent.subject)
        .public_key(ours.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(signer, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.public_bytes(pem), ours.private_bytes(pem, *private)


def issuer_of_the_proxy_at(address: str) -> str:
    """Who signed the certificate that a proxy's inbound port shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = "default.e2e.serviceaccount.identity.linkerd.cluster.local"
    with (
        socket.create_connection((address, 4143), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).issuer.rfc4514_string()

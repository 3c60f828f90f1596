"""The gRPC service over real sockets."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from prometheus_client import CollectorRegistry

from mesh_core.authority import Authority
from mesh_identity.certify import Certifier
from mesh_identity.errors import IdentityError
from mesh_identity.issuer import Issuer
from mesh_identity.metrics import IdentityMetrics
from mesh_identity.rotation import Rotation
from mesh_identity.server import IdentityServer, IdentityServicer
from mesh_identity.testing import (
    IDENTITY,
    Chain,
    Signer,
    TokenMaker,
    certify_request,
    make_chain_at,
)
from mesh_identity.tokens import SignedTokenVerifier
from mesh_proto.pb.identity_pb2 import CertifyRequest, CertifyResponse
from mesh_proto.pb.identity_pb2_grpc import IdentityStub

SECONDS = 10.0
Call = Callable[[CertifyRequest], CertifyResponse]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def fresh_chain() -> Chain:
    return make_chain_at(datetime.now(UTC))


@pytest.fixture
def server(
    fresh_chain: Chain, sign_token: TokenMaker, registry: CollectorRegistry
) -> Iterator[IdentityServer]:
    issuer = fresh_chain.load()
    certifier = Certifier(
        Rotation(issuer),
        SignedTokenVerifier(sign_token.key.public_key()),
        controller_namespace="linkerd",
        trust_domain="cluster.local",
    )
    server = IdentityServer(
        certifier, IdentityMetrics(registry, lambda: issuer), Authority.parse("127.0.0.1")
    )
    server.start()
    yield server
    server.stop(0)


@pytest.fixture
def certify(server: IdentityServer) -> Iterator[Call]:
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = IdentityStub(channel)
        yield lambda request: stub.Certify(request, timeout=SECONDS)


def refused(certify: Call, request: CertifyRequest) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        certify(request)
    return caught.value.code(), caught.value.details() or ""


def valid_request(sign_token: TokenMaker) -> CertifyRequest:
    return certify_request(sign_token(now=datetime.now(UTC)))


def test_a_proxy_is_certified(
    certify: Call, sign_token: TokenMaker, fresh_chain: Chain, registry: CollectorRegistry
) -> None:
    response = certify(valid_request(sign_token))
    leaf = x509.load_der_x509_certificate(response.leaf_certificate)
    leaf.verify_directly_issued_by(fresh_chain.issuer)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [IDENTITY]
    assert registry.get_sample_value("identity_certificates_issued_total") == 1
    left = registry.get_sample_value("issuer_cert_ttl_seconds")
    assert left is not None
    assert 364 * 86400 < left < 366 * 86400


def test_refusals_have_a_status_and_a_reason(
    certify: Call, sign_token: TokenMaker, registry: CollectorRegistry
) -> None:
    token = sign_token(now=datetime.now(UTC))
    bad_csr = refused(certify, certify_request(token, csr=b"nonsense"))
    assert bad_csr == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "the CSR is not DER-encoded PKCS#10 (PEM is not accepted)",
    )
    code, text = refused(certify, certify_request(b"nonsense"))
    assert (code, "three parts" in text) == (grpc.StatusCode.FAILED_PRECONDITION, True)
    code, text = refused(certify, CertifyRequest())
    assert (code, text) == (grpc.StatusCode.INVALID_ARGUMENT, "the request names no identity")
    counted = {
        reason: registry.get_sample_value("identity_requests_rejected_total", {"reason": reason})
        for reason in ("csr", "token", "request", "issuer")
    }
    assert counted == {"csr": 1, "token": 1, "request": 1, "issuer": 0}


def test_an_oversized_request_is_not_read(certify: Call, sign_token: TokenMaker) -> None:
    request = valid_request(sign_token)
    request.token = bytes(1024 * 1024)
    assert refused(certify, request)[0] is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_many_at_once_are_all_certified(certify: Call, sign_token: TokenMaker) -> None:
    requests = [valid_request(sign_token) for _ in range(100)]
    with ThreadPoolExecutor(16) as pool:
        leaves = {response.leaf_certificate for response in pool.map(certify, requests)}
    assert len(leaves) == len(requests)


def test_garbage_on_the_port_leaves_others_unaffected(
    certify: Call, server: IdentityServer, sign_token: TokenMaker
) -> None:
    """Connections that say nothing, noise, a huge frame, a preface without an end."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    openings = [
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        os.urandom(4096),
        preface + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + os.urandom(4096),
        preface + bytes(9) * 1000,
    ]
    with contextlib.ExitStack() as stack:
        for opening in openings * 20:
            peer = socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS)
            stack.enter_context(contextlib.closing(peer))
            with contextlib.suppress(OSError):
                peer.sendall(opening)
        for _ in range(20):
            assert certify(valid_request(sign_token)).leaf_certificate


def test_a_bug_is_an_internal_error_and_hurts_no_other(
    certify: Call,
    sign_token: TokenMaker,
    monkeypatch: pytest.MonkeyPatch,
    registry: CollectorRegistry,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Certifier, "certify", lambda *_: 1 / 0)
        assert refused(certify, valid_request(sign_token))[0] is grpc.StatusCode.INTERNAL
    assert certify(valid_request(sign_token)).leaf_certificate
    labels = {"reason": "internal"}
    assert registry.get_sample_value("identity_requests_rejected_total", labels) == 1


def test_a_port_in_use_is_an_error(server: IdentityServer, fresh_chain: Chain) -> None:
    issuer = fresh_chain.load()
    certifier = Certifier(
        Rotation(issuer),
        SignedTokenVerifier(fresh_chain.key.public_key()),
        controller_namespace="linkerd",
        trust_domain="cluster.local",
    )
    metrics = IdentityMetrics(CollectorRegistry(), lambda: issuer)
    with pytest.raises(IdentityError, match="port in use"):
        IdentityServer(certifier, metrics, Authority.parse(f"127.0.0.1:{server.port}"))


def test_a_flood_of_refusals_is_a_few_lines(
    certify: Call, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(60):
        refused(certify, CertifyRequest())
    lines = [record for record in caplog.records if "refused a certificate" in record.message]
    assert 1 <= len(lines) <= 40
    labels = {"reason": "request"}
    assert registry.get_sample_value("identity_requests_rejected_total", labels) == 60


@pytest.mark.parametrize(
    "identity",
    [
        "x" * 60_000,
        IDENTITY.replace("web", "x" * 60_000),
        IDENTITY.replace("shop", "x" * 60_000),
        IDENTITY.replace("linkerd", "x" * 60_000),
        IDENTITY + ".x" * 30_000,
    ],
    ids=["all", "account", "namespace", "control plane", "trust domain"],
)
def test_a_refusal_stays_short_whatever_was_asked_for(certify: Call, identity: str) -> None:
    """A longer one would break the answer's own limits and arrive as another status."""
    code, text = refused(certify, CertifyRequest(identity=identity, token=b"x"))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(text) < 1000


def test_a_caller_that_has_gone_costs_no_work(
    chain: Chain, sign_token: TokenMaker, registry: CollectorRegistry
) -> None:
    """Its call waited in the queue for longer than its deadline."""

    class Gone:
        def is_active(self) -> bool:
            return False

        def abort(self, code: grpc.StatusCode, details: str) -> None:
            raise ConnectionAbortedError(code, details)

    class Witness:
        def issued(self, *_: object) -> None:
            raise AssertionError

        refused = issued

    rotation = Rotation()
    certifier = Certifier(
        rotation,
        SignedTokenVerifier(sign_token.key.public_key()),
        controller_namespace="linkerd",
        trust_domain="cluster.local",
    )
    metrics = IdentityMetrics(registry, lambda: rotation.issuer)
    servicer = IdentityServicer(certifier, metrics, Witness(), lambda: datetime.now(UTC))
    with pytest.raises(ConnectionAbortedError):
        servicer.Certify(valid_request(sign_token), Gone())  # type: ignore[arg-type]
    labels = {"reason": "abandoned"}
    assert registry.get_sample_value("identity_requests_rejected_total", labels) == 1


def test_metrics_of_the_certificates(registry: CollectorRegistry) -> None:
    held: list[Issuer] = []
    IdentityMetrics(registry, lambda: held[0] if held else None)
    assert registry.get_sample_value("identity_issuer_valid") == 0
    assert registry.get_sample_value("issuer_cert_ttl_seconds") is None
    root = Signer.root("a root", begins=datetime.now(UTC), lifetime=timedelta(days=10))
    below = root.below(begins=datetime.now(UTC), lifetime=timedelta(days=2))
    for signer, valid in ((below, 1), (root.below(begins=datetime(2020, 1, 1, tzinfo=UTC)), 0)):
        key = signer.key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        held[:] = [
            Issuer(
                key,
                [signer.certificate],
                [root.certificate],
                now=datetime.now(UTC),
                lifetime=timedelta(days=1),
                skew=timedelta(),
            )
        ]
        assert registry.get_sample_value("identity_issuer_valid") == valid
    labels = {
        "subject": "CN=a root",
        "fingerprint": root.certificate.fingerprint(SHA256()).hex()[:16],
    }
    left = registry.get_sample_value("trust_anchor_cert_ttl_seconds", labels)
    assert left is not None
    assert 0 < timedelta(days=10).total_seconds() - left < 60

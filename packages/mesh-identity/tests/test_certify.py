"""A whole `Certify` decision: who may get which certificate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from mesh_identity.authority import new_key
from mesh_identity.certify import Certifier
from mesh_identity.errors import CsrRejected, IssuerUnavailable, RequestRejected, TokenRejected
from mesh_identity.rotation import Rotation
from mesh_identity.testing import IDENTITY, NOW, Chain, TokenMaker, certify_request, make_csr
from mesh_identity.tokens import SignedTokenVerifier
from mesh_proto.pb.identity_pb2 import CertifyRequest


@pytest.fixture
def certifier(chain: Chain, sign_token: TokenMaker) -> Certifier:
    return Certifier(
        Rotation(chain.load()),
        SignedTokenVerifier(sign_token.key.public_key()),
        controller_namespace="linkerd",
        trust_domain="cluster.local",
    )


def test_a_workload_gets_its_identity(certifier: Certifier, sign_token: TokenMaker) -> None:
    key = new_key()
    csr = make_csr(x509.DNSName(IDENTITY), common_name=IDENTITY, key=key)
    response = certifier.certify(certify_request(sign_token(), csr=csr), NOW).response
    leaf = x509.load_der_x509_certificate(response.leaf_certificate)
    assert leaf.public_key() == key.public_key()
    assert response.valid_until.seconds == int(leaf.not_valid_after_utc.timestamp())
    assert len(response.intermediate_certificates) == 1


@pytest.mark.parametrize(
    "identity",
    [
        "api.shop.serviceaccount.identity.linkerd.cluster.local",
        "web.prod.serviceaccount.identity.linkerd.cluster.local",
        "web.shop.serviceaccount.identity.other.cluster.local",
        "web.shop.serviceaccount.identity.linkerd.example.test",
    ],
)
def test_nobody_gets_another_identity(
    certifier: Certifier, sign_token: TokenMaker, identity: str
) -> None:
    with pytest.raises(TokenRejected, match="serviceAccountName"):
        certifier.certify(certify_request(sign_token(), identity), NOW)


def test_a_dot_in_a_name_moves_nobody_into_another_namespace(
    certifier: Certifier, sign_token: TokenMaker
) -> None:
    """Account `web.shop` of namespace `x` is not account `web` of namespace `shop`."""
    with pytest.raises(TokenRejected):
        certifier.certify(certify_request(sign_token("system:serviceaccount:x:web.shop")), NOW)


def test_a_name_with_two_readings_gets_nothing(
    certifier: Certifier, sign_token: TokenMaker
) -> None:
    token = sign_token("system:serviceaccount:b:a.shop.serviceaccount.identity.linkerd")
    with pytest.raises(TokenRejected, match="no identity"):
        certifier.certify(certify_request(token), NOW)


@pytest.mark.parametrize(
    "identity", ["", "web", "WEB.shop.serviceaccount.identity.linkerd.cluster.local", "a" * 300]
)
def test_an_odd_identity_is_a_bad_request(
    certifier: Certifier, sign_token: TokenMaker, identity: str
) -> None:
    request = CertifyRequest(
        identity=identity, token=sign_token(), certificate_signing_request=b"x"
    )
    with pytest.raises(RequestRejected):
        certifier.certify(request, NOW)


def test_without_a_token_it_is_a_bad_request(certifier: Certifier) -> None:
    with pytest.raises(RequestRejected, match="no token"):
        certifier.certify(certify_request(b""), NOW)


def test_the_csr_must_ask_for_the_same_identity(
    certifier: Certifier, sign_token: TokenMaker
) -> None:
    csr = make_csr(x509.DNSName("api.shop.serviceaccount.identity.linkerd.cluster.local"))
    with pytest.raises(CsrRejected, match="both must agree"):
        certifier.certify(certify_request(sign_token(), csr=csr), NOW)


def test_an_expired_issuer_says_so(certifier: Certifier, sign_token: TokenMaker) -> None:
    later = NOW + timedelta(days=400)
    with pytest.raises(IssuerUnavailable, match="expired"):
        certifier.certify(certify_request(sign_token(now=later)), later)

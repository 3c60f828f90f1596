"""What a leaf looks like, how long it lives, and which issuers are taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from mesh_identity.authority import make_leaf, make_root, new_key
from mesh_identity.errors import CredentialsError, IssuerUnavailable
from mesh_identity.issuer import IssuedLeaf, Issuer
from mesh_identity.testing import IDENTITY, NOW, Chain

DAY, SKEW = timedelta(hours=24), timedelta(seconds=20)


def leaf_of(issued: IssuedLeaf) -> x509.Certificate:
    return x509.load_der_x509_certificate(issued.leaf)


def test_a_leaf_verifies_as_server_for_its_identity(chain: Chain) -> None:
    """Judged by another implementation of path building than the one that made it."""
    issued = chain.load().issue(IDENTITY, new_key().public_key(), NOW)
    verifier = PolicyBuilder().store(Store([chain.root])).time(NOW)
    intermediates = [x509.load_der_x509_certificate(der) for der in issued.intermediates]
    path = verifier.build_server_verifier(x509.DNSName(IDENTITY)).verify(
        leaf_of(issued), intermediates
    )
    assert path == [leaf_of(issued), chain.issuer, chain.root]
    client = verifier.build_client_verifier().verify(leaf_of(issued), intermediates)
    assert client.subjects == [x509.DNSName(IDENTITY)]


def test_a_leaf_may_do_no_more_than_mutual_tls(chain: Chain) -> None:
    key = new_key().public_key()
    leaf = leaf_of(chain.load().issue(IDENTITY, key, NOW))
    extensions = leaf.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment) == (True, True)
    assert (usage.key_cert_sign, usage.crl_sign) == (False, False)
    assert extensions.get_extension_for_class(x509.BasicConstraints).critical
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName(IDENTITY)]
    assert leaf.public_key() == key
    identifiers = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    issuer = chain.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifiers.key_identifier == issuer.digest


def test_a_leaf_lives_a_day_and_a_little_on_both_sides(chain: Chain) -> None:
    later = NOW + timedelta(days=1)
    issued = chain.load().issue(IDENTITY, new_key().public_key(), later)
    assert leaf_of(issued).not_valid_before_utc == later - SKEW
    assert leaf_of(issued).not_valid_after_utc == later + DAY + SKEW
    assert issued.valid_until == later + DAY + SKEW


def test_a_leaf_does_not_outlive_its_issuer(chain: Chain) -> None:
    late = chain.issuer.not_valid_after_utc - timedelta(hours=1)
    issued = chain.load().issue(IDENTITY, new_key().public_key(), late)
    assert issued.valid_until == chain.issuer.not_valid_after_utc


def test_a_leaf_does_not_outlive_its_root(make_chain: Callable[[datetime], Chain]) -> None:
    """An issuer that was signed to live longer than the root above it."""
    old, young = make_chain(NOW - timedelta(days=364)), make_chain(NOW)
    ending = old.root.not_valid_after_utc
    issuer = Issuer(
        old.key,
        [old.issuer],
        [old.root, young.root],
        now=NOW,
        lifetime=timedelta(days=30),
        skew=SKEW,
    )
    assert issuer.issue(IDENTITY, new_key().public_key(), NOW).valid_until == ending


@pytest.mark.parametrize(
    ("shift", "said"), [(timedelta(days=366), "expired"), (-DAY, "become valid")]
)
def test_outside_its_validity_an_issuer_is_unavailable(
    chain: Chain, shift: timedelta, said: str
) -> None:
    with pytest.raises(IssuerUnavailable, match=said):
        chain.load().issue(IDENTITY, new_key().public_key(), NOW + shift)


def test_an_identity_too_long_for_a_common_name_stands_in_the_san(chain: Chain) -> None:
    long = f"{'a' * 60}.shop.serviceaccount.identity.linkerd.cluster.local"
    leaf = leaf_of(chain.load().issue(long, new_key().public_key(), NOW))
    assert list(leaf.subject) == []
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_a_root_may_issue_itself(chain: Chain, make_chain: Callable[[datetime], Chain]) -> None:
    """As the CLI of a cluster installs it: one self-signed certificate for both roles."""
    key = new_key()
    root = make_root(key, "identity.linkerd.cluster.local", NOW)
    issuer = Issuer(key, [root], [root], now=NOW, lifetime=DAY, skew=SKEW)
    assert issuer.issue(IDENTITY, new_key().public_key(), NOW).intermediates == ()


def test_a_strange_key_is_refused(chain: Chain) -> None:
    with pytest.raises(CredentialsError, match="does not belong"):
        Issuer(new_key(), [chain.issuer], [chain.root], now=NOW, lifetime=DAY, skew=SKEW)


def test_an_issuer_of_another_root_is_refused(
    chain: Chain, make_chain: Callable[[datetime], Chain]
) -> None:
    stranger = make_chain(NOW)
    with pytest.raises(CredentialsError, match="does not chain"):
        Issuer(chain.key, [chain.issuer], [stranger.root], now=NOW, lifetime=DAY, skew=SKEW)


def test_a_leaf_is_no_issuer(chain: Chain) -> None:
    key = new_key()
    leaf = make_leaf(key.public_key(), IDENTITY, chain.issuer, chain.key, (NOW, NOW + DAY))
    with pytest.raises(CredentialsError, match="not a CA"):
        Issuer(key, [leaf, chain.issuer], [chain.root], now=NOW, lifetime=DAY, skew=SKEW)


def test_serial_numbers_differ(chain: Chain) -> None:
    key: ec.EllipticCurvePublicKey = new_key().public_key()
    issuer = chain.load()
    serials = {leaf_of(issuer.issue(IDENTITY, key, NOW)).serial_number for _ in range(50)}
    assert len(serials) == 50

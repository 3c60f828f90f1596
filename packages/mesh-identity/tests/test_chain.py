"""From the issuer to a trust anchor: what operators have, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_identity.authority import new_key
from mesh_identity.chain import LONGEST_CHAIN, best_path
from mesh_identity.errors import IssuerInvalid
from mesh_identity.issuer import Issuer
from mesh_identity.testing import IDENTITY, NOW, Signer

DAY, SKEW = timedelta(days=1), timedelta(seconds=20)


def load(*chain: Signer, anchors: list[Signer], lifetime: timedelta = DAY) -> Issuer:
    assert isinstance(chain[0].key, ec.EllipticCurvePrivateKey)
    return Issuer(
        chain[0].key,
        [signer.certificate for signer in chain],
        [signer.certificate for signer in anchors],
        now=NOW,
        lifetime=lifetime,
        skew=SKEW,
    )


def issued(issuer: Issuer) -> list[x509.Certificate]:
    answer = issuer.issue(IDENTITY, new_key().public_key(), NOW)
    return [x509.load_der_x509_certificate(der) for der in (answer.leaf, *answer.intermediates)]


@pytest.fixture(scope="module")
def rsa_root() -> Signer:
    return Signer.root("an RSA root", key=rsa.generate_private_key(65537, 2048))


def test_an_rsa_root_may_stand_above_an_ecdsa_issuer(rsa_root: Signer) -> None:
    issuer = rsa_root.below()
    assert issuer.certificate.signature_algorithm_oid == x509.SignatureAlgorithmOID.RSA_WITH_SHA256
    leaf, intermediate = issued(load(issuer, anchors=[rsa_root]))
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(rsa_root.certificate)


def test_several_intermediates_come_in_any_order() -> None:
    root = Signer.root()
    upper = root.below("upper")
    lower = upper.below("lower")
    issuer = lower.below()
    for chain in ([issuer, lower, upper], [issuer, upper, lower], [issuer, root, upper, lower]):
        names = [item.subject for item in issued(load(*chain, anchors=[root]))[1:]]
        assert names == [item.certificate.subject for item in (issuer, lower, upper)]


def test_a_bundle_holds_the_anchors_before_and_after() -> None:
    old, new, strange = Signer.root("old"), Signer.root("new"), Signer.root("strange")
    for root in (old, new):
        assert load(root.below(), anchors=[strange, old, new]).path[-1] == root.certificate


def test_of_two_ways_the_one_that_lasts_is_taken() -> None:
    """The root was made anew with the same key, and both are in the bundle."""
    key = new_key()
    old = Signer.root(key=key, lifetime=timedelta(days=2))
    new = Signer.root(key=key, lifetime=timedelta(days=900))
    issuer = load(old.below(lifetime=timedelta(days=60)), anchors=[old, new])
    assert issuer.path[-1] == new.certificate
    assert issuer.expires == NOW + timedelta(days=60)


def test_a_way_that_ends_nowhere_does_not_hide_another() -> None:
    """A cross-signed intermediate: its newer certificate leads to a root that nobody has."""
    root, elsewhere = Signer.root(), Signer.root("elsewhere", lifetime=timedelta(days=9999))
    key = new_key()
    upper = root.below("upper", key=key)
    cross = elsewhere.below("upper", key=key, lifetime=timedelta(days=9998))
    assert load(upper.below(), cross, upper, anchors=[root]).path[1] == upper.certificate


def test_a_way_that_is_valid_now_comes_before_one_that_ends_later() -> None:
    key = new_key()
    old = Signer.root(key=key, lifetime=timedelta(days=60))
    future = Signer.root(key=key, begins=NOW + DAY, lifetime=timedelta(days=900))
    assert load(old.below(), anchors=[future, old]).path[-1] == old.certificate


@pytest.mark.parametrize("ca", [True, False])
def test_whoever_may_not_sign_is_no_part_of_a_chain(ca: bool) -> None:
    root = Signer.root()
    middle = root.below("middle", ca=ca)
    chain = [middle.below().certificate, middle.certificate]
    assert (best_path(chain, [root.certificate], NOW) is not None) is ca


def test_a_path_length_is_kept() -> None:
    root = Signer.root(path_length=1)
    middle = root.below("middle")
    with pytest.raises(IssuerInvalid, match="does not chain"):
        load(middle.below(), middle, anchors=[root])
    assert load(middle, anchors=[root])


def test_the_same_name_is_not_the_same_key() -> None:
    with pytest.raises(IssuerInvalid, match="does not chain"):
        load(Signer.root().below(), anchors=[Signer.root()])


@pytest.mark.parametrize("key", [ec.SECP521R1(), ec.SECP256K1()], ids=lambda curve: curve.name)
def test_curves_that_peers_do_not_verify_are_refused(key: ec.EllipticCurve) -> None:
    root = Signer.root(key=ec.generate_private_key(key))
    with pytest.raises(IssuerInvalid, match="P-256"):
        load(root, anchors=[root])


def test_a_chain_is_not_followed_for_ever() -> None:
    """Authorities that all sign each other: the number of ways grows without bound."""
    keys = [new_key() for _ in range(12)]
    signers = [Signer.root(str(number), key=key) for number, key in enumerate(keys)]
    crossed = [
        signer.below(str(number), key=key)
        for signer in signers
        for number, key in enumerate(keys)
        if signer.key is not key
    ]
    issuer = signers[0].below()
    chain = [issuer.certificate, *(item.certificate for item in crossed)]
    assert best_path(chain, [Signer.root("another").certificate], NOW) is None
    assert LONGEST_CHAIN == 8


offsets = st.integers(-400 * 86400, 400 * 86400)


@st.composite
def chains(draw: st.DrawFn) -> list[Signer]:
    """A root, up to three intermediates and an issuer, with any times, seconds apart or years."""
    signers: list[Signer] = []
    for number in range(draw(st.integers(1, 5))):
        begins = NOW + timedelta(seconds=draw(offsets))
        lifetime = timedelta(seconds=draw(st.integers(1, 800 * 86400)))
        if signers:
            signers.append(signers[-1].below(str(number), begins=begins, lifetime=lifetime))
        else:
            signers.append(Signer.root(begins=begins, lifetime=lifetime))
    return signers


@settings(deadline=None)
@given(chain=chains(), lifetime=st.integers(1, 500 * 86400), now=offsets)
def test_no_leaf_outlives_any_certificate_above_it(
    chain: list[Signer], lifetime: int, now: int
) -> None:
    root, *rest = chain
    issuer = load(*reversed(rest), root, anchors=[root], lifetime=timedelta(seconds=lifetime))
    moment = NOW + timedelta(seconds=now)
    ends = min(signer.certificate.not_valid_after_utc for signer in chain)
    begins = max(signer.certificate.not_valid_before_utc for signer in chain)
    assert (issuer.begins, issuer.expires) == (begins, ends)
    if issuer.objection(moment) is not None:
        assert moment >= ends or moment + SKEW < begins
        return
    answer = issuer.issue(IDENTITY, new_key().public_key(), moment)
    leaf = x509.load_der_x509_certificate(answer.leaf)
    assert answer.valid_until == leaf.not_valid_after_utc <= ends
    assert leaf.not_valid_before_utc >= begins
    assert leaf.not_valid_before_utc <= moment + SKEW

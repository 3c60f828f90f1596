"""What is said about single certificates and the way between them."""

from datetime import timedelta

import pytest
from authorities import DAY, NOW, YEAR, make, rsa_key
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from mesh_cli.check.certificates import (
    dns_names,
    expiring,
    invalid_now,
    is_authority,
    path_to,
    read_certificates,
    read_key,
    subject,
    unsupported,
)
from mesh_cli.check.errors import UnusableCertificate


def test_the_way_leads_through_intermediates_to_the_anchor_that_lasts():
    old = make("root", ends=NOW + DAY)
    new = make("root", key=old.key)
    middle = make("middle", new)
    issuer = make("issuer", middle)
    chain = (issuer.certificate, middle.certificate)
    found = path_to(chain, (old.certificate, new.certificate), NOW)
    assert found == (issuer.certificate, middle.certificate, new.certificate)
    # Where the anchor is an intermediate the way ends there.
    assert path_to(chain, (middle.certificate,), NOW) == chain
    assert path_to(chain[:1], (new.certificate,), NOW) is None


def test_a_leaf_signs_nothing():
    leaf = make("leaf", authority=False)
    assert not is_authority(leaf.certificate)
    assert path_to((make("below", leaf).certificate,), (leaf.certificate,), NOW) is None


def test_an_authority_of_the_same_name_with_another_key_is_another_one():
    issuer = make("issuer", make("root"))
    assert path_to((issuer.certificate,), (make("root").certificate,), NOW) is None


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        (NOW - DAY, NOW + DAY, None),
        (NOW - DAY, NOW, "expired at 2026-06-01T00:00:00Z"),
        (NOW + DAY, NOW + YEAR, "not valid before 2026-06-02T00:00:00Z"),
    ],
)
def test_validity_is_judged_by_the_given_time(begins, ends, said):
    found = invalid_now(make("x", begins=begins, ends=ends).certificate, NOW)
    assert (found is None) if said is None else (said in found)


@pytest.mark.parametrize(
    ("begins", "ends", "renewed", "said"),
    [
        (NOW - DAY, NOW + 61 * DAY, False, None),
        (NOW - DAY, NOW + 59 * DAY, False, "expires at 2026-07-30T00:00:00Z, in 59 days"),
        (NOW - DAY, NOW + DAY, True, None),
        (NOW - 7 * DAY, NOW + DAY, True, "in 24 hours"),
        (NOW - DAY, NOW + timedelta(minutes=30), True, "in 30 minutes"),
        (NOW - DAY, NOW - timedelta(hours=1), False, None),
    ],
    ids=["long", "short", "just renewed", "not renewed", "soon", "over"],
)
def test_what_ends_soon_is_said_in_time(begins, ends, renewed, said):
    found = expiring(make("x", begins=begins, ends=ends).certificate, NOW, renewed=renewed)
    assert (found is None) if said is None else (said in found)


@pytest.mark.parametrize(
    ("key", "rsa_allowed", "said"),
    [
        (ec.generate_private_key(ec.SECP256R1()), False, None),
        (ec.generate_private_key(ec.SECP384R1()), False, None),
        (ec.generate_private_key(ec.SECP521R1()), True, "the curve secp521r1"),
        (rsa_key(), True, None),
        (rsa_key(), False, "uses RSA, not ECDSA"),
        (rsa_key(1024), True, "1024 bits, fewer than 2048"),
        (ed25519.Ed25519PrivateKey.generate(), True, "uses Ed25519"),
    ],
)
def test_keys_that_proxies_cannot_use_are_named(key, rsa_allowed, said):
    found = unsupported(make("x", key=key).certificate, rsa_allowed=rsa_allowed)
    assert (found is None) if said is None else (said in found)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_pem_is_named_by_its_place(text):
    with pytest.raises(UnusableCertificate, match="ConfigMap x holds no readable PEM"):
        read_certificates(text, "ConfigMap x")
    with pytest.raises(UnusableCertificate, match="Secret y is not an unencrypted PEM"):
        read_key(text.encode(), "Secret y")


def test_names_of_a_certificate():
    assert dns_names(make("x").certificate) == ()
    assert dns_names(make("x", names=("a.b", "c")).certificate) == ("a.b", "c")
    assert subject(make("x").certificate) == "CN=x"

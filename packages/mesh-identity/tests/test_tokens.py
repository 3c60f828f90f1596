"""A token proves one service account, or the caller learns what is wrong with it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh_identity.authority import new_key
from mesh_identity.errors import TokenRejected
from mesh_identity.jwt import MAX_TOKEN_BYTES
from mesh_identity.service_account import ServiceAccount
from mesh_identity.testing import NOW, TokenMaker, base64url, sign_segments
from mesh_identity.tokens import SignedTokenVerifier

KEY = new_key()
VERIFIER = SignedTokenVerifier(KEY.public_key())


@pytest.fixture
def sign_token() -> TokenMaker:
    return TokenMaker(KEY)


def refusal(token: bytes) -> str:
    with pytest.raises(TokenRejected) as caught:
        VERIFIER.verify(token, NOW)
    return str(caught.value)


def test_a_fresh_token_proves_its_service_account(sign_token: TokenMaker) -> None:
    assert VERIFIER.verify(sign_token(), NOW) == ServiceAccount("shop", "web")


def test_a_service_account_name_may_hold_dots(sign_token: TokenMaker) -> None:
    token = sign_token("system:serviceaccount:shop:web.v2")
    assert VERIFIER.verify(token, NOW) == ServiceAccount("shop", "web.v2")


@pytest.mark.parametrize("aud", ["identity.l5d.io", ["other", "identity.l5d.io"]])
def test_the_audience_may_be_one_name_or_a_list(sign_token: TokenMaker, aud: object) -> None:
    assert VERIFIER.verify(sign_token(aud=aud), NOW)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "https://kubernetes.default.svc"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": {"identity.l5d.io": 1}}, "audience"),
        ({"exp": None}, "never expires"),
        ({"exp": int(NOW.timestamp()) - 11}, "expired 11 s ago"),
        ({"nbf": int(NOW.timestamp()) + 60}, r"valid in 60 s \(nbf\)"),
        ({"iat": int(NOW.timestamp()) + 60}, r"valid in 60 s \(iat\)"),
        ({"exp": "tomorrow"}, "exp is not a number"),
        ({"exp": True}, "exp is not a number"),
        ({"exp": 10**400}, "out of range"),
    ],
)
def test_claims_that_prove_nothing(
    sign_token: TokenMaker, claims: dict[str, Any], said: str
) -> None:
    assert re.search(said, refusal(sign_token(**claims)))


@pytest.mark.parametrize(
    "subject",
    [
        None,
        7,
        "web",
        "system:serviceaccount:shop",
        "system:serviceaccount::web",
        "system:serviceaccount:shop:",
        "system:serviceaccount:shop:web:x",
        "system:serviceaccount:shop.prod:web",
        "system:serviceaccount:Shop:web",
        "system:serviceaccount:shop:web\n",
        "system:serviceaccount:shop:web..x",
        "system:serviceaccount:shop:" + "a" * 254,
        "system:node:web",
    ],
)
def test_a_subject_must_be_a_service_account(sign_token: TokenMaker, subject: object) -> None:
    assert "subject" in refusal(sign_token(subject))


def test_clocks_may_differ_a_little(sign_token: TokenMaker) -> None:
    expiring = sign_token(now=NOW - timedelta(hours=1, seconds=5))
    early = sign_token(now=NOW + timedelta(seconds=5))
    assert VERIFIER.verify(expiring, NOW) == VERIFIER.verify(early, NOW)


def test_another_key_signs_nothing() -> None:
    assert "not signed by the key" in refusal(TokenMaker()())


def test_alg_none_is_refused(sign_token: TokenMaker) -> None:
    token = sign_token(header={"alg": "none"})
    assert "ES256" in refusal(token)
    assert "ES256" in refusal(token.rpartition(b".")[0] + b".")


def test_the_public_key_is_no_shared_secret() -> None:
    """RFC 8725 §2.1: HS256 keyed with the verifier's public key."""
    header, payload = (
        b'{"alg":"HS256"}',
        json.dumps({"sub": "system:serviceaccount:shop:web"}).encode(),
    )
    signed = base64url(header) + b"." + base64url(payload)
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = signed + b"." + base64url(hmac.digest(pem, signed, hashlib.sha256))
    assert "ES256" in refusal(forged)


def test_a_critical_extension_is_refused(sign_token: TokenMaker) -> None:
    assert "crit" in refusal(sign_token(header={"alg": "ES256", "crit": ["b64"], "b64": False}))


def test_a_der_signature_is_refused() -> None:
    header, payload = base64url(b'{"alg":"ES256"}'), base64url(b"{}")
    signature = KEY.sign(header + b"." + payload, ec.ECDSA(SHA256()))
    assert "wrong length" in refusal(b".".join([header, payload, base64url(signature)]))


@pytest.mark.parametrize("zero", [bytes(64), b"\0" * 32 + b"\1" * 32, b"\xff" * 64])
def test_degenerate_signatures_are_refused(sign_token: TokenMaker, zero: bytes) -> None:
    signed = sign_token().rpartition(b".")[0]
    assert "not signed" in refusal(signed + b"." + base64url(zero))


def test_a_duplicate_member_is_refused() -> None:
    token = sign_segments(KEY, b'{"alg":"ES256"}', b'{"sub":"a","sub":"b"}')
    assert "twice" in refusal(token)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (b"", "three parts"),
        (b"a.b", "three parts"),
        (b"a.b.c.d", "three parts"),
        (b"a." * MAX_TOKEN_BYTES, "longer"),
        (b"e30=.e30.e30", "base64url"),
        (base64url(b"[]") + b".e30.e30", "JSON object"),
        (base64url(b"[" * 5000) + b".e30.e30", "JSON"),
        (base64url(b'{"alg": NaN}') + b".e30.e30", "NaN"),
        (base64url(b"\xff") + b".e30.e30", "JSON"),
    ],
)
def test_shapes_that_are_no_token(token: bytes, said: str) -> None:
    assert said in refusal(token)


@pytest.mark.parametrize("payload", [b"[]", b"", b"null", b"{", b'{"exp": Infinity}'])
def test_signed_nonsense_is_refused(payload: bytes) -> None:
    assert refusal(sign_segments(KEY, b'{"alg":"ES256"}', payload))


def test_one_token_has_one_spelling(sign_token: TokenMaker) -> None:
    """The last character of 64 bytes in base64 has four spare bits: no other spelling is taken."""
    token = sign_token()
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + bytes([alphabet[alphabet.index(token[-1:]) ^ 1]])
    assert "canonical" in refusal(twin)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(token: bytes) -> None:
    assert refusal(token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), byte=st.integers(0, 255))
def test_any_changed_byte_is_noticed(sign_token: TokenMaker, position: int, byte: int) -> None:
    token = bytearray(sign_token())
    position %= len(token)
    if token[position] == byte:
        byte ^= 1
    token[position] = byte
    assert refusal(bytes(token))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(["aud", "sub", "exp", "nbf", "iat"]),
)
def test_any_claim_value_gets_an_answer(value: object, claim: str) -> None:
    content = {
        "aud": "identity.l5d.io",
        "sub": "system:serviceaccount:a:b",
        "exp": NOW.timestamp() + 60,
    }
    token = sign_segments(KEY, b'{"alg":"ES256"}', json.dumps(content | {claim: value}).encode())
    with contextlib.suppress(TokenRejected):
        assert isinstance(VERIFIER.verify(token, NOW), ServiceAccount)

"""A CSR asks for exactly the requested identity and proves that it holds the key."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from mesh_identity.authority import new_key
from mesh_identity.csr import MAX_CSR_BYTES, certified_key
from mesh_identity.errors import CsrRejected
from mesh_identity.testing import IDENTITY, make_csr

NAME = x509.DNSName(IDENTITY)


def refusal(der: bytes) -> str:
    with pytest.raises(CsrRejected) as caught:
        certified_key(der, IDENTITY)
    return str(caught.value)


@pytest.mark.parametrize("common_name", [None, IDENTITY])
def test_the_identity_alone_is_accepted(common_name: str | None) -> None:
    key = new_key()
    assert (
        certified_key(make_csr(NAME, common_name=common_name, key=key), IDENTITY)
        == key.public_key()
    )


@pytest.mark.filterwarnings("ignore:Attribute's length must be:UserWarning")
def test_an_identity_beyond_the_common_name_limit_is_accepted() -> None:
    long = f"{'a' * 60}.shop.serviceaccount.identity.linkerd.cluster.local"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, long, _validate=False)])
    names = x509.SubjectAlternativeName([x509.DNSName(long)])
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(names, critical=False)
    )
    der = builder.sign(new_key(), SHA256()).public_bytes(Encoding.DER)
    assert certified_key(der, long)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "asks for 0 alternative names"),
        ([NAME, NAME], "asks for 2 alternative names"),
        ([NAME, x509.DNSName("api.shop")], "asks for 2 alternative names"),
        ([NAME, x509.IPAddress(ipaddress.ip_address("10.0.0.1"))], "asks for 2"),
        ([x509.IPAddress(ipaddress.ip_address("10.0.0.1"))], "IPAddress"),
        ([x509.RFC822Name("web@shop.test")], "RFC822Name"),
        (
            [x509.UniformResourceIdentifier("spiffe://cluster.local/web")],
            "UniformResourceIdentifier",
        ),
        ([x509.DNSName(IDENTITY.upper())], "asks for"),
        ([x509.DNSName(f"*.{IDENTITY}")], "asks for"),
        ([x509.DNSName(f"{IDENTITY}.")], "asks for"),
        ([x509.DNSName("a" * 5000)], "…"),
    ],
)
def test_other_names_are_refused(names: list[x509.GeneralName], said: str) -> None:
    message = refusal(make_csr(*names))
    assert said in message
    assert len(message) < 1000


def test_another_common_name_is_refused() -> None:
    assert "common name is 'api'" in refusal(make_csr(NAME, common_name="api"))


def test_a_wider_subject_is_refused() -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters")])
    names = x509.SubjectAlternativeName([NAME])
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(names, critical=False)
    )
    assert "subject holds O" in refusal(
        builder.sign(new_key(), SHA256()).public_bytes(Encoding.DER)
    )


def test_a_common_name_that_is_no_text_is_refused() -> None:
    """The library raises a TypeError for a bit string where a name belongs."""
    text = make_csr(NAME, common_name=IDENTITY)
    start = bytes((0x0C, len(IDENTITY))) + IDENTITY.encode()
    assert text.count(start) == 1
    refusal(text.replace(start, b"\x03" + start[1:2] + b"\x00" + start[3:]))


def test_a_broken_signature_is_refused() -> None:
    der = bytearray(make_csr(NAME))
    der[-1] ^= 1
    assert "signature" in refusal(bytes(der)) or "cannot be read" in refusal(bytes(der))


def test_someone_elses_key_is_refused() -> None:
    """The public key of a victim, pasted into a request that another key signed."""
    mine, victims = new_key(), new_key()
    der = make_csr(NAME, key=mine)
    pasted = der.replace(_point(mine), _point(victims))
    assert "signature does not match" in refusal(pasted)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["p384", "rsa"],
)
def test_other_keys_are_refused(key: ec.EllipticCurvePrivateKey) -> None:
    assert "P-256" in refusal(make_csr(NAME, key=key))


def test_bytes_that_are_no_request() -> None:
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n"
    assert "empty" in refusal(b"")
    assert "DER" in refusal(pem)
    assert "longer" in refusal(bytes(MAX_CSR_BYTES + 1))


@given(st.binary(max_size=600))
def test_any_bytes_get_an_answer(der: bytes) -> None:
    assert refusal(der)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_gains_nothing(position: int, change: int) -> None:
    """Refused; or, where DER has a spare bit in its signature, the same key for the same name."""
    der = bytearray(CSR)
    der[position % len(der)] ^= change
    with contextlib.suppress(CsrRejected):
        assert certified_key(bytes(der), IDENTITY) == KEY.public_key()


@pytest.mark.parametrize("change", [bytes([1]), bytes([255])], ids=["one", "many"])
def test_another_version_is_refused(change: bytes) -> None:
    assert "not DER-encoded" in refusal(CSR.replace(VERSION, VERSION[:-1] + change, 1))


def test_an_unknown_kind_of_name_is_refused() -> None:
    name = b"\x82" + bytes([len(IDENTITY)]) + IDENTITY.encode()
    assert "cannot be read" in refusal(CSR.replace(name, b"\x83" + name[1:]))


KEY = new_key()
CSR = make_csr(NAME, key=KEY)
VERSION = b"\x02\x01\x00"


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

"""What files of certificates may hold."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_identity.errors import CredentialsError
from mesh_identity.pem import read_certificates, read_key
from mesh_identity.testing import Signer

ROOT, ANOTHER = Signer.root(), Signer.root("another")
BROKEN = (
    b"-----BEGIN CERTIFICATE-----\n"
    + base64.b64encode(b"nonsense")
    + b"\n-----END CERTIFICATE-----\n"
)


def test_a_bundle_may_hold_comments_and_other_things() -> None:
    content = b"# the old root\n" + ROOT.pem + b"\r\n# the new one\r\n" + ROOT.key_pem + ANOTHER.pem
    assert list(read_certificates(content, "x")) == [ROOT.certificate, ANOTHER.certificate]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x: holds no readable PEM certificate"),
        (ROOT.key_pem, "x: holds no readable PEM certificate"),
        (ROOT.pem[:-40], "x: holds no readable PEM certificate"),
        (BROKEN, "x: holds no readable PEM certificate"),
        (ROOT.pem + BROKEN, "x: certificate 2 of 2 cannot be read"),
        (ROOT.pem + ANOTHER.pem[:-40], "x: a PEM certificate has no end; was it cut?"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left_out(content: bytes, said: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        read_certificates(content, "x")
    assert str(caught.value) == said


@given(st.binary() | st.binary().map(lambda noise: ROOT.pem[:60] + noise + ROOT.pem[-60:]))
def test_noise_is_refused(noise: bytes) -> None:
    for read in (read_certificates, read_key):
        with pytest.raises(CredentialsError):
            read(noise, "x")

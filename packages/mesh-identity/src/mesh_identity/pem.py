"""PEM in, certificates and keys out; `where` says in every error what was read."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mesh_identity.authority import SigningKey
from mesh_identity.errors import CredentialsError

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises when a part of a certificate is read, which it does only when asked."""


def read_certificates(content: bytes, where: object) -> Sequence[x509.Certificate]:
    """All certificates, at least one, in their order; raises `CredentialsError`."""
    try:
        return x509.load_pem_x509_certificates(content)
    except (ValueError, x509.InvalidVersion) as error:
        raise CredentialsError(f"{where}: holds no readable PEM certificate") from error


def read_key(content: bytes, where: object) -> SigningKey:
    """The private key of an authority; raises `CredentialsError`."""
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialsError(f"{where}: is not an unencrypted PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CredentialsError(f"{where}: is not an ECDSA key; make one on the curve P-256")
    return key


def write_certificates(certificates: Sequence[x509.Certificate]) -> bytes:
    """Several certificates one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def write_key(key: SigningKey) -> bytes:
    """A private key as PKCS#8, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

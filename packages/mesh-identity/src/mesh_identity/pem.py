"""PEM in, certificates and keys out; `where` says in every error what was read."""

from __future__ import annotations

import re
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

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_CERTIFICATE = re.compile(_BEGIN + rb".*?-----END CERTIFICATE-----", re.DOTALL)
_NONE = "holds no readable PEM certificate"
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
    blocks = _CERTIFICATE.findall(content)
    if not blocks:
        raise CredentialsError(f"{where}: {_NONE}")
    found: list[x509.Certificate] = []
    for number, block in enumerate(blocks, 1):
        try:
            found.append(x509.load_pem_x509_certificate(block))
        except (ValueError, x509.InvalidVersion) as error:
            what = f"certificate {number} of {len(blocks)} cannot be read"
            raise CredentialsError(f"{where}: {what if blocks[1:] else _NONE}") from error
    if content.count(_BEGIN) != len(blocks):
        raise CredentialsError(f"{where}: a PEM certificate has no end; was it cut?")
    return found


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

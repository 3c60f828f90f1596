"""Certificates for checks to judge."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = 365 * DAY
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, eq=False)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: object

    @cached_property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @cached_property
    def key_pem(self) -> str:
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self.key.private_bytes(*plain).decode()


def make(
    name,
    signer=None,
    *,
    begins=None,
    ends=None,
    now=NOW,
    key=None,
    authority=True,
    names=(),
    addresses=(),
) -> Pair:
    """A certificate signed by `signer`, by itself without one."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or now - DAY)
        .not_valid_after(ends or now + YEAR)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    others = [x509.DNSName(each) for each in names]
    others += [x509.IPAddress(each) for each in addresses]
    if others:
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    signing = signer.key if signer else key
    algorithm = None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Pair(builder.sign(signing, algorithm), key)


def rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()

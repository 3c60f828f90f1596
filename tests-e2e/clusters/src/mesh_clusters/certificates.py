"""Keys and certificates of a cluster: one authority, and what it issues."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=365)
# Clocks of machines that share a cluster's files may differ by this much.
_SKEW = datetime.timedelta(minutes=5)
_PEM = serialization.Encoding.PEM
# Most clusters sign tokens with RSA (kubeadm does), and identity has to take those.
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, folder: Path, name: str) -> Self:
        """The pair of that name in a folder."""
        return cls(folder / f"{name}.crt", folder / f"{name}.key")


class Authority:
    """A certificate authority, with its key in memory."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, files: KeyPair
    ) -> None:
        self.files = files
        self._key = key
        self._certificate = certificate

    @classmethod
    def create(cls, files: KeyPair, name: str) -> Self:
        """Make an authority and write its files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        usage = _key_usage(signs_certificates=True)
        certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
        _write(files, certificate.public_bytes(_PEM), key)
        return cls(key, certificate, files)

    def issue(
        self,
        files: KeyPair,
        *,
        common_name: str,
        organization: str = "",
        hosts: Sequence[str] = (),
    ) -> None:
        """Issue a client certificate, or with hosts (names or addresses) a server's.

        To Kubernetes the common name is the user, and the organization the group.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        if organization:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
        builder = _builder(x509.Name(attributes), self._certificate.subject, key)
        use = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        _write(files, builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM), key)


def make_token_keys(files: KeyPair) -> None:
    """Make the keys of ServiceAccount tokens; in place of a certificate, the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    _write(files, key.public_key().public_bytes(_PEM, kind), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
    )


def _key_usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(
    files: KeyPair, public: bytes, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    files.certificate.write_bytes(public)
    files.key.touch(mode=0o600)
    kind = serialization.PrivateFormat.PKCS8
    files.key.write_bytes(key.private_bytes(_PEM, kind, serialization.NoEncryption()))

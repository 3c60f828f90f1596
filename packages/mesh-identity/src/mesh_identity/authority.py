"""Making certificates: roots, issuers and leaves, all ECDSA P-256."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SigningKey = ec.EllipticCurvePrivateKey
CA_LIFETIME = timedelta(days=365)
CA_SKEW = timedelta(seconds=20)
_LONGEST_COMMON_NAME = 64  # X.520 ub-common-name; a longer identity stands in the SAN alone


def authority_name(role: str, trust_domain: str) -> str:
    """The common name of an authority; without the trust domain where that would be too long."""
    name = f"{role}.{trust_domain}"
    return name if len(name) <= _LONGEST_COMMON_NAME else role


def make_root(
    key: SigningKey, name: str, now: datetime, lifetime: timedelta = CA_LIFETIME
) -> x509.Certificate:
    """A self-signed trust anchor that may sign issuers."""
    subject = _common_name(name)
    builder = _authority_certificate(key.public_key(), subject, subject, now, path_length=None)
    builder = builder.not_valid_after(_whole_seconds(now + lifetime))
    return _signed(builder, key, x509.SubjectKeyIdentifier.from_public_key(key.public_key()))


def make_issuer(
    key: SigningKey, name: str, root: x509.Certificate, root_key: SigningKey, now: datetime
) -> x509.Certificate:
    """An intermediate that signs leaves only and does not outlive `root`."""
    builder = _authority_certificate(
        key.public_key(), _common_name(name), root.subject, now, path_length=0
    )
    until = min(now + CA_LIFETIME, root.not_valid_after_utc)
    return _signed(builder.not_valid_after(_whole_seconds(until)), root_key, _key_identifier(root))


def make_leaf(
    key: ec.EllipticCurvePublicKey,
    identity: str,
    issuer: x509.Certificate,
    issuer_key: SigningKey,
    validity: tuple[datetime, datetime],
) -> x509.Certificate:
    """A workload's certificate for both sides of mutual TLS, valid from and until `validity`."""
    named = len(identity) <= _LONGEST_COMMON_NAME
    subject = _common_name(identity) if named else x509.Name([])
    # RFC 5280 §4.2.1.6: without a subject the alternative name must be critical.
    names = x509.SubjectAlternativeName([x509.DNSName(identity)])
    builder = (
        _certificate(key, subject, issuer.subject)
        .not_valid_before(_whole_seconds(validity[0]))
        .not_valid_after(_whole_seconds(validity[1]))
        .add_extension(names, critical=not named)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
    )
    return _signed(builder, issuer_key, _key_identifier(issuer))


def new_key() -> SigningKey:
    """A fresh P-256 private key."""
    return ec.generate_private_key(ec.SECP256R1())


def _authority_certificate(
    key: ec.EllipticCurvePublicKey,
    subject: x509.Name,
    issuer: x509.Name,
    now: datetime,
    path_length: int | None,
) -> x509.CertificateBuilder:
    return (
        _certificate(key, subject, issuer)
        .not_valid_before(_whole_seconds(now - CA_SKEW))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )


def _certificate(
    key: ec.EllipticCurvePublicKey, subject: x509.Name, issuer: x509.Name
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(
    builder: x509.CertificateBuilder, key: SigningKey, issuer: x509.SubjectKeyIdentifier
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer)
    return builder.add_extension(identifier, critical=False).sign(key, SHA256())


def _key_identifier(issuer: x509.Certificate) -> x509.SubjectKeyIdentifier:
    """The identifier that `issuer` states, else the usual one (RFC 5280 §4.2.1.2, method 1).

    A certificate from elsewhere may have computed its own in another way, and a leaf
    that names an identifier its issuer does not have breaks chain building.
    """
    try:
        return issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = issuer.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError("an issuer without an ECDSA key is refused when it is loaded") from None
        return x509.SubjectKeyIdentifier.from_public_key(key)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_encipherment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)

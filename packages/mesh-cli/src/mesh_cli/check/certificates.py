"""Certificates as checks look at them: what they are, who signed them, how long they last."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from mesh_cli.check.errors import UnusableCertificate

ENOUGH = timedelta(days=60)
"""A certificate that lasts this long needs nobody's attention."""

_CURVES = (ec.SECP256R1, ec.SECP384R1)
_RSA_BITS = 2048
_LONGEST = 8
_MOST_STEPS = 2000  # a hostile bundle of cross-signed roots must not keep us busy
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)

Chain = tuple[x509.Certificate, ...]


def read_certificates(pem: bytes | str, where: str) -> Chain:
    """Read all certificates, at least one; raises UnusableCertificate."""
    content = pem.encode() if isinstance(pem, str) else pem
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except _UNREADABLE as error:
        raise UnusableCertificate(f"{where} holds no readable PEM certificate") from error


def read_key(pem: bytes, where: str) -> PrivateKeyTypes:
    """Read a private key; raises UnusableCertificate."""
    try:
        return load_pem_private_key(pem, password=None)
    except _UNREADABLE as error:
        raise UnusableCertificate(f"{where} is not an unencrypted PEM private key") from error


def belong_together(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    """Say whether a private key is that of a certificate."""
    return _public(key.public_key()) == _public(certificate.public_key())


def subject(certificate: x509.Certificate) -> str:
    """Name a certificate for people."""
    return certificate.subject.rfc4514_string() or f"serial number {certificate.serial_number:x}"


def unsupported(certificate: x509.Certificate, *, rsa_allowed: bool) -> str | None:
    """Say why proxies could not use an authority's key; None when they can."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, _CURVES):
            return None
        return f"{subject(certificate)} uses the curve {key.curve.name}, not P-256 or P-384"
    if isinstance(key, rsa.RSAPublicKey) and rsa_allowed:
        if key.key_size >= _RSA_BITS:
            return None
        return f"{subject(certificate)} uses RSA with {key.key_size} bits, fewer than {_RSA_BITS}"
    allowed = f"ECDSA or RSA with {_RSA_BITS} bits" if rsa_allowed else "ECDSA"
    name = "RSA" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__.strip("_")
    return f"{subject(certificate)} uses {name}, not {allowed}"


def invalid_now(certificate: x509.Certificate, now: datetime) -> str | None:
    """Say why a certificate does not count at `now`; None when it does."""
    if now >= certificate.not_valid_after_utc:
        return f"{subject(certificate)} expired at {shown(certificate.not_valid_after_utc)}"
    if now < certificate.not_valid_before_utc:
        return (
            f"{subject(certificate)} is not valid before "
            f"{shown(certificate.not_valid_before_utc)}, and it is {shown(now)}"
        )
    return None


def expiring(certificate: x509.Certificate, now: datetime, *, renewed: bool = False) -> str | None:
    """Say that a certificate ends soon; None when there is time, or it has ended already.

    Of one that something renews by itself a quarter of its lifetime is enough: renewal comes
    before that, and its whole lifetime may be shorter than 60 days.
    """
    left = certificate.not_valid_after_utc - now
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    enough = min(ENOUGH, lifetime / 4) if renewed else ENOUGH
    if left <= timedelta() or left >= enough:
        return None
    ends = shown(certificate.not_valid_after_utc)
    return f"{subject(certificate)} expires at {ends}, in {_rough(left)}"


def shown(time: datetime) -> str:
    """Write a time as certificates have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def path_to(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> Chain | None:
    """Find the way from `chain[0]` to one of `anchors`; the best where there are several.

    The best is valid at `now` and ends last. Signers are looked for among the anchors and the
    rest of the chain.
    """
    paths = _paths((chain[0],), (*anchors, *chain[1:]), anchors, iter(range(_MOST_STEPS)))

    def merit(path: Chain) -> tuple[bool, datetime]:
        ends = min(certificate.not_valid_after_utc for certificate in path)
        return not any(invalid_now(certificate, now) for certificate in path), ends

    return max(paths, key=merit, default=None)


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Give the names for which clients accept a certificate; raises UnusableCertificate."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    except _UNREADABLE as error:
        raise UnusableCertificate(f"{subject(certificate)} cannot be read: {error}") from error
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def is_authority(certificate: x509.Certificate) -> bool:
    """Say whether a certificate may sign others."""
    try:
        extensions = certificate.extensions
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        # RFC 5280 §4.2.1.3 restricts only when keyUsage is there.
        return missing.oid == x509.KeyUsage.oid
    except (*_UNREADABLE, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _paths(
    path: Chain,
    candidates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    steps: Iterator[int],
) -> Iterator[Chain]:
    if path[-1] in anchors:
        yield path
        return
    if len(path) == _LONGEST:
        return
    for candidate in candidates:
        if next(steps, None) is None:
            return
        if candidate not in path and _signed_by(path[-1], candidate):
            yield from _paths((*path, candidate), candidates, anchors, steps)


def _signed_by(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    if not is_authority(signer):
        return False
    try:
        certificate.verify_directly_issued_by(signer)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _rough(left: timedelta) -> str:
    hours = left / timedelta(hours=1)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"

"""The issuer: a signing key, its chain to a trust anchor, and the leaves it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mesh_identity.authority import SigningKey, make_leaf
from mesh_identity.errors import CredentialsError, IssuerUnavailable

_LONGEST_CHAIN = 8


@dataclass(frozen=True, slots=True)
class IssuedLeaf:
    """One answer: DER certificates, the leaf first, and the moment it stops being valid."""

    leaf: bytes
    intermediates: tuple[bytes, ...]
    valid_until: datetime


class Issuer:
    """Signs leaves; immutable, so that it may be used from several threads at once."""

    def __init__(
        self,
        key: SigningKey,
        chain: Sequence[x509.Certificate],
        anchors: Sequence[x509.Certificate],
        *,
        lifetime: timedelta,
        skew: timedelta,
    ) -> None:
        """Check that `key` belongs to `chain[0]` and that `chain` ends below one of `anchors`.

        `lifetime` is a leaf's, `skew` what clocks may differ: leaves begin that much
        earlier and end that much later. Raises `CredentialsError`.
        """
        self._key = key
        self._certificate = chain[0]
        self._lifetime = lifetime
        self._skew = skew
        _check_authority(key, chain[0])
        path = _path_to_anchor(chain, anchors)
        self.begins = max(certificate.not_valid_before_utc for certificate in path)
        self.expires = min(certificate.not_valid_after_utc for certificate in path)
        # A peer has the anchors; sending one again would be bytes in every handshake.
        below = [certificate for certificate in path if certificate not in anchors]
        self._intermediates = tuple(item.public_bytes(Encoding.DER) for item in below)

    def issue(self, identity: str, key: ec.EllipticCurvePublicKey, now: datetime) -> IssuedLeaf:
        """Certify `key` as `identity`; raise `IssuerUnavailable` outside the chain's validity."""
        if now >= self.expires:
            raise IssuerUnavailable(
                f"the issuer's certificates expired at {self.expires:%Y-%m-%d %H:%M:%S} UTC; "
                "put new ones in place and restart mesh-identity"
            )
        if now + self._skew < self.begins:
            raise IssuerUnavailable(
                f"the issuer's certificates become valid at {self.begins:%Y-%m-%d %H:%M:%S} UTC; "
                "check the clock of this machine"
            )
        begins = max(now - self._skew, self.begins)
        ends = min(now + self._lifetime + self._skew, self.expires)
        leaf = make_leaf(key, identity, self._certificate, self._key, (begins, ends))
        return IssuedLeaf(
            leaf.public_bytes(Encoding.DER), self._intermediates, leaf.not_valid_after_utc
        )


def _check_authority(key: SigningKey, certificate: x509.Certificate) -> None:
    if _public_bytes(key.public_key()) != _public_bytes(certificate.public_key()):
        raise CredentialsError("the issuer's key does not belong to the issuer's certificate")
    if not _may_sign(certificate):
        raise CredentialsError(
            "the issuer's certificate is not a CA certificate "
            "(basicConstraints CA:TRUE, keyUsage keyCertSign)"
        )


def _may_sign(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        # keyUsage may be absent (RFC 5280 §4.2.1.3 restricts only when present).
        return missing.oid == x509.KeyUsage.oid


def _path_to_anchor(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """The issuer's certificate, then each signer up to and including a trust anchor."""
    path = [chain[0]]
    candidates = [*anchors, *chain[1:]]
    while path[-1] not in anchors:
        signer = _newest_signer(path[-1], [item for item in candidates if item not in path])
        if signer is None or len(path) >= _LONGEST_CHAIN:
            raise CredentialsError(
                "the issuer's certificate does not chain to a trust anchor; "
                "the bundle must hold the root that signed it"
            )
        path.append(signer)
    return path


def _newest_signer(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    signers = [item for item in candidates if _signed_by(certificate, item)]
    return max(signers, key=lambda item: item.not_valid_after_utc, default=None)


def _signed_by(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _public_bytes(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise CredentialsError("the issuer's key is not ECDSA; make one on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

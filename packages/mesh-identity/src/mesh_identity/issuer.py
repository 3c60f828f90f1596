"""The issuer: a signing key, its chain to a trust anchor, and the leaves it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mesh_identity import chain as chains
from mesh_identity.authority import SigningKey, make_leaf
from mesh_identity.errors import CredentialsError, IssuerInvalid, IssuerUnavailable
from mesh_identity.timestamps import shown

_CURVES = (ec.SECP256R1, ec.SECP384R1)


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
        now: datetime,
        lifetime: timedelta,
        skew: timedelta,
    ) -> None:
        """Check that `key` belongs to `chain[0]` and that `chain` ends below one of `anchors`.

        `lifetime` is a leaf's, `skew` what clocks may differ: leaves begin that much
        earlier and end that much later. `now` chooses between several paths.
        Raises `CredentialsError`; times are judged only when a leaf is asked for.
        """
        _check_authority(key, chain[0])
        path = chains.best_path(chain, anchors, now)
        if path is None:
            raise IssuerInvalid(
                "the issuer's certificate does not chain to a trust anchor; "
                "the bundle must hold the root that signed it"
            )
        self.certificate = chain[0]
        self.anchors = tuple(anchors)
        self.path = path
        self.begins = chains.begins(path)
        self.expires = chains.expires(path)
        self._key = key
        self._lifetime = lifetime
        self._skew = skew
        # A peer has the anchors; sending one again would be bytes in every handshake.
        below = [certificate for certificate in path if certificate not in anchors]
        self._intermediates = tuple(item.public_bytes(Encoding.DER) for item in below)

    @property
    def first_to_expire(self) -> x509.Certificate:
        """The certificate of the path that ends what can be issued."""
        return min(self.path, key=lambda certificate: certificate.not_valid_after_utc)

    def objection(self, now: datetime) -> str | None:
        """Say why nothing can be issued at `now`, None if something can."""
        if now >= self.expires:
            which = self.first_to_expire.subject.rfc4514_string()
            return (
                f"the issuer's certificates expired at {shown(self.expires)} ({which}); "
                "put new ones in place, or correct the clock of this machine if it is ahead"
            )
        if now + self._skew < self.begins:
            return (
                f"the issuer's certificates become valid at {shown(self.begins)}; "
                "check the clock of this machine, and of the one that made them"
            )
        return None

    def check(self, now: datetime) -> None:
        """Raise `IssuerUnavailable` if nothing can be issued at `now`."""
        objection = self.objection(now)
        if objection is not None:
            raise IssuerUnavailable(f"{objection} (here it is {shown(now)})")

    def issue(self, identity: str, key: ec.EllipticCurvePublicKey, now: datetime) -> IssuedLeaf:
        """Certify `key` as `identity`; raise `IssuerUnavailable` outside the chain's validity."""
        self.check(now)
        begins = max(now - self._skew, self.begins)
        ends = min(now + self._lifetime + self._skew, self.expires)
        leaf = make_leaf(key, identity, self.certificate, self._key, (begins, ends))
        return IssuedLeaf(
            leaf.public_bytes(Encoding.DER), self._intermediates, leaf.not_valid_after_utc
        )


def _check_authority(key: SigningKey, certificate: x509.Certificate) -> None:
    if _public_bytes(key.public_key()) != _public_bytes(certificate.public_key()):
        raise CredentialsError("the issuer's key does not belong to the issuer's certificate")
    if not chains.may_sign(certificate):
        raise IssuerInvalid(
            "the issuer's certificate is not a CA certificate "
            "(basicConstraints CA:TRUE, keyUsage keyCertSign)"
        )


def _public_bytes(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise IssuerInvalid("the issuer's key is not ECDSA; make one on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

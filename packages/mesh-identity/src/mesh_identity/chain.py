"""From an issuer's certificate up to a trust anchor: every way there is, and the best of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

Path = tuple[x509.Certificate, ...]
"""The issuer's certificate first, then each signer, a trust anchor last."""

LONGEST_CHAIN = 8
_MOST_STEPS = 2000  # of the search: hostile bundles of cross-signed roots must not stop the service


def best_path(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> Path | None:
    """The path from `chain[0]` to one of `anchors` that is valid at `now` and ends last.

    Signers are looked for among the anchors and the rest of `chain`, in any order. Where no path
    is valid now the one that ends last is given, so that its reader can say what is wrong with
    its times. None where no path exists.
    """
    paths = _paths((chain[0],), (*anchors, *chain[1:]), anchors, iter(range(_MOST_STEPS)))

    def merit(path: Path) -> tuple[bool, datetime, int]:
        return begins(path) <= now < expires(path), expires(path), -len(path)

    return max(paths, key=merit, default=None)


def begins(path: Sequence[x509.Certificate]) -> datetime:
    """When the last of the certificates becomes valid."""
    return max(certificate.not_valid_before_utc for certificate in path)


def expires(path: Sequence[x509.Certificate]) -> datetime:
    """When the first of the certificates stops being valid."""
    return min(certificate.not_valid_after_utc for certificate in path)


def may_sign(certificate: x509.Certificate, below: int = 0) -> bool:
    """Say whether a certificate is an authority's, with `below` others between it and leaves."""
    extensions = certificate.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca:
            return False
        if constraints.path_length is not None and constraints.path_length < below:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        # keyUsage may be absent (RFC 5280 §4.2.1.3 restricts only when present).
        return missing.oid == x509.KeyUsage.oid


def _paths(
    path: Path,
    candidates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    steps: Iterator[int],
) -> Iterator[Path]:
    if path[-1] in anchors:
        yield path
        return
    if len(path) == LONGEST_CHAIN:
        return
    # RFC 5280 §4.2.1.9: a path length does not count certificates that name themselves as issuer.
    below = sum(certificate.subject != certificate.issuer for certificate in path)
    for candidate in candidates:
        if next(steps, None) is None:
            return
        if candidate not in path and _signed_by(path[-1], candidate, below):
            yield from _paths((*path, candidate), candidates, anchors, steps)


def _signed_by(certificate: x509.Certificate, signer: x509.Certificate, below: int) -> bool:
    if certificate.issuer != signer.subject or not may_sign(signer, below):
        return False
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True

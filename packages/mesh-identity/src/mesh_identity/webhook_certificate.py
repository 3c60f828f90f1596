"""The certificate with which the API server knows the injector's webhook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from mesh_identity.authority import CA_SKEW, make_leaf, make_root, new_key
from mesh_identity.errors import ProvisionError
from mesh_identity.pem import read_certificates, write_certificates, write_key

SERVICE = "linkerd-proxy-injector"
CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"
WEBHOOK_KEYS = (CERTIFICATE, KEY)
LIFETIME = timedelta(days=3650)
"""Nobody renews it by itself, and when it expires pods start without a proxy, in silence."""


def make_webhook_certificate(namespace: str, now: datetime) -> dict[str, bytes]:
    """A Secret's data for the injector's Service; the authority's key is thrown away."""
    authority_key, key = new_key(), new_key()
    root = make_root(authority_key, f"{SERVICE} CA", now, lifetime=LIFETIME)
    validity = (now - CA_SKEW, root.not_valid_after_utc)
    name = f"{SERVICE}.{namespace}.svc"
    leaf = make_leaf(key.public_key(), name, root, authority_key, validity)
    return {
        CERTIFICATE: write_certificates([leaf]),
        KEY: write_key(key),
        AUTHORITY: write_certificates([root]),
    }


def bundle_to_set(data: Mapping[str, bytes], present: bytes, where: str) -> bytes | None:
    """What the webhook configuration must trust, None if `present` does already.

    Raises `ProvisionError` when it trusts nothing and the Secret `where` does not say what to.
    """
    authority = _authority(data, where)
    if authority is None:
        if present.strip():
            return None
        raise ProvisionError(
            f"{where} has no {AUTHORITY}, and its certificate is signed by another: add the "
            f"authority as {AUTHORITY}, or set caBundle in the webhook configuration yourself"
        )
    return None if _holds(present, authority) else authority


def _authority(data: Mapping[str, bytes], where: str) -> bytes | None:
    stated = data.get(AUTHORITY, b"")
    if stated.strip():
        return stated
    certificate = read_certificates(data[CERTIFICATE], f"{where}: {CERTIFICATE}")[0]
    return data[CERTIFICATE] if certificate.issuer == certificate.subject else None


def _holds(present: bytes, authority: bytes) -> bool:
    if not present.strip():
        return False
    have = read_certificates(present, "caBundle of the webhook configuration")
    return set(read_certificates(authority, AUTHORITY)) <= set(have)

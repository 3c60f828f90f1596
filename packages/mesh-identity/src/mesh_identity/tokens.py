"""Who a token speaks for: the verifier interface and the one-machine verifier."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from mesh_core.kubernetes_names import is_label, is_subdomain
from mesh_identity.errors import TokenRejected
from mesh_identity.jwt import MalformedToken, verified_claims
from mesh_identity.service_account import ServiceAccount

AUDIENCE = "identity.l5d.io"
LEEWAY_SECONDS = 10.0
_SUBJECT = "system:serviceaccount:"


class TokenVerifier(Protocol):
    """Turns the token of a `Certify` call into the service account that it proves."""

    def verify(self, token: bytes, now: datetime) -> ServiceAccount:
        """Return the owner of `token`; raise `TokenRejected` when it proves nothing."""
        ...


class SignedTokenVerifier:
    """Accepts short-lived ES256 tokens that one key signed: the one-machine supervisor's."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key

    def verify(self, token: bytes, now: datetime) -> ServiceAccount:
        """Check signature, audience, times and subject, in this order."""
        try:
            claims = verified_claims(token, self._key)
        except MalformedToken as error:
            raise TokenRejected(
                f"the token {error}; the token file must hold the token that this mesh gave"
            ) from error
        _check_audience(claims)
        _check_times(claims, now.timestamp())
        return service_account(claims.get("sub"))


def _check_audience(claims: Mapping[str, object]) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if AUDIENCE not in audiences:
        raise TokenRejected(
            f"the token is not meant for this service: its audience must hold {AUDIENCE}; "
            "mount a token that was requested for that audience"
        )


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires = _time(claims, "exp")
    if expires is None:
        raise TokenRejected(
            "the token never expires (no exp); only short-lived tokens are accepted"
        )
    if now >= expires + LEEWAY_SECONDS:
        raise TokenRejected(
            f"the token expired {now - expires:.0f} s ago; "
            "is it still renewed, and do the clocks agree?"
        )
    for claim in ("nbf", "iat"):
        begins = _time(claims, claim)
        if begins is not None and begins > now + LEEWAY_SECONDS:
            raise TokenRejected(
                f"the token becomes valid in {begins - now:.0f} s ({claim}); "
                "compare the clocks of both machines"
            )


def _time(claims: Mapping[str, object], claim: str) -> float | None:
    """Seconds since 1970 of a NumericDate claim (RFC 7519 §2), None where it is absent."""
    value = claims.get(claim)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRejected(f"the token's {claim} is not a number of seconds")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise TokenRejected(f"the token's {claim} is out of range")
    return seconds


def service_account(username: object, uid: str = "") -> ServiceAccount:
    """Take a user name apart; raises `TokenRejected` if it is not a service account's."""
    if isinstance(username, str) and username.startswith(_SUBJECT):
        namespace, _, name = username.removeprefix(_SUBJECT).partition(":")
        if is_label(namespace) and is_subdomain(name):
            return ServiceAccount(namespace, name, uid)
    raise TokenRejected(
        f"the token's subject is not a service account ({_SUBJECT}NAMESPACE:NAME is expected)"
    )

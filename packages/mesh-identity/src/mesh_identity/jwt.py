"""Strict reader of compact JSON web tokens (RFC 7515) signed with ES256, and nothing else.

The algorithm is fixed by the verifier, never by the token, so that "alg confusion"
(RFC 8725 §3.1) has nothing to confuse. Anything with two readings is refused:
duplicate members, padded or non-canonical base64, extra segments, critical extensions.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

MAX_TOKEN_BYTES = 16 * 1024
_COORDINATE_BYTES = 32
_Claims = Mapping[str, object]


class MalformedToken(ValueError):
    """The bytes are not a token of the accepted form, or its signature is wrong."""


def verified_claims(token: bytes, key: ec.EllipticCurvePublicKey) -> _Claims:
    """Return the claims of a token that `key` signed; `MalformedToken` otherwise."""
    if len(token) > MAX_TOKEN_BYTES:
        raise MalformedToken(f"is longer than {MAX_TOKEN_BYTES} bytes")
    segments = token.split(b".")
    if len(segments) != 3:
        raise MalformedToken("is not a JSON web token: three parts separated by dots are expected")
    header, payload, signature = segments
    _check_header(_json_object(header, "header"))
    _check_signature(key, header + b"." + payload, _base64url(signature, "signature"))
    return _json_object(payload, "payload")


def _check_header(header: _Claims) -> None:
    if header.get("alg") != "ES256":
        raise MalformedToken("is not signed with ES256, the only accepted algorithm")
    if "crit" in header:
        raise MalformedToken("demands extensions (crit) that are not supported")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise MalformedToken("is of another type than JWT")


def _check_signature(key: ec.EllipticCurvePublicKey, signed: bytes, signature: bytes) -> None:
    # RFC 7518 §3.4: the two integers at full width, one after the other; DER is not accepted.
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise MalformedToken("carries a signature of the wrong length")
    r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
    s = int.from_bytes(signature[_COORDINATE_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise MalformedToken("is not signed by the key that this mesh trusts") from error


def _base64url(segment: bytes, part: str) -> bytes:
    try:
        decoded = base64.b64decode(segment + b"=" * (-len(segment) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedToken(f"has a {part} that is not base64url") from error
    # Trailing bits that decode to nothing would give one token several spellings.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:
        raise MalformedToken(f"has a {part} that is not canonical base64url")
    return decoded


def _json_object(segment: bytes, part: str) -> _Claims:
    try:
        decoded: object = json.loads(
            _base64url(segment, part).decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, MalformedToken):
            raise
        raise MalformedToken(f"has a {part} that is not JSON") from error
    if not isinstance(decoded, dict):
        raise MalformedToken(f"has a {part} that is not a JSON object")
    return decoded


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedToken("names a member twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedToken(f"holds {name}, which JSON does not have")

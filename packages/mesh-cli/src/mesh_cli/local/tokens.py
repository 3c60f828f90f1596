"""Service account tokens that the supervisor signs, as an API server would (JWT, ES256).

Only the supervisor holds the private key; `mesh-identity` gets the public one.
"""

import base64
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

AUDIENCE = "identity.l5d.io"
LIFETIME_SECONDS = 3600
RENEW_SECONDS = LIFETIME_SECONDS // 2
_COORDINATE_BYTES = 32


class TokenSigner:
    """Signs tokens with a key that lives as long as the mesh."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_pem(self) -> bytes:
        """What a verifier needs."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(
        self,
        namespace: str,
        service_account: str,
        now: float,
        audience: str = AUDIENCE,
        lifetime: int = LIFETIME_SECONDS,
    ) -> str:
        """A token for one service account, valid from `now` (seconds since the epoch)."""
        claims = {
            "iss": "mesh-local",
            "aud": [audience],
            "sub": f"system:serviceaccount:{namespace}:{service_account}",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + lifetime,
        }
        signed = f"{_part({'alg': 'ES256', 'typ': 'JWT'})}.{_part(claims)}"
        der = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        raw = r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)
        return f"{signed}.{_base64url(raw)}"


def _part(content: dict[str, object]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def write_token(path: Path, token: str, uid: int) -> None:
    """Put a token in place by rename, readable by its owner only."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o400)
    try:
        os.fchown(descriptor, uid, uid)
        os.write(descriptor, token.encode())
    finally:
        os.close(descriptor)
    temporary.rename(path)

"""What a TLS server agrees to, read from `openssl s_client`: same work, or no comparison."""

import re

from bench.errors import FieldError

AGREED = {
    "group": (r"(?:Server Temp Key|Negotiated TLS1\.3 group|Peer Temp Key): (\w+)", "X25519"),
    "cipher": (r"Cipher is (\S+)", "TLS_AES_128_GCM_SHA256"),
    "protocol": (r"New, (TLSv[\d.]+), ", "TLSv1.3"),
    "signature": (r"Peer signature type: (\w+)", "ECDSA"),
    "client certificate": (r"(Acceptable client certificate CA names|Requested Signature)", ""),
}
"""What has to stand there, and in which line."""


def negotiated(server: str, output: str) -> None:
    """Raise FieldError unless it is TLS 1.3, AES-128-GCM, X25519, ECDSA, with a client's name."""
    for what, (pattern, expected) in AGREED.items():
        match = re.search(pattern, output)
        if match is None:
            raise FieldError(
                f"{server}: openssl tells no {what}, so work cannot be compared:\n{output}"
            )
        # openssl 3.3 and later write ecdsa_secp256r1_sha256.
        if expected and not match[1].lower().startswith(expected.lower()):
            raise FieldError(f"{server} negotiates the {what} {match[1]}, not {expected}")

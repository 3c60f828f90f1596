"""When a certificate expires, without a library for certificates.

A TLS client tells what is in its server's certificate once that is verified. So a client and a
server in memory shake hands, with the certificate as its own root. That is also the proof that
certificate and key work together, and that a client finds the certificate fit for a server.
"""

import ssl

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
_ROUNDS = 8  # a handshake needs three


def expiry(server: ssl.SSLContext, certificate: bytes) -> float:
    """Give the Unix time at which the first of the PEM certificates, which `server` uses, expires.

    Raises ssl.SSLError if clients would refuse it for another reason than its dates or its name.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    client.load_verify_locations(cadata=certificate.decode())
    expires = _shake_hands(server, client).get("notAfter")
    return float(ssl.cert_time_to_seconds(str(expires)))


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, object]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_side=False),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(_ROUNDS):
        finished = [_step(end) for end in ends]
        if all(finished):
            break
    return dict(ends[0].getpeercert() or {})


def _step(end: ssl.SSLObject) -> bool:
    """Go on as far as possible; true once this end has finished."""
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True

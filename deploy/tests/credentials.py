"""Certificates that a user brings."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from helm import Values


def authority(name: str) -> tuple[str, str]:
    """A self-signed authority, certificate and key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()


CERTIFICATE, KEY = authority("identity.linkerd.cluster.local")
WEBHOOK_CERTIFICATE, WEBHOOK_KEY = authority("linkerd-proxy-injector.linkerd.svc")

ISSUER: Values = {"tls": {"crtPEM": CERTIFICATE, "keyPEM": KEY}}
IDENTITY: Values = {"identityTrustAnchorsPEM": CERTIFICATE, "identity": {"issuer": ISSUER}}
WEBHOOK: Values = {"proxyInjector": {"crtPEM": WEBHOOK_CERTIFICATE, "keyPEM": WEBHOOK_KEY}}
GIVEN: Values = {**IDENTITY, **WEBHOOK}
"""Values with which a chart renders without a cluster."""

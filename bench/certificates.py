"""A throw-away authority and two certificates for haproxy: P-256, as the mesh's own."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def name(common_name: str) -> x509.Name:
    """A name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def certificate(
    subject: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """A certificate for a day; an authority's if subject and issuer are the same."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def pem(item: x509.Certificate | ec.EllipticCurvePrivateKey) -> str:
    """The PEM form."""
    if isinstance(item, x509.Certificate):
        return item.public_bytes(serialization.Encoding.PEM).decode()
    return item.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def files() -> dict[str, str]:
    """`ca.pem`, and for each side one file with certificate and key."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = certificate("bench-ca", authority_key.public_key(), "bench-ca", authority_key)
    made = {"ca.pem": pem(authority)}
    for side in ("client", "server"):
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = certificate(f"bench-{side}", key.public_key(), "bench-ca", authority_key)
        made[f"{side}.pem"] = pem(leaf) + pem(key)
    return made

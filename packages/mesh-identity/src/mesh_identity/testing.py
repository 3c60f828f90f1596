"""What tests play with: signed tokens, requests and chains of certificates."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mesh_identity.authority import make_issuer, make_root, new_key
from mesh_identity.issuer import Issuer
from mesh_proto.pb.identity_pb2 import CertifyRequest

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
IDENTITY = "web.shop.serviceaccount.identity.linkerd.cluster.local"


def base64url(content: bytes) -> bytes:
    """Encode as a token's parts are."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def sign_segments(key: ec.EllipticCurvePrivateKey, header: bytes, payload: bytes) -> bytes:
    """Sign any bytes as a token, valid JSON or not."""
    signed = base64url(header) + b"." + base64url(payload)
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
    return signed + b"." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@dataclass
class TokenMaker:
    """Signs tokens as the supervisor of a one-machine mesh does; a claim of None is left out."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def __call__(
        self,
        subject: object = "system:serviceaccount:shop:web",
        *,
        now: datetime = NOW,
        header: dict[str, object] | None = None,
        **claims: object,
    ) -> bytes:
        """Sign a token for `subject`, valid for an hour from `now`."""
        seconds = int(now.timestamp())
        content = {
            "aud": ["identity.l5d.io"],
            "sub": subject,
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + 3600,
        } | claims
        kept = {name: value for name, value in content.items() if value is not None}
        return sign_segments(
            self.key,
            json.dumps(header or {"alg": "ES256", "typ": "JWT"}).encode(),
            json.dumps(kept).encode(),
        )


def make_csr(
    *names: x509.GeneralName,
    common_name: str | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """A signed request for any alternative names and common name."""
    attributes = (
        [] if common_name is None else [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key or new_key(), SHA256()).public_bytes(Encoding.DER)


def certify_request(
    token: bytes, identity: str = IDENTITY, csr: bytes | None = None
) -> CertifyRequest:
    """A request as a proxy sends it."""
    csr = make_csr(x509.DNSName(identity)) if csr is None else csr
    return CertifyRequest(identity=identity, token=token, certificate_signing_request=csr)


@dataclass(frozen=True)
class Signer:
    """Any authority, also one that this package would not make: RSA, other times, other limits."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @classmethod
    def root(
        cls,
        name: str = "root",
        *,
        begins: datetime = NOW,
        lifetime: timedelta = timedelta(days=365),
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
        path_length: int | None = None,
    ) -> Self:
        """A self-signed authority."""
        key = key or new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _authority(subject, subject, key, (begins, begins + lifetime), path_length)
        return cls(builder.sign(key, SHA256()), key)

    def below(
        self,
        name: str = "issuer",
        *,
        begins: datetime = NOW,
        lifetime: timedelta = timedelta(days=30),
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
        path_length: int | None = None,
        ca: bool = True,
    ) -> Self:
        """An authority that this one signs; without `ca` one that only looks like it."""
        key = key or new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        times = (begins, begins + lifetime)
        builder = _authority(subject, self.certificate.subject, key, times, path_length, ca=ca)
        return type(self)(builder.sign(self.key, SHA256()), key)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    times: tuple[datetime, datetime],
    path_length: int | None,
    *,
    ca: bool = True,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(times[0])
        .not_valid_after(times[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )


@dataclass(frozen=True)
class Chain:
    """A root, an issuer below it, and the issuer's key."""

    root: x509.Certificate
    issuer: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def load(
        self, lifetime: timedelta = timedelta(hours=24), skew: timedelta = timedelta(seconds=20)
    ) -> Issuer:
        """The issuer, ready to sign."""
        now = self.issuer.not_valid_before_utc
        return Issuer(self.key, [self.issuer], [self.root], now=now, lifetime=lifetime, skew=skew)


def make_chain_at(now: datetime) -> Chain:
    """A fresh chain, valid from `now` on."""
    root_key, key = new_key(), new_key()
    root = make_root(root_key, "root.linkerd.cluster.local", now)
    issuer = make_issuer(key, "identity.linkerd.cluster.local", root, root_key, now)
    return Chain(root, issuer, key)

"""What a certificate signing request may ask for: one DNS name, the requested identity."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mesh_identity.errors import CsrRejected
from mesh_identity.pem import UNREADABLE

MAX_CSR_BYTES = 16 * 1024


def certified_key(der: bytes, identity: str) -> ec.EllipticCurvePublicKey:
    """Check a DER request for `identity` and return the key to certify; raise `CsrRejected`.

    The request must prove possession of its key (self-signature), name `identity` as
    its only alternative name, and carry no other subject than that name or none.
    Other requested extensions are ignored: the issuer alone decides what a leaf may do.
    """
    request = _parse(der)
    try:
        _check_names(request, identity)
        return _proven_key(request)
    except UNREADABLE as error:
        raise CsrRejected(f"the CSR cannot be read: {error}") from error


def _parse(der: bytes) -> x509.CertificateSigningRequest:
    if not der:
        raise CsrRejected("the CSR is empty; send a DER-encoded PKCS#10 request")
    if len(der) > MAX_CSR_BYTES:
        raise CsrRejected(f"the CSR is longer than {MAX_CSR_BYTES} bytes")
    try:
        return x509.load_der_x509_csr(der)
    except UNREADABLE as error:
        raise CsrRejected("the CSR is not DER-encoded PKCS#10 (PEM is not accepted)") from error


def _proven_key(request: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CsrRejected("the CSR's key is not ECDSA P-256, the only kind that is certified")
    if not request.is_signature_valid:
        raise CsrRejected("the CSR's signature does not match its key; make the request again")
    return key


def _check_names(request: x509.CertificateSigningRequest, identity: str) -> None:
    names = _alternative_names(request)
    if len(names) != 1:
        raise CsrRejected(
            f"the CSR asks for {len(names)} alternative names; "
            f"exactly one is accepted, the DNS name {identity}"
        )
    name = names[0]
    if not isinstance(name, x509.DNSName):
        raise CsrRejected(
            f"the CSR asks for a {type(name).__name__}; only the DNS name {identity} is accepted"
        )
    if name.value != identity:
        raise CsrRejected(
            f"the CSR asks for {_shown(name.value)}, the request for {identity}; both must agree"
        )
    _check_subject(request, identity)


def _alternative_names(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    try:
        extension = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value)


def _check_subject(request: x509.CertificateSigningRequest, identity: str) -> None:
    for attribute in request.subject:
        if attribute.oid != NameOID.COMMON_NAME:
            raise CsrRejected(
                f"the CSR's subject holds {attribute.rfc4514_attribute_name}; "
                "only a common name is accepted"
            )
        if attribute.value not in ("", identity):
            raise CsrRejected(
                f"the CSR's common name is {_shown(attribute.value)}; "
                f"it must be empty or {identity}"
            )


def _shown(value: str | bytes) -> str:
    """A hostile name as one short printable word for the answer and the log."""
    text = ascii(value)
    return text if len(text) <= 300 else f"{text[:300]}…"

"""Everything that mesh-identity refuses, and the gRPC status that says so."""

from __future__ import annotations

from typing import ClassVar

from mesh_core.errors import CoreError
from mesh_identity.service_account import ServiceAccount


class IdentityError(CoreError):
    """Base of all errors of this package; the text tells its reader what to do next."""


class CredentialsError(IdentityError):
    """A root, issuer or key file is missing, broken, expired or does not fit the others."""


class IssuerInvalid(CredentialsError):
    """The issuer's files are whole, but nothing may be signed with them."""


class ProvisionError(IdentityError):
    """What is in the cluster cannot be completed without replacing a part of it."""


class CertifyError(IdentityError):
    """A `Certify` call that is refused."""

    status: ClassVar[str]
    """The name of the gRPC status that the caller gets."""
    reason: ClassVar[str]
    """What was wrong, in the metrics."""
    owner: ServiceAccount | None = None
    """Whom the token speaks for, where that was established before the refusal."""


class RequestRejected(CertifyError):
    """The request itself makes no sense, whoever sent it."""

    status = "INVALID_ARGUMENT"
    reason = "request"


class CsrRejected(CertifyError):
    """The certificate signing request is broken or asks for more than the identity."""

    status = "INVALID_ARGUMENT"
    reason = "csr"


class TokenRejected(CertifyError):
    """The token does not prove the requested identity."""

    status = "FAILED_PRECONDITION"
    reason = "token"


class IssuerUnavailable(CertifyError):
    """Nothing is wrong with the request; this process cannot issue at the moment."""

    status = "UNAVAILABLE"
    reason = "issuer"


class ReviewUnavailable(CertifyError):
    """Nothing is known against the request; the API server could not be asked."""

    status = "UNAVAILABLE"
    reason = "review"

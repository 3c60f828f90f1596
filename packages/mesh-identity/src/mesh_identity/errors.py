"""Everything that mesh-identity refuses, and the gRPC status that says so."""

from __future__ import annotations

from typing import ClassVar

import grpc


class IdentityError(Exception):
    """Base of all errors of this package; the text tells its reader what to do next."""


class CredentialsError(IdentityError):
    """A root, issuer or key file is missing, broken, expired or does not fit the others."""


class CertifyError(IdentityError):
    """A `Certify` call that is refused: with which gRPC status, and which metric reason."""

    status: ClassVar[grpc.StatusCode]
    reason: ClassVar[str]


class RequestRejected(CertifyError):
    """The request itself makes no sense, whoever sent it."""

    status = grpc.StatusCode.INVALID_ARGUMENT
    reason = "request"


class CsrRejected(CertifyError):
    """The certificate signing request is broken or asks for more than the identity."""

    status = grpc.StatusCode.INVALID_ARGUMENT
    reason = "csr"


class TokenRejected(CertifyError):
    """The token does not prove the requested identity."""

    status = grpc.StatusCode.FAILED_PRECONDITION
    reason = "token"


class IssuerUnavailable(CertifyError):
    """Nothing is wrong with the request; this process cannot issue at the moment."""

    status = grpc.StatusCode.UNAVAILABLE
    reason = "issuer"

"""One `Certify` decision: request in, leaf out, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mesh_core.names import Identity, InvalidNameError
from mesh_identity.csr import certified_key
from mesh_identity.errors import CertifyError, RequestRejected, TokenRejected
from mesh_identity.issuer import IssuedLeaf, Issuer
from mesh_identity.service_account import ServiceAccount
from mesh_identity.tokens import TokenVerifier
from mesh_proto.pb.identity_pb2 import CertifyRequest, CertifyResponse


class IssuerSource(Protocol):
    """Knows the issuer of the moment; may be asked from several threads."""

    def current(self) -> Issuer:
        """Give the issuer in use; raise `IssuerUnavailable` while there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Certified:
    """A leaf, and whom it was given to."""

    identity: str
    owner: ServiceAccount
    issued: IssuedLeaf

    @property
    def response(self) -> CertifyResponse:
        """The answer to the proxy."""
        response = CertifyResponse(
            leaf_certificate=self.issued.leaf, intermediate_certificates=self.issued.intermediates
        )
        response.valid_until.FromDatetime(self.issued.valid_until)
        return response


class Certifier:
    """Answers requests of one trust domain; safe to use from several threads."""

    def __init__(
        self,
        issuers: IssuerSource,
        tokens: TokenVerifier,
        *,
        controller_namespace: str,
        trust_domain: str,
    ) -> None:
        self._issuers = issuers
        self._tokens = tokens
        self._controller_namespace = controller_namespace
        self._trust_domain = trust_domain

    def certify(self, request: CertifyRequest, now: datetime) -> Certified:
        """Issue what `request` asks for; raise a `CertifyError` that says why not."""
        identity = _identity(request)
        if not request.token:
            raise RequestRejected(
                "the request carries no token; the proxy reads it from its token file"
            )
        # Before the token: without an issuer there is no reason to ask anyone about it.
        issuer = self._issuers.current()
        issuer.check(now)
        owner = self._tokens.verify(request.token, now)
        try:
            self._check_owner(identity, owner)
            key = certified_key(request.certificate_signing_request, identity)
            return Certified(identity, owner, issuer.issue(identity, key, now))
        except CertifyError as error:
            error.owner = owner
            raise

    def _check_owner(self, identity: str, owner: ServiceAccount) -> None:
        try:
            expected = Identity(
                owner.name, owner.namespace, self._controller_namespace, self._trust_domain
            )
        except InvalidNameError as error:
            raise TokenRejected(f"the token's service account has no identity: {error}") from error
        if identity != str(expected):
            raise TokenRejected(
                f"the request is for {identity}, the token belongs to {expected}; "
                "check serviceAccountName, the control-plane namespace and the trust domain"
            )


def _identity(request: CertifyRequest) -> str:
    if not request.identity:
        raise RequestRejected("the request names no identity")
    try:
        return str(Identity.parse(request.identity))
    except InvalidNameError as error:
        raise RequestRejected(str(error)) from error

"""One `Certify` decision: request in, leaf out, or the reason why not. No I/O."""

from __future__ import annotations

from datetime import datetime

from mesh_core.names import Identity, InvalidNameError
from mesh_identity.csr import certified_key
from mesh_identity.errors import RequestRejected, TokenRejected
from mesh_identity.issuer import Issuer
from mesh_identity.tokens import TokenVerifier
from mesh_proto.pb.identity_pb2 import CertifyRequest, CertifyResponse


class Certifier:
    """Answers requests of one trust domain; safe to use from several threads."""

    def __init__(
        self, issuer: Issuer, tokens: TokenVerifier, *, controller_namespace: str, trust_domain: str
    ) -> None:
        self._issuer = issuer
        self._tokens = tokens
        self._controller_namespace = controller_namespace
        self._trust_domain = trust_domain

    def certify(self, request: CertifyRequest, now: datetime) -> CertifyResponse:
        """Issue what `request` asks for; raise a `CertifyError` that says why not."""
        identity = _identity(request)
        if not request.token:
            raise RequestRejected(
                "the request carries no token; the proxy reads it from its token file"
            )
        self._check_owner(identity, request.token, now)
        key = certified_key(request.certificate_signing_request, identity)
        issued = self._issuer.issue(identity, key, now)
        response = CertifyResponse(
            leaf_certificate=issued.leaf, intermediate_certificates=issued.intermediates
        )
        response.valid_until.FromDatetime(issued.valid_until)
        return response

    def _check_owner(self, identity: str, token: bytes, now: datetime) -> None:
        owner = self._tokens.verify(token, now)
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

"""The issuer as a cluster keeps it: two files of a Secret, and the trust anchors beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509

from mesh_core.service import Contents
from mesh_identity.errors import CredentialsError
from mesh_identity.issuer import Issuer
from mesh_identity.pem import UNREADABLE, read_certificates, read_key

CERTIFICATE, KEY, AUTHORITIES, ANCHORS = "certificate", "key", "authorities", "anchors"


class Scheme(StrEnum):
    """Which keys the Secret has."""

    LINKERD = "linkerd.io/tls"
    KUBERNETES = "kubernetes.io/tls"

    @property
    def keys(self) -> tuple[str, str]:
        """Certificate and private key."""
        match self:
            case Scheme.LINKERD:
                return "crt.pem", "key.pem"
            case Scheme.KUBERNETES:
                return "tls.crt", "tls.key"


class IssuerSecret:
    """Where the files are, and how they become an issuer."""

    def __init__(
        self,
        directory: Path,
        scheme: Scheme,
        trust_anchors: Path,
        *,
        lifetime: timedelta,
        skew: timedelta,
    ) -> None:
        """`directory` is the mounted Secret; lifetime and skew are those of leaves."""
        certificate, key = scheme.keys
        self.files = {
            CERTIFICATE: directory / certificate,
            KEY: directory / key,
            ANCHORS: trust_anchors,
        }
        self.optional: tuple[str, ...] = ()
        if scheme is Scheme.KUBERNETES:
            # Whoever fills such a Secret may put what is above the issuer there.
            self.files[AUTHORITIES] = directory / "ca.crt"
            self.optional = (AUTHORITIES,)
        self._lifetime = lifetime
        self._skew = skew

    def issuer(self, contents: Contents, now: datetime) -> Issuer:
        """Make an issuer of what the files hold; raises `CredentialsError` naming the file."""
        chain = [*self._certificates(contents, CERTIFICATE), *self._authorities(contents)]
        anchors = self._certificates(contents, ANCHORS)
        key = read_key(contents[KEY], self.files[KEY])
        where = self.files[CERTIFICATE]
        try:
            return Issuer(key, chain, anchors, now=now, lifetime=self._lifetime, skew=self._skew)
        except CredentialsError as error:
            raise type(error)(f"{where}: {error}") from error
        except UNREADABLE as error:
            raise CredentialsError(f"{where}: a certificate cannot be read: {error}") from error

    def _certificates(self, contents: Contents, name: str) -> Sequence[x509.Certificate]:
        return read_certificates(contents[name], self.files[name])

    def _authorities(self, contents: Contents) -> Sequence[x509.Certificate]:
        """Signers for the chain; never anchors. The file is often there and empty."""
        if not contents.get(AUTHORITIES, b"").strip():
            return ()
        return self._certificates(contents, AUTHORITIES)

"""The webhook's certificate, exchanged under a running server."""

import logging
import os
import ssl
import time
from datetime import UTC, datetime
from typing import NoReturn

from mesh_core.service import Contents
from mesh_injector.webhook.certificate_expiry import expiry
from mesh_injector.webhook.errors import CertificateRefused
from mesh_injector.webhook.metrics import WebhookMetrics

CERTIFICATE = "tls.crt"
KEY = "tls.key"

log = logging.getLogger(__name__)


class ServingCertificate:
    """A TLS context that always holds the newest pair that belongs together."""

    def __init__(self, metrics: WebhookMetrics) -> None:
        """Begin without a certificate; handshakes fail until one is loaded."""
        self.context = _context()
        self._metrics = metrics

    def load(self, contents: Contents) -> None:
        """Use a certificate and its key for all handshakes from now on; raise CertificateRefused.

        A failed load leaves a context unusable, so a scratch one goes first.
        """
        scratch = _context()
        _load(scratch, contents)
        _load(self.context, contents)
        try:
            self._report(expiry(scratch, contents[CERTIFICATE]))
        except (ssl.SSLError, ValueError) as error:
            log.warning("API servers may refuse the webhook's certificate: %s", error)

    def _report(self, expires: float) -> None:
        self._metrics.certificate_expiry.set(expires)
        at = datetime.fromtimestamp(expires, UTC).isoformat()
        if expires <= time.time():
            log.error("the webhook's certificate expired at %s; renew the Secret", at)
        else:
            log.info("the webhook's certificate is valid until %s", at)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, contents: Contents) -> None:
    # Python loads from files only; these two are in memory, and hold what was read together.
    with _MemoryFile(contents[CERTIFICATE]) as certificate, _MemoryFile(contents[KEY]) as key:
        try:
            context.load_cert_chain(certificate, key, password=_refuse_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise CertificateRefused(f"{_meaning(error)}; renew the Secret") from error


def _refuse_password() -> NoReturn:
    # Without this, OpenSSL would ask on the terminal.
    raise CertificateRefused(f"{KEY} is encrypted; store it without a password")


def _meaning(error: Exception) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    if reason == "KEY_VALUES_MISMATCH":
        return f"{KEY} is not the key of {CERTIFICATE}"
    detail = f" ({reason})" if reason else ""
    return f"{CERTIFICATE} or {KEY} does not hold PEM of a certificate or of its key{detail}"


class _MemoryFile:
    """Octets with a path, without a writable file system."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __enter__(self) -> str:
        self._descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
        os.write(self._descriptor, self._data)
        return f"/proc/self/fd/{self._descriptor}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

"""The few requests that a cluster's own life needs, as its administrator."""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from typing import Any

from mesh_clusters.errors import CommandFailed
from mesh_clusters.pki import Pki

_SECONDS = 10.0


class ApiAccess:
    """Requests to one API server; each on a connection of its own, so any thread may ask."""

    def __init__(self, url: str, pki: Pki) -> None:
        self._url = urllib.parse.urlsplit(url)
        self._tls = ssl.create_default_context(cafile=str(pki.authority.certificate))
        self._tls.load_cert_chain(pki.admin.certificate, pki.admin.key)

    def ready(self) -> bool:
        """Whether it says so."""
        try:
            return self._ask("GET", "/readyz", None)[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def create(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object; raises CommandFailed."""
        status, answer = self._ask("POST", path, document)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise CommandFailed(f"POST {path}: {answer.get('message', status)}")
        return answer

    def ensure(self, path: str, document: Mapping[str, Any]) -> None:
        """Create an object unless there is one of that name; raises CommandFailed."""
        status, answer = self._ask("POST", path, document)
        if status >= http.HTTPStatus.BAD_REQUEST and status != http.HTTPStatus.CONFLICT:
            raise CommandFailed(f"POST {path}: {answer.get('message', status)}")

    def _ask(
        self, method: str, path: str, document: Mapping[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPSConnection(
            self._url.hostname or "", self._url.port, timeout=_SECONDS, context=self._tls
        )
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        is_json = (answer.getheader("Content-Type") or "").startswith("application/json")
        return answer.status, json.loads(data) if is_json else {}

"""A client of image registries (OCI distribution specification 1.1), as far as builds need it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mesh_images.errors import ImagesError
from mesh_images.image import INDEX, MANIFEST
from mesh_images.layer import digest
from mesh_images.reference import Reference

_DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_ACCEPTED = f"{INDEX}, {MANIFEST}, {_DOCKER_INDEX}, {_DOCKER_MANIFEST}"
_SECONDS = 120
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_NOT_FOUND = 404


class RegistryError(ImagesError):
    """A registry could not be reached, refused, or gave something else than it was asked for."""


@dataclass(frozen=True)
class Answer:
    """What a registry answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Registry:
    """One repository of a registry. Signs in as `docker login` left it, else as nobody."""

    reference: Reference
    _authorization: str = field(default="", repr=False)

    def manifest(self, version: str = "") -> dict[str, Any] | None:
        """A manifest or index by tag or digest, the reference's own by default; None if unknown."""
        path = f"/manifests/{version or self.reference.version}"
        answer = self._call("GET", path, {"Accept": _ACCEPTED}, missing_is_fine=True)
        if answer.status == _NOT_FOUND:
            return None
        wanted = version or self.reference.version
        if wanted.startswith("sha256:") and digest(answer.body) != wanted:
            raise RegistryError(f"{self.reference}: the registry gave another manifest")
        return self._document(answer)

    def blob(self, name: str) -> bytes:
        """A blob, checked against its digest."""
        body = self._call("GET", f"/blobs/{name}").body
        if digest(body) != name:
            raise RegistryError(f"{self.reference}: blob {name} is damaged; try again")
        return body

    def put_blob(self, content: bytes) -> None:
        """Send a blob unless the registry has it."""
        name = digest(content)
        known = self._call("HEAD", f"/blobs/{name}", missing_is_fine=True)
        if known.status != _NOT_FOUND:
            return
        started = self._call("POST", "/blobs/uploads/", {"Content-Length": "0"})
        if "location" not in started.headers:
            raise RegistryError(f"{self.reference}: takes no uploads; is it a registry?")
        place = urllib.parse.urljoin(self.reference.url, started.headers["location"])
        separator = "&" if "?" in place else "?"
        kind = {"Content-Type": "application/octet-stream"}
        self._call("PUT", f"{place}{separator}digest={name}", kind, content)

    def put_manifest(self, content: bytes, version: str, media_type: str) -> bool:
        """Send a manifest or an index under a tag or its digest.

        Whether the registry has listed it under the subject that it names.
        """
        kind = {"Content-Type": media_type}
        return "oci-subject" in self._call("PUT", f"/manifests/{version}", kind, content).headers

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        missing_is_fine: bool = False,
    ) -> Answer:
        url = path if path.startswith("http") else self.reference.url + path
        answer = self._send(method, url, headers or {}, body)
        if answer.status == http.client.UNAUTHORIZED:
            self._sign_in(answer.headers.get("www-authenticate", ""))
            answer = self._send(method, url, headers or {}, body)
        if answer.status >= http.client.BAD_REQUEST and not (
            missing_is_fine and answer.status == _NOT_FOUND
        ):
            reason = answer.body[:300].decode(errors="replace").strip()
            raise RegistryError(
                f"{self.reference}: {method} {url} was answered with {answer.status} {reason};"
                f" check the name, and `docker login {self.reference.registry}`"
            )
        return answer

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))  # noqa: S310 (built from a reference)
        # Not sent along when a blob is fetched from somewhere else: storage refuses two signatures.
        if self._authorization and url.startswith(self._origin()):
            request.add_unredirected_header("Authorization", self._authorization)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                return Answer(response.status, _lower(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read())
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(
                f"{self.reference}: {urllib.parse.urlsplit(url).netloc} cannot be reached: {error};"
                " without a registry build offline (--base offline)"
            ) from error

    def _origin(self) -> str:
        parts = urllib.parse.urlsplit(self.reference.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def _sign_in(self, challenge: str) -> None:
        """Answer a challenge: with a password, or with a token that a password (or none) gets."""
        scheme, _, rest = challenge.partition(" ")
        password = _password(self.reference.registry)
        if scheme.lower() == "basic":
            self._authorization = f"Basic {password}" if password else ""
            return
        said = dict(_CHALLENGE.findall(rest))
        if scheme.lower() != "bearer" or not said.get("realm", "").startswith("http"):
            raise RegistryError(f"{self.reference}: asks to sign in by {scheme or 'no known way'}")
        query = {key: said[key] for key in ("service", "scope") if key in said}
        headers = {"Authorization": f"Basic {password}"} if password else {}
        url = f"{said['realm']}?{urllib.parse.urlencode(query)}"
        answer = self._send("GET", url, headers, None)
        if answer.status != http.client.OK:
            raise RegistryError(
                f"{self.reference}: signing in was answered with {answer.status};"
                f" run `docker login {self.reference.registry}`"
            )
        said = self._document(answer)
        token = said.get("token") or said.get("access_token")
        if not token:
            raise RegistryError(f"{self.reference}: signing in was answered without a token")
        self._authorization = f"Bearer {token}"

    def _document(self, answer: Answer) -> dict[str, Any]:
        """A JSON object that was answered; what stands before registries may answer anything."""
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            start = answer.body[:60].decode(errors="replace")
            raise RegistryError(
                f"{self.reference}: expected a JSON object and got {start!r}; is"
                f" {self.reference.registry} a registry, and no proxy in between?"
            )
        return said


def _lower(headers: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


def _password(registry: str) -> str:
    """What `docker login` or `podman login` stored for a registry, in base64; empty if nothing."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        logins = json.loads((folder / "config.json").read_text(encoding="utf-8"))["auths"]
    except (OSError, ValueError, KeyError):
        return ""
    hub = "https://index.docker.io/v1/" if registry == "docker.io" else registry
    stored = str(logins.get(hub, {}).get("auth", ""))
    try:
        base64.b64decode(stored, validate=True)
    except ValueError:
        return ""
    return stored

"""The installation's settings as they are mounted now."""

from collections.abc import Callable

from mesh_core.errors import CoreError
from mesh_core.service import Contents
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation
from mesh_injector.values import installation
from mesh_injector.webhook.errors import ConfigurationRefused, LookupFailed

VALUES = "values"
TRUST_ANCHORS = "trust anchors"

_PEM = "-----BEGIN CERTIFICATE-----"
_PRIVATE_KEY = "PRIVATE KEY-----"


class LiveInstallation:
    """Holds the newest settings that can be used."""

    def __init__(self, control_plane_namespace: str) -> None:
        """Begin without any."""
        self._control_plane_namespace = control_plane_namespace
        self._current: Installation | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def current(self) -> Installation:
        """The settings that count now; raises LookupFailed before any could be used."""
        if self._current is None:
            raise LookupFailed("the injector has no configuration yet")
        return self._current

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever other settings count from now on."""
        self._listeners.append(listener)

    def load(self, contents: Contents) -> None:
        """Use mounted values and trust anchors; raise ConfigurationRefused."""
        try:
            values = contents[VALUES].decode()
            anchors = contents[TRUST_ANCHORS].decode()
        except UnicodeDecodeError as error:
            raise ConfigurationRefused(f"the mounted files are not UTF-8: {error}") from error
        if _PEM not in anchors:
            raise ConfigurationRefused(
                "the trust anchors hold no certificate; put the roots, PEM, into ca-bundle.crt"
            )
        if _PRIVATE_KEY in anchors:
            raise ConfigurationRefused(
                "the trust anchors hold a private key, which would be written into every pod; "
                "take it out of ca-bundle.crt, and replace the root that it belongs to"
            )
        try:
            self._current = installation(
                values, anchors, control_plane_namespace=self._control_plane_namespace
            )
        except (CoreError, InjectorError) as error:
            raise ConfigurationRefused(str(error)) from error
        for listener in self._listeners:
            listener()

"""Whether a service can do its work now, and if not, what it waits for."""

import threading


class Readiness:
    """A set of named conditions that must all hold. May be used from any thread."""

    def __init__(self) -> None:
        """Begin without conditions; a service that declares none is ready."""
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}

    def require(self, condition: str) -> None:
        """Be unready until `condition` is `met`."""
        with self._lock:
            self._waiting[condition] = None

    def met(self, condition: str) -> None:
        """Say that a condition holds; repeated or never required, it changes nothing."""
        with self._lock:
            self._waiting.pop(condition, None)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The conditions that do not hold, in the order in which they were required."""
        with self._lock:
            return tuple(self._waiting)

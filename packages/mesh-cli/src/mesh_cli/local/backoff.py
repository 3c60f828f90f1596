"""How long a container that keeps ending waits for its next start (pure)."""

from dataclasses import dataclass

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 300.0
# A run this long is taken as a recovery (the kubelet's rule).
STABLE_SECONDS = 600.0


@dataclass(slots=True)
class RestartBackOff:
    """Doubles from 1 s to 5 min; the first restart of a container comes at once.

    The kubelet begins at 10 s. Here someone is watching, so it begins smaller.
    """

    _failures: int = 0

    def delay(self, ran_seconds: float) -> float:
        """Seconds to wait after a run of that length."""
        if ran_seconds >= STABLE_SECONDS:
            self._failures = 0
        self._failures += 1
        if self._failures == 1:
            return 0.0
        exponent = min(self._failures - 2, 20)
        return min(FIRST_DELAY_SECONDS * 2.0**exponent, LONGEST_DELAY_SECONDS)

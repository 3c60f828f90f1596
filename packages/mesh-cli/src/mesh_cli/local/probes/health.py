"""How a probe's answers add up (pure)."""

from dataclasses import dataclass

from mesh_core.resources import Probe


@dataclass(slots=True)
class ProbeHealth:
    """Successes and failures in a row against the probe's thresholds."""

    probe: Probe
    healthy: bool
    _successes: int = 0
    _failures: int = 0

    def observe(self, success: bool) -> bool:
        """Count one answer and return whether the container counts as healthy now."""
        if success:
            self._successes += 1
            self._failures = 0
            if self._successes >= self.probe.success_threshold:
                self.healthy = True
        else:
            self._failures += 1
            self._successes = 0
            if self._failures >= self.probe.failure_threshold:
                self.healthy = False
        return self.healthy

    @property
    def failed(self) -> bool:
        """Whether the failures in a row have reached the threshold."""
        return self._failures >= self.probe.failure_threshold


_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 0.05, 1.3, 0.3
_EAGER_SECONDS = 10.0


def eager_delays(period: float) -> list[float]:
    """Waits before the first success: short ones, so that a start is noticed soon.

    The kubelet waits a whole period after a failure; a start would then last seconds longer
    than the application needs. What is not ready after a while is asked once a period.
    """
    delays: list[float] = []
    delay = _FIRST_DELAY
    while sum(delays) + delay < max(period, _EAGER_SECONDS):
        delays.append(delay)
        delay = min(delay * _GROWTH, _LONGEST_DELAY)
    return delays

"""What was seen since everything was ready, and in the last seconds."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .pods import PodView
from .report import Report, during, report
from .workloads import workload_rows

# Long enough for steady percentiles, short enough to see a change happen.
WINDOW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Look:
    """All pods at one moment (seconds of a monotonic clock)."""

    pods: Sequence[PodView]
    now: float


@dataclass(slots=True)
class History:
    """The looks at one application. `started` is when it was told to start."""

    started: float
    _ready: Look | None = None
    _recent: deque[Look] = field(default_factory=deque)
    _ended: list[PodView] = field(default_factory=list)

    def add(self, pods: Sequence[PodView], now: float) -> None:
        """Add a look; the first in which every pod is ready begins the measurement."""
        look = Look(pods, now)
        if self._recent:
            self._ended += _gone(self._recent[-1].pods, pods)
        if self._ready is None and pods and all(pod.ready for pod in pods):
            self._ready = look
        self._recent.append(look)
        # One look older than the window is kept, so that the window is always covered.
        while len(self._recent) > 1 and now - self._recent[1].now >= WINDOW_SECONDS:
            self._recent.popleft()

    @property
    def ready_seconds(self) -> float | None:
        """Seconds from the start until all pods were ready; None as long as some are not."""
        return None if self._ready is None else self._ready.now - self.started

    def measured_seconds(self, now: float) -> float:
        """Seconds since all pods were ready."""
        return 0.0 if self._ready is None else now - self._ready.now

    def whole(self, problems: Sequence[str] = ()) -> Report:
        """Report on all the time since everything was ready."""
        last = self._recent[-1] if self._recent else Look((), self.started)
        first = self._ready or last
        seconds = last.now - first.now
        return report(first.pods, last.pods, seconds, self.ready_seconds, problems, self._ended)

    def recent(self, problems: Sequence[str] = ()) -> Report:
        """The same, but with the rates of the last seconds only."""
        whole = self.whole(problems)
        if len(self._recent) < 2 or self._ready is None:
            return whole
        last = self._recent[-1]
        first = max((self._recent[0], self._ready), key=lambda look: look.now)
        # Of those that have ended, what they did before the window is not known any more
        # unless they were seen at its begin.
        seen = {_key(pod) for pod in first.pods}
        ended = [pod for pod in self._ended if _key(pod) in seen]
        window = during(first.pods, [*last.pods, *ended])
        return replace(whole, workloads=tuple(workload_rows(window, last.now - first.now)))


def _gone(before: Sequence[PodView], now: Sequence[PodView]) -> list[PodView]:
    """Return the pods that are no longer there, as they were seen last."""
    present = {_key(pod) for pod in now}
    return [replace(pod, ended=True) for pod in before if _key(pod) not in present]


def _key(pod: PodView) -> tuple[str, str]:
    return pod.namespace, pod.name

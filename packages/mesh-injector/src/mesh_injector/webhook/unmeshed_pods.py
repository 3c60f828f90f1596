"""The pods that should have a proxy and have none: state in, news out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mesh_core.resources import Key, Pod

GRACE_SECONDS = 3.0
"""How long a pod may look so: its namespace's newest annotations may arrive after the pod does."""


@dataclass(frozen=True, slots=True)
class UnmeshedPod:
    """A pod without the proxy that it should have."""

    pod: Pod
    since: float
    """When it was found, on the clock that `now` is read from."""
    older: bool
    """Whether it is known to be there from before anything asked for its proxy. Then nothing
    went wrong: it only has to be restarted."""
    told: bool = False


class UnmeshedPods:
    """Follows what is observed about pods."""

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        """Begin with none."""
        self._grace = grace
        self._found: dict[Key, UnmeshedPod] = {}

    def observe(self, pod: Pod, unmeshed: bool, now: float, *, older: bool = False) -> bool:
        """Take in how a pod is, and say whether that is news; the same name may be another pod."""
        if not unmeshed:
            return self.forget(pod.key)
        known = self._found.get(pod.key)
        if known is not None and known.pod.metadata.uid == pod.metadata.uid:
            self._found[pod.key] = replace(known, pod=pod)
        else:
            self._found[pod.key] = UnmeshedPod(pod, now, older)
        return True

    def forget(self, key: Key) -> bool:
        """Take in that a pod is gone, and say whether that is news."""
        return self._found.pop(key, None) is not None

    def due(self, now: float) -> tuple[UnmeshedPod, ...]:
        """Give the pods whose grace has ended and that were not given before."""
        news = [each for each in self._ended(now) if not each.told]
        for each in news:
            self._found[each.pod.key] = replace(each, told=True)
        return tuple(news)

    def next_due(self) -> float | None:
        """When `due` has something to give, None when nothing waits for that."""
        return min(
            (each.since + self._grace for each in self._found.values() if not each.told),
            default=None,
        )

    def all(self, now: float) -> tuple[UnmeshedPod, ...]:
        """Give all pods whose grace has ended, ordered by name."""
        return tuple(sorted(self._ended(now), key=lambda each: each.pod.key))

    def _ended(self, now: float) -> Iterable[UnmeshedPod]:
        return (each for each in self._found.values() if now >= each.since + self._grace)

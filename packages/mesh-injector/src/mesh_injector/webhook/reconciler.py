"""Watches over what the webhook missed: it fails open, so somebody has to look afterwards."""

import asyncio
import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from mesh_core import annotations
from mesh_core.kubernetes import RecordEvent
from mesh_core.resources import Namespace, Pod
from mesh_core.store import Event, ResourceStore
from mesh_injector.expectation import is_unmeshed
from mesh_injector.owner import Owner
from mesh_injector.webhook.live_installation import LiveInstallation
from mesh_injector.webhook.unmeshed_pods import GRACE_SECONDS, UnmeshedPod, UnmeshedPods
from mesh_injector.webhook.unmeshed_report import MAX_PODS, Report, ReportedPod, UnmeshedReport

SETTLE_SECONDS = 0.2
"""Least time between two reports, however fast pods come and go."""
IDLE_SECONDS = 5.0
"""Most time between two reports, even if no pod has changed."""
LOGGED_NAMES = 5
REASON = "NotInjected"

_RESTARTED = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}

log = logging.getLogger(__name__)


class Reconciler:
    """Reports pods that should have a proxy and have none: once by an event, always in a list."""

    def __init__(
        self,
        store: ResourceStore,
        installation: LiveInstallation,
        owner: Callable[[Pod], Owner | None],
        record: RecordEvent,
        report: UnmeshedReport,
        *,
        problems: Callable[[], Sequence[str]] = tuple,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """Follow `store`, which holds namespaces and pods.

        `owner` finds a pod's topmost one, `problems` says what keeps the store from being current.
        """
        self._store = store
        self._installation = installation
        self._owner = owner
        self._record = record
        self._report = report
        self._problems = problems
        self._pods = UnmeshedPods(grace)
        self._wake = asyncio.Event()
        self._following = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look at all pods of the store, which must be in sync, and begin to follow."""
        self._store.subscribe(Namespace, self._on_namespace)
        self._store.subscribe(Pod, self._on_pod)
        self._following = True
        self._installation.on_change(self._look_at_all)
        self._task = asyncio.create_task(self._run(), name="reconciler")

    async def close(self) -> None:
        """Stop following."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _on_pod(self, event: Event[Pod]) -> None:
        if event.new is not None:
            self._look_at(event.new)
        elif self._pods.forget(event.resource.key):
            self._wake.set()

    def _on_namespace(self, event: Event[Namespace]) -> None:
        """Look at all pods of a namespace that says something else now."""
        if event.new is None or not self._following:
            return
        if event.old is not None and _says(event.old) == _says(event.new):
            return
        for pod in self._store.list(Pod, event.new.name):
            # With an old state known, the pods stood there when the new one came.
            self._look_at(pod, older=event.old is not None)

    def _look_at_all(self) -> None:
        for pod in self._store.list(Pod):
            self._look_at(pod)

    def _look_at(self, pod: Pod, *, older: bool = False) -> None:
        namespace = self._store.get(Namespace, "", pod.namespace)
        # Without its namespace nothing is known; the namespace's arrival brings us back here.
        unmeshed = namespace is not None and is_unmeshed(pod, namespace, self._installation.current)
        if self._pods.observe(pod, unmeshed, _now(), older=older):
            self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                self._sweep()
            except Exception:
                log.exception("looking for unmeshed pods failed; the last report stays")
            self._wake.clear()
            await asyncio.sleep(SETTLE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_sweep()):
                    await self._wake.wait()

    def _next_sweep(self) -> float:
        latest = _now() + IDLE_SECONDS
        due = self._pods.next_due()
        return latest if due is None else min(due, latest)

    def _sweep(self) -> None:
        now = _now()
        news = self._pods.due(now)
        _log(news)
        for each in news:
            self._tell(each)
        unmeshed = self._pods.all(now)
        if self._report.current.total and not unmeshed:
            log.info("no pod is without its proxy any more")
        problems = self._problems()
        self._report.current = Report(
            synced=self._store.synced and not problems,
            problems=problems,
            pods=tuple(map(self._describe, unmeshed[:MAX_PODS])),
            total=len(unmeshed),
            namespaces=Counter(each.pod.namespace for each in unmeshed),
        )

    def _tell(self, news: UnmeshedPod) -> None:
        # Whoever annotates a namespace restarts its pods next; a warning for each would lie.
        if not news.older:
            self._record(news.pod, "Warning", REASON, f"this pod {self._message(news)}")

    def _describe(self, unmeshed: UnmeshedPod) -> ReportedPod:
        pod = unmeshed.pod
        owner = self._owner(pod)
        return ReportedPod(
            namespace=pod.namespace,
            name=pod.name,
            owner=str(owner or ""),
            created=pod.metadata.creation_timestamp,
            older=unmeshed.older,
            message=self._message(unmeshed),
        )

    def _message(self, unmeshed: UnmeshedPod) -> str:
        cause = f"it was {_cause(unmeshed)}"
        return f"should have a proxy and has none: {cause}; {self._remedy(unmeshed.pod)}"

    def _remedy(self, pod: Pod) -> str:
        owner = self._owner(pod)
        if owner is None:
            return "delete it and create it again"
        if owner.kind in _RESTARTED:
            return (
                f"kubectl rollout restart {_RESTARTED[owner.kind]}/{owner.name} -n {pod.namespace}"
            )
        return f"delete it, and its {owner} will create it again"


def _log(news: Sequence[UnmeshedPod]) -> None:
    """Write one line for each namespace: a thousand pods may be found at once."""
    groups: dict[tuple[str, bool], list[UnmeshedPod]] = defaultdict(list)
    for each in news:
        groups[each.pod.namespace, each.older].append(each)
    for (namespace, older), found in groups.items():
        names = [each.pod.name for each in found]
        more = ", …" if len(names) > LOGGED_NAMES else ""
        log.log(
            logging.INFO if older else logging.WARNING,
            "pods without their proxy in namespace %s (%d), %s: %s%s",
            namespace,
            len(names),
            _cause(found[0]),
            ", ".join(names[:LOGGED_NAMES]),
            more,
        )


def _cause(unmeshed: UnmeshedPod) -> str:
    name = annotations.INJECT.name
    if unmeshed.older:
        return f"created before {name} was set"
    return f"created while no injector answered, or before {name} was set"


def _says(namespace: Namespace) -> tuple[object, object]:
    """Give what a pod may inherit or be selected by."""
    return namespace.metadata.annotations, namespace.metadata.labels


def _now() -> float:
    return asyncio.get_running_loop().time()

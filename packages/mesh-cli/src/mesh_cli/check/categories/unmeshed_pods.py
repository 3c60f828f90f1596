"""Whether every pod that should have a proxy has one: the webhook fails open."""

from collections.abc import Mapping, Sequence

import msgspec

from mesh_cli.check import expected
from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import control_plane_pods
from mesh_cli.check.finding import MAX_LINES, Finding, Level, warning
from mesh_cli.check.installed import installed
from mesh_core.resources import Namespace, Pod
from mesh_core.store.errors import StoreError
from mesh_injector import COMPONENT_LABEL, Installation
from mesh_injector.expectation import is_unmeshed

NAME = "linkerd-unmeshed-pods"

_NONE = "should have a proxy and has none; restart its workload with `kubectl rollout restart`"


class UnmeshedPod(msgspec.Struct, frozen=True):
    """A pod without the proxy that it should have, and a sentence about it."""

    namespace: str
    name: str
    message: str = ""

    def __str__(self) -> str:
        """Render for people."""
        return f"Pod {self.namespace}/{self.name} {self.message}"


class InjectorReport(msgspec.Struct, frozen=True):
    """What the injector says it found; it lists only the first of many."""

    synced: bool = False
    total: int = 0
    namespaces: Mapping[str, int] = {}
    pods: tuple[UnmeshedPod, ...] = ()
    problems: tuple[str, ...] = ()
    """What keeps it from knowing all pods."""


def read_injector_report(page: bytes) -> InjectorReport | None:
    """Read the injector's page; None if it makes no sense."""
    try:
        return msgspec.json.decode(page, type=InjectorReport)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def report_of(
    pods: Sequence[Pod], namespaces: Sequence[Namespace], installation: Installation
) -> InjectorReport:
    """Find the pods by ourselves, as the injector would."""
    by_name = {namespace.name: namespace for namespace in namespaces}
    found = [
        pod
        for pod in pods
        if (namespace := by_name.get(pod.namespace)) and is_unmeshed(pod, namespace, installation)
    ]
    counts: dict[str, int] = {}
    for pod in found:
        counts[pod.namespace] = counts.get(pod.namespace, 0) + 1
    message = (
        "should have a proxy and has none; restart its workload with `kubectl rollout restart`"
    )
    listed = tuple(UnmeshedPod(pod.namespace, pod.name, message) for pod in found)
    return InjectorReport(synced=True, total=len(found), namespaces=counts, pods=listed)


def judge_unmeshed(report: InjectorReport, namespace: str | None) -> Finding | None:
    """Say which pods are unmeshed, in one namespace or all."""
    pods = [pod for pod in report.pods if namespace in {None, pod.namespace}]
    total = report.total if namespace is None else report.namespaces.get(namespace, 0)
    if not total:
        return None
    lines = [str(pod) for pod in pods]
    if len(lines) == total <= MAX_LINES:
        return warning(*lines)
    shown = lines[: MAX_LINES - 1]
    counts = ", ".join(
        f"{count} in {name}"
        for name, count in sorted(report.namespaces.items())
        if namespace in {None, name}
    )
    return warning(*shown, f"and {total - len(shown)} more; in all: {counts}")


async def _unmeshed(view: ClusterView) -> Finding | None:
    said = await _ask_injector(view)
    if said is not None and said.synced:
        return judge_unmeshed(said, view.settings.namespace)
    installation = (await installed(view)).installation
    found = report_of(await view.all(Pod), await view.all(Namespace), installation)
    finding = judge_unmeshed(found, view.settings.namespace)
    if finding is None and said is not None and said.problems:
        # Nothing is wrong yet, but nobody would say so when it is.
        return warning(*(f"the injector cannot watch over pods: {each}" for each in said.problems))
    return finding


async def _ask_injector(view: ClusterView) -> InjectorReport | None:
    """Ask the injector, which follows all pods anyway; None if none can be asked."""
    for pod in await control_plane_pods(view):
        if pod.metadata.labels[COMPONENT_LABEL] != expected.INJECTOR or not pod.ready:
            continue
        try:
            page = await view.ask_pod(pod, expected.INJECTOR_ADMIN_PORT, "/unmeshed.json")
        except StoreError:
            continue
        if (report := read_injector_report(page)) is not None:
            return report
    return None


CATEGORY = Category(
    NAME,
    (
        Check(
            "all pods that should have a proxy have one",
            "unmeshed-pods",
            _unmeshed,
            unknown=Level.WARNING,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)

"""What is told about unmeshed pods: `/unmeshed.json` on the admin port, and a gauge."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PATH = "/unmeshed.json"
MAX_PODS = 500
"""Pods that are listed; the numbers are of all."""
MAX_NAMESPACES = 1000

_METRIC = "mesh_injector_unmeshed_pods"
_HELP = "Pods that should have a proxy and have none."


class ReportedPod(msgspec.Struct, frozen=True, rename="camel"):
    """One pod, and what to do about it."""

    namespace: str
    name: str
    owner: str
    """Such as `Deployment web`, empty for a pod of nobody."""
    created: datetime | None
    older: bool
    """Whether it is known to be from before anything asked for its proxy."""
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """All there is to tell at one time."""

    synced: bool = False
    """Whether all pods are known now; otherwise nothing found means nothing."""
    problems: Sequence[str] = ()
    """Why they are not."""
    pods: Sequence[ReportedPod] = ()
    total: int = 0
    namespaces: Counter[str] = field(default_factory=Counter)

    def encode(self) -> bytes:
        """Write it for `mesh check`."""
        return msgspec.json.encode(
            {
                "synced": self.synced,
                "problems": self.problems,
                "total": self.total,
                "namespaces": dict(self.namespaces),
                "pods": self.pods,
            }
        )


class UnmeshedReport(Collector):
    """Holds the newest report; read by other threads, so a report is never changed."""

    def __init__(self) -> None:
        """Begin with one that knows nothing."""
        self.current = Report()

    def page(self) -> bytes:
        """Give the newest report as JSON."""
        return self.current.encode()

    def collect(self) -> Iterator[Metric]:
        """Give the numbers by namespace; the namespaces with most pods, where there are many."""
        family = GaugeMetricFamily(_METRIC, _HELP, labels=["namespace"])
        for namespace, number in self.current.namespaces.most_common(MAX_NAMESPACES):
            family.add_metric([namespace], number)
        yield family

    def describe(self) -> list[Metric]:
        """Name the metric without collecting it."""
        return [GaugeMetricFamily(_METRIC, _HELP, labels=["namespace"])]

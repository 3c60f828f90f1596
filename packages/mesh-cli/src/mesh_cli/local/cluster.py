"""The controllers of a local cluster: one reconciliation that leads from wanted to present."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mesh_cli.local import dns_zone
from mesh_cli.local.addresses import ServiceAddresses
from mesh_cli.local.controllers.endpoints import slices_of
from mesh_cli.local.controllers.routes import routes_of
from mesh_cli.local.controllers.services import complete
from mesh_cli.local.dns_zone import Zone
from mesh_cli.local.errors import LocalError
from mesh_cli.local.node import Node
from mesh_cli.local.objects import Objects
from mesh_cli.local.pod_set import Place, PodSet
from mesh_cli.local.rollouts import Rollouts
from mesh_cli.local.service_table import Route
from mesh_cli.local.settings import NODE_NAME, SERVICE_NETWORKS
from mesh_core.resources import (
    ConfigMap,
    Deployment,
    EndpointSlice,
    Key,
    Namespace,
    ObjectMeta,
    Pod,
    Resource,
    Secret,
    Service,
    ServiceAccount,
)
from mesh_core.resources import Node as NodeObject
from mesh_core.resources.cluster import NodeAddress, NodeStatus
from mesh_core.store.manifests import Ident

_PLAIN = (ServiceAccount, ConfigMap, Secret)
# Several changes that come together are handled together.
_COALESCE_SECONDS = 0.005
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where derived state goes: the kernel's service table and the DNS server."""

    routes: Callable[[Sequence[Route]], None]
    zone: Callable[[Zone], None]


class Cluster:
    """Holds what is wanted and leads the present there, step by step."""

    def __init__(self, node: Node, objects: Objects, pods: PodSet, outputs: Outputs) -> None:
        self.objects = objects
        self.pods = pods
        self.troubles: dict[str, str] = {}
        self._node = node
        self._outputs = outputs
        self._wanted: dict[Ident, tuple[Resource, Place]] = {}
        self.rollouts = Rollouts(objects, pods, self._trouble, self._later)
        self._services = ServiceAddresses(SERVICE_NETWORKS[: len(node.gateways)])
        self._routes: list[Route] | None = None
        self._wake = asyncio.Event()
        self._passes = 0
        self._passed = asyncio.Condition()
        self._timer: asyncio.TimerHandle | None = None

    # -- from outside

    def request(self) -> None:
        """Reconcile soon; cheap to call often."""
        self._wake.set()

    def want(self, wanted: dict[Ident, tuple[Resource, Place]]) -> None:
        """Replace the whole wish."""
        self._wanted = wanted
        self.request()

    async def published(self) -> None:
        """Wait until a pass that began after this call has written everything."""
        # The pass that may be under way began earlier: only the one after it counts.
        seen = self._passes
        for _ in range(2):
            self.request()
            seen = await self.passed(seen)

    async def passed(self, seen: int) -> int:
        """Wait until more passes than `seen` are over; returns how many are."""
        async with self._passed:
            await self._passed.wait_for(lambda: self._passes > seen)
            return self._passes

    @property
    def settled(self) -> bool:
        """Whether everything wanted runs, is ready, and nothing else is left."""
        if self._wake.is_set() or self.troubles:
            return False
        bare = [
            self.pods.get(resource.key)
            for resource, _ in self._wanted.values()
            if isinstance(resource, Pod)
        ]
        return self.rollouts.done and all(
            entry is not None and (entry.runner.ready or entry.runner.finished) for entry in bare
        )

    # -- the loop

    async def run(self) -> None:
        """Reconcile whenever something changed, until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_COALESCE_SECONDS)
            self._wake.clear()
            try:
                self.reconcile()
            except Exception:
                # What was reached is kept; the next change or the timer tries again.
                log.exception("reconciliation failed; trying again in a second")
                self._later(1.0)
            async with self._passed:
                self._passes += 1
                self._passed.notify_all()

    def reconcile(self) -> None:
        """One pass over everything."""
        self.troubles = {}
        self._plain_objects()
        self.rollouts.reconcile(
            {
                resource.key: (resource, place)
                for resource, place in self._wanted.values()
                if isinstance(resource, Deployment)
            }
        )
        self._bare_pods()
        for entry in self.pods:
            self.objects.put(entry.runner.pod)
        self._network()

    def _later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.request)

    def _plain_objects(self) -> None:
        namespaces = {resource.namespace for resource, _ in self._wanted.values()} - {""}
        self._put_node()
        wanted: dict[Ident, Resource] = {}
        for name in sorted(namespaces | {"default"}):
            wanted[Namespace, Key("", name)] = Namespace(ObjectMeta(name=name))
            account = ServiceAccount(ObjectMeta(name="default", namespace=name))
            wanted[ServiceAccount, account.key] = account
        for ident, (resource, _) in self._wanted.items():
            if isinstance(resource, (Namespace, *_PLAIN)):
                wanted[ident] = resource
            elif isinstance(resource, Service):
                addresses = self._services.of(str(resource.key))
                wanted[ident] = complete(resource, addresses)
        for resource in wanted.values():
            self.objects.put(resource)
        for kind in (Service, *_PLAIN, Namespace):
            for present in self.objects.list(kind):
                if (kind, present.key) not in wanted and not self._used(present):
                    self.objects.remove(kind, *present.key)
        self._services.keep_only(str(service.key) for service in self.objects.list(Service))

    def _used(self, present: Resource) -> bool:
        """A namespace goes after its pods."""
        return isinstance(present, Namespace) and any(
            entry.key.namespace == present.name for entry in self.pods
        )

    def _put_node(self) -> None:
        addresses = tuple(
            NodeAddress(type="InternalIP", address=str(gateway)) for gateway in self._node.gateways
        )
        self.objects.put(
            NodeObject(
                ObjectMeta(name=NODE_NAME, labels={"kubernetes.io/hostname": NODE_NAME}),
                status=NodeStatus(addresses=addresses),
            )
        )

    # -- workloads

    def _trouble(self, what: str, problem: LocalError) -> None:
        self.troubles[what] = str(problem)
        self._later(1.0)

    def _bare_pods(self) -> None:
        wanted = {
            resource.key: (resource, place)
            for resource, place in self._wanted.values()
            if isinstance(resource, Pod)
        }
        for entry in self.pods:
            if not entry.controller:
                found = wanted.get(entry.key)
                if found is None or not _same_pod(found[0], entry.wanted):
                    self.pods.remove(entry)
        for key, (pod, place) in wanted.items():
            if self.pods.get(key) is None:
                try:
                    self.pods.create(pod, "", "", place)
                except LocalError as problem:
                    self._trouble(str(pod), problem)

    # -- network

    def _network(self) -> None:
        pods = [entry.runner.pod for entry in self.pods]
        services = self.objects.list(Service)
        wanted = {item.key: item for service in services for item in slices_of(service, pods)}
        slices = [self.objects.put(item) for item in wanted.values()]
        for present in self.objects.list(EndpointSlice):
            if present.key not in wanted:
                self.objects.remove(EndpointSlice, *present.key)
        routes = routes_of(services, slices)
        if routes != self._routes:
            self._outputs.routes(routes)
            self._routes = routes
        self._outputs.zone(dns_zone.build(services, slices, pods))


def _same_pod(wanted: Resource, present: Pod) -> bool:
    return isinstance(wanted, Pod) and (wanted.metadata, wanted.spec) == (
        present.metadata,
        present.spec,
    )

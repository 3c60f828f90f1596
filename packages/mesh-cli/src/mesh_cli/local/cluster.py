"""The controllers of a local cluster: one reconciliation that leads from wanted to present."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from mesh_cli.local import dns_zone
from mesh_cli.local.addresses import ServiceAddresses
from mesh_cli.local.controllers import rollout
from mesh_cli.local.controllers.deployment_status import (
    Counts,
    deployment_status,
    replica_set_status,
    rolled_out,
)
from mesh_cli.local.controllers.endpoints import slices_of
from mesh_cli.local.controllers.routes import routes_of
from mesh_cli.local.controllers.services import complete
from mesh_cli.local.controllers.template_hash import template_hash
from mesh_cli.local.dns_zone import Zone
from mesh_cli.local.errors import LocalError
from mesh_cli.local.node import Node
from mesh_cli.local.objects import Objects
from mesh_cli.local.pod_set import Place, PodEntry, PodSet, owner_reference
from mesh_cli.local.service_table import Route
from mesh_cli.local.settings import NODE_NAME, SERVICE_NETWORKS
from mesh_core.resources import (
    ConfigMap,
    Deployment,
    DeploymentStatus,
    EndpointSlice,
    Key,
    LabelSelector,
    Namespace,
    ObjectMeta,
    Pod,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetSpec,
    Resource,
    Secret,
    Service,
    ServiceAccount,
)
from mesh_core.resources import Node as NodeObject
from mesh_core.resources.cluster import NodeAddress, NodeStatus
from mesh_core.store.manifests import Ident

_PLAIN = (ServiceAccount, ConfigMap, Secret)
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_HASH_LABEL = "pod-template-hash"
# Several changes that come together are handled together.
_COALESCE_SECONDS = 0.005
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Set:
    """A ReplicaSet: the controller's memory of it."""

    name: str
    template: PodTemplateSpec
    desired: int = 0


@dataclass(slots=True)
class _Rollout:
    """A Deployment and its ReplicaSets; the newest template is last."""

    spec: Deployment
    place: Place
    sets: dict[str, _Set] = field(default_factory=dict)
    current: str = ""
    done: bool = False


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
        self._rollouts: dict[Key, _Rollout] = {}
        self._restarts: dict[Key, str] = {}
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

    def restart(self, key: Key) -> None:
        """Roll a Deployment with its template unchanged."""
        self._restarts[key] = datetime.now(UTC).isoformat()
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
    def deployments(self) -> Iterable[tuple[Deployment, bool]]:
        """Every Deployment with its status, and whether it is rolled out."""
        for key, state in self._rollouts.items():
            stored = self.objects.get(Deployment, *key)
            yield (stored or state.spec), state.done

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
        return all(state.done for state in self._rollouts.values()) and all(
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
        for key in {*self._rollouts, *self._wanted_keys(Deployment)}:
            self._deployment(key)
        self._bare_pods()
        for entry in self.pods:
            self.objects.put(entry.runner.pod)
        self._network()

    def _later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.request)

    def _wanted_keys(self, kind: type[Resource]) -> list[Key]:
        return [key for found, key in self._wanted if found is kind]

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

    def _deployment(self, key: Key) -> None:
        found = self._wanted.get((Deployment, key))
        state = self._rollouts.get(key)
        if found is not None and isinstance(found[0], Deployment):
            if state is None:
                state = self._rollouts[key] = _Rollout(found[0], found[1])
            state.spec, state.place = found[0], found[1]
        if state is None:
            return
        if found is None:
            self._wind_down(key, state)
            return
        stored = self.objects.put(
            msgspec.structs.replace(state.spec, status=self._present_status(key))
        )
        current = self._current_set(key, state)
        now = datetime.now(UTC)
        spec = stored.spec
        counts = {name: self._counts(key, name, spec.min_ready_seconds, now) for name in state.sets}
        states = {
            name: rollout.SetState(
                name, item.desired, counts[name].existing, counts[name].available
            )
            for name, item in state.sets.items()
        }
        old = [states[name] for name in state.sets if name != current.name]
        for name, desired in rollout.plan(spec, states[current.name], old).items():
            state.sets[name].desired = desired
        for name in list(state.sets):
            self._replica_set(stored, state, state.sets[name], spec.min_ready_seconds, now)
        after = {name: self._counts(key, name, spec.min_ready_seconds, now) for name in state.sets}
        others = [after[name] for name in after if name != current.name]
        status = deployment_status(spec, after[current.name], others)
        terminating = any(
            entry.terminating
            for name in state.sets
            for entry in self.pods.all_of(_owner(key, name))
        )
        state.done = rolled_out(spec, status) and not terminating
        self.objects.put(msgspec.structs.replace(stored, status=status))
        if spec.min_ready_seconds and not state.done:
            self._later(min(spec.min_ready_seconds, 1.0))

    def _present_status(self, key: Key) -> DeploymentStatus:
        stored = self.objects.get(Deployment, *key)
        return stored.status if stored is not None else DeploymentStatus()

    def _current_set(self, key: Key, state: _Rollout) -> _Set:
        template = state.spec.spec.template
        if restarted := self._restarts.get(key):
            annotations = {**template.metadata.annotations, _RESTARTED_AT: restarted}
            metadata = msgspec.structs.replace(template.metadata, annotations=annotations)
            template = msgspec.structs.replace(template, metadata=metadata)
        name = f"{key.name}-{template_hash(template)}"
        state.current = name
        return state.sets.setdefault(name, _Set(name, template))

    def _counts(self, key: Key, name: str, min_ready: int, now: datetime) -> Counts:
        own = self.pods.owned_by(_owner(key, name))
        return Counts(
            existing=len(own),
            ready=sum(entry.runner.ready for entry in own),
            available=sum(entry.available(min_ready, now) for entry in own),
        )

    def _replica_set(
        self, owner: Deployment, state: _Rollout, item: _Set, min_ready: int, now: datetime
    ) -> None:
        controller = _owner(owner.key, item.name)
        unused = item.desired == 0 and item.name != state.current
        if unused and not self.pods.all_of(controller):
            self.objects.remove(ReplicaSet, owner.namespace, item.name)
            del state.sets[item.name]
            return
        template, selector = _hashed(item, owner)
        stored = self.objects.put(
            ReplicaSet(
                ObjectMeta(
                    name=item.name,
                    namespace=owner.namespace,
                    labels=template.metadata.labels,
                    owner_references=(
                        owner_reference("Deployment", owner.name, owner.metadata.uid),
                    ),
                ),
                ReplicaSetSpec(selector, template, item.desired, min_ready),
                replica_set_status(self._counts(owner.key, item.name, min_ready, now)),
            )
        )
        present = self.pods.owned_by(controller)
        for entry in _victims(present, item.desired):
            self.pods.remove(entry)
        for _ in range(item.desired - len(present)):
            self._create(stored, template, owner.name, controller, state.place)

    def _create(
        self,
        owner: ReplicaSet,
        template: PodTemplateSpec,
        deployment: str,
        controller: str,
        place: Place,
    ) -> None:
        metadata = msgspec.structs.replace(
            template.metadata,
            name=self.pods.generate_name(owner.namespace, owner.name),
            namespace=owner.namespace,
            generate_name=f"{owner.name}-",
            owner_references=(owner_reference("ReplicaSet", owner.name, owner.metadata.uid),),
        )
        try:
            self.pods.create(Pod(metadata, template.spec), controller, deployment, place)
        except LocalError as problem:
            self._trouble(f"Deployment {owner.namespace}/{deployment}", problem)

    def _trouble(self, what: str, problem: LocalError) -> None:
        self.troubles[what] = str(problem)
        self._later(1.0)

    def _wind_down(self, key: Key, state: _Rollout) -> None:
        """A Deployment that nobody wants any more goes with its pods."""
        state.done = False
        self.objects.remove(Deployment, *key)
        for name in list(state.sets):
            own = self.pods.all_of(_owner(key, name))
            for entry in own:
                self.pods.remove(entry)
            if not own:
                self.objects.remove(ReplicaSet, key.namespace, name)
                del state.sets[name]
        if not state.sets:
            del self._rollouts[key]
            self._restarts.pop(key, None)

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


def _owner(deployment: Key, replica_set: str) -> str:
    return f"{deployment.namespace}/{replica_set}"


def _hashed(item: _Set, owner: Deployment) -> tuple[PodTemplateSpec, LabelSelector]:
    """The template and selector with the label that tells this ReplicaSet's pods from others."""
    label = {_HASH_LABEL: item.name.removeprefix(f"{owner.name}-")}
    metadata = item.template.metadata
    labelled = msgspec.structs.replace(metadata, labels={**metadata.labels, **label})
    selector = msgspec.structs.replace(
        owner.spec.selector, match_labels={**owner.spec.selector.match_labels, **label}
    )
    return msgspec.structs.replace(item.template, metadata=labelled), selector


def _victims(present: Sequence[PodEntry], desired: int) -> list[PodEntry]:
    """Which pods go first: those that are not ready, then the youngest."""
    surplus = max(len(present) - desired, 0)
    order = sorted(
        present,
        key=lambda entry: (
            entry.runner.ready,
            -(entry.runner.ready_since or datetime.now(UTC)).timestamp(),
        ),
    )
    return order[:surplus]


def _same_pod(wanted: Resource, present: Pod) -> bool:
    return isinstance(wanted, Pod) and (wanted.metadata, wanted.spec) == (
        present.metadata,
        present.spec,
    )

"""Deployments: ReplicaSets and their pods, led from one template to the next."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from mesh_cli.local.controllers import rollout
from mesh_cli.local.controllers.deployment_status import (
    Counts,
    deployment_status,
    replica_set_status,
    rolled_out,
)
from mesh_cli.local.controllers.template_hash import template_hash
from mesh_cli.local.errors import LocalError
from mesh_cli.local.objects import Objects
from mesh_cli.local.pod_set import Place, PodEntry, PodSet, owner_reference
from mesh_core.resources import (
    Deployment,
    DeploymentStatus,
    Key,
    LabelSelector,
    ObjectMeta,
    Pod,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetSpec,
)

_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_HASH_LABEL = "pod-template-hash"


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


class Rollouts:
    """All Deployments, each step by step on its way to what is wanted."""

    def __init__(
        self,
        objects: Objects,
        pods: PodSet,
        trouble: Callable[[str, LocalError], None],
        later: Callable[[float], None],
    ) -> None:
        """`trouble` reports what cannot be; `later` asks for another pass after some seconds."""
        self._objects = objects
        self._pods = pods
        self._trouble = trouble
        self._later = later
        self._rollouts: dict[Key, _Rollout] = {}
        self._restarts: dict[Key, str] = {}

    def __iter__(self) -> Iterator[tuple[Deployment, bool]]:
        """Every Deployment with its status, and whether it is rolled out."""
        for key, state in list(self._rollouts.items()):
            stored = self._objects.get(Deployment, *key)
            yield (stored or state.spec), state.done

    @property
    def done(self) -> bool:
        """Whether all are rolled out."""
        return all(state.done for state in self._rollouts.values())

    def restart(self, key: Key) -> None:
        """Roll a Deployment with its template unchanged, from the next pass on."""
        self._restarts[key] = datetime.now(UTC).isoformat()

    def reconcile(self, wanted: Mapping[Key, tuple[Deployment, Place]]) -> None:
        """One step for every Deployment."""
        for key, (spec, place) in wanted.items():
            state = self._rollouts.setdefault(key, _Rollout(spec, place))
            state.spec, state.place = spec, place
            self._roll(key, state)
        for key in self._rollouts.keys() - wanted.keys():
            self._wind_down(key, self._rollouts[key])

    def _roll(self, key: Key, state: _Rollout) -> None:
        stored = self._objects.put(
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
            for entry in self._pods.all_of(_owner(key, name))
        )
        state.done = rolled_out(spec, status) and not terminating
        self._objects.put(msgspec.structs.replace(stored, status=status))
        if spec.min_ready_seconds and not state.done:
            self._later(min(spec.min_ready_seconds, 1.0))

    def _present_status(self, key: Key) -> DeploymentStatus:
        stored = self._objects.get(Deployment, *key)
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
        own = self._pods.owned_by(_owner(key, name))
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
        if unused and not self._pods.all_of(controller):
            self._objects.remove(ReplicaSet, owner.namespace, item.name)
            del state.sets[item.name]
            return
        template, selector = _hashed(item, owner)
        stored = self._objects.put(
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
        present = self._pods.owned_by(controller)
        for entry in _victims(present, item.desired):
            self._pods.remove(entry)
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
            name=self._pods.generate_name(owner.namespace, owner.name),
            namespace=owner.namespace,
            generate_name=f"{owner.name}-",
            owner_references=(owner_reference("ReplicaSet", owner.name, owner.metadata.uid),),
        )
        try:
            self._pods.create(Pod(metadata, template.spec), controller, deployment, place)
        except LocalError as problem:
            self._trouble(f"Deployment {owner.namespace}/{deployment}", problem)

    def _wind_down(self, key: Key, state: _Rollout) -> None:
        """A Deployment that nobody wants any more goes with its pods."""
        state.done = False
        self._objects.remove(Deployment, *key)
        for name in list(state.sets):
            own = self._pods.all_of(_owner(key, name))
            for entry in own:
                self._pods.remove(entry)
            if not own:
                self._objects.remove(ReplicaSet, key.namespace, name)
                del state.sets[name]
        if not state.sets:
            del self._rollouts[key]
            self._restarts.pop(key, None)


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

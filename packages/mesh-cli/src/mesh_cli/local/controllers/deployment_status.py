"""Counts and conditions of Deployments and ReplicaSets (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh_cli.local.controllers.rollout import limits
from mesh_core.resources import Condition, DeploymentSpec, DeploymentStatus, ReplicaSetStatus


@dataclass(frozen=True, slots=True)
class Counts:
    """Pods of one ReplicaSet."""

    existing: int
    ready: int
    available: int


def replica_set_status(counts: Counts) -> ReplicaSetStatus:
    """The status of one ReplicaSet."""
    return ReplicaSetStatus(
        replicas=counts.existing,
        fully_labeled_replicas=counts.existing,
        ready_replicas=counts.ready,
        available_replicas=counts.available,
    )


def deployment_status(spec: DeploymentSpec, new: Counts, old: Sequence[Counts]) -> DeploymentStatus:
    """The status of a Deployment from its ReplicaSets."""
    everything = (new, *old)
    total = sum(counts.existing for counts in everything)
    available = sum(counts.available for counts in everything)
    minimum = spec.replicas - limits(spec).unavailable
    enough = available >= minimum
    done = new.available >= spec.replicas and total == new.existing == spec.replicas
    return DeploymentStatus(
        replicas=total,
        updated_replicas=new.existing,
        ready_replicas=sum(counts.ready for counts in everything),
        available_replicas=available,
        unavailable_replicas=max(spec.replicas - available, 0),
        conditions=(
            Condition(
                type="Available",
                status="True" if enough else "False",
                reason="MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            ),
            Condition(
                type="Progressing",
                status="True",
                reason="NewReplicaSetAvailable" if done else "ReplicaSetUpdated",
            ),
        ),
    )


def rolled_out(spec: DeploymentSpec, status: DeploymentStatus) -> bool:
    """Whether exactly the wanted pods exist and all are available."""
    return (
        status.updated_replicas == spec.replicas
        and status.replicas == spec.replicas
        and status.available_replicas == spec.replicas
    )

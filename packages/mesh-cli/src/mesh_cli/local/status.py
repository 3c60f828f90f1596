"""The mesh's state as one document: what `status` shows and the demo reads (pure)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from mesh_cli.local.pod_set import PodEntry
from mesh_cli.local.settings import CONTROL_NAMESPACE
from mesh_core.resources import ContainerStatus, Deployment, Pod, Service

Document = dict[str, Any]


def describe_pod(entry: PodEntry, now: datetime) -> Document:
    """One pod as a row with everything that a reader could ask for."""
    pod = entry.runner.pod
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    return {
        "namespace": pod.namespace,
        "name": pod.name,
        "workload": workload_of(pod),
        "control_plane": pod.namespace == CONTROL_NAMESPACE,
        "phase": phase_of(entry, statuses),
        "ready": entry.runner.ready,
        "meshed": entry.runner.order.sidecar is not None,
        "not_meshed_because": entry.note if entry.runner.order.sidecar is None else "",
        "restarts": entry.runner.restarts,
        "addresses": [str(address) for address in entry.runner.addresses],
        "service_account": pod.spec.service_account,
        "proxy_pid": entry.runner.proxy_pid,
        "age_seconds": _age(pod, now),
        "message": pod.status.message,
        "containers": [_container(status) for status in statuses],
    }


def workload_of(pod: Pod) -> str:
    """`deployment/NAME` or `pod/NAME`."""
    owner = pod.metadata.controller
    if owner is not None and owner.kind == "ReplicaSet":
        return f"deployment/{owner.name.rpartition('-')[0]}"
    return f"pod/{pod.name}"


def phase_of(entry: PodEntry, statuses: Iterable[ContainerStatus]) -> str:
    """What kubectl shows under STATUS: the reason, where there is one."""
    if entry.terminating:
        return "Terminating"
    for status in statuses:
        waiting = status.state.waiting
        if waiting is not None and waiting.reason not in ("", "ContainerCreating"):
            return waiting.reason
    pod = entry.runner.pod
    return pod.status.reason or pod.status.phase


def _container(status: ContainerStatus) -> Document:
    state = status.state
    text = "waiting"
    message = ""
    if state.running is not None:
        text = "running"
    elif state.terminated is not None:
        text = "terminated"
        message = state.terminated.message or f"exit code {state.terminated.exit_code}"
    elif state.waiting is not None:
        message = state.waiting.message
    return {
        "name": status.name,
        # As the mesh's own processes number it.
        "pid": int(status.container_id.rpartition("/")[2]) if text == "running" else None,
        "state": text,
        "ready": status.ready,
        "restarts": status.restart_count,
        "message": message,
    }


def _age(pod: Pod, now: datetime) -> float:
    created = pod.metadata.creation_timestamp
    return round((now - created).total_seconds(), 1) if created else 0.0


def describe_deployment(deployment: Deployment, done: bool) -> Document:
    """One Deployment's counts."""
    status = deployment.status
    return {
        "namespace": deployment.namespace,
        "name": deployment.name,
        "replicas": deployment.spec.replicas,
        "updated": status.updated_replicas,
        "ready": status.ready_replicas,
        "available": status.available_replicas,
        "rolled_out": done,
    }


def describe_service(service: Service) -> Document:
    """One Service's addresses and ports."""
    return {
        "namespace": service.namespace,
        "name": service.name,
        "addresses": list(service.cluster_addresses),
        "headless": service.headless,
        "ports": [
            {"name": port.name, "port": port.port, "protocol": port.protocol}
            for port in service.spec.ports
        ],
    }


def now() -> datetime:
    """The present, with a time zone."""
    return datetime.now(UTC)

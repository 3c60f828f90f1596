"""A pod's status from the state of its parts (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mesh_cli.local import links
from mesh_core.resources import Address, Condition, ContainerStatus, PodStatus


@dataclass(frozen=True, slots=True)
class PodState:
    """What the status is made of."""

    phase: str
    reason: str
    message: str
    started: datetime
    ready_since: datetime | None
    addresses: Sequence[links.Address]
    hosts: Sequence[links.Address]
    init: Sequence[ContainerStatus]
    containers: Sequence[ContainerStatus]


def pod_status(state: PodState) -> PodStatus:
    """The status as a kubelet would write it."""
    addresses = tuple(Address(str(address)) for address in state.addresses)
    hosts = tuple(Address(str(host)) for host in state.hosts)
    return PodStatus(
        phase=state.phase,
        conditions=_conditions(state),
        pod_ip=addresses[0].ip,
        pod_ips=addresses,
        host_ip=hosts[0].ip,
        host_ips=hosts,
        container_statuses=tuple(state.containers),
        init_container_statuses=tuple(state.init),
        start_time=state.started,
        reason=state.reason,
        message=state.message or waiting_message((*state.init, *state.containers)),
        qos_class="BestEffort",
    )


def _conditions(state: PodState) -> tuple[Condition, ...]:
    ready = state.ready_since is not None
    since = state.ready_since or state.started
    holding = {
        "PodScheduled": True,
        "Initialized": bool(state.containers),
        "ContainersReady": ready,
        "Ready": ready,
    }
    return tuple(
        Condition(type=kind, status="True" if holds else "False", last_transition_time=since)
        for kind, holds in holding.items()
    )


def waiting_message(containers: Sequence[ContainerStatus]) -> str:
    """Why the first container that does not run does not run."""
    for status in containers:
        waiting = status.state.waiting
        if waiting is not None and waiting.message:
            return f"{status.name}: {waiting.message}"
        ended = status.state.terminated
        if ended is not None and ended.message:
            return f"{status.name}: {ended.message}"
    return ""

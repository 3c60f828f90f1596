"""How a Deployment moves from old pods to new ones (pure).

The arithmetic of Kubernetes' deployment controller: never more than `replicas + maxSurge`
pods, never fewer than `replicas - maxUnavailable` available ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mesh_core.resources import DeploymentSpec


@dataclass(frozen=True, slots=True)
class SetState:
    """One ReplicaSet: how many pods it should have, has, and has available."""

    name: str
    desired: int
    existing: int
    available: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The strategy's bounds in pods."""

    surge: int
    unavailable: int


def resolve(value: int | str, replicas: int, *, up: bool) -> int:
    """A number or percentage of the replicas; raises ValueError for anything else."""
    if isinstance(value, int):
        count = value
    elif value.endswith("%") and value[:-1].isdecimal():
        exact = replicas * int(value[:-1]) / 100
        count = math.ceil(exact) if up else math.floor(exact)
    else:
        raise ValueError(f"{value!r} is neither a number nor a percentage")
    if count < 0:
        raise ValueError(f"{value!r} is negative")
    return count


def limits(spec: DeploymentSpec) -> Limits:
    """The bounds of a Deployment's strategy; both zero would never move, so one is allowed."""
    rolling = spec.strategy.rolling_update
    surge = resolve(rolling.max_surge if rolling else "25%", spec.replicas, up=True)
    unavailable = resolve(rolling.max_unavailable if rolling else "25%", spec.replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(surge, unavailable)


def plan(spec: DeploymentSpec, new: SetState, old: Sequence[SetState]) -> dict[str, int]:
    """The number of pods that each ReplicaSet should have now, by name.

    Called again whenever a count changes, it leads to all pods being new ones.
    """
    if spec.strategy.type == "Recreate":
        if any(state.existing for state in old):
            return {new.name: new.desired, **{state.name: 0 for state in old}}
        return {new.name: spec.replicas, **{state.name: 0 for state in old}}
    bounds = limits(spec)
    wanted = _scale_up(spec.replicas, bounds, new, old)
    return {new.name: wanted, **_scale_down(spec.replicas, bounds, new, old)}


def _scale_up(replicas: int, bounds: Limits, new: SetState, old: Sequence[SetState]) -> int:
    if new.desired >= replicas:
        return replicas
    # Pods that are on their way out still count: they hold their place until they are gone.
    total = sum(max(state.existing, state.desired) for state in (new, *old))
    room = replicas + bounds.surge - total
    if room <= 0:
        return new.desired
    return min(new.desired + room, replicas)


def _scale_down(
    replicas: int, bounds: Limits, new: SetState, old: Sequence[SetState]
) -> dict[str, int]:
    counts = {state.name: state.desired for state in old}
    # What may go: everything above the minimum, but only as fast as new pods are available.
    minimum = replicas - bounds.unavailable
    new_available = min(new.available, replicas)
    total = sum(state.desired for state in old) + new.desired
    new_unavailable = new.desired - new_available
    room = total - minimum - new_unavailable
    # Old pods that are not available serve nobody: they go first.
    for state in old:
        broken = max(min(counts[state.name] - state.available, room), 0)
        counts[state.name] -= broken
        room -= broken
    spare = sum(min(state.available, counts[state.name]) for state in old)
    spare += new_available - minimum
    for state in old:
        gone = max(min(counts[state.name], room, spare), 0)
        counts[state.name] -= gone
        room -= gone
        spare -= gone
    return counts

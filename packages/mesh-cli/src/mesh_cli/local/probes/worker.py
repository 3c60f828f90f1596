"""Running a container's probes while it runs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from mesh_cli.local.probes.check import ProbeFailed, Subject, check
from mesh_cli.local.probes.health import ProbeHealth, eager_delays
from mesh_core.resources import Probe

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Verdicts:
    """What the probes say at the moment."""

    started: bool
    ready: bool
    message: str = ""
    unhealthy: asyncio.Event = field(default_factory=asyncio.Event)


async def watch(subject: Subject, verdicts: Verdicts, changed: Callable[[], None]) -> None:
    """Run the startup probe, then readiness and liveness side by side, until cancelled.

    Sets `verdicts.unhealthy` when the container has to be restarted.
    """
    container = subject.container
    if container.startup_probe is not None:
        await _start(container.startup_probe, subject, verdicts)
        if verdicts.unhealthy.is_set():
            return
        verdicts.started = True
    if container.readiness_probe is None:
        verdicts.ready = True
    changed()
    async with asyncio.TaskGroup() as group:
        if container.readiness_probe is not None:
            group.create_task(_readiness(container.readiness_probe, subject, verdicts, changed))
        if container.liveness_probe is not None:
            group.create_task(_liveness(container.liveness_probe, subject, verdicts))


async def _ask(probe: Probe, subject: Subject, verdicts: Verdicts, name: str) -> bool:
    try:
        await check(probe, subject, probe.timeout_seconds)
    except ProbeFailed as problem:
        verdicts.message = f"{name} probe: {problem}"
        return False
    except Exception as problem:
        # One odd answer must not end the probing of a container that lives for weeks.
        log.exception("%s probe of container %s", name, subject.container.name)
        verdicts.message = f"{name} probe: internal error {problem!r}; see supervisor.log"
        return False
    return True


async def _first_success(probe: Probe, subject: Subject, verdicts: Verdicts, name: str) -> bool:
    """Ask eagerly for a while; True at the first success."""
    await asyncio.sleep(probe.initial_delay_seconds)
    for delay in eager_delays(probe.period_seconds):
        if await _ask(probe, subject, verdicts, name):
            return True
        await asyncio.sleep(delay)
    return False


async def _start(probe: Probe, subject: Subject, verdicts: Verdicts) -> None:
    if await _first_success(probe, subject, verdicts, "startup"):
        return
    health = ProbeHealth(probe, healthy=False)
    while not health.observe(await _ask(probe, subject, verdicts, "startup")):
        if health.failed:
            verdicts.unhealthy.set()
            return
        await asyncio.sleep(probe.period_seconds)


async def _readiness(
    probe: Probe, subject: Subject, verdicts: Verdicts, changed: Callable[[], None]
) -> None:
    health = ProbeHealth(probe, healthy=False)
    success = await _first_success(probe, subject, verdicts, "readiness")
    while True:
        ready = health.observe(success)
        if ready != verdicts.ready:
            verdicts.ready = ready
            verdicts.message = "" if ready else verdicts.message
            changed()
        # Further successes that the threshold asks for are not worth a whole period at start.
        eager = success and not ready
        await asyncio.sleep(0.1 if eager else probe.period_seconds)
        success = await _ask(probe, subject, verdicts, "readiness")


async def _liveness(probe: Probe, subject: Subject, verdicts: Verdicts) -> None:
    await asyncio.sleep(probe.initial_delay_seconds or probe.period_seconds)
    health = ProbeHealth(probe, healthy=True)
    while health.observe(await _ask(probe, subject, verdicts, "liveness")):  # noqa: ASYNC110
        await asyncio.sleep(probe.period_seconds)
    verdicts.unhealthy.set()

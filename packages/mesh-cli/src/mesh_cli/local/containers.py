"""One container: started, probed, restarted with back-off, stopped in order."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mesh_cli.local.backoff import RestartBackOff
from mesh_cli.local.environment import ConfigurationError
from mesh_cli.local.errors import StartError
from mesh_cli.local.kernel import Namespace
from mesh_cli.local.logfiles import last_line, open_log
from mesh_cli.local.probes import worker
from mesh_cli.local.probes.check import ProbeFailed, Subject, check
from mesh_cli.local.processes import Command, Process, start
from mesh_cli.local.reaper import Reaper
from mesh_core.resources import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
)

Make = Callable[[], Command]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container shares with the others of its pod."""

    namespaces: Mapping[Namespace, int]
    reaper: Reaper
    address: str
    changed: Callable[[], None]


@dataclass(slots=True)
class _State:
    restarts: int = 0
    current: ContainerState = field(
        default_factory=lambda: ContainerState(waiting=ContainerStateWaiting("ContainerCreating"))
    )
    last: ContainerState = field(default_factory=ContainerState)
    verdicts: worker.Verdicts = field(
        default_factory=lambda: worker.Verdicts(started=False, ready=False)
    )


class ContainerRunner:
    """Keeps one container in the state that its specification asks for."""

    def __init__(
        self, spec: Container, make: Make, log: Path, surroundings: Surroundings, restart: str
    ) -> None:
        """`make` builds the command anew for every start; `restart` is the pod's restartPolicy."""
        self.spec = spec
        self._make = make
        self._log = log
        self._around = surroundings
        self._restart = restart
        self._state = _State()
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        # `stop` must neither miss a process that is just being started, nor be followed by one.
        self._starting = asyncio.Lock()

    @property
    def status(self) -> ContainerStatus:
        """How the container is doing, as Kubernetes words it."""
        running = self._state.current.running is not None
        return ContainerStatus(
            name=self.spec.name,
            ready=running and self._state.verdicts.ready,
            started=running and self._state.verdicts.started,
            restart_count=self._state.restarts,
            state=self._state.current,
            last_state=self._state.last,
            image=self.spec.image,
            container_id=f"local://{self._process.pid}" if self._process else "",
        )

    @property
    def message(self) -> str:
        """Why it is not ready, as far as the last probe told."""
        return self._state.verdicts.message

    @property
    def pid(self) -> int | None:
        """The main process, as the supervisor numbers it, while it runs."""
        process = self._process
        return process.pid if process is not None and not process.exited.done() else None

    @property
    def exit_code(self) -> int | None:
        """How the last run ended, once the container has ended for good or is waiting."""
        ended = self._state.current.terminated or self._state.last.terminated
        return ended.exit_code if ended else None

    async def run(self) -> int:
        """Run until stopped or, by the restart policy, ended for good; returns the exit code."""
        back_off = RestartBackOff()
        while True:
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set() or not self._again(code):
                return code
            delay = back_off.delay(time.monotonic() - started)
            self._wait_for_restart(delay)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return code
            self._state.restarts += 1

    def _again(self, code: int) -> bool:
        return self._restart == "Always" or (self._restart == "OnFailure" and code != 0)

    def _wait_for_restart(self, delay: float) -> None:
        if delay <= 0:
            return
        previous = self._state.current
        ended = previous.terminated
        if ended is not None:
            self._state.last = previous
        reason = ended.reason if ended and ended.reason not in ("Error", "Completed") else ""
        why = ended.message if ended and ended.message else _describe_end(ended)
        if ended and ended.reason == "Error" and (last := last_line(self._log)):
            why = f"{why} ({last})"
        waiting = ContainerStateWaiting(
            reason or "CrashLoopBackOff", f"{why}; next start in {delay:g} s"
        )
        self._set(ContainerState(waiting=waiting))

    async def _run_once(self) -> int:
        self._state.verdicts = worker.Verdicts(started=self.spec.startup_probe is None, ready=False)
        began = datetime.now(UTC)
        try:
            async with self._starting:
                if self._stopping.is_set():
                    return 0
                self._process = await self._start()
        except (StartError, ConfigurationError, OSError) as problem:
            reason = (
                "CreateContainerConfigError"
                if isinstance(problem, ConfigurationError)
                else "RunContainerError"
            )
            self._end(127, reason, str(problem), began)
            return 127
        self._set(ContainerState(running=ContainerStateRunning(began)))
        code = await self._until_end(self._process)
        self._process.kill_session()
        reason = "Completed" if code == 0 else "Error"
        self._end(code, reason, self._state.verdicts.message if code else "", began)
        return code

    async def _start(self) -> Process:
        command = self._make()
        log = open_log(self._log)
        try:
            streams = Command(
                command.argv,
                command.environment,
                command.uid,
                command.gid,
                command.working_directory,
                stdout=log,
                stderr=log,
            )
            return await start(streams, self._around.namespaces, self._around.reaper)
        finally:
            os.close(log)

    async def _until_end(self, process: Process) -> int:
        """Probe the process while it runs; a liveness failure ends it."""
        verdicts = self._state.verdicts
        probing = asyncio.create_task(
            worker.watch(self.subject(), verdicts, self._around.changed), name="probes"
        )
        unhealthy = asyncio.create_task(verdicts.unhealthy.wait())
        try:
            await asyncio.wait((process.exited, unhealthy), return_when=asyncio.FIRST_COMPLETED)
            if not process.exited.done():
                await terminate(process, self._liveness_grace())
            return process.exited.result()
        finally:
            unhealthy.cancel()
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
            verdicts.ready = False

    def _liveness_grace(self) -> float:
        probe = self.spec.liveness_probe
        own = probe.termination_grace_period_seconds if probe else None
        return float(own if own is not None else 30)

    def subject(self) -> Subject:
        """Who this container's probes and hooks ask."""
        return Subject(self.spec, self._around.address, self.run_inside)

    async def run_inside(self, argv: Sequence[str]) -> int:
        """Run a command beside the container, with its user and environment."""
        try:
            template = self._make()
        except ConfigurationError as problem:
            raise ProbeFailed(str(problem)) from problem
        command = Command(
            argv, template.environment, template.uid, template.gid, template.working_directory
        )
        try:
            process = await start(command, self._around.namespaces, self._around.reaper)
        except (StartError, OSError) as problem:
            raise ProbeFailed(str(problem)) from problem
        try:
            return await asyncio.shield(process.exited)
        finally:
            process.kill_session()

    async def stop(self, grace: float) -> None:
        """Run preStop, send SIGTERM, and after `grace` seconds in all SIGKILL."""
        deadline = time.monotonic() + grace
        self._stopping.set()
        async with self._starting:
            process = self._process
        if process is None or process.exited.done():
            return
        await self._pre_stop(grace)
        await terminate(process, max(deadline - time.monotonic(), 0.0), self._stop_signal())

    def _stop_signal(self) -> int:
        name = self.spec.lifecycle.stop_signal if self.spec.lifecycle else ""
        return signal.Signals[name] if name in signal.Signals.__members__ else signal.SIGTERM

    async def _pre_stop(self, grace: float) -> None:
        handler = self.spec.lifecycle.pre_stop if self.spec.lifecycle else None
        if handler is None:
            return
        try:
            await check(handler, self.subject(), grace)
        except ProbeFailed as problem:
            self._state.verdicts.message = f"preStop: {problem}"

    def _end(self, code: int, reason: str, message: str, began: datetime) -> None:
        ended = ContainerStateTerminated(
            exit_code=code if code >= 0 else 128 - code,
            signal=max(-code, 0),
            reason=reason,
            message=message,
            started_at=began,
            finished_at=datetime.now(UTC),
        )
        self._set(ContainerState(terminated=ended))

    def _set(self, state: ContainerState) -> None:
        if state.terminated is not None:
            self._state.last = state
        self._state.current = state
        self._around.changed()


def _describe_end(ended: ContainerStateTerminated | None) -> str:
    if ended is None:
        return "it ended"
    if ended.signal:
        return f"it was ended by {signal.Signals(ended.signal).name}"
    return f"it ended with exit code {ended.exit_code}"


async def terminate(process: Process, grace: float, number: int = signal.SIGTERM) -> None:
    """Ask a process to end; kill it when it has not after `grace` seconds."""
    process.signal(number)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace):
            await asyncio.shield(process.exited)
    process.kill_session()
    await asyncio.shield(process.exited)

"""One pod from creation to removal: what a kubelet does for it."""

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from mesh_cli.local import environment, sandbox
from mesh_cli.local.backoff import RestartBackOff
from mesh_cli.local.containers import ContainerRunner, Surroundings
from mesh_cli.local.environment import ConfigurationError
from mesh_cli.local.errors import StartError
from mesh_cli.local.listening import listening_ports
from mesh_cli.local.node import Node
from mesh_cli.local.pod_files import PodFiles, make_files, user_of
from mesh_cli.local.pod_order import PodOrder
from mesh_cli.local.pod_status import PodState, pod_status
from mesh_cli.local.processes import Command, Process, start
from mesh_cli.local.sandbox import Sandbox, SandboxPlan
from mesh_cli.local.tokens import RENEW_SECONDS
from mesh_core.resources import Container, Pod

_PROXY_GRACE_SECONDS = 5.0
_LISTEN_SECONDS, _LISTEN_POLL_SECONDS = 3.0, 0.02
_TOKEN_LOOK_SECONDS = 30.0
log = logging.getLogger(__name__)


class PodRunner:
    """Runs one pod; `pod` and its status are current at any time."""

    def __init__(self, order: PodOrder, node: Node) -> None:
        """Begin at once; must be called on the running loop."""
        self.order = order
        self._node = node
        self._number = node.addresses.take()
        self.addresses = node.addresses.of(self._number)[: len(node.gateways)]
        self._phase = "Pending"
        self._trouble = ("", "")
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._ready_since: datetime | None = None
        self._sandbox: Sandbox | None = None
        self._files: PodFiles | None = None
        self._proxy: ContainerRunner | None = None
        self._init: list[ContainerRunner] = []
        self._containers: list[ContainerRunner] = []
        self._tasks: set[asyncio.Task[int]] = set()
        self._stopping = False
        self._wake = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._life = asyncio.create_task(self._live(), name=f"pod {order.pod.key}")

    # -- what others see

    @property
    def pod(self) -> Pod:
        """The pod with its present status."""
        return msgspec.structs.replace(self.order.pod, status=pod_status(self._state()))

    @property
    def ready(self) -> bool:
        """Whether every container and the proxy are."""
        if self._stopping or self._phase != "Running" or not self._containers:
            return False
        runners = [*self._containers, *self._init_runners(restarted_only=True)]
        return all(runner.status.ready for runner in runners)

    @property
    def ready_since(self) -> datetime | None:
        """When it last became ready."""
        self._note_readiness()
        return self._ready_since

    @property
    def proxy_pid(self) -> int | None:
        """The proxy's main process, as the supervisor numbers it."""
        return self._proxy.pid if self._proxy else None

    @property
    def finished(self) -> bool:
        """Whether all containers have ended for good."""
        return self._phase in {"Succeeded", "Failed"}

    @property
    def restarts(self) -> int:
        """Restarts of all its containers."""
        runners = [*self._init_runners(), *self._containers]
        return sum(runner.status.restart_count for runner in runners)

    def _init_runners(self, *, restarted_only: bool = False) -> list[ContainerRunner]:
        own = [
            runner
            for runner in self._init
            if not restarted_only or runner.spec.restart_policy == "Always"
        ]
        return [self._proxy, *own] if self._proxy else own

    def _note_readiness(self) -> None:
        if not self.ready:
            self._ready_since = None
        elif self._ready_since is None:
            self._ready_since = datetime.now(UTC)

    def _state(self) -> PodState:
        self._note_readiness()
        reason, message = self._trouble
        if not message:
            runners = [*self._init_runners(), *self._containers]
            message = next(
                (
                    f"{r.spec.name}: {r.message}"
                    for r in runners
                    if r.message and not r.status.ready
                ),
                "",
            )
        return PodState(
            phase=self._phase,
            reason=reason,
            message=message,
            started=self._began,
            ready_since=self._ready_since,
            addresses=self.addresses,
            hosts=self._node.gateways,
            init=[runner.status for runner in self._init_runners()],
            containers=[runner.status for runner in self._containers],
        )

    def _changed(self) -> None:
        self._wake.set()
        self._node.changed()

    # -- from creation on

    async def _live(self) -> None:
        try:
            await self._prepare_again_and_again()
            await self._run()
        except Exception as problem:
            # What runs of the pod goes on; without this line nobody would learn what does not.
            log.exception("pod %s", self.order.pod.key)
            self._trouble = ("InternalError", f"{problem!r}; see supervisor.log")
            self._changed()

    async def _prepare_again_and_again(self) -> None:
        back_off = RestartBackOff()
        while True:
            began = time.monotonic()
            try:
                await self._prepare()
                break
            except (StartError, ConfigurationError, OSError) as problem:
                self._release()
                delay = max(back_off.delay(time.monotonic() - began), 1.0)
                self._trouble = (type(problem).__name__, f"{problem}; next try in {delay:g} s")
                self._changed()
                await asyncio.sleep(delay)
        self._trouble = ("", "")

    async def _prepare(self) -> None:
        order, node, pod = self.order, self._node, self.pod
        self._files = make_files(node, order, pod, self.addresses)
        plan = SandboxPlan(
            hostname=(pod.spec.hostname or pod.name)[:63],
            steps=self._files.steps,
            addresses=self.addresses,
            link=f"pod{self._number}",
            link_index=self._number,
        )
        netns = node.netns(pod.namespace, pod.name)
        staging = node.settings.pods / "root"
        self._sandbox = await sandbox.create(plan, netns, staging, node.gateways, node.reaper)
        if order.sidecar is not None:
            await node.redirects.program(order.sidecar.redirect, netns)
            self._renewal = asyncio.create_task(self._renew_tokens(), name="token renewal")

    async def _run(self) -> None:
        sidecar = self.order.sidecar
        if sidecar is not None:
            self._proxy = self._runner(sidecar.proxy, "Always")
            if sidecar.waits_for_application:
                self._starting = asyncio.create_task(self._start_proxy(), name="proxy's turn")
            else:
                await self._start_proxy()
        if not await self._run_init_containers():
            return
        spec = self.order.pod.spec
        self._containers = [self._runner(item, spec.restart_policy) for item in spec.containers]
        self._phase = "Running"
        # Shielded: ending this life must not end the tasks that watch the processes.
        tasks = [asyncio.shield(self._begin(runner)) for runner in self._containers]
        codes = await asyncio.gather(*tasks)
        if not self._stopping:
            await self._stop_sidecars(_PROXY_GRACE_SECONDS)
            self._finish("Failed" if any(codes) else "Succeeded")

    async def _start_proxy(self) -> None:
        """Start the proxy when it is its turn; wait until it is ready."""
        sidecar, proxy = self.order.sidecar, self._proxy
        if sidecar is None or proxy is None:
            return
        if missing := self._node.order.missing(sidecar.after):
            self._trouble = ("WaitingForControlPlane", f"waits for {' and '.join(missing)}")
            self._changed()
            await self._node.order.wait(sidecar.after)
            self._trouble = ("", "")
        if sidecar.waits_for_application:
            await self._until_listening()
        self._begin(proxy)
        await self._until(lambda: proxy.status.ready)

    async def _until_listening(self) -> None:
        """Wait, for a bounded time, until the application listens on what it declares.

        Identity's proxy asks identity itself for its certificate: a first try that is refused
        would cost it a whole back-off, and everybody else waits for it.
        """
        declared = {
            port.container_port
            for container in self.order.pod.spec.containers
            for port in container.ports
        }
        deadline = time.monotonic() + _LISTEN_SECONDS
        while time.monotonic() < deadline:
            pids = [runner.pid for runner in self._containers if runner.pid is not None]
            if pids and declared <= listening_ports(pids[0]):
                return
            await asyncio.sleep(_LISTEN_POLL_SECONDS)

    async def _run_init_containers(self) -> bool:
        proxy = self.order.sidecar.proxy.name if self.order.sidecar else None
        for container in self.order.pod.spec.init_containers:
            if container.name == proxy:
                continue
            is_sidecar = container.restart_policy == "Always"
            runner = self._runner(container, self._init_policy(is_sidecar))
            self._init.append(runner)
            task = self._begin(runner)
            if is_sidecar:
                await self._until(partial(_has_started, runner))
            elif await asyncio.shield(task) != 0:
                self._finish("Failed")
                return False
        return True

    def _init_policy(self, is_sidecar: bool) -> str:
        if is_sidecar:
            return "Always"
        return "Never" if self.order.pod.spec.restart_policy == "Never" else "OnFailure"

    def _finish(self, phase: str) -> None:
        self._phase = phase
        self._changed()

    def _begin(self, runner: ContainerRunner) -> "asyncio.Task[int]":
        task = asyncio.create_task(runner.run(), name=f"{self.order.pod.key} {runner.spec.name}")
        self._tasks.add(task)
        self._changed()
        return task

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._wake.clear()
            await self._wake.wait()

    async def _renew_tokens(self) -> None:
        """Renew the token at half its life, by the clock that its verifier reads.

        The loop's clock stands still while the machine sleeps; a token's life does not.
        """
        due = time.time() + RENEW_SECONDS
        while self._files is not None:
            await asyncio.sleep(_TOKEN_LOOK_SECONDS)
            if time.time() < due:
                continue
            try:
                self._files.renew_token(self._node, self.order.pod)
                due = time.time() + RENEW_SECONDS
            except OSError as problem:
                log.warning("token of pod %s: %s; trying again", self.order.pod.key, problem)

    def _runner(self, container: Container, restart: str) -> ContainerRunner:
        if self._sandbox is None:
            raise StartError("the pod has no namespaces")
        pod = self.order.pod
        around = Surroundings(
            self._sandbox.namespaces, self._node.reaper, str(self.addresses[0]), self._changed
        )
        log = self._node.log(pod.namespace, pod.name, container.name)
        return ContainerRunner(container, lambda: self.command(container), log, around, restart)

    def command(self, container: Container, argv: Sequence[str] | None = None) -> Command:
        """What starts a container, or another command beside it with its user and variables."""
        pod, order = self.pod, self.order
        base = environment.base_environment(pod, order.search_path)
        sidecar = order.sidecar
        if sidecar is not None and container.name == sidecar.proxy.name:
            # Its variables refer to the pod's addresses, which are known only now.
            variables = {**base, **sidecar.environment(pod)}
        else:
            variables = environment.container_environment(container, pod, base, self._node.lookup)
        context = container.security_context
        uid, gid = user_of(
            pod,
            context.run_as_user if context else None,
            context.run_as_group if context else None,
        )
        words = environment.command_line(container, variables) if argv is None else list(argv)
        where = container.working_dir or order.working_directory
        return Command(words, variables, uid, gid, where)

    # -- commands beside its containers

    async def execute(
        self, container: str | None, argv: Sequence[str], streams: Sequence[int]
    ) -> Process:
        """Start a command in the pod, as its container's user; raises StartError."""
        if self._sandbox is None:
            raise StartError(f"pod {self.order.pod.key} is not running yet")
        found = self.find_container(container)
        command = self.command(found, argv)
        stdin, stdout, stderr = streams
        return await start(
            Command(
                *(command.argv, command.environment, command.uid, command.gid),
                *(command.working_directory, stdin, stdout, stderr),
            ),
            self._sandbox.namespaces,
            self._node.reaper,
        )

    def find_container(self, name: str | None) -> Container:
        """A container by name, the first by default; raises StartError that lists them."""
        known = [*self.order.pod.spec.containers, *self.order.pod.spec.init_containers]
        if self.order.sidecar is not None:
            known.append(self.order.sidecar.proxy)
        for container in known:
            if name is None or container.name == name:
                return container
        names = ", ".join(dict.fromkeys(item.name for item in known))
        raise StartError(f"pod {self.order.pod.key} has no container {name!r}; it has {names}")

    # -- removal

    def mark_stopping(self) -> None:
        """From now on it is not ready; `stop` does the rest."""
        self._stopping = True
        self._changed()

    async def stop(self, grace: float) -> None:
        """End the application, then the sidecars, then free everything."""
        self._stopping = True
        for task in filter(None, (self._life, self._starting)):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        deadline = time.monotonic() + grace
        applications = [*self._containers, *self._plain_init()]
        await asyncio.gather(*(runner.stop(grace) for runner in applications))
        await self._stop_sidecars(max(deadline - time.monotonic(), _PROXY_GRACE_SECONDS))
        await self._settle(self._tasks)
        self._release()
        self._node.addresses.release(self._number)
        shutil.rmtree(
            self._node.log(self.order.pod.namespace, self.order.pod.name, "-").parent,
            ignore_errors=True,
        )

    def _plain_init(self) -> list[ContainerRunner]:
        return [runner for runner in self._init if runner.spec.restart_policy != "Always"]

    async def _stop_sidecars(self, grace: float) -> None:
        # In the reverse of their start; the proxy, which started first, ends last.
        for runner in reversed(self._init_runners(restarted_only=True)):
            await runner.stop(grace)

    async def _settle(self, tasks: Iterable["asyncio.Task[int]"]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)

    def _release(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        self._files = None
        pod = self.order.pod
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._node.pod_directory(pod.namespace, pod.name))
        with contextlib.suppress(FileNotFoundError):
            self._node.netns(pod.namespace, pod.name).unlink()


def _has_started(runner: ContainerRunner) -> bool:
    return bool(runner.status.started)

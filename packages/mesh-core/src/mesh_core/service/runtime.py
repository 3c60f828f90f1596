"""The life of a service process: start, run, orderly stop."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import prometheus_client

from mesh_core.authority import Authority
from mesh_core.errors import CoreError
from mesh_core.service import logs
from mesh_core.service.admin_server import AdminServer, Page
from mesh_core.service.heartbeat import Heartbeat
from mesh_core.service.readiness import Readiness

CLEANUP_SECONDS = 10.0
"""How long one step of the stop may take before the next begins anyway."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STARTING = "starting"
_STOPPING = "stopping"

log = logging.getLogger(__name__)

Cleanup = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What every service is told: where its admin server listens, and how it logs."""

    name: str
    admin: Authority
    log_level: str = "info"
    log_format: str = "plain"
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    """Makes the event loop, for a service that needs another one than asyncio's own."""


class Service:
    """What a running service works with."""

    def __init__(self) -> None:
        """Begin as not ready: `main` has to return first."""
        self.readiness = Readiness()
        self.heartbeat = Heartbeat()
        self.registry = prometheus_client.REGISTRY
        self.pages: dict[str, Page] = {}
        """JSON documents on the admin port, by their paths."""
        self._cleanups: list[tuple[str, Cleanup]] = []
        self._stop = asyncio.Event()
        self.readiness.require(_STARTING)

    def on_stop(self, what: str, cleanup: Cleanup) -> None:
        """Run `cleanup` at the stop; what was registered last runs first."""
        self._cleanups.append((what, cleanup))

    def stop(self) -> None:
        """Begin the stop, as SIGTERM does."""
        self.readiness.require(_STOPPING)
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """True once the stop has begun."""
        return self._stop.is_set()

    async def stopped(self) -> None:
        """Wait for the stop to begin."""
        await self._stop.wait()

    async def clean_up(self) -> None:
        """Undo, in reverse order, what the start did; one failure does not keep the others."""
        while self._cleanups:
            what, cleanup = self._cleanups.pop()
            try:
                async with asyncio.timeout(CLEANUP_SECONDS):
                    await cleanup()
            except TimeoutError:
                log.warning("stopping %s took more than %s s; going on", what, CLEANUP_SECONDS)
            except Exception:
                log.exception("stopping %s failed; going on", what)


def run(main: Callable[[Service], Awaitable[None]], settings: Settings) -> int:
    """Run a service until SIGTERM or SIGINT and give its exit code.

    `main` starts everything, registers how to stop it with `on_stop`, and returns; the service is
    ready then, once the conditions that `main` required are met. An error of ours is one line and
    exit code 1. A second signal ends the process at once.
    """
    try:
        logs.configure(settings.log_level, settings.log_format)
        # They double every counter, and nobody reads them.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        with asyncio.Runner(loop_factory=settings.loop_factory) as runner:
            runner.run(_run(main, settings))
    except CoreError as error:
        print(f"{settings.name}: {error}", file=sys.stderr)
        return 1
    except Exception:
        log.exception("%s failed", settings.name)
        return 1
    return 0


async def _run(main: Callable[[Service], Awaitable[None]], settings: Settings) -> None:
    service = Service()
    admin = AdminServer(
        settings.admin, service.readiness, service.heartbeat, service.registry, service.pages
    )
    _handle_signals(service)
    admin.start()
    try:
        async with service.heartbeat.beating():
            try:
                await _until_stopped(main, service)
            finally:
                await service.clean_up()
    finally:
        admin.close()


async def _until_stopped(main: Callable[[Service], Awaitable[None]], service: Service) -> None:
    """Start, and wait for the stop; a signal during the start ends the start."""
    starting = asyncio.ensure_future(main(service))
    stopping = asyncio.create_task(service.stopped())
    try:
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            # What the start made lives as long as the process: nothing to look through for garbage.
            gc.collect()
            gc.freeze()
            service.readiness.met(_STARTING)
            await stopping
    finally:
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)


def _handle_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _on_signal, service, number)


def _on_signal(service: Service, number: signal.Signals) -> None:
    if service.stopping:
        os._exit(128 + number)
    log.info("stopping on %s", number.name)
    service.stop()

"""The node's process 1: starts the components, starts again what ends, reaps orphans."""

import asyncio
import time
from collections.abc import Sequence
from typing import Never

from mesh_cli.local.reaper import Reaper
from mesh_clusters.api_access import ApiAccess
from mesh_clusters.node import components, outage
from mesh_clusters.node.settings import Settings
from mesh_clusters.node.spawn import spawn
from mesh_clusters.pki import Pki

_RESTART_SECONDS = 1.0
_POLL_SECONDS = 0.1


class Supervisor:
    """Runs until it is killed; the kernel then ends everything else in its namespaces."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reaper = Reaper()
        self._pki = Pki(settings.pki)

    async def run(self) -> Never:
        """Start everything, and keep it running."""
        self._reaper.install()
        commands = components.commands(self._settings, self._pki)
        async with asyncio.TaskGroup() as tasks:
            for name in components.FIRST:
                tasks.create_task(self._keep(name, commands[name]))
            await asyncio.to_thread(self._wait_for_api)
            for name, argv in commands.items():
                if name not in components.FIRST:
                    tasks.create_task(self._keep(name, argv))
        raise AssertionError("a component's task ended")

    def _wait_for_api(self) -> None:
        api = ApiAccess(self._settings.server, self._pki)
        while not api.ready():
            time.sleep(_POLL_SECONDS)

    def _wait_while_held(self, name: str) -> None:
        while outage.held(self._settings, name).exists():
            time.sleep(_POLL_SECONDS)

    async def _keep(self, name: str, argv: Sequence[str]) -> Never:
        while True:
            try:
                pid = spawn(argv, self._settings.logs / f"{name}.log")
            except OSError as error:
                # Tried again: one component must not take the others with it.
                print(f"{name} cannot be started: {error}", flush=True)
            else:
                code = await self._reaper.register(pid)
                print(f"{name} ended with {code}; it is started again", flush=True)
            await asyncio.sleep(_RESTART_SECONDS)
            await asyncio.to_thread(self._wait_while_held, name)

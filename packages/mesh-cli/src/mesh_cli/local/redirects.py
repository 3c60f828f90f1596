"""Programming redirects: one `mesh-proxy init` for all pods that wait for the same one.

Each run costs a fifth of a second of CPU, most of it importing, so pods that come together
share it.
"""

import asyncio
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mesh_cli.local.errors import StartError
from mesh_cli.local.processes import Command, start
from mesh_cli.local.reaper import Reaper

# Long enough for pods that are created in one go to meet, too short to notice.
_GATHER_SECONDS = 0.03


class Redirects:
    """Collects requests and programs them in waves."""

    def __init__(self, program: Sequence[str], reaper: Reaper) -> None:
        """`program` is the command line of `mesh-proxy`."""
        self._program = program
        self._reaper = reaper
        self._waiting: dict[tuple[str, ...], list[tuple[Path, asyncio.Future[None]]]] = defaultdict(
            list
        )
        self._worker: asyncio.Task[None] | None = None

    async def program(self, arguments: Sequence[str], netns: Path) -> None:
        """Redirect one pod's traffic; raises StartError with what `init` said."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[tuple(arguments)].append((netns, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="redirects")
        await done

    async def _work(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        while self._waiting:
            arguments = next(iter(self._waiting))
            await self._wave(arguments, self._waiting.pop(arguments))

    async def _wave(
        self, arguments: Sequence[str], pods: Sequence[tuple[Path, "asyncio.Future[None]"]]
    ) -> None:
        netns = [word for path, _ in pods for word in ("--netns", str(path))]
        try:
            await self._run([*self._program, "init", *arguments, *netns])
        except StartError as problem:
            if len(pods) > 1:
                # One of them may just be going away: the others must not wait for another try.
                for pod in pods:
                    await self._wave(arguments, [pod])
                return
            for _, done in pods:
                if not done.done():
                    done.set_exception(StartError(str(problem)))
            return
        for _, done in pods:
            if not done.done():
                done.set_result(None)

    async def _run(self, argv: Sequence[str]) -> None:
        with tempfile.TemporaryFile() as output:
            command = Command(
                argv,
                {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin"), "LANG": "C.UTF-8"},
                0,
                0,
                stdout=output.fileno(),
                stderr=output.fileno(),
            )
            process = await start(command, {}, self._reaper)
            code = await process.exited
            if code != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise StartError(f"mesh-proxy init ended with {code}: {said or 'no message'}")

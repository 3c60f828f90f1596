"""Stopping a container at every moment of its start: it must end, and stay ended."""

import asyncio
import signal

import pytest

from mesh_cli.local.containers import ContainerRunner, Surroundings
from mesh_cli.local.processes import Command
from mesh_cli.local.reaper import Reaper
from mesh_core.resources import Container

pytestmark = pytest.mark.netns


@pytest.fixture
async def reaper():
    found = Reaper()
    found.install()
    yield found
    asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)


def runner(tmp_path, reaper: Reaper, *argv: str) -> ContainerRunner:
    def make() -> Command:
        return Command(argv, {"PATH": "/usr/bin:/bin"}, 65534, 65534)

    around = Surroundings({}, reaper, "127.0.0.1", lambda: None)
    return ContainerRunner(Container("c"), make, tmp_path / "c.log", around, "Always")


@pytest.mark.parametrize("turns", range(6))
async def test_a_container_that_is_stopped_while_it_starts_ends(tmp_path, reaper, turns):
    container = runner(tmp_path, reaper, "sleep", "1000")
    running = asyncio.create_task(container.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await container.stop(grace=1)
        await running
    assert container.pid is None


async def test_a_container_that_crashes_all_the_time_can_be_stopped(tmp_path, reaper):
    container = runner(tmp_path, reaper, "false")
    running = asyncio.create_task(container.run())
    async with asyncio.timeout(5):
        while container.status.restart_count == 0:  # noqa: ASYNC110 - every turn counts here
            await asyncio.sleep(0)
        await container.stop(grace=1)
        await running
    assert container.pid is None

"""Pods on their way out when the whole mesh ends."""

import asyncio
from types import SimpleNamespace

from mesh_cli.local.pod_order import PodOrder
from mesh_cli.local.pod_set import PodEntry, PodSet
from mesh_core.resources import Key, ObjectMeta, Pod


class Runner:
    """A pod that ends when it is told to."""

    ready = True

    def __init__(self, pod: Pod) -> None:
        self.order = PodOrder(pod, None, "/", (), ())
        self.stopped_with: list[float] = []

    def mark_stopping(self) -> None:
        self.ready = False

    async def stop(self, grace: float) -> None:
        self.stopped_with.append(grace)


async def test_the_end_does_not_wait_until_a_removal_is_published():
    pod = Pod(ObjectMeta(name="a", namespace="n"))
    runner = Runner(pod)
    node = SimpleNamespace(changed=lambda: None)
    objects = SimpleNamespace(remove=lambda *_: None)
    # The controllers, which publish, have ended: nobody will ever say that it is done.
    pods = PodSet(node, objects, None, asyncio.Event().wait)
    pods._entries[Key("n", "a")] = entry = PodEntry(runner, "", pod, "")
    pods.remove(entry, grace=30)
    await asyncio.sleep(0)
    assert entry.terminating
    pods.remove_all(grace=5)
    async with asyncio.timeout(5):
        await pods.gone()
    assert runner.stopped_with == [30]
    assert list(pods) == []

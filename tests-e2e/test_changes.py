"""Traffic follows what changes: scale, death, edits, restarts, a control plane that is gone."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from provider import PodState
from scenario import Mesh, Note, wait_for


@contextmanager
def steady_load(mesh: Mesh, rate: int = 200) -> Iterator[dict[str, Any]]:
    """Keep asking `web` from the meshed client; the dictionary holds the counts afterwards."""
    result: dict[str, Any] = {}
    options = ("--rate", str(rate), "--threads", "16")
    process = mesh.start("client", "load", "http://web/whoami", *options)
    try:
        yield result
    finally:
        result.update(mesh.finish(process))


def answering(mesh: Mesh) -> set[str]:
    """The pods that answer right now."""
    answers = mesh.run("client", "load", "http://web/whoami", "--seconds", "0.5", "--rate", "200")
    assert set(answers["outcomes"]) == {"200"}, answers
    return set(answers["pods"])


def wait_for_traffic_to(mesh: Mesh, pods: Iterable[PodState]) -> None:
    """Wait until exactly these pods answer."""
    names = {pod.name for pod in pods}
    wait_for(f"traffic to {names}", lambda: (answering(mesh) == names) or None, 10)


def wait_for_others(mesh: Mesh, old: set[str]) -> None:
    """Wait until `web` has two ready pods and none of the old ones."""

    def rolled() -> bool | None:
        pods = mesh.pods("web")
        return (len(pods) == 2 and all(p.ready and p.name not in old for p in pods)) or None

    wait_for("only new pods", rolled, 60)


def scale(mesh: Mesh, before: int, after: int) -> None:
    """Edit the number of replicas of `web`."""
    head = "name: web, namespace: e2e}\nspec:\n  replicas:"
    mesh.edit(f"{head} {before}", f"{head} {after}")


def test_scaling_up_and_down_is_followed(mesh: Mesh) -> None:
    mesh.ready("web", 2)
    for before, after in ((2, 4), (4, 2)):
        scale(mesh, before, after)
        wait_for_traffic_to(mesh, mesh.ready("web", after))


def test_a_killed_replica_is_left_out_within_a_second_and_comes_back(mesh: Mesh) -> None:
    victim, _ = mesh.ready("web", 2)
    with steady_load(mesh) as result:
        mesh.provider.kill(f"e2e/{victim.name}", "e2e_apps.web")
        killed = time.time()

        def restarted() -> bool | None:
            pods = {pod.name: pod for pod in mesh.ready("web", 2)}
            return pods[victim.name].restarts > victim.restarts or None

        wait_for("a restarted container", restarted, 20)
    late = [moment - killed for moment in result["failures"] if moment > killed + 1.5]
    assert not late, result
    wait_for("traffic to both pods", lambda: len(answering(mesh)) == 2 or None, 20)


def test_an_edited_manifest_rolls_out(mesh: Mesh) -> None:
    for before, after in (("1", "2"), ("2", "1")):
        old = {pod.name for pod in mesh.ready("web", 2)}
        line = 'name: VERSION, value: "{}"'
        mesh.edit(line.format(before), line.format(after))
        wait_for_others(mesh, old)
        assert mesh.get("client", "http://web/whoami")["json"]["version"] == after


def test_a_rolling_restart_of_everything_fails_no_request(mesh: Mesh, note: Note) -> None:
    old = {pod.name for pod in mesh.ready("web", 2)}
    with steady_load(mesh, rate=260) as result:
        mesh.provider.restart("e2e")
        wait_for_others(mesh, old)
        time.sleep(1)  # the last of the old pods' connections
    total = sum(result["outcomes"].values())
    rate = total / result["seconds"]
    note(f"rolling restart: {total} requests at {rate:.0f} a second: {result['outcomes']}")
    assert set(result["outcomes"]) == {"200"}, result
    # 260 are asked for; what a busy machine manages while all pods start is in the note.
    assert total > 500, result
    for deployment in ("redis", "greeter", "rpc-slow"):
        mesh.ready(deployment, 1)
    mesh.ready("rpc-fast", 2)


def test_the_slow_replica_gets_less_of_one_grpc_connection(mesh: Mesh, note: Note) -> None:
    pods = mesh.run("client", "rpc", "rpc:8081", "--count", "300")["pods"]
    note(f"one gRPC connection, 300 calls, the slow replica takes 40 ms for each: {pods}")
    slow = sum(count for pod, count in pods.items() if pod.startswith("rpc-slow"))
    fast = [count for pod, count in pods.items() if pod.startswith("rpc-fast")]
    assert len(fast) == 2, pods
    assert slow < min(fast) / 2, pods


def test_traffic_goes_on_without_a_control_plane_which_is_followed_again(mesh: Mesh) -> None:
    before = {pod.name: pod.restarts for pod in mesh.ready("web", 2)}
    with steady_load(mesh) as result:
        killed = {pod.name: pod.restarts for pod in mesh.provider.pods("linkerd")}
        for name in killed:
            mesh.provider.kill(f"linkerd/{name}", "mesh-")
        time.sleep(1)  # a while without it, under load

        def control_plane_is_back() -> bool | None:
            pods = mesh.provider.pods("linkerd")
            return all(pod.ready and pod.restarts > killed[pod.name] for pod in pods) or None

        # Kubernetes starts a container that was killed again after 10 s, then 20.
        wait_for("the control plane", control_plane_is_back, 90)
    assert set(result["outcomes"]) == {"200"}, result
    assert {pod.name: pod.restarts for pod in mesh.ready("web", 2)} == before
    scale(mesh, 2, 3)
    wait_for_traffic_to(mesh, mesh.ready("web", 3))
    scale(mesh, 3, 2)
    mesh.ready("web", 2)

"""Changes under way: scaling, rolling updates, killed replicas, broken edits."""

import concurrent.futures
import json

import pytest
from local_manifests import web

from conftest import wait_for

pytestmark = pytest.mark.netns

LOAD = """
import collections, json, sys, time, urllib.request
stop = sys.argv[1]
counts = collections.Counter()
open("/tmp/started", "w").close()
import os
while not os.path.exists(stop):
    try:
        with urllib.request.urlopen("http://web/", timeout=5) as answer:
            counts[answer.read().decode().split()[0]] += 1
    except Exception as problem:
        counts["failed: " + repr(problem)] += 1
print(json.dumps(counts))
"""


def replicas(mesh) -> list[str]:
    return [pod["name"] for pod in mesh.pods("deployment/web") if pod["ready"]]


def settled(mesh, version: str, count: int):
    def check() -> bool:
        status = mesh.mesh.status()
        deployment = status["deployments"][0]
        return status["ready"] and deployment["updated"] == deployment["replicas"] == count

    return check


def test_an_edit_scales_up_and_down(start_mesh):
    mesh = start_mesh(web(replicas=1))
    mesh.ready()
    mesh.write(web(replicas=3))
    wait_for("three replicas", lambda: len(replicas(mesh)) == 3)
    mesh.write(web(replicas=1))
    wait_for("one replica", lambda: len(mesh.pods("deployment/web")) == 1)
    assert len(replicas(mesh)) == 1


def test_a_rolling_update_loses_no_request(start_mesh):
    mesh = start_mesh(web(replicas=3))
    mesh.ready()
    before = set(replicas(mesh))
    argv = ["python", "-c", LOAD, "/tmp/stop"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        load = pool.submit(mesh.run, "client", *argv)
        wait_for("load", lambda: mesh.run("client", "test", "-e", "/tmp/started").returncode == 0)
        mesh.write(web(replicas=3, version="2"))
        wait_for("version 2", lambda: not before & set(replicas(mesh)) and len(replicas(mesh)) == 3)
        wait_for("old pods gone", lambda: len(mesh.pods("deployment/web")) == 3)
        mesh.run("client", "touch", "/tmp/stop")
        counts = json.loads(load.result().stdout)
    assert set(counts) == {"1", "2"}, counts


def test_restart_replaces_every_pod(start_mesh):
    mesh = start_mesh(web(replicas=2))
    mesh.ready()
    before = {pod["name"] for pod in mesh.pods("deployment/web")}
    done = mesh.command("restart", "deployment/web", "-n", "shop")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "deployment/shop/web restarted\n"
    assert not before & {pod["name"] for pod in mesh.pods("deployment/web")}
    assert mesh.command("restart", "deployment/none").returncode == 1


def test_a_killed_process_is_started_again_in_its_pod(start_mesh):
    mesh = start_mesh(web(replicas=2))
    mesh.ready()
    victim = mesh.pods("deployment/web")[0]
    mesh.run(victim["name"], "kill", "-9", str(victim["containers"][0]["pid"]))
    wait_for("a restart", lambda: any(pod["restarts"] for pod in mesh.pods("deployment/web")))
    wait_for("readiness", lambda: len(replicas(mesh)) == 2)


def test_a_broken_edit_changes_nothing_and_says_where(start_mesh):
    mesh = start_mesh(web(replicas=2))
    mesh.ready()
    before = set(replicas(mesh))
    mesh.write(web(replicas=2).replace("replicas: 2", "replicas: many"))
    problem = wait_for("the problem", lambda: mesh.mesh.status()["problems"])[0]
    assert f"{mesh.directory}/app.yaml:" in problem
    assert "spec.replicas" in problem
    assert set(replicas(mesh)) == before
    done = mesh.command("apply")
    assert done.returncode == 1
    assert "problem:" in done.stderr
    mesh.write(web(replicas=3))
    wait_for("three replicas", lambda: len(replicas(mesh)) == 3)
    assert not mesh.mesh.status()["problems"]


def test_apply_prints_what_changed_and_takes_further_directories(start_mesh, tmp_path):
    mesh = start_mesh(web(replicas=1))
    mesh.ready()
    other = tmp_path / "other"
    other.mkdir()
    (other / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: extra, namespace: shop}\n"
        "spec: {containers: [{name: a, image: x, command: [sleep, infinity]}]}\n"
    )
    mesh.write(web(replicas=2))
    lines = mesh.command("apply", str(other)).stdout.splitlines()
    assert "pod/shop/extra created" in lines
    assert "deployment/shop/web changed" in lines
    assert "service/shop/web unchanged" in lines
    mesh.ready()
    (other / "pod.yaml").unlink()
    assert "pod/shop/extra removed" in mesh.command("apply").stdout.splitlines()
    wait_for("its end", lambda: not mesh.pods("pod/extra"))


BROKEN_NEIGHBOURS = """\
---
apiVersion: v1
kind: Pod
metadata: {name: absent, namespace: shop}
spec: {containers: [{name: a, image: x, command: [no-such-program]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: crashing, namespace: shop}
spec: {containers: [{name: a, image: x, command: [sh, -c, "echo out of luck >&2; exit 3"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: unconfigured, namespace: shop}
spec:
  containers:
    - name: a
      image: x
      command: [sleep, infinity]
      env: [{name: A, valueFrom: {configMapKeyRef: {name: nowhere, key: b}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: stranger, namespace: shop}
spec: {serviceAccountName: ghost, containers: [{name: a, image: x, command: [sleep, infinity]}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: shop}
spec: {template: {spec: {containers: [{name: a, image: x, command: ["true"]}]}}}
---
apiVersion: example.org/v1
kind: Gadget
metadata: {name: gadget}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 1}]}
---
apiVersion: v1
kind: Service
metadata: {name: odd, namespace: shop}
spec: {type: NodePort, ports: [{port: 1}]}
"""


def test_everything_that_is_wrong_gets_one_message_and_hurts_nobody_else(start_mesh):
    mesh = start_mesh(web(replicas=2, extra=BROKEN_NEIGHBOURS))
    wait_for("the good ones", lambda: len(replicas(mesh)) == 2)

    def messages() -> dict[str, str]:
        return {pod["name"]: pod["message"] for pod in mesh.pods()}

    wait_for("the crash's message", lambda: "out of luck" in messages()["crashing"])
    said = messages()
    assert "command 'no-such-program' does not exist" in said["absent"]
    assert "exit code 3" in said["crashing"]
    assert "ConfigMap shop/nowhere does not exist" in said["unconfigured"]
    problems = "\n".join(mesh.mesh.status()["problems"])
    for expected in (
        "ServiceAccount shop/ghost does not exist",
        "does not run a Job yet",
        "unknown kind 'Gadget'",
        "Service shop/web is described in",
        "NodePort opens no port here",
    ):
        assert expected in problems, problems
    assert mesh.mesh.status()["ready"] is False

"""A pod's life: init containers, probes that restart, orderly ends, policies."""

import subprocess
from pathlib import Path

import pytest

from conftest import MESH, wait_for

pytestmark = pytest.mark.netns

PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: ordered}
spec:
  volumes: [{name: notes, emptyDir: {}}]
  initContainers:
    - name: first
      image: x
      command: [sh, -c, "echo first >> /notes/log"]
      volumeMounts: [{name: notes, mountPath: /notes}]
    - name: helper
      image: x
      restartPolicy: Always
      command: [sh, -c, "echo helper >> /notes/log; touch /notes/up; exec sleep infinity"]
      startupProbe: {exec: {command: [test, -e, /notes/up]}, periodSeconds: 1}
      volumeMounts: [{name: notes, mountPath: /notes}]
  containers:
    - name: main
      image: x
      command: [sh, -c, "echo main >> /notes/log; exec sleep infinity"]
      volumeMounts: [{name: notes, mountPath: /notes}]
---
apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  containers: [{name: a, image: x, command: [sh, -c, "exit 4"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: again}
spec:
  restartPolicy: OnFailure
  containers:
    - {name: a, image: x, command: [sh, -c, "test -e /tmp/x && exit 0; touch /tmp/x; exit 1"]}
---
apiVersion: v1
kind: Pod
metadata: {name: stuck}
spec:
  containers:
    - name: a
      image: x
      command: [sh, -c, "touch /tmp/alive; exec sleep infinity"]
      livenessProbe:
        {exec: {command: [test, -e, /tmp/alive]}, periodSeconds: 1, failureThreshold: 1}
"""


def by_name(mesh) -> dict[str, dict]:
    return {pod["name"]: pod for pod in mesh.pods()}


@pytest.fixture
def pods(start_mesh):
    mesh = start_mesh(PODS)
    mesh.ready()
    return mesh


def test_init_containers_run_in_order_and_sidecars_stay(pods):
    assert pods.run("ordered", "cat", "/notes/log").stdout.split() == ["first", "helper", "main"]
    containers = {c["name"]: c["state"] for c in by_name(pods)["ordered"]["containers"]}
    assert containers == {"first": "terminated", "helper": "running", "main": "running"}


def test_policies_decide_about_restarts(pods):
    found = by_name(pods)
    assert (found["once"]["phase"], found["once"]["restarts"]) == ("Failed", 0)
    assert (found["again"]["phase"], found["again"]["restarts"]) == ("Succeeded", 1)


def test_a_failing_liveness_probe_restarts_the_container(pods):
    pods.run("stuck", "rm", "/tmp/alive")
    wait_for("a restart", lambda: by_name(pods)["stuck"]["restarts"] == 1)
    wait_for("readiness", lambda: by_name(pods)["stuck"]["ready"])


ENDING = """\
apiVersion: v1
kind: Pod
metadata: {name: ending}
spec:
  terminationGracePeriodSeconds: 20
  containers:
    - name: a
      image: x
      command: [sh, -c, "trap 'echo term; exit 0' TERM; while :; do sleep 0.05; done"]
      lifecycle: {preStop: {exec: {command: [touch, /shared/pre]}}}
      volumeMounts: [{name: shared, mountPath: /shared}]
    - name: witness  # ends when preStop has run, whatever it is told
      image: x
      command: [sh, -c, "trap '' TERM; while ! test -e /shared/pre; do sleep 0.05; done; echo seen"]
      volumeMounts: [{name: shared, mountPath: /shared}]
  volumes: [{name: shared, emptyDir: {}}]
"""


def test_an_end_is_orderly_and_bounded(start_mesh):
    mesh = start_mesh(ENDING)
    mesh.ready()
    log = mesh.mesh.request("logs", pod="ending", container="a")["path"]
    witness = mesh.mesh.request("logs", pod="ending", container="witness")["path"]
    with Path(log).open("rb") as reader, Path(witness).open("rb") as seen:
        mesh.write("# nothing")
        wait_for("its end", lambda: not mesh.pods(), 10)
        assert reader.read() == b"term\n"
        assert seen.read() == b"seen\n"
    assert not Path(log).exists()


def test_a_process_that_does_not_listen_is_killed_after_its_grace(start_mesh):
    mesh = start_mesh("""\
apiVersion: v1
kind: Pod
metadata: {name: deaf}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: a, image: x, command: [sh, -c, "trap '' TERM; while :; do sleep 0.05; done"]}
""")
    mesh.ready()
    mesh.write("# nothing")
    wait_for("its end", lambda: not mesh.pods(), 10)


def test_exec_has_the_callers_terminal_and_passes_interrupts(pods):
    argv = [*MESH, "local", "exec", "--prefix", pods.mesh.prefix, "ordered", "--"]
    words = [*argv, "sh", "-c", "tty >/dev/null && echo terminal"]
    shown = subprocess.run(
        ["script", "-qec", " ".join(f"'{word}'" for word in words), "/dev/null"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "terminal" in shown.stdout
    sleeper = subprocess.Popen(
        [*argv, "sh", "-c", "trap 'exit 9' INT; echo up; while :; do sleep 0.05; done"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sleeper.stdout.readline() == "up\n"
    sleeper.send_signal(2)
    assert sleeper.wait(20) == 9
    sleeper.stdout.close()


def test_a_hung_up_exec_leaves_no_process(pods):
    argv = [*MESH, "local", "exec", "--prefix", pods.mesh.prefix, "ordered", "--"]
    client = subprocess.Popen(
        [*argv, "sh", "-c", "echo $$; exec sleep 1000"], stdout=subprocess.PIPE, text=True
    )
    number = client.stdout.readline().strip()
    client.kill()
    client.wait()
    client.stdout.close()
    wait_for(
        "the command's end",
        lambda: pods.run("ordered", "test", "-e", f"/proc/{number}").returncode == 1,
    )

import asyncio
import os
from pathlib import Path

import pytest

from mesh_cli.local.manifest_source import ManifestSource

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop}}
spec:
  containers:
    - name: a
      image: x
      command: [sleep, infinity]
"""


def problems_of(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "a.yaml").write_text(text)
    reading = ManifestSource([tmp_path]).read()
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in reading.problems]


def pod(extra: str = "", container: str = "", command: str = "command: [sleep]") -> str:
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  {extra or "restartPolicy: Always"}
  containers:
  - name: a
    {command}
    {container}
"""


@pytest.mark.parametrize(
    "text, line, field, words",
    [
        (pod(command="image: x"), 7, "spec.containers[0].command", "needs an explicit command"),
        (pod("hostNetwork: true"), 5, "spec.hostNetwork", "its own network"),
        (pod("shareProcessNamespace: true"), 5, "spec.shareProcessNamespace", "does not know"),
        (pod(container="tty: true"), 9, "spec.containers[0].tty", "no input"),
        (
            pod(container="ports: [{containerPort: 1, hostPort: 80}]"),
            9,
            "spec.containers[0].ports[0].hostPort",
            "--expose",
        ),
        (
            pod(container="securityContext: {privileged: true}"),
            9,
            "spec.containers[0].securityContext.privileged",
            "privileged",
        ),
        (
            pod(container="securityContext: {runAsUser: 0, runAsNonRoot: true}"),
            9,
            "spec.containers[0].securityContext.runAsUser",
            "contradicts",
        ),
        (
            pod(container="volumeMounts: [{name: v, mountPath: /x}]"),
            9,
            "spec.containers[0].volumeMounts[0].name",
            "no volume named 'v'",
        ),
        (
            pod("volumes: [{name: v, hostPath: {path: /}}]"),
            5,
            "spec.volumes[0].hostPath",
            "does not know",
        ),
        (pod("restartPolicy: Sometimes"), 5, "spec.restartPolicy", "must be Always"),
        (
            pod(container="lifecycle: {postStart: {exec: {command: [x]}}}"),
            9,
            "spec.containers[0].lifecycle.postStart",
            "no postStart",
        ),
    ],
)
def test_what_would_change_behaviour_is_refused_with_its_place(tmp_path, text, line, field, words):
    found = problems_of(tmp_path, text)
    assert any(
        problem.startswith(f"a.yaml:{line}: {field}: ") and words in problem for problem in found
    ), found


@pytest.mark.parametrize(
    "extra",
    [
        "tolerations: [{key: a, operator: Exists}]",
        "affinity: {nodeAffinity: {}}",
        "priorityClassName: high",
        "nodeSelector: {a: b}",
        "terminationGracePeriodSeconds: 5",
    ],
)
def test_what_only_places_pods_is_ignored(tmp_path, extra):
    assert problems_of(tmp_path, pod(extra)) == []


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  "


@pytest.mark.parametrize(
    "spec, words",
    [
        ("{type: LoadBalancer, ports: [{port: 1}]}", "use ClusterIP"),
        ("{sessionAffinity: ClientIP, ports: [{port: 1}]}", "no session affinity"),
        ("{ports: [{port: 1}, {port: 2}]}", "needs a name of its own"),
        ("{ports: [{port: 0}]}", "from 1 to 65535"),
        ("{selector: {a: b}}", "needs a port"),
        ("{type: ExternalName}", "spec.externalName: is missing"),
    ],
)
def test_services(tmp_path, spec, words):
    found = problems_of(tmp_path, SERVICE + spec)
    assert any(words in problem for problem in found), found


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: d}}
spec:
  {spec}
  template:
    metadata: {{labels: {{app: x}}}}
    spec: {{containers: [{{name: a, command: [b]}}]}}
"""


@pytest.mark.parametrize(
    "spec, words",
    [
        ("replicas: 1", "spec.selector: is missing"),
        ("selector: {matchLabels: {app: y}}", "do not match spec.selector"),
        (
            "{selector: {matchLabels: {app: x}}, strategy: {type: Slow}}",
            "RollingUpdate or Recreate",
        ),
    ],
)
def test_deployments(tmp_path, spec, words):
    text = DEPLOYMENT.format(spec=spec)
    if spec.startswith("{"):
        text = text.replace(spec, "selector: {matchLabels: {app: x}}\n  strategy: {type: Slow}")
    found = problems_of(tmp_path, text)
    assert any(words in problem for problem in found), found


def names(source: ManifestSource) -> set[str]:
    return {key.name for _, key in source.read().objects}


def test_a_broken_edit_keeps_what_the_file_held(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(POD.format(name="first"))
    source = ManifestSource([tmp_path])
    assert names(source) == {"first"}
    file.write_text("a: [")
    assert names(source) == {"first"}
    assert source.read().problems
    file.write_text(POD.format(name="second"))
    assert names(source) == {"second"}
    file.unlink()
    assert names(source) == set()


def test_an_unchanged_directory_gives_the_very_same_reading(tmp_path):
    (tmp_path / "a.yaml").write_text(POD.format(name="first"))
    source = ManifestSource([tmp_path])
    assert source.read() is source.read()


def test_a_duplicate_in_another_directory_is_named_with_both_places(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(POD.format(name="same"))
    source = ManifestSource([tmp_path / "one"])
    source.add(tmp_path / "two")
    reading = source.read()
    assert len(reading.objects) == 1
    assert "one/a.yaml" in str(reading.problems[0])
    assert "two/a.yaml" in str(reading.problems[0])


def test_a_directory_that_is_not_there_is_a_problem(tmp_path):
    reading = ManifestSource([tmp_path / "nowhere"]).read()
    assert "no such file or directory" in str(reading.problems[0])


async def test_a_change_is_noticed_at_once(tmp_path):
    (tmp_path / "sub").mkdir()
    source = ManifestSource([tmp_path])
    noticed = asyncio.Event()
    watching = asyncio.create_task(source.watch(noticed.set))
    async with asyncio.timeout(10):
        await asyncio.sleep(0)
        while not noticed.is_set():
            (tmp_path / "sub" / f"{os.getpid()}.yaml").write_text("a: 1")
            await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

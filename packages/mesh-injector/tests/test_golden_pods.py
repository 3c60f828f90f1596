"""Whole pods before and after injection, as an operator would read them.

Each file in `golden` has three documents: what was given (the namespace's annotations, the chart's
values, the owner), the pod as it was sent, and the pod that must come of it. Only `native.yaml`
spells out the proxy's variables; the others list, under `variables`, those that differ from it.
"""

from pathlib import Path

import pytest
import yaml
from pods import container, namespace, patched

from mesh_injector import Owner
from mesh_injector.values import installation

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.yaml"))
ANCHORS = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
SPELLED_OUT = "native"


def read(path):
    return tuple(yaml.safe_load_all(path.read_text()))


def injected(given, pod):
    metadata = pod.get("metadata") or {}
    theirs = namespace(metadata.get("namespace", "shop"), **given.get("namespace", {}))
    settings = installation(yaml.safe_dump(given.get("values", {})), ANCHORS)
    owner = Owner(*given["owner"].split("/")) if "owner" in given else None
    return patched(pod, theirs, settings, owner)


def environment(document):
    """Variables by name; references to fields and keys as they stand."""
    env = container(document, "linkerd-proxy").pop("env")
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in env}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_pod_is_what_the_file_says(path):
    given, pod, expected = read(path)
    result = injected(given, pod)
    if path.stem == SPELLED_OUT:
        assert result == expected
        return
    base = environment(read(GOLDEN / f"{SPELLED_OUT}.yaml")[2])
    mine = environment(result)
    names = {name for name in base | mine if base.get(name) != mine.get(name)}
    assert {name: mine.get(name) for name in names} == given.get("variables", {})
    assert result == expected


def test_facts_stand_before_what_refers_to_them():
    _, _, document = read(GOLDEN / f"{SPELLED_OUT}.yaml")
    names = [item["name"] for item in container(document, "linkerd-proxy")["env"]]
    facts = [name for name in names if name.startswith("_")]
    assert names[: len(facts)] == facts
    text = str(container(document, "linkerd-proxy")["env"])
    assert all(f"$({fact})" in text for fact in facts)

"""runc, asked for the capabilities that there are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mesh_clusters.kind import runtime

_FULL = "Name:\tx\nCapBnd:\t000001ffffffffff\n"
_LIMITED = "Name:\tx\nCapBnd:\t000001fffeffffff\n"


def test_what_this_root_lacks() -> None:
    assert runtime.missing(_FULL) == set()
    assert runtime.missing(_LIMITED) == {"CAP_SYS_RESOURCE"}
    assert "CAP_CHECKPOINT_RESTORE" in runtime.missing("CapBnd:\t0000000000000000\n")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--root", "/r", "create", "--bundle", "/b", "id"], "/b/config.json"),
        (["exec", "--process", "/p/process.json", "id"], "/p/process.json"),
        (["--root", "/r", "delete", "--force", "id"], None),
        (["features"], None),
    ],
)
def test_where_runc_is_told_what_to_start(arguments: list[str], path: str | None) -> None:
    found = runtime.specification(arguments)
    assert found == (Path(path) if path else None)


def test_a_process_without_capabilities_keeps_none() -> None:
    assert runtime.without({"args": ["x"]}, {"CAP_CHOWN"}) == {"args": ["x"], "capabilities": {}}


def test_runc_is_run_with_the_changed_specification(tmp_path: Path) -> None:
    runc = tmp_path / "runc"
    runc.write_text('#!/bin/sh\necho "$@"; cat "$3/config.json"\n')
    runc.chmod(0o755)
    everything = [f"CAP_{name}" for name in ("CHOWN", "SYS_RESOURCE", "NOT_KNOWN")]
    document = {"process": {"capabilities": {"bounding": everything}}, "root": {"path": "x"}}
    (tmp_path / "config.json").write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, "-I", "-S", runtime.__file__, runc, "create", "--bundle", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    said, specification = done.stdout.splitlines()
    assert said == f"create --bundle {tmp_path}"
    refused = runtime.missing(Path("/proc/self/status").read_text())
    kept = [name for name in everything if name not in refused]
    changed = json.loads(specification)
    assert changed["process"]["capabilities"]["bounding"] == kept
    assert changed["root"] == {"path": "x"}

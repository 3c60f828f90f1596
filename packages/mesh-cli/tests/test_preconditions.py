import os
from pathlib import Path

import pytest

from mesh_cli.local import preconditions
from mesh_cli.local.errors import Unsupported
from mesh_cli.local.preconditions import check, in_child

FULL = "Name:\tx\nCapEff:\t000001fffeffffff\n"


def test_another_system_is_named(monkeypatch):
    monkeypatch.setattr(preconditions.sys, "platform", "darwin")
    monkeypatch.setattr(preconditions.platform, "system", lambda: "Darwin")
    with pytest.raises(Unsupported, match="Linux virtual machine"):
        check()


def test_without_root_it_says_what_to_type(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(preconditions.sys, "argv", ["mesh", "local", "up", "shop"])
    with pytest.raises(Unsupported, match="needs root: sudo mesh local up shop"):
        check()


@pytest.mark.parametrize(
    "version, found",
    [
        ("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)", True),
        ("Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host)", False),
        ("Linux version 6.1.0-13-amd64 (debian-kernel@lists.debian.org)", False),
    ],
)
def test_wsl_1_is_told_from_its_successor(tmp_path, version, found):
    path = tmp_path / "version"
    path.write_text(version)
    assert preconditions._wsl1(path) is found


@pytest.mark.parametrize(
    "mask, missing",
    [
        (1 << 12 | 1 << 21, ""),
        (1 << 21, "CAP_NET_ADMIN"),
        (0, "CAP_NET_ADMIN and CAP_SYS_ADMIN"),
    ],
)
def test_missing_capabilities_are_named(mask, missing):
    assert preconditions._missing_capabilities(f"CapEff:\t{mask:016x}\n") == missing


def test_a_child_may_do_what_its_parent_must_not():
    before = Path.cwd()
    assert in_child(lambda: (os.chdir("/"), "done")[1]) == "done"
    assert Path.cwd() == before

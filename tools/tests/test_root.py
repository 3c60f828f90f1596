"""From an ordinary user to root, for the steps that need it."""

from __future__ import annotations

from house.root import Elevation

_OURS = {"HOME": "/home/me", "RUSTUP_HOME": "/opt/rust", "KUBECONFIG": "/home/me/config"}


def test_root_finds_the_users_tools_and_caches_and_nothing_else_of_theirs() -> None:
    given = {**_OURS, "LD_PRELOAD": "/home/me/x.so", "PYTHONPATH": "/home/me"}
    argv = Elevation(("sudo",)).wrap(["python", "-m", "pytest"], given)
    assert argv[:2] == ["sudo", "env"]
    assert argv[-4:] == ["PYTHONDONTWRITEBYTECODE=1", "python", "-m", "pytest"]
    assert set(argv[2:-4]) == {f"{name}={value}" for name, value in _OURS.items()}


def test_root_itself_needs_no_other_way() -> None:
    assert Elevation(()).wrap(["true"], _OURS) == ["true"]

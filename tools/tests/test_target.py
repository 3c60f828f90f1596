"""Two checkouts with one directory of compiled crates."""

import shutil
from pathlib import Path

import pytest
from house import target


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that another checkout has filled: one crate of ours, one dependency."""
    made = tmp_path / "target"
    for crate in ("mesh-wire-0123456789abcdef", "bytes-0123456789abcdef"):
        (made / "release/.fingerprint" / crate).mkdir(parents=True)
    (made / "checkout").write_text("/elsewhere")
    monkeypatch.setattr(target, "CARGO_TARGET", made)
    given = target.environment()
    monkeypatch.setattr(target, "environment", lambda: given | {"CARGO_TARGET_DIR": str(made)})
    return made


def crates(made: Path) -> set[str]:
    return {path.name.rpartition("-")[0] for path in (made / "release/.fingerprint").iterdir()}


@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")
def test_our_crates_of_another_checkout_are_forgotten_dependencies_stay(compiled: Path) -> None:
    target.claim()
    assert crates(compiled) == {"bytes"}


def test_our_own_crates_stay(compiled: Path) -> None:
    (compiled / "checkout").write_text(str(target.ROOT))
    target.claim()
    assert crates(compiled) == {"bytes", "mesh-wire"}


def test_a_new_directory_becomes_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "CARGO_TARGET", tmp_path / "new")
    target.claim()
    assert (tmp_path / "new/checkout").read_text() == str(target.ROOT)

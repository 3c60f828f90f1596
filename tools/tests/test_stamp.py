"""A stamp is fresh exactly as long as nothing it was made from has changed."""

from __future__ import annotations

from pathlib import Path

from house.stamp import Stamp


def stamp(tmp_path: Path, *extra: str) -> Stamp:
    sources = sorted(path for path in tmp_path.iterdir() if path.suffix == ".rs")
    return Stamp(tmp_path / "out" / "stamp", sources, *extra)


def test_a_stamp_follows_its_sources(tmp_path: Path) -> None:
    source = tmp_path / "a.rs"
    source.write_text("1")
    assert not stamp(tmp_path).fresh()
    stamp(tmp_path).write()
    assert stamp(tmp_path).fresh()

    source.write_text("2")
    assert not stamp(tmp_path).fresh()
    source.write_text("1")
    assert stamp(tmp_path).fresh(), "the content counts, not the time"

    source.rename(tmp_path / "b.rs")
    assert not stamp(tmp_path).fresh()
    source.write_text("1")
    (tmp_path / "b.rs").unlink()
    assert not stamp(tmp_path, "another Python").fresh()

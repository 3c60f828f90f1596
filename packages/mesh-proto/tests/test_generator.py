"""The generator refuses a wrong table with one line that names the file and the row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from generator import environment, headers, metrics, ports, reasons
from generator.literals import TEXT
from generator.table import TableError
from generator.tree import Output

WRONG = [
    (environment, '[A]\nkind = "colour"\nmeaning = "m"', "unknown kind 'colour'"),
    (environment, '[A]\nkind = "bool"', "`meaning` is missing"),
    (environment, '[A]\nkind = "bool"\nmeaning = "m"\ndefualt = "true"', "unknown entries defualt"),
    (environment, '[A]\nkind = "bool"\nmeaning = "m"\nchoices = ["x"]', "`choices`"),
    (environment, '[A]\nkind = "choice"\nmeaning = "m"', "`choices`"),
    (environment, '[a]\nkind = "bool"\nmeaning = "m"', "capitals"),
    (environment, '[A]\nkind = 7\nmeaning = "m"', "must be of type str"),
    (environment, "[A", "expected"),
    (headers, '[A]\nname = "X"\nin = ["request"]\nmeaning = "m"', "lower case"),
    (headers, '[A]\nname = "x"\nin = ["body"]\nmeaning = "m"', "`in` must list"),
    (headers, '[A]\nname = "x"\nin = ["request"]\nset_by = ["me"]\nmeaning = "m"', "'me'"),
    (ports, '[ports.A]\nnumber = 70000\nmeaning = "m"', "from 1 to 65535"),
    (ports, '[lists.A]\nports = [2, 1]\nmeaning = "m"', "rising"),
    (metrics, '[A]\nkind = "sum"\nlabels = []\nmeaning = "m"', "'sum'"),
    (metrics, '[A]\nkind = "counter"\nlabels = []\nmeaning = "m"', "_TOTAL"),
    (metrics, '[A]\nkind = "gauge"\nlabels = ["a", "a"]\nmeaning = "m"', "'a'"),
    (reasons, '[A]\nhttp = 200\ngrpc = "OK"\nmeaning = "m"', "400 to 599"),
    (reasons, '[A]\nhttp = 500\ngrpc = "SAD"\nmeaning = "m"', "'SAD'"),
]


@pytest.mark.parametrize(("table", "text", "problem"), WRONG)
def test_a_wrong_table_is_refused(tmp_path: Path, table: object, text: str, problem: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(text)
    with pytest.raises(TableError, match=str(path)) as refused:
        table.read(path)  # type: ignore[attr-defined]
    assert problem.lower() in str(refused.value).lower()


@given(st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" ")))
def test_a_text_survives_python(text: str) -> None:
    assert eval(TEXT.python(text), {}) == text


def test_a_control_character_is_refused() -> None:
    with pytest.raises(ValueError, match="control character"):
        TEXT.rust("two\nlines")


def test_missing_stale_and_left_over_files_are_named(tmp_path: Path) -> None:
    made, kept = tmp_path / "made", tmp_path / "kept"
    for directory, files in ((made, "ab"), (kept, "bc")):
        directory.mkdir()
        for name in files:
            (directory / f"{name}.rs").write_text(f"{directory.name}")
    output = Output(made, kept, ("*.rs",))
    assert [line.split(":")[0] for line in output.differences()] == [
        "missing",
        "left over",
        "stale",
    ]
    output.install()
    assert output.differences() == []
    assert sorted(path.name for path in kept.iterdir()) == ["a.rs", "b.rs"]

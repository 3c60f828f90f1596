"""The YAML reader and its limits (fault 90: YAML that wants to hurt)."""

import contextlib
import json
import math
import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.store import yaml_documents
from mesh_core.store.yaml_documents import YamlError, parse


def values(text: str) -> list[object]:
    return [document.value for document in parse(text)]


def value(text: str) -> object:
    (found,) = values(text)
    return found


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a", "a"),
        ("'1'", "1"),
        ("1", 1),
        ("-12", -12),
        ("1_000", 1000),
        ("0644", 0o644),
        ("0o644", 0o644),
        ("0x1F", 31),
        ("0b101", 5),
        ("0", 0),
        ("0_", 0),
        # A base without a digit is a text.
        ("0o", "0o"),
        ("0x_", "0x_"),
        ("0b_", "0b_"),
        ("-0o_", "-0o_"),
        ("089", 89.0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("true", True),
        ("YES", True),
        ("Off", False),
        ("tRuE", "tRuE"),
        ("y", "y"),
        # Not what YAML 1.1 makes of them, but what kubectl does.
        ("12:30:45", "12:30:45"),
        ("8080:80", "8080:80"),
        ("2026-11-23", "2026-11-23"),
        ("1.2.3", "1.2.3"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("! 5", "5"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", float(2**64)),
        ("99999999999999999999999", 1e23),
        ("0x1" + "0" * 5000, "0x1" + "0" * 5000),
        ("|\n  a\n  b", "a\nb"),
    ],
)
def test_scalars(text, expected):
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_not_a_number():
    assert math.isnan(value(".nan"))


@pytest.mark.parametrize("text", ["", "\n", "---\n", "# only a comment\n", "---\n---\n", "~"])
def test_empty_documents_are_left_out(text):
    assert values(text) == []


def test_several_documents_know_their_lines():
    documents = list(parse("a: 1\n---\n# comment\nb:\n  c: 2\n"))
    assert [document.value for document in documents] == [{"a": 1}, {"b": {"c": 2}}]
    assert [document.line for document in documents] == [1, 4]
    assert documents[1].line_of(("b", "c")) == 5


def test_a_missing_field_is_on_its_parents_line():
    (document,) = parse("spec:\n  ports:\n  - name: a\n  - port: 1\n")
    assert document.line_of(("spec", "ports", 1)) == 4
    assert document.line_of(("spec", "ports", 0, "port")) == 3
    assert document.line_of(("status",)) == 1


def test_anchors_and_merge_keys_work():
    text = "base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nmany:\n  <<: [{x: 9}, *b]\n"
    assert value(text)["use"] == {"x": 1, "y": 3}
    assert value(text)["many"] == {"x": 9, "y": 2}


def test_a_quoted_merge_key_is_an_ordinary_field():
    assert value("'<<': {a: 1}") == {"<<": {"a": 1}}


def test_keys_are_texts_as_written():
    assert value("80: a\ntrue: b\n1.0: c") == {"80": "a", "true": "b", "1.0": "c"}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text, line, reason",
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice; the first is on line 1"),
        ("x: {a: 1, a: 2}", 1, "'a' stands twice"),
        ("a: &a\n  b: *a\n", 2, "*a stands for nothing that is complete"),
        ("a: *b", 1, "*b stands for nothing"),
        ("a: &x 1\n---\nb: *x\n", 3, "*x stands for nothing"),
        ("a: !!python/object/apply:os.system ['id']", 1, "is not allowed"),
        ("!!python/name:os.system", 1, "is not allowed"),
        ("a: !custom 1", 1, "the tag !custom is not allowed"),
        ("a: !!binary aGk=", 1, "is not allowed"),
        ("a: !!int x", 1, "is not allowed"),
        ("a: !!int 0o", 1, "is not allowed"),
        ("a: !!set {x}", 1, "is not allowed"),
        ("? [a]\n: 1", 1, "a field name must be a text"),
        ("<<: 5", 1, "'<<' takes a mapping"),
        ("a: [1, 2", 2, ""),
        ("a: b: c", 1, ""),
        ("\tа: 1", 1, ""),
        ("a: 1\nb: \x00\n", 2, "is not allowed"),
        ("[" * 65 + "]" * 65, 1, "nested more than 64 deep"),
        (BOMB, 6, "values, counting each use of an alias"),
    ],
)
def test_what_is_refused_names_the_line(text, line, reason):
    with pytest.raises(YamlError) as caught:
        values(text)
    assert reason in caught.value.reason
    assert caught.value.line is not None
    assert abs(caught.value.line - line) <= (1 if not reason else 0)


def test_ten_thousand_brackets_do_not_overflow_the_stack():
    with pytest.raises(YamlError):
        values("[" * 10_000)


def peak_memory(depth: int) -> int:
    text = "[" * depth + ",".join("1" * 5_000) + "]" * depth
    tracemalloc.start()
    try:
        list(parse(text))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_values_deep_down_cost_no_more_than_elsewhere():
    peak_memory(1)
    assert peak_memory(60) < 1.5 * peak_memory(1)


def test_documents_before_the_broken_one_are_read():
    reader = parse("a: 1\n---\nb: [\n")
    assert next(reader).value == {"a": 1}
    with pytest.raises(YamlError):
        next(reader)


def test_the_slow_parser_reads_the_same(monkeypatch):
    monkeypatch.setattr(yaml_documents, "_LOADER", yaml.SafeLoader)
    assert value("a: [1, {b: c}]\n") == {"a": [1, {"b": "c"}]}
    with pytest.raises(YamlError, match="is not allowed"):
        values("a: \x00")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("ab:,-# '", max_size=5), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_reads_as_json(tree):
    text = json.dumps(tree, ensure_ascii=False)
    expected = [] if tree is None else [tree]
    assert values(text) == expected


@given(st.text(max_size=200))
def test_any_text_is_values_or_an_error_of_ours(text):
    with contextlib.suppress(YamlError):
        values(text)


@given(st.lists(st.sampled_from("a: -&*[]{}!|>'\"\n\t#?,%@<01x"), max_size=60).map("".join))
def test_any_yaml_like_text_is_values_or_an_error_of_ours(text):
    with contextlib.suppress(YamlError):
        values(text)

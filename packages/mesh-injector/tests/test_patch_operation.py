"""JSON Patch made by hand, judged by a library that applies it."""

import copy

import jsonpatch
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_injector.patch.operation import Edits, pointer


def applied(document, edits):
    steps = msgspec.json.decode(msgspec.json.encode(edits.operations))
    return jsonpatch.apply_patch(copy.deepcopy(document), steps)


@pytest.mark.parametrize(
    "steps, path",
    [
        ((), ""),
        (("spec", "containers", 0), "/spec/containers/0"),
        (("metadata", "labels", "a.b/c~d"), "/metadata/labels/a.b~1c~0d"),
        (("~1",), "/~01"),
        (("",), "/"),
    ],
)
def test_pointers_escape_what_would_be_a_step(steps, path):
    assert pointer(steps) == path


@pytest.mark.parametrize(
    "document, expected",
    [
        ({}, ["/m", "/m/l"]),
        ({"m": None}, ["/m", "/m/l"]),
        ({"m": {}}, ["/m/l"]),
        ({"m": {"l": None}}, ["/m/l"]),
        ({"m": {"l": {}}}, ["/m/l/a", "/m/l/b"]),
    ],
)
def test_parents_are_made_only_where_they_are_missing(document, expected):
    edits = Edits(document)
    edits.set_entries(("m", "l"), {"a": "1", "b": "2"})
    assert [operation.path for operation in edits.operations] == expected
    assert applied(document, edits) == {"m": {"l": {"a": "1", "b": "2"}}}


def test_what_was_made_is_not_made_again():
    edits = Edits({})
    edits.set_entries(("m", "labels"), {"a": "1"})
    edits.set_entries(("m", "annotations"), {"b": "2"})
    edits.append(("s",), [3])
    edits.prepend(("s",), [1, 2])
    edits.append(("s",), [4])
    assert applied({}, edits) == {
        "m": {"labels": {"a": "1"}, "annotations": {"b": "2"}},
        "s": [1, 2, 3, 4],
    }


def test_nothing_to_add_is_no_operation():
    edits = Edits({})
    edits.set_entries(("m",), {})
    edits.append(("s",), [])
    edits.prepend(("s",), [])
    assert edits.operations == ()


KEYS = st.text(alphabet="ab/~-0 é", min_size=1, max_size=6)
ENTRIES = st.dictionaries(KEYS, st.text(max_size=3), max_size=4)
LISTS = st.none() | st.lists(st.integers(), max_size=3)


@settings(deadline=None)
@given(st.none() | ENTRIES, ENTRIES, LISTS, st.lists(st.integers(), max_size=3), LISTS)
def test_any_keys_and_any_lists(before, entries, items, more, first):
    document = {"m": {"l": before}, "s": {"i": items}}
    edits = Edits(document)
    edits.set_entries(("m", "l"), entries)
    edits.append(("s", "i"), more)
    edits.prepend(("s", "i"), first or [])
    result = applied(document, edits)
    assert (result["m"]["l"] or {}) == {**(before or {}), **entries}
    assert (result["s"]["i"] or []) == [*(first or []), *(items or []), *more]

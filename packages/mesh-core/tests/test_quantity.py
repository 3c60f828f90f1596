"""Kubernetes quantities."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.annotations import PROXY_CPU_LIMIT, AnnotationError
from mesh_core.quantity import InvalidQuantityError, parse_quantity


@pytest.mark.parametrize(
    "text, value",
    [
        ("1", "1"),
        ("100m", "0.1"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+2", "2"),
        ("2e3", "2000"),
        ("1E-3", "0.001"),
        ("1k", "1000"),
        ("20Mi", "20971520"),
        ("1Ki", "1024"),
        ("1E", "1000000000000000000"),
        ("5n", "0.000000005"),
    ],
)
def test_values(text, value):
    assert parse_quantity(text) == Decimal(value)


@given(st.from_regex(r"\+?[0-9.]{1,25}[eEnumkKMGTPi0-9+-]{0,5}", fullmatch=True))
def test_the_annotations_accept_what_can_be_read_and_nothing_else(text):
    try:
        parse_quantity(text)
    except InvalidQuantityError:
        with pytest.raises(AnnotationError):
            PROXY_CPU_LIMIT.parse(text, "Pod shop/web")
    else:
        assert PROXY_CPU_LIMIT.parse(text, "Pod shop/web") == text


@pytest.mark.parametrize("text", ["", "-1", "1 m", "m", "1mi", "1e999", "x", "9" * 19, "1\n"])
def test_what_is_refused(text):
    with pytest.raises(InvalidQuantityError, match="is not a quantity"):
        parse_quantity(text)

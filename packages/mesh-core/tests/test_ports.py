"""Ports and sets of them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.ports import InvalidPortError, PortRange, PortSet, is_port_name, parse_port

PORTS = st.integers(1, 65535)
RANGES = st.tuples(PORTS, PORTS).map(lambda pair: PortRange(min(pair), max(pair)))


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("", ""),
        ("80", "80"),
        ("25,587", "25,587"),
        (" 587 , 25 ,", "25,587"),
        ("4567,4568", "4567-4568"),
        ("1-10,5-20,21,30", "1-21,30"),
        ("80-80", "80"),
        ("1-65535", "1-65535"),
        ("080", "80"),
    ],
)
def test_canonical_texts(text, canonical):
    assert str(PortSet.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "65536",
        "-1",
        "1-",
        "-",
        "90-80",
        "a",
        "80;90",
        "1-2-3",
        "8 0",
        "+80",
        "٨٠",
        "0-5",
        "1e3",
    ],
)
def test_what_is_refused(text):
    with pytest.raises(InvalidPortError):
        PortSet.parse(text)


def test_errors_name_the_element_and_what_is_allowed():
    with pytest.raises(InvalidPortError, match=r"'70000' is not a port, a range such as 80-90$"):
        PortSet.parse("80,70000")
    with pytest.raises(InvalidPortError, match="or a port's name"):
        PortSet.parse("80,Bad_Name", names=True)


@pytest.mark.parametrize(
    "name, valid",
    [
        ("http", True),
        ("grpc-2", True),
        ("8080-tcp", True),
        ("a" * 15, True),
        ("a" * 16, False),
        ("8080", False),
        ("-a", False),
        ("a-", False),
        ("a--b", False),
        ("A", False),
        ("", False),
        ("a\n", False),
    ],
)
def test_port_names(name, valid):
    assert is_port_name(name) is valid


def test_names_are_resolved_by_what_declares_them():
    ports = PortSet.parse("25,mysql,other", names=True)
    assert "mysql" in ports
    assert "http" not in ports
    assert str(ports) == "25,mysql,other"
    assert str(ports.resolve({"mysql": 3306, "http": 80})) == "25,3306"


@given(st.lists(RANGES, max_size=8), PORTS)
def test_membership_is_that_of_the_ranges(ranges, port):
    expected = any(first <= port <= last for first, last in ranges)
    assert (port in PortSet.of(ranges)) is expected


@given(st.lists(st.integers(1, 200), max_size=30))
def test_a_set_of_ports_is_a_set(ports):
    port_set = PortSet.of(ports)
    assert list(port_set) == sorted(set(ports))
    assert len(port_set) == len(set(ports))
    assert bool(port_set) is bool(ports)
    assert PortSet.parse(str(port_set)) == port_set


@given(st.lists(RANGES, max_size=8), st.sets(st.sampled_from(["http", "grpc-2"])))
def test_canonical_texts_read_back(ranges, names):
    port_set = PortSet.of(ranges, names)
    assert PortSet.parse(str(port_set), names=True) == port_set


@given(st.lists(st.integers(1, 50)), st.lists(st.integers(1, 50)))
def test_union_and_selection(left, right):
    assert set(PortSet.of(left) | PortSet.of(right)) == {*left, *right}
    assert set(PortSet.of(left).only(right)) == {*left} & {*right}


@given(st.text(max_size=30))
def test_any_text_is_a_set_or_an_error_of_ours(text):
    with contextlib.suppress(InvalidPortError):
        PortSet.parse(text, names=True)


def test_single_ports():
    assert parse_port("65535") == 65535
    assert 80.0 not in PortSet.of([80])
    with pytest.raises(InvalidPortError, match="not a range"):
        PortSet.of([70000])

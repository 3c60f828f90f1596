"""The exchange with the kernel, without a kernel."""

import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.errors import MissingCapability
from mesh_proxy.init.attribute import attribute, attributes
from mesh_proxy.init.batch import replacement
from mesh_proxy.init.capability import require_net_admin
from mesh_proxy.init.former import chain, chain_names
from mesh_proxy.init.netlink import answers
from mesh_proxy.init.plan import Redirect, plan


def answer(sequence, code):
    original = struct.pack("=IHHII", 20, 2570, 5, sequence, 0)
    return struct.pack("=IHHIIi", 36, 2, 0, sequence, 0, -code) + original


def test_answers_of_one_datagram():
    assert answers(answer(3, 17) + answer(9, 0)) == [(3, 17), (9, 0)]
    assert answers(answer(3, 17)[:18]) == []


@given(st.binary(max_size=200))
def test_any_bytes_end(datagram):
    assert len(answers(datagram)) <= len(datagram) // 16


def test_a_batch_names_its_messages():
    batch = replacement(plan(Redirect()))
    assert batch.last == len(batch.steps)
    assert batch.what(1) == "create table inet mesh"
    assert batch.what(4) == "create the nat chain inbound"
    assert batch.what(batch.last).startswith("add rule 3 of chain outbound")
    assert batch.what(0) == batch.what(batch.last + 1) == "begin the batch"


def test_only_the_last_message_asks_for_an_answer():
    batch = replacement(plan(Redirect()))
    asks = {}
    offset = 0
    while offset < len(batch.data):
        length, _, flags, sequence, _ = struct.unpack_from("=IHHII", batch.data, offset)
        asks[sequence] = bool(flags & 4)
        offset += (length + 3) & ~3
    assert [sequence for sequence, asked in asks.items() if asked] == [batch.last]


@pytest.mark.parametrize(
    ("effective", "bounding", "says"),
    [
        ("0000000000001000", "0000000000001000", None),
        ("000001ffffffffff", "0", None),
        ("0000000000000000", "0000000000000000", "add: ..NET_ADMIN"),
        ("000001ffffffefff", "000001ffffffefff", "add: ..NET_ADMIN"),
        ("0000000000000000", "0000000000001000", "/usr/lib/linkerd/linkerd2-proxy-init itself"),
    ],
)
def test_the_capability_is_read_from_the_status(effective, bounding, says):
    status = f"Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t{effective}\nCapBnd:\t{bounding}\n"
    if says is None:
        require_net_admin(status)
    else:
        with pytest.raises(MissingCapability, match=says):
            require_net_admin(status)


def test_without_such_lines_the_kernel_decides():
    require_net_admin("Name:\tx\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_a_chain(body):
    table, name = chain(body)
    assert len(table) + len(name) <= len(body) + len("255 ")


@given(st.lists(st.tuples(st.integers(1, 100), st.binary(max_size=20)), unique_by=lambda a: a[0]))
def test_attributes_are_read_as_they_were_written(given_attributes):
    data = b"".join(attribute(kind, payload) for kind, payload in given_attributes)
    assert attributes(data) == dict(given_attributes)


def test_the_names_of_legacy_chains_are_found_in_their_rules():
    rules = bytes(64) + b"ERROR" + bytes(27) + b"PROXY_INIT_OUTPUT\0" + bytes(9) + b"DOCKER\0"
    assert chain_names(rules + b"ISTIO_REDIRECT\0") == ["ISTIO_REDIRECT", "PROXY_INIT_OUTPUT"]
    assert chain_names(b"") == []


def test_a_start_loads_little():
    """A pod's start waits for it."""
    script = (
        "import sys\n"
        "from mesh_proxy.init import command\n"
        "assert not {'asyncio', 'ctypes', 'json', 'pathlib', 'pyroute2', 'subprocess'}"
        " & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", script], check=True, timeout=30)

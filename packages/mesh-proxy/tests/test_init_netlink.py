"""The exchange with the kernel, without a kernel."""

import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.errors import MissingCapability
from mesh_proxy.init.batch import replacement
from mesh_proxy.init.capability import require_net_admin
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
    ("effective", "allowed"),
    [
        ("0000000000001000", True),
        ("000001ffffffffff", True),
        ("0000000000000000", False),
        ("000001ffffffefff", False),
    ],
)
def test_the_capability_is_read_from_the_status(effective, allowed):
    status = f"Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t{effective}\nCapBnd:\t0\n"
    if allowed:
        require_net_admin(status)
    else:
        with pytest.raises(MissingCapability, match="NET_ADMIN"):
            require_net_admin(status)


def test_pyroute2_is_whole_for_others_and_bare_for_the_redirect():
    script = (
        "import sys\n"
        "import mesh_proxy.init.batch as batch\n"
        "assert 'pyroute2' not in sys.modules and 'pyroute2.ndb' not in sys.modules\n"
        "from pyroute2 import NDB, IPRoute\n"
        "from pyroute2.netlink.nfnetlink.nftsocket import nft_rule_msg\n"
        "assert batch.nft_rule_msg is nft_rule_msg"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)

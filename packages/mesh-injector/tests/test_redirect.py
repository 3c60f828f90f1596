"""What `mesh-proxy init` is told."""

import ipaddress
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from pods import INSTALLATION, namespace, pod

from mesh_core.annotations import AnnotationError
from mesh_core.ports import PortSet
from mesh_injector import ConflictingSettingsError, RedirectPlan, proxy_settings, redirect_plan


def plan(mine=None, theirs=None, installation=INSTALLATION):
    mine = mine or pod()
    return redirect_plan(
        mine, proxy_settings(mine, theirs or namespace(), installation), installation
    )


def test_a_pod_that_says_nothing():
    assert plan().arguments() == (
        "--incoming-proxy-port", "4143",
        "--outgoing-proxy-port", "4140",
        "--proxy-uid", "2102",
        "--inbound-ports-to-ignore", "4190-4191,4567-4568",
        "--outbound-ports-to-ignore", "4567-4568",
        "--ipv6=false",
    )  # fmt: skip


def test_an_image_of_linkerds_own_is_told_which_iptables():
    mine = pod(proxy_image="cr.l5d.io/linkerd/proxy", proxy_version="edge-26.6.3")
    assert plan(mine).arguments()[-3:] == ("--iptables-mode", "nft", "--ipv6=false")


def test_everything_said():
    mine = pod(
        inbound_port="5143",
        outbound_port="5140",
        admin_port="5191",
        control_port="5190",
        proxy_uid="3000",
        proxy_gid="3001",
        skip_inbound_ports="22,8000-8100",
        skip_outbound_ports="",
        skip_subnets="10.9.0.0/16, fd09::/64",
    )
    assert plan(mine, installation=replace(INSTALLATION, ipv6=True)).arguments() == (
        "--incoming-proxy-port", "5143",
        "--outgoing-proxy-port", "5140",
        "--proxy-uid", "3000",
        "--proxy-gid", "3001",
        "--inbound-ports-to-ignore", "22,5190-5191,8000-8100",
        "--subnets-to-ignore", "10.9.0.0/16,fd09::/64",
        "--ipv6=true",
    )  # fmt: skip


def test_the_control_plane_reaches_the_kubernetes_api_without_its_proxy():
    labels = {"linkerd.io/control-plane-component": "destination"}
    own = plan(pod(labels=labels, in_namespace="linkerd"))
    assert own.skip_outbound_ports == PortSet.parse("443,6443,4567-4568")
    assert plan(pod(labels=labels)).skip_outbound_ports == PortSet.parse("4567-4568")


def test_only_some_ports():
    only = RedirectPlan(
        incoming_port=1, outgoing_port=2, proxy_uid=3, only_inbound_ports=PortSet.of([80])
    )
    assert only.arguments()[-3:] == ("--ports-to-redirect", "80", "--ipv6=false")


def test_a_group_below_one_is_none():
    assert plan(pod(proxy_gid="0")).proxy_gid is None
    assert plan(pod(proxy_gid="-1")).proxy_gid is None


HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["--proxy-uid=0", "25 --simulate", "25,--netns,/proc/1", "10.0.0.0/8\n-u 0", "$(id)", "1;id"]
)
NAMES = st.sampled_from(
    ["skip_inbound_ports", "skip_outbound_ports", "skip_subnets", "proxy_uid", "proxy_gid"]
)
SAFE = re.compile(r"[0-9,-]*|[0-9a-f.:/,]*")


@settings(deadline=None)
@given(st.dictionaries(NAMES, HOSTILE, min_size=1))
def test_no_text_of_a_user_becomes_a_flag(texts):
    try:
        arguments = plan(pod(**texts)).arguments()
    except (AnnotationError, ConflictingSettingsError):
        return
    flags, values = arguments[:-1:2], arguments[1:-1:2]
    assert all(flag.startswith("--") for flag in flags)
    assert all(SAFE.fullmatch(value) and not value.startswith("-") for value in values)
    assert arguments[-1] == "--ipv6=false"


@settings(deadline=None)
@given(st.lists(st.ip_addresses().map(lambda ip: ipaddress.ip_address(int(ip))), max_size=4))
def test_subnets_are_networks(addresses):
    mine = pod(skip_subnets=",".join(f"{address}/24" for address in addresses))
    assert all(network.prefixlen == 24 for network in plan(mine).skip_subnets)

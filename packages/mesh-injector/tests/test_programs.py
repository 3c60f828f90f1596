"""What the containers are told, read by the programs that are told it."""

import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pods import INSTALLATION, container, namespace, patched, pod
from test_annotation_effects import EFFECTS
from test_golden_pods import FILES, injected, read

from mesh_core.ports import MAX_PORT, MIN_PORT
from mesh_injector import RedirectPlan, proxy_settings, redirect_plan
from mesh_proxy.await_ready import flags as await_flags
from mesh_proxy.init import flags as init_flags
from mesh_proxy.validate_network import flags as validator_flags

CONFIG = "config.linkerd.io/"
MAX_USER = 2**32 - 2


def ranges(text):
    return tuple((part.first, part.last) for part in text)


def assert_understood(plan: RedirectPlan):
    """`init` redirects what the plan says, by its own reading of the flags."""
    read_back = init_flags.parse(plan.arguments())
    redirect = read_back.redirect
    assert (redirect.incoming_port, redirect.outgoing_port) == (
        plan.incoming_port,
        plan.outgoing_port,
    )
    assert (redirect.proxy_uid, redirect.proxy_gid) == (plan.proxy_uid, plan.proxy_gid)
    assert ranges(redirect.ignored_inbound_ports) == ranges(plan.skip_inbound_ports.ranges)
    assert ranges(redirect.ignored_outbound_ports) == ranges(plan.skip_outbound_ports.ranges)
    assert redirect.ignored_subnets == plan.skip_subnets
    assert redirect.ipv6 == plan.ipv6
    assert (read_back.log_level, read_back.log_format) == (plan.log_level, plan.log_format)
    assert not read_back.dry_run
    assert not read_back.namespaces


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_programs_read_their_arguments(path):
    document = injected(*read(path)[:2])
    names = {item["name"] for item in document["spec"]["initContainers"]}
    if "linkerd-network-validator" in names:
        told = container(document, "linkerd-network-validator")
        assert str(validator_flags.parse(told["args"]).listen) == "[::]:4140"
        assert told["command"][0].endswith("/linkerd2-network-validator")
    else:
        init_flags.parse(container(document, "linkerd-init")["args"])
    hooks = container(document, "linkerd-proxy").get("lifecycle", {})
    if "postStart" in hooks:
        _, *told = hooks["postStart"]["exec"]["command"]
        assert (await_flags.parse(told).port, await_flags.parse(told).timeout) == (5191, 120)


PORTS = st.integers(MIN_PORT, MAX_PORT)
PORT_LISTS = st.lists(PORTS | st.tuples(PORTS, PORTS).map(sorted), max_size=5).map(
    lambda parts: ",".join("-".join(map(str, p)) if isinstance(p, list) else str(p) for p in parts)
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "skip_inbound_ports": PORT_LISTS,
            "skip_outbound_ports": PORT_LISTS,
            "skip_subnets": st.lists(st.ip_addresses().map(str), max_size=3).map(",".join),
            "proxy_uid": st.integers(1, MAX_USER).map(str),
            "proxy_gid": st.integers(-1, MAX_USER).map(str),
            "close_wait_timeout": st.integers(0, 3650).map(lambda days: f"{days}d"),
        },
    ),
    st.booleans(),
    st.sampled_from(["info", "debug", "error"]),
)
def test_init_redirects_what_annotations_say(texts, ipv6, level):
    init = replace(INSTALLATION.init, run_as_root=True, log_level=level)
    installation = replace(INSTALLATION, ipv6=ipv6, init=init)
    mine = pod(**texts)
    assert_understood(
        redirect_plan(mine, proxy_settings(mine, namespace(), installation), installation)
    )


FACTS = {
    "_pod_name": "web-x",
    "_pod_ns": "shop",
    "_pod_nodeName": "node-1",
    "_pod_sa": "web",
    "_pod_ips": "10.1.0.5,fd00::5",
}
EXTREMES = [
    {"proxy-inbound-connect-timeout": "0", "proxy-outbound-connect-timeout": "3650d"},
    {"shutdown-grace-period": "3650d", "proxy-inbound-discovery-cache-unused-timeout": "0"},
    {"opaque-ports": "1-65535", "proxy-require-identity-inbound-ports": "1-65535"},
    {"opaque-ports": "", "pod-inbound-ports": ""},
    {"pod-inbound-ports": "1-1000"},
    {"proxy-cpu-limit": "100000"},
    {"proxy-cpu-limit": "1m", "proxy-cpu-ratio-limit": "0.0001"},
    {"proxy-cpu-ratio-limit": "1"},
    {"proxy-log-level": "ERROR,a::b=Trace, linkerd=off"},
    {"proxy-log-level": "linkerd=debug", "proxy-log-http-headers": "insecure"},
    {"default-inbound-policy": "audit", "access-log": "json"},
]
# The tests' trust anchors are none, so the proxy ends instead of running.
REFUSED = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"


def complaints(document):
    """The variables that the proxy refuses."""
    env = {}
    for item in container(document, "linkerd-proxy")["env"]:
        if "value" in item:
            env[item["name"]] = re.sub(r"\$\((\w+)\)", lambda m: FACTS[m[1]], item["value"])
    program = shutil.which("mesh-proxy", path=sysconfig.get_path("scripts"))
    done = subprocess.run(
        [program, "run"],
        env=env | {"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 64
    return re.findall(r"invalid configuration: (\w+)", done.stderr)


@pytest.mark.parametrize(
    "texts",
    [{}, {name: text for name, text, _ in EFFECTS}, *EXTREMES],
    ids=["nothing", "everything", *map(",".join, EXTREMES)],
)
def test_the_proxy_accepts_every_allowed_value(texts):
    full = {CONFIG + name: text for name, text in texts.items()}
    document = {
        "metadata": {"annotations": {"linkerd.io/inject": "ingress", **full}},
        "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 80}]}]},
    }
    assert complaints(patched(document)) == [REFUSED]

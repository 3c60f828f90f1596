"""The environment of the proxy."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pods import INSTALLATION, namespace, pod

from mesh_injector import (
    REFERENCES,
    IncompleteInstallationError,
    Installation,
    proxy_environment,
    proxy_settings,
)
from mesh_proto.vocabulary import environment as vocabulary

QUIET = ",[{headers}]=off,[{request}]=off"
PREFIX = "LINKERD2_PROXY_"
NETWORKS = "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8"


def environment(mine=None, theirs=None, installation=INSTALLATION, *, ingress=False, facts=None):
    mine = mine or pod(80, 9090)
    settings = proxy_settings(mine, theirs or namespace(), installation, ingress=ingress)
    full = proxy_environment(mine, settings, installation, facts)
    return {name.removeprefix(PREFIX): value for name, value in full.items()}


def test_a_pod_that_says_nothing():
    assert environment() == {
        "CORES_MIN": "1",
        "LOG": "warn,linkerd=info,hickory=error" + QUIET,
        "LOG_FORMAT": "plain",
        "SHUTDOWN_ENDPOINT_ENABLED": "false",
        "OUTBOUND_METRICS_HOSTNAME_LABELS": "false",
        "CONTROL_LISTEN_ADDR": "0.0.0.0:4190",
        "ADMIN_LISTEN_ADDR": "0.0.0.0:4191",
        "OUTBOUND_LISTEN_ADDR": "127.0.0.1:4140",
        "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140",
        "INBOUND_LISTEN_ADDR": "0.0.0.0:4143",
        "INBOUND_CONNECT_TIMEOUT": "100ms",
        "OUTBOUND_CONNECT_TIMEOUT": "1000ms",
        "INBOUND_DISCOVERY_IDLE_TIMEOUT": "90s",
        "OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "5s",
        "INBOUND_ACCEPT_KEEPALIVE": "10000ms",
        "OUTBOUND_CONNECT_KEEPALIVE": "10000ms",
        "INBOUND_ACCEPT_USER_TIMEOUT": "30s",
        "OUTBOUND_CONNECT_USER_TIMEOUT": "30s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
        "INBOUND_DEFAULT_POLICY": "all-unauthenticated",
        "INBOUND_IPS": "10.1.0.5,fd00::5",
        "INBOUND_PORTS": "80,9090",
        "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION": "25,587,3306,4444,5432,6379,9300,11211",
        "DESTINATION_SVC_ADDR": "linkerd-dst-headless.linkerd.svc.cluster.local.:8086",
        "DESTINATION_SVC_NAME": (
            "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local"
        ),
        "DESTINATION_CONTEXT": '{"ns": "shop", "nodeName": "node-1", "pod": "web-1"}',
        "DESTINATION_PROFILE_NETWORKS": NETWORKS,
        "DESTINATION_PROFILE_SUFFIXES": "svc.cluster.local.",
        "POLICY_SVC_ADDR": "linkerd-policy.linkerd.svc.cluster.local.:8090",
        "POLICY_SVC_NAME": (
            "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local"
        ),
        "POLICY_WORKLOAD": '{"ns": "shop", "pod": "web-1"}',
        "POLICY_CLUSTER_NETWORKS": NETWORKS,
        "CONTROL_STREAM_INITIAL_TIMEOUT": "3s",
        "CONTROL_STREAM_IDLE_TIMEOUT": "5m",
        "CONTROL_STREAM_LIFETIME": "1h",
        "IDENTITY_SVC_ADDR": "linkerd-identity-headless.linkerd.svc.cluster.local.:8080",
        "IDENTITY_SVC_NAME": (
            "linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local"
        ),
        "IDENTITY_LOCAL_NAME": "web.shop.serviceaccount.identity.linkerd.cluster.local",
        "IDENTITY_TRUST_ANCHORS": INSTALLATION.trust_anchors,
        "IDENTITY_DIR": "/var/run/linkerd/identity/end-entity",
        "IDENTITY_TOKEN_FILE": "/var/run/secrets/tokens/linkerd-identity-token",
    }


@pytest.mark.parametrize(
    "annotation, text, variables",
    [
        ("proxy_log_level", "debug", {"LOG": "debug" + QUIET}),
        ("proxy_log_http_headers", "insecure", {"LOG": "warn,linkerd=info,hickory=error"}),
        ("pod_inbound_ports", "80,8080", {"INBOUND_PORTS": "80,8080"}),
        ("proxy_log_format", "json", {"LOG_FORMAT": "json"}),
        ("access_log", "apache", {"ACCESS_LOG": "apache"}),
        ("proxy_cpu_limit", "1500m", {"CORES": "2"}),
        ("proxy_cpu_limit", "10m", {"CORES": "1"}),
        ("proxy_cpu_limit", "4", {"CORES": "4"}),
        ("proxy_cpu_ratio_limit", "0.25", {"CORES_MAX_RATIO": "0.25"}),
        ("proxy_admin_shutdown", "enabled", {"SHUTDOWN_ENDPOINT_ENABLED": "true"}),
        ("shutdown_grace_period", "2m", {"SHUTDOWN_GRACE_PERIOD": "2m"}),
        ("proxy_metrics_hostname_labels", "true", {"OUTBOUND_METRICS_HOSTNAME_LABELS": "true"}),
        ("inbound_port", "5143", {"INBOUND_LISTEN_ADDR": "0.0.0.0:5143"}),
        (
            "outbound_port",
            "5140",
            {"OUTBOUND_LISTEN_ADDR": "127.0.0.1:5140", "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:5140"},
        ),
        ("admin_port", "5191", {"ADMIN_LISTEN_ADDR": "0.0.0.0:5191"}),
        ("control_port", "5190", {"CONTROL_LISTEN_ADDR": "0.0.0.0:5190"}),
        ("opaque_ports", "9000-9010", {"INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION": "9000-9010"}),
        ("default_inbound_policy", "deny", {"INBOUND_DEFAULT_POLICY": "deny"}),
        ("proxy_require_identity_inbound_ports", "80", {"INBOUND_PORTS_REQUIRE_IDENTITY": "80"}),
        ("proxy_inbound_connect_timeout", "1s", {"INBOUND_CONNECT_TIMEOUT": "1000ms"}),
        ("proxy_outbound_connect_timeout", "5s", {"OUTBOUND_CONNECT_TIMEOUT": "5000ms"}),
        (
            "proxy_inbound_discovery_cache_unused_timeout",
            "1m",
            {"INBOUND_DISCOVERY_IDLE_TIMEOUT": "1m"},
        ),
        (
            "proxy_outbound_discovery_cache_unused_timeout",
            "10s",
            {"OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "10s"},
        ),
        (
            "proxy_disable_inbound_protocol_detect_timeout",
            "true",
            {"INBOUND_DETECT_TIMEOUT": "365d"},
        ),
        (
            "proxy_disable_outbound_protocol_detect_timeout",
            "true",
            {"OUTBOUND_DETECT_TIMEOUT": "365d"},
        ),
        ("enable_gateway", "true", {"INBOUND_GATEWAY_SUFFIXES": "svc.cluster.local."}),
        ("enable_external_profiles", "true", {"DESTINATION_PROFILE_SUFFIXES": "."}),
    ],
)
def test_each_annotation_changes_its_variable_and_no_other(annotation, text, variables):
    mine = pod(80, 9090, **{annotation: text})
    assert environment(mine) == {**environment(), **variables}


def test_an_empty_opaque_list_means_none():
    changed = environment(pod(80, opaque_ports=""))
    assert "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION" not in changed


def test_ingress_mode():
    assert environment(ingress=True) == {**environment(), "INGRESS_MODE": "true"}


def test_ipv6_listens_on_both_families():
    changed = environment(installation=replace(INSTALLATION, ipv6=True))
    assert {name: value for name, value in changed.items() if name.endswith(("ADDR", "ADDRS"))} == {
        **{name: value for name, value in environment().items() if name.endswith("SVC_ADDR")},
        "CONTROL_LISTEN_ADDR": "[::]:4190",
        "ADMIN_LISTEN_ADDR": "[::]:4191",
        "OUTBOUND_LISTEN_ADDR": "127.0.0.1:4140",
        "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140,[::1]:4140",
        "INBOUND_LISTEN_ADDR": "[::]:4143",
    }


@pytest.mark.parametrize(
    "component, here",
    [
        ("identity", {"IDENTITY_SVC_ADDR": "localhost.:8080", "INBOUND_PORTS_REQUIRE_TLS": "8080"}),
        (
            "destination",
            {"DESTINATION_SVC_ADDR": "localhost.:8086", "POLICY_SVC_ADDR": "localhost.:8090"},
        ),
        ("proxy-injector", {}),
        ("other", {}),
    ],
)
def test_the_control_plane_reaches_its_own_container_over_loopback(component, here):
    labels = {"linkerd.io/control-plane-component": component}
    own = environment(pod(80, 9090, labels=labels, in_namespace="linkerd"))
    plain = environment(pod(80, 9090, in_namespace="linkerd"))
    assert own == {**plain, **here}


def test_the_label_of_the_control_plane_means_nothing_elsewhere():
    labels = {"linkerd.io/control-plane-component": "destination"}
    assert environment(pod(80, 9090, labels=labels)) == environment()


def test_another_installation():
    installation = replace(
        INSTALLATION,
        control_plane_namespace="mesh",
        cluster_domain="corp.test",
        trust_domain="trust.test",
        token_projection=False,
    )
    own = environment(installation=installation)
    assert own["POLICY_SVC_ADDR"] == "linkerd-policy.mesh.svc.corp.test.:8090"
    assert own["IDENTITY_LOCAL_NAME"] == "web.shop.serviceaccount.identity.mesh.trust.test"
    assert own["DESTINATION_PROFILE_SUFFIXES"] == "svc.corp.test."
    assert own["IDENTITY_TOKEN_FILE"] == "/var/run/secrets/kubernetes.io/serviceaccount/token"


def test_pods_that_do_not_exist_yet_get_references():
    own = environment(facts=REFERENCES)
    assert own["IDENTITY_LOCAL_NAME"] == (
        "$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local"
    )
    assert json.loads(own["POLICY_WORKLOAD"]) == {"ns": "$(_pod_ns)", "pod": "$(_pod_name)"}
    assert own["INBOUND_IPS"] == "$(_pod_ips)"


def test_additional_variables_come_last_and_may_be_anything():
    own = environment(
        pod(
            proxy_additional_env=(
                '[{"name":"LINKERD2_PROXY_LOG","value":"trace"},{"name":"RUST_BACKTRACE","value":"1"}]'
            )
        )
    )
    assert (own["LOG"], own["RUST_BACKTRACE"]) == ("trace", "1")


def test_only_tcp_ports_of_all_containers_count():
    mine = pod(
        spec={
            "containers": [
                {"name": "a", "ports": [{"containerPort": 81}, {"containerPort": 80}]},
                {"name": "b", "ports": [{"containerPort": 80}]},
                {"name": "c", "ports": [{"containerPort": 53, "protocol": "UDP"}]},
            ],
            "initContainers": [{"name": "d", "ports": [{"containerPort": 90}]}],
        }
    )
    assert environment(mine)["INBOUND_PORTS"] == "80,81,90"
    assert "INBOUND_PORTS" not in environment(pod())


def test_without_trust_anchors_no_proxy_can_start():
    with pytest.raises(IncompleteInstallationError, match="no trust anchors"):
        environment(installation=Installation())


@hypothesis_settings(deadline=None)
@given(st.booleans(), st.booleans(), st.sampled_from(["identity", "destination", "", "x"]))
def test_every_variable_is_in_the_vocabulary(ipv6, ingress, component):
    labels = {"linkerd.io/control-plane-component": component}
    mine = pod(80, labels=labels, in_namespace="linkerd", proxy_cpu_limit="2", access_log="json")
    own = environment(mine, installation=replace(INSTALLATION, ipv6=ipv6), ingress=ingress)
    known = {variable.name.removeprefix(PREFIX): variable for variable in vocabulary.ALL}
    assert own.keys() <= known.keys()
    assert all(known[name].kind is not vocabulary.Kind.REJECTED for name in own)
    assert {name for name, variable in known.items() if variable.required} <= own.keys()

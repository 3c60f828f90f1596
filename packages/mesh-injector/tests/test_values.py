"""The chart's values as settings of the installation."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_core.annotations import (
    AccessLog,
    EnvironmentEntry,
    ImagePullPolicy,
    InboundPolicy,
    LogFormat,
    LogHeaders,
    Switch,
)
from mesh_core.networks import parse_networks
from mesh_core.ports import NO_PORTS, PortSet
from mesh_core.resources import LabelSelector
from mesh_injector import Installation, ProxySettings, ReviewScope
from mesh_injector.init_settings import InitSettings, NetworkValidatorSettings
from mesh_injector.proxy_settings import (
    ControlStreams,
    Http2KeepAlive,
    ProbeTimes,
    Resources,
    Tracing,
)
from mesh_injector.values import ValuesError, installation

CHART = Path(__file__).parents[3] / "deploy" / "mesh" / "values.yaml"
PROXY = ProxySettings()


def values(path, value):
    """`proxy.ports.inbound` and a value, as YAML."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return yaml.safe_dump(value)


@pytest.mark.parametrize("text", ["", "{}", "# nothing\n", "proxy:\nproxyInit: {}\n"])
def test_nothing_said_is_the_default(text):
    assert installation(text) == Installation()


def test_the_charts_own_values_are_the_default():
    assert installation(CHART.read_text()) == Installation()


OF_INSTALLATION = [
    ("clusterDomain", "corp.test", {"cluster_domain": "corp.test"}),
    ("identityTrustDomain", "trust.test", {"trust_domain": "trust.test"}),
    ("identityTrustDomain", "", {}),
    ("clusterNetworks", "10.0.0.0/8", {"cluster_networks": parse_networks("10.0.0.0/8")}),
    ("disableIPv6", False, {"ipv6": True}),
    (
        "proxyInjector.namespaceSelector",
        {"matchLabels": {"team": "shop"}, "matchExpressions": None},
        {"review_scope": ReviewScope(namespaces=LabelSelector(match_labels={"team": "shop"}))},
    ),
    ("proxyInjector.objectSelector", {}, {"review_scope": ReviewScope(pods=LabelSelector())}),
    ("disableIPv6", True, {}),
    ("cniEnabled", True, {"cni": True}),
    ("identity.serviceAccountTokenProjection", False, {"token_projection": False}),
    ("proxyInit.kubeAPIServerPorts", "16443", {"kubernetes_api_ports": PortSet.of((16443,))}),
    ("linkerdVersion", "1.2.3", {"version": "1.2.3"}),
    ("identityTrustAnchorsPEM", "PEM", {"trust_anchors": "PEM"}),
]
OF_PROXY = [
    ("proxy.image.name", "a/b", {"image": "a/b"}),
    ("proxy.image.version", "edge-1", {"version": "edge-1"}),
    ("proxy.image.pullPolicy", "Never", {"image_pull_policy": ImagePullPolicy.NEVER}),
    (
        "imagePullPolicy",
        "Always",
        {
            "image_pull_policy": ImagePullPolicy.ALWAYS,
            "debug_image_pull_policy": ImagePullPolicy.ALWAYS,
        },
    ),
    ("debugContainer.image.name", "a/d", {"debug_image": "a/d"}),
    ("debugContainer.image.version", "2", {"debug_version": "2"}),
    ("debugContainer.image.version", 2, {"debug_version": "2"}),
    (
        "debugContainer.image.pullPolicy",
        "Never",
        {"debug_image_pull_policy": ImagePullPolicy.NEVER},
    ),
    ("proxy.ports.inbound", 5143, {"inbound_port": 5143}),
    ("proxy.ports.outbound", "5140", {"outbound_port": 5140}),
    ("proxy.ports.admin", 5191.0, {"admin_port": 5191}),
    ("proxy.ports.control", 5190, {"control_port": 5190}),
    ("proxyInit.ignoreInboundPorts", "1-3", {"skip_inbound_ports": PortSet.parse("1-3")}),
    ("proxyInit.ignoreInboundPorts", 22, {"skip_inbound_ports": PortSet.of((22,))}),
    ("proxyInit.ignoreOutboundPorts", "", {"skip_outbound_ports": NO_PORTS}),
    ("proxyInit.skipSubnets", "10.1.0.0/16", {"skip_subnets": parse_networks("10.1.0.0/16")}),
    ("proxyInit.closeWaitTimeoutSecs", 0, {}),
    ("proxy.opaquePorts", "", {"opaque_ports": NO_PORTS}),
    (
        "proxy.requireIdentityOnInboundPorts",
        "80",
        {"require_identity_inbound_ports": PortSet.of((80,))},
    ),
    ("proxy.requireTLSOnInboundPorts", "80", {"require_tls_inbound_ports": PortSet.of((80,))}),
    ("proxy.defaultInboundPolicy", "deny", {"default_inbound_policy": InboundPolicy.DENY}),
    ("proxy.uid", 3000, {"uid": 3000}),
    ("proxy.gid", 3001, {"gid": 3001}),
    ("proxy.cores", 3, {"workers": 3}),
    ("proxy.cores", 0, {}),
    ("proxy.runtime.workers.minimum", 2, {"minimum_workers": 2}),
    ("proxy.runtime.workers.maximumCPURatio", 0.5, {"maximum_cpu_ratio": 0.5}),
    ("proxy.runtime.workers.maximumCPURatio", "", {}),
    ("proxy.resources.cpu.limit", 2, {"resources": Resources(cpu_limit="2")}),
    ("proxy.resources.cpu.request", 0.5, {"resources": Resources(cpu_request="0.5")}),
    (
        "proxy.resources.ephemeral-storage.limit",
        "1Gi",
        {"resources": Resources(ephemeral_storage_limit="1Gi")},
    ),
    ("proxy.resources.memory.request", "", {}),
    ("proxy.logLevel", "debug", {"log_level": "debug"}),
    ("proxy.logFormat", "json", {"log_format": LogFormat.JSON}),
    ("proxy.logHTTPHeaders", "insecure", {"log_http_headers": LogHeaders.INSECURE}),
    ("proxy.accessLog", "json", {"access_log": AccessLog.JSON}),
    ("proxy.metrics.hostnameLabels", True, {"metrics_hostname_labels": True}),
    ("proxy.inboundConnectTimeout", "1s", {"inbound_connect_timeout": timedelta(seconds=1)}),
    ("proxy.outboundConnectTimeout", "2s", {"outbound_connect_timeout": timedelta(seconds=2)}),
    (
        "proxy.inboundDiscoveryCacheUnusedTimeout",
        "1m",
        {"inbound_discovery_cache_unused_timeout": timedelta(minutes=1)},
    ),
    (
        "proxy.outboundDiscoveryCacheUnusedTimeout",
        "1m",
        {"outbound_discovery_cache_unused_timeout": timedelta(minutes=1)},
    ),
    (
        "proxy.disableInboundProtocolDetectTimeout",
        True,
        {"disable_inbound_protocol_detect_timeout": True},
    ),
    (
        "proxy.disableOutboundProtocolDetectTimeout",
        True,
        {"disable_outbound_protocol_detect_timeout": True},
    ),
    ("proxy.enableExternalProfiles", True, {"external_profiles": True}),
    ("proxy.enableShutdownEndpoint", True, {"admin_shutdown": Switch.ENABLED}),
    ("proxy.await", False, {"await_proxy": Switch.DISABLED}),
    ("proxy.nativeSidecar", False, {"native_sidecar": False}),
    ("proxy.shutdownGracePeriod", "30s", {"shutdown_grace_period": timedelta(seconds=30)}),
    ("proxy.shutdownGracePeriod", "", {}),
    (
        "proxy.inbound.server.http2.keepAliveInterval",
        "1s",
        {"inbound_http2_keep_alive": Http2KeepAlive(interval=timedelta(seconds=1))},
    ),
    (
        "proxy.outbound.server.http2.keepAliveTimeout",
        "1s",
        {"outbound_http2_keep_alive": Http2KeepAlive(timeout=timedelta(seconds=1))},
    ),
    (
        "proxy.control.streams.lifetime",
        "2h",
        {"control_streams": ControlStreams(lifetime=timedelta(hours=2))},
    ),
    (
        "proxy.livenessProbe",
        {"timeoutSeconds": 5},
        {"liveness": ProbeTimes(initial_delay=10, timeout=5)},
    ),
    (
        "proxy.startupProbe",
        {"failureThreshold": 9, "initialDelaySeconds": 1},
        {"startup": ProbeTimes(initial_delay=1, period=1, failure_threshold=9)},
    ),
    (
        "proxy.securityContext",
        {"seLinuxOptions": {"level": "s0"}},
        {"security_context": {"seLinuxOptions": {"level": "s0"}}},
    ),
    (
        "proxy.additionalEnv",
        [{"name": "A", "value": "1"}, {"name": "B"}],
        {"additional_env": (EnvironmentEntry("A", "1"), EnvironmentEntry("B"))},
    ),
    ("proxy.tracing", {"enabled": False, "collector": {"endpoint": "x"}}, {}),
    (
        "proxy.tracing",
        {"enabled": True, "collector": {"endpoint": "c.d:4317"}, "traceServiceName": "p"},
        {"tracing": Tracing(collector="c.d:4317", service_name="p")},
    ),
]
OF_OTHERS = [
    ("proxyInit.runAsRoot", True, {"init": InitSettings(run_as_root=True)}),
    ("proxyInit.privileged", True, {"init": InitSettings(privileged=True)}),
    ("proxyInit.runAsUser", 1000, {"init": InitSettings(run_as_user=1000)}),
    ("proxyInit.runAsGroup", 0, {"init": InitSettings(run_as_group=0)}),
    ("proxyInit.iptablesMode", "legacy", {"init": InitSettings(iptables_mode="legacy")}),
    (
        "proxyInit.xtMountPath.mountPath",
        "/var/lock",
        {"init": InitSettings(lock_directory="/var/lock")},
    ),
    ("proxyInit.logLevel", "debug", {"init": InitSettings(log_level="debug")}),
    ("proxyInit.logFormat", "json", {"init": InitSettings(log_format=LogFormat.JSON)}),
    (
        "networkValidator",
        {
            "logLevel": "info",
            "logFormat": "json",
            "connectAddr": "192.0.2.1:20001",
            "listenAddr": "[::]:4140",
            "timeout": "3s",
            "enableSecurityContext": False,
        },
        {
            "network_validator": NetworkValidatorSettings(
                log_level="info",
                log_format=LogFormat.JSON,
                connect_address="192.0.2.1:20001",
                listen_address="[::]:4140",
                timeout=timedelta(seconds=3),
                security_context=False,
            )
        },
    ),
]


def ids(cases):
    return [path for path, _, _ in cases]


@pytest.mark.parametrize(
    "path, value, changes", OF_INSTALLATION + OF_OTHERS, ids=ids(OF_INSTALLATION + OF_OTHERS)
)
def test_each_value_sets_its_field_and_no_other(path, value, changes):
    assert installation(values(path, value)) == replace(Installation(), **changes)


@pytest.mark.parametrize("path, value, changes", OF_PROXY, ids=ids(OF_PROXY))
def test_each_value_of_the_proxies_sets_its_field_and_no_other(path, value, changes):
    expected = replace(Installation(), proxy=replace(PROXY, **changes))
    assert installation(values(path, value)) == expected


def test_what_works_only_together():
    text = """
proxy: {nativeSidecar: false, waitBeforeExitSeconds: 5}
proxyInit: {closeWaitTimeoutSecs: 5, runAsRoot: true}
"""
    proxy = installation(text).proxy
    assert (proxy.wait_before_exit_seconds, proxy.close_wait_timeout) == (5, timedelta(seconds=5))


def test_experimental_variables_win_by_name():
    text = "proxy: {additionalEnv: [{name: A, value: a}], experimentalEnv: [{name: A, value: b}]}"
    assert installation(text).proxy.additional_env == (EnvironmentEntry("A", "b"),)


def test_mounted_trust_anchors_win_over_those_of_the_values():
    text = "identityTrustAnchorsPEM: old"
    assert installation(text, "new").trust_anchors == "new"
    assert installation(text).trust_anchors == "old"


def test_the_control_plane_may_live_elsewhere():
    other = installation("", control_plane_namespace="mesh")
    assert other == replace(Installation(), control_plane_namespace="mesh")


def test_names_that_are_not_ours_are_left_alone():
    assert installation("proxy: {colour: red}\nheartbeat: 1\n") == Installation()


@pytest.mark.parametrize(
    "path, value, expected",
    [
        ("proxy.ports.inbound", 70000, "expected a port from 1 to 65535, got '70000'"),
        ("proxy.ports.inbound", {"a": 1}, "expected a port from 1 to 65535, got names and values"),
        ("proxy.ports.inbound", [1], "expected a port from 1 to 65535, got a list"),
        ("proxy.logLevel", "loud", "expected LEVEL or TARGET=LEVEL with commas between"),
        ("proxy.opaquePorts", "25;x", "expected ports and ranges such as 25,4567-4568"),
        ("proxy.nativeSidecar", "yes", "expected true or false, got 'yes'"),
        ("proxy.shutdownGracePeriod", 5, "expected a length of time"),
        ("proxy.gid", -2, "expected a number from -1"),
        ("proxy.image.version", "a b", "expected an image's tag"),
        ("clusterDomain", "Corp_Test", "expected a DNS name such as cluster.local"),
        ("clusterNetworks", "10.0.0.0/33", "expected networks such as"),
        ("proxyInit.iptablesMode", "bpf", "expected nft or legacy or plain, got 'bpf'"),
        ("proxyInit.xtMountPath.mountPath", "run", "expected an absolute path such as /run"),
        ("proxyInit.logLevel", "--netns", "expected trace or debug or info"),
        ("networkValidator.connectAddr", "1.1.1.1", "expected ADDRESS:PORT"),
        ("networkValidator.connectAddr", "fd00::1:20001", "expected ADDRESS:PORT"),
        ("networkValidator.listenAddr", "$(X):1", "expected ADDRESS:PORT"),
        (
            "proxy.tracing",
            {"enabled": True, "collector": {"endpoint": "collector"}},
            "expected HOST:PORT",
        ),
        ("proxy.additionalEnv", {"A": "b"}, "expected a list, got names and values"),
        ("proxy.securityContext", "x", "expected names and values, got 'x'"),
        ("proxyInjector.objectSelector", "x", "expected a label selector: Expected `object`"),
        ("proxyInjector.namespaceSelector", {"matchExpressions": [{}]}, "field `key`"),
    ],
)
def test_what_is_refused_names_its_path_and_what_is_expected(path, value, expected):
    with pytest.raises(ValuesError) as caught:
        installation(values(path, value))
    assert str(caught.value).startswith(f"value {path}")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("- a\n", "values: expected names and values, got a list"),
        ("a: 1\n---\nb: 2\n", "values: expected one YAML document, got 2"),
        ("a: [1\n", "values: line "),
        ("a: 1\na: 2\n", "values: line 2: 'a' stands twice"),
        ("proxy: 5\n", "value proxy: expected names and values, got 5"),
        (
            "proxy: {ports: {inbound: 4140}}",
            "value proxy.ports: inbound, outbound, admin and control must differ",
        ),
        (
            "proxy: {waitBeforeExitSeconds: 5}",
            "value proxy.waitBeforeExitSeconds: does not work with a native sidecar",
        ),
        (
            "proxyInit: {closeWaitTimeoutSecs: 5}",
            "value proxyInit.closeWaitTimeoutSecs: needs a linkerd-init that runs as root",
        ),
        (
            "proxy: {resources: {memory: {request: 1Gi, limit: 1G}}}",
            "value proxy.resources.memory.request: 1Gi is more than the limit, 1G",
        ),
        (
            "proxy: {additionalEnv: [{name: A, valueFrom: {}}]}",
            "value proxy.additionalEnv[0]: expected a name and a value that is a text",
        ),
        (
            "proxy: {experimentalEnv: [{name: A}, {name: A=b}]}",
            "value proxy.experimentalEnv[1]: expected a name",
        ),
        (
            "networkValidator: {connectAddr: '[fd00::1]:1'}",
            "value networkValidator.listenAddr: 0.0.0.0:4140 and connectAddr [fd00::1]:1 differ",
        ),
        ("proxy: {additionalEnv: [5]}", "value proxy.additionalEnv[0]: expected name and value"),
        (
            "proxy: {tracing: {enabled: true}}",
            "value proxy.tracing.collector.endpoint: is needed with tracing",
        ),
        (
            "proxy: {tracing: {enabled: true, collector: {endpoint: 'a:1',"
            " meshIdentity: {namespace: x}}}}",
            "value proxy.tracing.collector.meshIdentity: serviceAccountName and namespace",
        ),
    ],
)
def test_what_cannot_be_used_as_a_whole(text, expected):
    with pytest.raises(ValuesError) as caught:
        installation(text)
    assert str(caught.value).startswith(expected)


PATHS = sorted({path for path, _, _ in OF_INSTALLATION + OF_PROXY + OF_OTHERS})
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from(PATHS), ANY)
def test_any_value_is_settings_or_an_error_that_names_it(path, value):
    try:
        installation(values(path, value))
    except ValuesError as error:
        assert not error.path or path.startswith(error.path.split(".")[0])  # noqa: PT017

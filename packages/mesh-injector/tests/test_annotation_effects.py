"""Each annotation changes exactly what it says, and every one changes something."""

from typing import Any

import pytest
from pods import INSTALLATION, namespace, patched

from mesh_core import annotations
from mesh_core.annotations import Place
from mesh_injector import Installation
from mesh_injector.init_settings import InitSettings

POD = {
    "metadata": {"name": "web", "annotations": {"linkerd.io/inject": "enabled"}},
    "spec": {"containers": [{"name": "app", "ports": [{"name": "db", "containerPort": 3306}]}]},
}
CLASSIC = {"config.linkerd.io/proxy-enable-native-sidecar": "false"}
CONFIG, ENV = "config.linkerd.io/", "initContainers.linkerd-proxy.env.LINKERD2_PROXY_"
PROXY, INIT = "initContainers.linkerd-proxy.", "initContainers.linkerd-init."
PROBES = tuple(PROXY + f"{name}Probe.httpGet.port" for name in ("liveness", "readiness", "startup"))
QUIET = ",[{headers}]=off,[{request}]=off"
ROOT = Installation(trust_anchors=INSTALLATION.trust_anchors, init=InitSettings(run_as_root=True))
GONE = None


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """A document as paths and values; items of a list go by their name, flags by themselves."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        flags = [index for index, item in enumerate(value) if item.startswith("--")]
        ends = [*flags[1:], len(value)]
        if not flags:
            return {path: value}
        parts = [(value[i], " ".join(value[i + 1 : j])) for i, j in zip(flags, ends, strict=True)]
    elif isinstance(value, list):
        parts = [(item.get("name", str(i)), item) for i, item in enumerate(value)]
    else:
        return {path: value}
    result: dict[str, Any] = {} if parts else {path: value}
    for name, item in parts:
        result |= flat(item, f"{path}.{name}" if path else name)
    return result


def spec(document, installation=INSTALLATION, theirs=None):
    """What runs, as paths and values, without the names of what the items are."""
    after = flat(patched(document, theirs, installation)["spec"])
    return {path: value for path, value in after.items() if not path.endswith(".name")}


def difference(name, text, installation=INSTALLATION, also=None):
    before = {**POD["metadata"]["annotations"], **(also or {})}
    changed = {**POD, "metadata": {**POD["metadata"], "annotations": {**before, name: text}}}
    plain = {**POD, "metadata": {**POD["metadata"], "annotations": before}}
    old, new = spec(plain, installation), spec(changed, installation)
    return {path: new.get(path) for path in old | new if old.get(path) != new.get(path)}


def resource(bound, kind, text):
    """Every added container has the proxy's."""
    path = f"resources.{bound}.{kind}"
    return {PROXY + path: text, INIT + path: text}


IMAGES = (PROXY + "image", INIT + "image")
EFFECTS = [
    ("proxy-image", "my/proxy:2", dict.fromkeys(IMAGES, "my/proxy:2")),
    ("proxy-version", "2", dict.fromkeys(IMAGES, "localhost/mesh-proxy:2")),
    (
        "proxy-version",
        "sha256:" + "ab" * 32,
        dict.fromkeys(IMAGES, "localhost/mesh-proxy@sha256:" + "ab" * 32),
    ),
    (
        "image-pull-policy",
        "Always",
        dict.fromkeys((PROXY + "imagePullPolicy", INIT + "imagePullPolicy"), "Always"),
    ),
    (
        "enable-debug-sidecar",
        "true",
        {
            "containers.linkerd-debug.image": "cr.l5d.io/linkerd/debug:edge-26.6.3",
            "containers.linkerd-debug.imagePullPolicy": "IfNotPresent",
            "containers.linkerd-debug.terminationMessagePolicy": "FallbackToLogsOnError",
        },
    ),
    (
        "inbound-port",
        "5143",
        {
            PROXY + "ports.linkerd-proxy.containerPort": 5143,
            ENV + "INBOUND_LISTEN_ADDR": "0.0.0.0:5143",
            INIT + "args.--incoming-proxy-port": "5143",
        },
    ),
    (
        "outbound-port",
        "5140",
        {
            ENV + "OUTBOUND_LISTEN_ADDR": "127.0.0.1:5140",
            ENV + "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:5140",
            INIT + "args.--outgoing-proxy-port": "5140",
        },
    ),
    (
        "admin-port",
        "5191",
        {
            PROXY + "ports.linkerd-admin.containerPort": 5191,
            ENV + "ADMIN_LISTEN_ADDR": "0.0.0.0:5191",
            INIT + "args.--inbound-ports-to-ignore": "4190,4567-4568,5191",
            **dict.fromkeys(PROBES, 5191),
        },
    ),
    (
        "control-port",
        "5190",
        {
            ENV + "CONTROL_LISTEN_ADDR": "0.0.0.0:5190",
            INIT + "args.--inbound-ports-to-ignore": "4191,4567-4568,5190",
        },
    ),
    ("skip-inbound-ports", "22", {INIT + "args.--inbound-ports-to-ignore": "22,4190-4191"}),
    ("skip-outbound-ports", "", {INIT + "args.--outbound-ports-to-ignore": GONE}),
    ("skip-subnets", "10.1.2.3/8", {INIT + "args.--subnets-to-ignore": "10.0.0.0/8"}),
    ("opaque-ports", "db,80", {ENV + "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION": "80,3306"}),
    ("pod-inbound-ports", "80-82", {ENV + "INBOUND_PORTS": "80,81,82"}),
    ("proxy-cpu-request", "100m", resource("requests", "cpu", "100m")),
    ("proxy-cpu-limit", "1500m", {**resource("limits", "cpu", "1500m"), ENV + "CORES": "2"}),
    ("proxy-memory-request", "20Mi", resource("requests", "memory", "20Mi")),
    ("proxy-memory-limit", "250Mi", resource("limits", "memory", "250Mi")),
    (
        "proxy-ephemeral-storage-request",
        "1Mi",
        resource("requests", "ephemeral-storage", "1Mi"),
    ),
    ("proxy-ephemeral-storage-limit", "1Gi", resource("limits", "ephemeral-storage", "1Gi")),
    ("proxy-cpu-ratio-limit", "0.5", {ENV + "CORES_MAX_RATIO": "0.5"}),
    (
        "proxy-uid",
        "3000",
        {
            PROXY + "securityContext.runAsUser": 3000,
            PROXY + "securityContext.runAsGroup": 3000,
            INIT + "args.--proxy-uid": "3000",
        },
    ),
    (
        "proxy-gid",
        "3001",
        {PROXY + "securityContext.runAsGroup": 3001, INIT + "args.--proxy-gid": "3001"},
    ),
    ("proxy-log-level", "debug", {ENV + "LOG": "debug" + QUIET}),
    ("proxy-log-format", "json", {ENV + "LOG_FORMAT": "json"}),
    ("proxy-log-http-headers", "insecure", {ENV + "LOG": "warn,linkerd=info,hickory=error"}),
    ("access-log", "apache", {ENV + "ACCESS_LOG": "apache"}),
    ("default-inbound-policy", "deny", {ENV + "INBOUND_DEFAULT_POLICY": "deny"}),
    ("proxy-require-identity-inbound-ports", "80", {ENV + "INBOUND_PORTS_REQUIRE_IDENTITY": "80"}),
    ("proxy-inbound-connect-timeout", "1s", {ENV + "INBOUND_CONNECT_TIMEOUT": "1000ms"}),
    ("proxy-outbound-connect-timeout", "2s", {ENV + "OUTBOUND_CONNECT_TIMEOUT": "2000ms"}),
    (
        "proxy-inbound-discovery-cache-unused-timeout",
        "1m",
        {ENV + "INBOUND_DISCOVERY_IDLE_TIMEOUT": "1m"},
    ),
    (
        "proxy-outbound-discovery-cache-unused-timeout",
        "1m",
        {ENV + "OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "1m"},
    ),
    (
        "proxy-disable-inbound-protocol-detect-timeout",
        "true",
        {ENV + "INBOUND_DETECT_TIMEOUT": "365d"},
    ),
    (
        "proxy-disable-outbound-protocol-detect-timeout",
        "true",
        {ENV + "OUTBOUND_DETECT_TIMEOUT": "365d"},
    ),
    (
        "proxy-metrics-hostname-labels",
        "true",
        {ENV + "OUTBOUND_METRICS_HOSTNAME_LABELS": "true"},
    ),
    ("proxy-admin-shutdown", "enabled", {ENV + "SHUTDOWN_ENDPOINT_ENABLED": "true"}),
    ("shutdown-grace-period", "30s", {ENV + "SHUTDOWN_GRACE_PERIOD": "30s"}),
    ("enable-gateway", "true", {ENV + "INBOUND_GATEWAY_SUFFIXES": "svc.cluster.local."}),
    ("enable-external-profiles", "true", {ENV + "DESTINATION_PROFILE_SUFFIXES": "."}),
    (
        "proxy-additional-env",
        '[{"name":"A","value":"b"}]',
        {PROXY + "env.A.value": "b"},
    ),
]
STARTUP = {PROXY + "startupProbe.httpGet.path", PROXY + "startupProbe.httpGet.port"}
WAIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
# Native sidecars, what needs a privileged init, and what only counts with something else.
TESTED_BELOW = {
    WAIT,
    "linkerd.io/inject",
    *(
        CONFIG + name
        for name in (
            "proxy-await",
            "proxy-enable-native-sidecar",
            "close-wait-timeout",
            "debug-image",
            "debug-image-version",
            "debug-image-pull-policy",
        )
    ),
}


def with_values(effects):
    """Variables are shown by their name only."""
    return {f"{path}.value" if path.startswith(ENV) else path: v for path, v in effects.items()}


@pytest.mark.parametrize("name, text, effects", EFFECTS, ids=[e[0] for e in EFFECTS])
def test_an_annotation_changes_what_it_says_and_nothing_else(name, text, effects):
    assert difference(CONFIG + name, text) == with_values(effects)


def test_no_annotation_is_left_out():
    told = {CONFIG + name for name, _, _ in EFFECTS} | TESTED_BELOW
    known = {
        known.name
        for known in annotations.ALL
        if Place.WORKLOAD in known.places and not known.family
    }
    assert {name for name in known if "viz.linkerd.io" not in name} == told


@pytest.mark.parametrize("name, text, effects", EFFECTS, ids=[e[0] for e in EFFECTS])
def test_a_namespace_says_the_same_for_its_pods(name, text, effects):
    annotation = annotations.find(CONFIG + name)
    theirs = namespace(inject="enabled", **{CONFIG + name: text})
    old, new = spec(POD), spec(POD, theirs=theirs)
    changed = {path: new.get(path) for path in old | new if old.get(path) != new.get(path)}
    assert changed == (with_values(effects) if annotation.inherited else {})


@pytest.mark.parametrize(
    "name, text, field, value",
    [
        ("debug-image", "my/debug", "image", "my/debug:edge-26.6.3"),
        ("debug-image-version", "2", "image", "cr.l5d.io/linkerd/debug:2"),
        ("debug-image-pull-policy", "Never", "imagePullPolicy", "Never"),
    ],
)
def test_settings_of_the_debug_container(name, text, field, value):
    assert difference(CONFIG + name, text) == {}, "there is none to change"
    with_debug = {CONFIG + "enable-debug-sidecar": "true"}
    path = f"containers.linkerd-debug.{field}"
    assert difference(CONFIG + name, text, also=with_debug) == {path: value}


@pytest.mark.parametrize(
    "name",
    [CONFIG + "proxy-enable-native-sidecar"]
    + [f"config.{word}.linkerd.io/proxy-enable-native-sidecar" for word in ("beta", "alpha")],
)
def test_a_classic_sidecar_by_any_of_the_names(name):
    changed = difference(name, "false")
    assert changed[PROXY + "restartPolicy"] is GONE
    assert changed["containers.linkerd-proxy.lifecycle.postStart.exec.command.--port=4191"] == ""


def test_an_application_that_does_not_wait_for_its_proxy():
    native = difference(CONFIG + "proxy-await", "disabled")
    assert {path for path in native if native[path] is not GONE} == set()
    assert native.keys() > STARTUP
    assert all(path.startswith(PROXY + "startupProbe.") for path in native)
    classic = difference(CONFIG + "proxy-await", "disabled", also=CLASSIC)
    path = "containers.linkerd-proxy.lifecycle.postStart.exec.command."
    assert classic == {path + "--timeout=2m": GONE, path + "--port=4191": GONE}


@pytest.mark.parametrize("text, seconds", [("10", 10), ("86400", 30), ("0", GONE)])
def test_a_classic_sidecar_may_wait_before_it_ends(text, seconds):
    changed = difference(WAIT, text, also=CLASSIC)
    path = "containers.linkerd-proxy.lifecycle.preStop.sleep.seconds"
    assert changed == ({} if seconds is GONE else {path: seconds})


def test_half_closed_connections_are_forgotten_by_a_privileged_init():
    assert difference(CONFIG + "close-wait-timeout", "1500ms", ROOT) == {
        INIT + "args.--timeout-close-wait-secs": "2",
        INIT + "securityContext.privileged": True,
        INIT + "securityContext.allowPrivilegeEscalation": True,
    }


def test_ingress_mode():
    assert difference("linkerd.io/inject", "ingress") == {ENV + "INGRESS_MODE.value": "true"}

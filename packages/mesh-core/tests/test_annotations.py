"""The registry of annotations."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core import annotations as a
from mesh_core.annotations import AnnotationError, Place
from mesh_core.errors import CoreError
from mesh_core.ports import PortSet

NOT_INHERITED = {
    "config.linkerd.io/enable-gateway",
    "config.linkerd.io/close-wait-timeout",
    "config.linkerd.io/debug-image",
    "config.linkerd.io/debug-image-version",
    "config.linkerd.io/debug-image-pull-policy",
    "config.linkerd.io/proxy-cpu-ratio-limit",
}


def test_names_are_unique():
    names = [name for annotation in a.ALL for name in annotation.names]
    assert len(names) == len(set(names)) > 70


@pytest.mark.parametrize("annotation", a.ALL, ids=lambda annotation: annotation.name)
def test_each_is_documented_and_its_default_allowed(annotation):
    assert annotation.meaning.endswith(".")
    assert annotation.places
    if annotation.default is not None:
        annotation.parse(annotation.default, "the registry")


def test_namespaces_hand_down_what_they_should():
    config = [x for x in a.ALL if x.name.startswith("config.") and Place.NAMESPACE in x.places]
    assert {x.name for x in config if not x.inherited} == NOT_INHERITED


def test_only_what_stands_on_namespaces_is_inherited():
    assert all(Place.NAMESPACE in x.places for x in a.ALL if x.inherited)


@pytest.mark.parametrize(
    "annotation, text, value",
    [
        (a.INJECT, "enabled", a.Inject.ENABLED),
        (a.INJECT, " ingress ", a.Inject.INGRESS),
        (a.OPAQUE_PORTS, "25,mysql", PortSet.parse("25,mysql", names=True)),
        (a.SKIP_INBOUND_PORTS, "4567-4568", PortSet.parse("4567-4568")),
        (a.INBOUND_PORT, "4143", 4143),
        (a.PROXY_GID, "-1", -1),
        (a.PROXY_AWAIT, "disabled", a.Switch.DISABLED),
        (a.PROXY_ENABLE_NATIVE_SIDECAR, "False", False),
        (a.PROXY_OUTBOUND_CONNECT_TIMEOUT, "1000ms", timedelta(seconds=1)),
        (a.PROXY_CPU_RATIO_LIMIT, "0.5", 0.5),
        (a.PROXY_CPU_LIMIT, "100m", "100m"),
        (a.PROXY_MEMORY_LIMIT, "20Mi", "20Mi"),
        (a.PROXY_VERSION, "edge-26.6.3", "edge-26.6.3"),
        (a.PROXY_VERSION, "sha256:" + "a" * 64, "sha256:" + "a" * 64),
        (a.PROXY_LOG_LEVEL, "warn,linkerd=info,hickory=error", "warn,linkerd=info,hickory=error"),
        (a.DEFAULT_INBOUND_POLICY, "audit", a.InboundPolicy.AUDIT),
        (a.RETRY_HTTP, "5xx, 429,500-504", ("5xx", "429", "500-504")),
        (a.RETRY_GRPC, "cancelled", ("cancelled",)),
        (a.JITTER_RATIO, "0", 0.0),
    ],
)
def test_values(annotation, text, value):
    assert annotation.parse(text, "Pod shop/web") == value


@pytest.mark.parametrize(
    "annotation, text",
    [
        (a.INJECT, "Enabled"),
        (a.INJECT, "true"),
        (a.INJECT, ""),
        (a.OPAQUE_PORTS, "25;rm -rf /"),
        (a.SKIP_INBOUND_PORTS, "--firewall-bin-path=/tmp/x"),
        (a.SKIP_INBOUND_PORTS, "mysql"),
        (a.SKIP_SUBNETS, "10.0.0.0/33"),
        (a.SKIP_SUBNETS, "10.0.0.0/8 --proxy-uid 0"),
        (a.INBOUND_PORT, "0"),
        (a.PROXY_UID, "0"),
        (a.PROXY_UID, "root"),
        (a.PROXY_UID, "4294967295"),
        (a.PROXY_GID, "-2"),
        (a.PROXY_CPU_RATIO_LIMIT, "0"),
        (a.PROXY_CPU_RATIO_LIMIT, "1.5"),
        (a.PROXY_CPU_RATIO_LIMIT, "nan"),
        (a.PROXY_CPU_LIMIT, "-1"),
        (a.PROXY_CPU_LIMIT, "100 m"),
        (a.PROXY_LOG_LEVEL, "warn\nX=1"),
        (a.PROXY_LOG_LEVEL, "warn,,"),
        (a.PROXY_LOG_LEVEL, "linkerd"),
        (a.PROXY_AWAIT, "true"),
        (a.ENABLE_GATEWAY, "yes"),
        (a.SHUTDOWN_GRACE_PERIOD, "5"),
        (a.SHUTDOWN_GRACE_PERIOD, "3651d"),
        (a.POD_INBOUND_PORTS, "1-65535"),
        (a.PROXY_ADDITIONAL_ENV, "A=b"),
        (a.PROXY_ADDITIONAL_ENV, '[{"value": "x"}]'),
        (a.PROXY_ADDITIONAL_ENV, '[{"name": "A=B"}]'),
        (a.PROXY_ADDITIONAL_ENV, '[{"name": "A", "value": "\\u0000"}]'),
        (a.PROXY_ADDITIONAL_ENV, '[{"name": "A", "valueFrom": {}}]'),
        (a.PROXY_IMAGE, "a b"),
        (a.PROXY_VERSION, "x/y"),
        (a.PROXY_VERSION, "sha256:abc"),
        (a.RETRY_HTTP, "600"),
        (a.RETRY_GRPC, "CANCELLED"),
    ],
)
def test_what_is_refused_names_annotation_object_and_what_is_allowed(annotation, text):
    with pytest.raises(AnnotationError) as caught:
        annotation.parse(text, "Pod shop/web")
    assert str(caught.value).startswith(f"annotation {annotation.name} of Pod shop/web: ")
    assert caught.value.reason.endswith(f"is not allowed; allowed: {annotation.type.allowed}")


def test_additional_environment():
    (entry,) = a.PROXY_ADDITIONAL_ENV.parse('[{"name": "A", "value": "b"}]', "x")
    assert (entry.name, entry.value) == ("A", "b")


def test_reading_finds_aliases_after_the_name_and_names_the_one_it_read():
    beta, alpha = a.PROXY_ENABLE_NATIVE_SIDECAR.aliases
    both = {alpha: "true", beta: "false"}
    assert a.PROXY_ENABLE_NATIVE_SIDECAR.read(both, "x") is False
    assert a.PROXY_ENABLE_NATIVE_SIDECAR.text(both) == "false"
    with pytest.raises(AnnotationError, match=r"config\.alpha"):
        a.PROXY_ENABLE_NATIVE_SIDECAR.read({alpha: "?"}, "x")
    assert a.PROXY_ENABLE_NATIVE_SIDECAR.read({}, "x") is None


def test_find_knows_names_aliases_and_families():
    assert a.find("linkerd.io/inject") is a.INJECT
    assert a.find("config.beta.linkerd.io/proxy-enable-native-sidecar") is (
        a.PROXY_ENABLE_NATIVE_SIDECAR
    )
    assert a.find("resource.opentelemetry.io/team") is a.RESOURCE_ATTRIBUTES
    assert a.find("mirror.linkerd.io/exported") is a.MIRROR
    assert a.find("example.com/x") is None


def test_long_values_are_not_repeated_in_full():
    with pytest.raises(AnnotationError) as caught:
        a.INJECT.parse("x" * 100_000, "x")
    assert len(str(caught.value)) < 500


@given(st.sampled_from(a.ALL), st.text(max_size=60))
def test_any_text_is_a_value_or_an_error_of_ours(annotation, text):
    with contextlib.suppress(CoreError):
        annotation.parse(text, "x")

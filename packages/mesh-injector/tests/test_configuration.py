"""What a pod's proxy runs with, and where each value comes from."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pods import CONFIG, INSTALLATION, namespace, pod

from mesh_core import annotations
from mesh_core.annotations import AnnotationError, InboundPolicy, LogFormat, Switch
from mesh_core.ports import PortSet
from mesh_injector import (
    COMPONENT_LABEL,
    ConflictingSettingsError,
    Installation,
    NoIdentityError,
    ProxySettings,
    proxy_settings,
)
from mesh_injector.configuration import _RESOURCES, _SETTINGS


def settings(mine=None, theirs=None, installation=INSTALLATION, **pod_options):
    return proxy_settings(mine or pod(**pod_options), theirs or namespace(), installation)


def test_nothing_said_is_the_installation():
    assert settings() == INSTALLATION.proxy == ProxySettings()


def test_the_defaults_are_those_of_the_registry():
    base = ProxySettings()
    for field, annotation in _SETTINGS.items():
        if annotation.default is not None and field != "shutdown_grace_period":
            assert getattr(base, field) == annotation.parse(annotation.default, field), field


@pytest.mark.parametrize(
    "name, field, text, value",
    [
        ("proxy-log-level", "log_level", "debug", "debug"),
        ("proxy-log-format", "log_format", "json", LogFormat.JSON),
        ("inbound-port", "inbound_port", "5143", 5143),
        ("skip-inbound-ports", "skip_inbound_ports", "8000-8100", PortSet.parse("8000-8100")),
        ("default-inbound-policy", "default_inbound_policy", "deny", InboundPolicy.DENY),
        ("proxy-inbound-connect-timeout", "inbound_connect_timeout", "2s", timedelta(seconds=2)),
        ("proxy-await", "await_proxy", "disabled", Switch.DISABLED),
        ("proxy-uid", "uid", "3000", 3000),
        ("shutdown-grace-period", "shutdown_grace_period", "30s", timedelta(seconds=30)),
        ("proxy-enable-native-sidecar", "native_sidecar", "false", False),
    ],
)
def test_installation_then_namespace_then_pod(name, field, text, value):
    theirs = namespace(**{CONFIG + name: text})
    assert getattr(settings(theirs=theirs), field) == value
    mine = pod(**{CONFIG + name: text})
    assert getattr(settings(mine), field) == value
    other = annotations.find(CONFIG + name).default or "1s"
    assert getattr(settings(mine, namespace(**{CONFIG + name: other})), field) == value


@pytest.mark.parametrize(
    "name, text, field, base",
    [
        ("enable-gateway", "true", "gateway", False),
        ("debug-image", "x/y", "debug_image", "cr.l5d.io/linkerd/debug"),
        ("debug-image-version", "v1", "debug_version", "edge-26.6.3"),
        ("proxy-cpu-ratio-limit", "0.5", "maximum_cpu_ratio", None),
    ],
)
def test_what_a_namespace_does_not_hand_down(name, text, field, base):
    assert getattr(settings(theirs=namespace(**{CONFIG + name: text})), field) == base
    assert getattr(settings(pod(**{CONFIG + name: text})), field) != base


def test_resources_are_set_one_by_one():
    theirs = namespace(proxy_cpu_limit="1", proxy_memory_limit="250Mi")
    resources = settings(pod(proxy_cpu_limit="500m"), theirs).resources
    assert (resources.cpu_limit, resources.memory_limit) == ("500m", "250Mi")
    assert set(_RESOURCES) == set(type(resources).__dataclass_fields__)


def test_additional_variables_add_up_by_name():
    base = annotations.PROXY_ADDITIONAL_ENV.parse('[{"name":"A","value":"0"}]', "x")
    base += annotations.PROXY_ADDITIONAL_ENV.parse('[{"name":"B","value":"0"}]', "x")
    installation = Installation(proxy=replace(ProxySettings(), additional_env=base))
    theirs = namespace(proxy_additional_env='[{"name":"B","value":"1"},{"name":"C","value":"1"}]')
    mine = pod(proxy_additional_env='[{"name":"C","value":"2"},{"name":"D"}]')
    merged = settings(mine, theirs, installation).additional_env
    assert {entry.name: entry.value for entry in merged} == {"A": "0", "B": "1", "C": "2", "D": ""}


def test_named_opaque_ports_are_those_of_the_containers():
    mine = pod((3306, "mysql"), (53, "dns", "UDP"), opaque_ports="mysql,dns,none,25")
    assert settings(mine).opaque_ports == PortSet.parse("25,3306")


@pytest.mark.parametrize("on_pod", [True, False])
def test_a_bad_value_names_the_object_that_has_it(on_pod):
    bad = {"proxy_uid": "0; rm -rf /"}
    with pytest.raises(AnnotationError) as caught:
        settings(pod(**bad) if on_pod else pod(), namespace() if on_pod else namespace(**bad))
    where = "Pod shop/web-1" if on_pod else "Namespace shop"
    assert str(caught.value).startswith(f"annotation config.linkerd.io/proxy-uid of {where}: ")


def test_a_good_value_of_the_pod_hides_a_bad_one_of_the_namespace():
    assert settings(pod(proxy_uid="3000"), namespace(proxy_uid="x")).uid == 3000


def test_the_proxys_ports_must_differ():
    with pytest.raises(ConflictingSettingsError, match="must differ"):
        settings(pod(inbound_port="4140"))


@pytest.mark.parametrize("native", [None, "true"])
def test_waiting_before_the_exit_is_not_for_native_sidecars(native):
    wait = {"config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "10"}
    more = {} if native is None else {"proxy_enable_native_sidecar": native}
    with pytest.raises(ConflictingSettingsError, match="does not work with a native sidecar"):
        settings(pod(**wait, **more))
    assert settings(pod(**wait, proxy_enable_native_sidecar="false")).wait_before_exit_seconds == 10


@pytest.mark.parametrize("account", ["Web", "a.b.serviceaccount.identity.x.y", "a/b"])
def test_an_account_that_cannot_be_an_identity_is_refused(account):
    with pytest.raises(NoIdentityError, match=r"Pod shop/web-1 cannot have an identity: .*account"):
        settings(pod(spec={"serviceAccountName": account}))


def test_ingress_comes_from_the_decision():
    assert proxy_settings(pod(), namespace(), INSTALLATION, ingress=True).ingress


def test_the_identity_service_waits_for_no_proxy_and_speaks_only_tls():
    labels = {"linkerd.io/control-plane-component": "identity"}
    own = settings(pod(labels=labels, in_namespace="linkerd"))
    assert not own.native_sidecar
    assert own.await_proxy is Switch.DISABLED
    assert str(own.require_tls_inbound_ports) == "8080"
    assert settings(pod(labels=labels)).native_sidecar, "anyone may write the label elsewhere"


def test_the_control_plane_is_open_to_those_who_cannot_be_certified_without_it():
    proxy = replace(INSTALLATION.proxy, default_inbound_policy=InboundPolicy.DENY)
    closed = replace(INSTALLATION, proxy=proxy)
    for component in ("identity", "destination", "proxy-injector"):
        own = pod(labels={COMPONENT_LABEL: component}, in_namespace="linkerd")
        assert settings(own, installation=closed).default_inbound_policy is (
            InboundPolicy.ALL_UNAUTHENTICATED
        )
    said = pod(
        labels={COMPONENT_LABEL: "destination"},
        in_namespace="linkerd",
        default_inbound_policy="all-authenticated",
    )
    assert settings(said, installation=closed).default_inbound_policy is (
        InboundPolicy.ALL_AUTHENTICATED
    )
    assert settings(installation=closed).default_inbound_policy is InboundPolicy.DENY


NAMES = st.sampled_from([a for a in annotations.ALL if a.name.startswith("config.linkerd.io/")])


@hypothesis_settings(deadline=None)
@given(st.dictionaries(NAMES.map(lambda a: a.name), st.text(max_size=20), max_size=3))
def test_any_annotation_is_settings_or_an_error_that_names_it(texts):
    try:
        proxy_settings(pod(**texts), namespace(), INSTALLATION)
    except AnnotationError as error:
        assert error.annotation in texts  # noqa: PT017 - which one is drawn, not known
    except ConflictingSettingsError:
        assert texts

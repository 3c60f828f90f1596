"""Admission of pods, and the control plane that they are admitted to."""

from pathlib import Path

import pytest

from mesh_cli.local.control_plane import control_plane
from mesh_cli.local.injection import Injection, InjectionError
from mesh_cli.local.settings import CONTROLLER_UID, PROXY_UID, Settings
from mesh_core.resources import Deployment, Namespace, Pod, Service, decode_as
from mesh_injector import Installation

INJECTION = Injection(Installation(trust_anchors="PEM", ipv6=True))
MESHED = {"linkerd.io/inject": "enabled"}


def namespace(**annotations):
    return decode_as(Namespace, {"metadata": {"name": "shop", "annotations": annotations}})


def pod(annotations=None, labels=None, where="shop"):
    return decode_as(
        Pod,
        {
            "metadata": {
                "name": "web",
                "namespace": where,
                "annotations": annotations or {},
                "labels": labels or {},
            },
            "spec": {
                "nodeName": "local",
                "serviceAccountName": "web",
                "containers": [{"name": "a", "command": ["c"], "ports": [{"containerPort": 8080}]}],
            },
            "status": {"podIP": "10.244.0.5", "podIPs": [{"ip": "10.244.0.5"}]},
        },
    )


def test_a_pod_of_an_enabled_namespace_gets_its_sidecar():
    admitted = INJECTION.admit(pod(), namespace(**MESHED), "web")
    assert admitted.sidecar is not None
    labels = admitted.pod.metadata.labels
    assert labels["linkerd.io/control-plane-ns"] == "linkerd"
    assert labels["linkerd.io/proxy-deployment"] == "web"
    proxy = admitted.pod.spec.init_containers[0]
    assert proxy.name == "linkerd-proxy"
    assert proxy.restart_policy == "Always"
    assert proxy.security_context.run_as_user == PROXY_UID
    assert proxy.command[1:3] == ("-I", "-B")
    assert admitted.sidecar.after == ("identity", "destination")
    assert not admitted.sidecar.waits_for_application
    assert "--incoming-proxy-port" in admitted.sidecar.redirect


def test_the_environment_knows_the_running_pod():
    admitted = INJECTION.admit(pod(), namespace(**MESHED), "web")
    assert admitted.sidecar is not None
    made = admitted.sidecar.environment(admitted.pod)
    assert made["LINKERD2_PROXY_INBOUND_IPS"] == "10.244.0.5"
    # The proxy's own ports are not the application's.
    assert made["LINKERD2_PROXY_INBOUND_PORTS"] == "8080"
    expected = "web.shop.serviceaccount.identity.linkerd.cluster.local"
    assert made["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"] == expected


def test_others_stay_as_they_are_with_a_reason():
    admitted = INJECTION.admit(pod({"linkerd.io/inject": "disabled"}), namespace(**MESHED), "web")
    assert admitted.sidecar is None
    assert "linkerd.io/inject: disabled" in admitted.note
    assert admitted.pod.spec.init_containers == ()


def test_a_setting_that_cannot_be_is_named():
    wrong = {**MESHED, "config.linkerd.io/skip-inbound-ports": "; rm -rf /"}
    with pytest.raises(InjectionError, match="skip-inbound-ports"):
        INJECTION.admit(pod(wrong), namespace(), "web")


SETTINGS = Settings("test", (Path("/"),))


def test_the_control_plane_is_what_a_cluster_has():
    wanted = [resource for resource, _ in control_plane(SETTINGS, ipv6=True)]
    services = {item.name: item for item in wanted if isinstance(item, Service)}
    assert {name: item.spec.ports[0].port for name, item in services.items()} == {
        "linkerd-identity": 8080,
        "linkerd-identity-headless": 8080,
        "linkerd-dst": 8086,
        "linkerd-dst-headless": 8086,
        "linkerd-policy": 8090,
    }
    assert all(
        services[f"linkerd-{n}"].headless for n in ("identity-headless", "dst-headless", "policy")
    )
    for deployment in (item for item in wanted if isinstance(item, Deployment)):
        (container,) = deployment.spec.template.spec.containers
        assert container.security_context.run_as_user == CONTROLLER_UID
        assert container.command[1:3] == ("-I", "-B")


@pytest.mark.parametrize("component, after", [("identity", ()), ("destination", ("identity",))])
def test_the_control_plane_meshes_itself(component, after):
    labels = {"linkerd.io/control-plane-component": component}
    where = decode_as(Namespace, {"metadata": {"name": "linkerd"}})
    admitted = INJECTION.admit(pod(MESHED, labels, "linkerd"), where, f"linkerd-{component}")
    assert admitted.sidecar is not None
    assert admitted.sidecar.after == after
    assert admitted.sidecar.waits_for_application

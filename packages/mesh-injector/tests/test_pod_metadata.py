"""What injection writes on a pod, and whose pod it is."""

from dataclasses import replace

import pytest
from pods import CONFIG, INSTALLATION, namespace, pod

from mesh_core import annotations
from mesh_core.resources import Job, Pod, ReplicaSet, decode_as
from mesh_injector import Installation, Owner, owner_of, pod_metadata, proxy_settings
from mesh_injector.pod_metadata import (
    inherited_annotations,
    opaque_ports_annotation,
    trust_root_fingerprint,
)

TRUST_ROOT = "linkerd.io/trust-root-sha256"


def test_a_member_of_the_mesh_is_marked():
    written = pod_metadata(pod(80), namespace(), INSTALLATION, Owner("Deployment", "web"))
    assert written.labels == {
        "linkerd.io/control-plane-ns": "linkerd",
        "linkerd.io/workload-ns": "shop",
        "linkerd.io/proxy-deployment": "web",
    }
    assert written.annotations.pop(TRUST_ROOT).isalnum()
    assert written.annotations == {
        "linkerd.io/created-by": "mesh/injector",
        CONFIG + "pod-inbound-ports": "80",
    }


def test_the_version_of_the_proxy_is_written_when_it_is_known():
    written = pod_metadata(pod(), namespace(), replace(INSTALLATION, version="1.2.3"))
    assert written.annotations["linkerd.io/proxy-version"] == "1.2.3"


def test_the_version_is_that_of_the_image_that_the_pod_runs():
    for mine in (pod(proxy_version="2"), pod(proxy_image="my/proxy:2")):
        own = proxy_settings(mine, namespace(), INSTALLATION)
        written = pod_metadata(mine, namespace(), INSTALLATION, settings=own)
        assert written.annotations["linkerd.io/proxy-version"] == "2"


def test_white_space_around_the_roots_is_no_other_root():
    assert trust_root_fingerprint("PEM\n") == trust_root_fingerprint("\nPEM")


def test_ports_that_the_pod_names_itself_stay():
    written = pod_metadata(pod(80, pod_inbound_ports="81"), namespace(), INSTALLATION)
    assert CONFIG + "pod-inbound-ports" not in written.annotations


def test_another_trust_root_shows():
    other = Installation(trust_anchors="other")
    first, second = (
        pod_metadata(pod(), namespace(), installation).annotations[TRUST_ROOT]
        for installation in (INSTALLATION, other)
    )
    assert first != second


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet"])
def test_owners_of_known_kinds_are_labels(kind):
    labels = pod_metadata(pod(), namespace(), INSTALLATION, Owner(kind, "x" * 100)).labels
    assert labels[f"linkerd.io/proxy-{kind.lower()}"] == "x" * 63


def test_a_long_name_is_not_cut_to_what_no_label_may_be():
    owner = Owner("Deployment", f"{'x' * 61}.-web")
    labels = pod_metadata(pod(), namespace(), INSTALLATION, owner).labels
    assert labels["linkerd.io/proxy-deployment"] == "x" * 61


def test_owners_of_other_kinds_are_not():
    labels = pod_metadata(pod(), namespace(), INSTALLATION, Owner("Rollout", "x")).labels
    assert not any(name.startswith("linkerd.io/proxy-") for name in labels)


def test_a_namespace_hands_down_what_its_pods_do_not_say():
    theirs = namespace(
        inject="enabled",
        proxy_log_level="debug",
        proxy_uid="3000",
        enable_gateway="true",
        **{"example.com/team": "a", "config.beta.linkerd.io/proxy-enable-native-sidecar": "false"},
    )
    assert inherited_annotations(pod(proxy_uid="4000"), theirs) == {
        CONFIG + "proxy-log-level": "debug",
        "config.beta.linkerd.io/proxy-enable-native-sidecar": "false",
    }


def test_an_alias_on_the_pod_hides_the_namespaces_name():
    mine = pod(**{"config.alpha.linkerd.io/proxy-enable-native-sidecar": "true"})
    assert inherited_annotations(mine, namespace(proxy_enable_native_sidecar="false")) == {}


@pytest.mark.parametrize(
    "mine, theirs, expected",
    [
        (pod(80, 3306, 6379), namespace(), "3306,6379"),
        (pod(80), namespace(), None),
        (pod(3306, opaque_ports="80"), namespace(), None),
        (pod(3306), namespace(opaque_ports="80"), None),
        (pod((53, "dns", "UDP"), (25, "x", "UDP")), namespace(), None),
    ],
)
def test_the_pods_default_opaque_ports_are_written_where_nobody_said_anything(
    mine, theirs, expected
):
    written = opaque_ports_annotation(mine, theirs, INSTALLATION, mine.spec.tcp_ports())
    assert written == ({} if expected is None else {annotations.OPAQUE_PORTS.name: expected})


def test_opaque_ports_of_the_namespace_are_inherited_as_they_stand():
    written = pod_metadata(pod(3306), namespace(opaque_ports="80,mysql"), INSTALLATION)
    assert written.annotations[annotations.OPAQUE_PORTS.name] == "80,mysql"


def owned(kind: str, name: str, owner: str = "") -> dict[str, object]:
    reference = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": name,
        "uid": f"uid of {name}",
        "controller": True,
    }
    return {"name": owner or "web-1-x", "namespace": "shop", "ownerReferences": [reference]}


def test_the_owner_is_the_topmost_controller():
    mine = decode_as(Pod, {"metadata": owned("ReplicaSet", "web-1")})
    theirs = decode_as(ReplicaSet, {"metadata": owned("Deployment", "web", "web-1")})
    other = decode_as(ReplicaSet, {"metadata": owned("Deployment", "api", "api-1")})
    bare = decode_as(ReplicaSet, {"metadata": {"name": "web-1", "namespace": "shop"}})
    assert owner_of(mine, theirs) == Owner("Deployment", "web")
    assert owner_of(mine) == owner_of(mine, other) == Owner("ReplicaSet", "web-1")
    assert owner_of(mine, bare) == Owner("ReplicaSet", "web-1")
    later = {**owned("Deployment", "web", "web-1"), "uid": "of one made again"}
    assert owner_of(mine, decode_as(ReplicaSet, {"metadata": later})) == owner_of(mine)
    assert owner_of(pod()) is None
    assert str(Owner("Deployment", "web")) == "Deployment web"


def test_a_cron_job_owns_the_pods_of_its_jobs():
    mine = decode_as(Pod, {"metadata": owned("Job", "report-1")})
    theirs = decode_as(Job, {"metadata": owned("CronJob", "report", "report-1")})
    assert owner_of(mine, theirs) == Owner("CronJob", "report")


def test_an_owner_can_be_found_again():
    mine = decode_as(Pod, {"metadata": owned("DaemonSet", "agent")})
    owner = owner_of(mine)
    assert owner is not None
    assert (owner.api_version, owner.uid) == ("apps/v1", "uid of agent")

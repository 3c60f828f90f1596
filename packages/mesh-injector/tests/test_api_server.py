"""What a real API server says to injected pods."""

import json
from dataclasses import replace

import pytest
from pods import INSTALLATION, container, namespace, patched
from test_annotation_effects import EFFECTS
from test_golden_pods import FILES, injected, read

from mesh_injector import Installation
from mesh_injector.init_settings import InitSettings

pytest_plugins = ["mesh_clusters.fixtures"]

CONFIG = "config.linkerd.io/"
CLASSIC = {CONFIG + "proxy-enable-native-sidecar": "false"}
ROOT = Installation(trust_anchors=INSTALLATION.trust_anchors, init=InitSettings(run_as_root=True))
COMPLIANT = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def cluster(api_server):
    """An API server with the namespaces of the tests."""
    for name, level in (
        ("shop", "privileged"),
        ("linkerd", "privileged"),
        ("strict", "restricted"),
    ):
        api_server.kubectl("create", "namespace", name)
        api_server.kubectl(
            "label", "namespace", name, f"pod-security.kubernetes.io/enforce={level}"
        )
    return api_server


def admitted(cluster, *pods, in_namespace="shop"):
    """The pods as the API server would store them; it keeps none."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata(pod, in_namespace, index),
            # Before webhooks are asked, an admission plugin that this server lacks fills it in.
            "spec": {"serviceAccountName": "default", **pod["spec"]},
        }
        for index, pod in enumerate(pods)
    ]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    flags = ("--dry-run=server", "--warnings-as-errors", "--output=json", "--filename=-")
    return list(documents(cluster.kubectl("create", *flags, stdin=document)))


def documents(text):
    """JSON documents one after the other, as kubectl prints them."""
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        value, position = decoder.raw_decode(text, position)
        position += 1
        yield value


def metadata(pod, in_namespace, index):
    kept = {k: v for k, v in pod["metadata"].items() if k != "generateName"}
    return {**kept, "name": f"pod-{index}", "namespace": kept.get("namespace", in_namespace)}


def plain(**texts):
    return {
        "metadata": {"annotations": {"linkerd.io/inject": "enabled", **texts}},
        "spec": {"containers": [{"name": "app", "image": "web:1"}]},
    }


def kept(ours, theirs):
    """Whether a stored document says all that ours says; the API server adds its defaults."""
    if isinstance(ours, dict):
        return all(kept(value, theirs.get(name)) for name, value in ours.items())
    if isinstance(ours, list):
        return len(ours) == len(theirs or ()) and all(map(kept, ours, theirs or ()))
    return ours == theirs


def test_golden_pods_are_accepted_and_kept_as_they_are(cluster):
    pods = [injected(*read(path)[:2]) for path in FILES]
    for ours, theirs in zip(pods, admitted(cluster, *pods), strict=True):
        assert kept(ours["spec"], theirs["spec"])
        assert kept(ours["metadata"]["labels"], theirs["metadata"]["labels"])


@pytest.mark.parametrize("more", [{}, CLASSIC], ids=["native", "classic"])
def test_no_annotation_makes_a_pod_that_is_refused(cluster, more):
    texts = [(CONFIG + name, text) for name, text, _ in EFFECTS]
    pods = [patched(plain(**{**more, name: text})) for name, text in texts]
    pods.append(patched(plain(**more, **{CONFIG + "close-wait-timeout": "1m"}), installation=ROOT))
    wait = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
    pods.extend(patched(plain(**CLASSIC, **{wait: text})) for text in ("1", "3600"))
    assert len(admitted(cluster, *pods)) == len(pods)


def test_native_sidecars_stand_before_the_pods_own_init_containers(cluster):
    mine = plain()
    mine["spec"]["initContainers"] = [{"name": "migrate", "image": "web:1"}]
    (stored,) = admitted(cluster, patched(mine))
    names = [item["name"] for item in stored["spec"]["initContainers"]]
    assert names == ["linkerd-init", "linkerd-proxy", "migrate"]
    assert container(stored, "linkerd-proxy")["restartPolicy"] == "Always"


@pytest.mark.parametrize("native", ["true", "false"])
def test_with_a_plugin_a_restricted_namespace_stays_restricted(cluster, native):
    mine = plain(**{CONFIG + "proxy-enable-native-sidecar": native})
    mine["spec"]["containers"][0]["securityContext"] = COMPLIANT
    plugin = replace(INSTALLATION, cni=True)
    (stored,) = admitted(
        cluster,
        patched(mine, namespace("strict", inject="enabled"), plugin),
        in_namespace="strict",
    )
    assert container(stored, "linkerd-network-validator")


def test_without_a_plugin_only_the_one_capability_is_too_much_there(cluster):
    mine = plain()
    mine["spec"]["containers"][0]["securityContext"] = COMPLIANT
    with pytest.raises(Exception, match="violates PodSecurity") as caught:
        admitted(
            cluster, patched(mine, namespace("strict", inject="enabled")), in_namespace="strict"
        )
    text = str(caught.value)
    assert 'container "linkerd-init" must not include "NET_ADMIN"' in text
    assert "linkerd-proxy" not in text.replace("linkerd-proxy-init", "")

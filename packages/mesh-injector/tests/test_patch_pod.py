"""Pods that join the mesh: what is refused, and what holds for every pod."""

import copy
import re
from dataclasses import replace
from datetime import timedelta

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pods import CONFIG, INSTALLATION, container, decoded, namespace, operations, patched, pod

from mesh_core import annotations
from mesh_core.annotations import AnnotationError
from mesh_core.resources import Namespace, ObjectMeta
from mesh_injector import (
    COMPONENT_LABEL,
    ConflictingSettingsError,
    DecidedBy,
    Inject,
    InjectorError,
    Installation,
    Owner,
    Skip,
    SkipReason,
    additions,
    decide,
    image_reference,
    patch_pod,
)
from mesh_injector.init_settings import InitSettings


def document(spec=None, **texts):
    return {
        "metadata": {"name": "web", "annotations": texts},
        "spec": {"containers": [{"name": "app"}], **(spec or {})},
    }


def annotated(**texts):
    return document() | {
        "metadata": {"name": "web", "annotations": dict(pod(**texts).metadata.annotations)}
    }


@pytest.mark.parametrize(
    "texts, words",
    [
        ({"proxy_cpu_request": "2", "proxy_cpu_limit": "1500m"}, "proxy-cpu-request is 2"),
        ({"proxy_memory_request": "1Gi", "proxy_memory_limit": "1G"}, "proxy-memory-limit is 1G"),
        (
            {
                "proxy_ephemeral_storage_request": "2Mi",
                "proxy_ephemeral_storage_limit": "1Mi",
            },
            "proxy-ephemeral-storage-request is 2Mi",
        ),
        ({"close_wait_timeout": "5s"}, "proxyInit.runAsRoot: true"),
        ({"admin_port": "4143"}, "must differ"),
    ],
)
def test_settings_that_cannot_hold_together_name_what_to_change(texts, words):
    with pytest.raises(ConflictingSettingsError, match=re.escape(words)) as caught:
        operations(annotated(**texts))
    assert str(caught.value).startswith("Pod shop/web: ")


def test_a_plugin_that_makes_the_redirect_sets_no_timeout_of_the_kernel():
    plugin = replace(INSTALLATION, cni=True, init=InitSettings(run_as_root=True))
    with pytest.raises(ConflictingSettingsError, match="CNI mode; remove it"):
        operations(annotated(close_wait_timeout="5s"), installation=plugin)


def test_the_installations_own_timeout_means_nothing_to_a_plugin():
    proxy = replace(INSTALLATION.proxy, close_wait_timeout=timedelta(seconds=5))
    operations(document(), installation=replace(INSTALLATION, cni=True, proxy=proxy))


@pytest.mark.parametrize(
    "spec, words",
    [
        (
            {"volumes": [{"name": "linkerd-identity-token"}]},
            "a volume named linkerd-identity-token",
        ),
        ({"containers": [{"name": "linkerd-debug"}]}, "a container named linkerd-debug"),
    ],
)
def test_names_that_the_mesh_needs_are_refused(spec, words):
    with_debug = document(spec, **{CONFIG + "enable-debug-sidecar": "true"})
    with pytest.raises(ConflictingSettingsError, match=words):
        operations(with_debug)


def test_kubectl_stays_with_the_application():
    name = "kubectl.kubernetes.io/default-container"
    classic = {CONFIG + "proxy-enable-native-sidecar": "false"}
    assert patched(document(**classic))["metadata"]["annotations"][name] == "app"
    assert name not in patched(document())["metadata"]["annotations"]
    chosen = patched(document(**classic, **{name: "other"}))
    assert chosen["metadata"]["annotations"][name] == "other"


def test_a_pod_without_containers_is_patched_all_the_same():
    for classic in ("true", "false"):
        bare = {"metadata": {"annotations": {CONFIG + "proxy-enable-native-sidecar": classic}}}
        result = patched(bare)
        assert container(result, "linkerd-proxy")
        assert container(result, "linkerd-init")


@pytest.mark.parametrize(
    "name, version, reference",
    [
        ("localhost/mesh-proxy", "0.1.0", "localhost/mesh-proxy:0.1.0"),
        ("localhost/mesh-proxy", "", "localhost/mesh-proxy"),
        ("registry:5000/proxy", "1", "registry:5000/proxy:1"),
        ("registry:5000/proxy:2", "1", "registry:5000/proxy:2"),
        ("proxy@sha256:ab", "1", "proxy@sha256:ab"),
        ("proxy", "sha256:ab", "proxy@sha256:ab"),
    ],
)
def test_images_have_one_tag_or_digest(name, version, reference):
    assert image_reference(name, version) == reference


@pytest.mark.parametrize(
    "image, added",
    [
        ("localhost/mesh-proxy", ["NET_ADMIN"]),
        ("cr.l5d.io/linkerd/proxy", ["NET_ADMIN", "NET_RAW"]),
        ("registry:5000/linkerd/proxy:edge-26.6.3@sha256:ab", ["NET_ADMIN", "NET_RAW"]),
        ("linkerd/proxy", ["NET_ADMIN", "NET_RAW"]),
        ("my-linkerd/proxy", ["NET_ADMIN"]),
        ("linkerd/proxy-of-mine", ["NET_ADMIN"]),
    ],
)
def test_only_an_image_of_linkerds_own_gets_what_its_iptables_carries(image, added):
    injected = patched(document(**{CONFIG + "proxy-image": image}))
    context = container(injected, "linkerd-init")["securityContext"]
    assert context["capabilities"] == {"add": added, "drop": ["ALL"]}
    assert not context["allowPrivilegeEscalation"]


# Whatever a pod may look like. Names are those that the API server lets in.

NAMES = st.text("abz09", min_size=1, max_size=4)
KEYS = st.sampled_from(
    [COMPONENT_LABEL, "app", "a.b/c", "a.b/c~d", "~1", CONFIG + "opaque-ports", "x"]
)
STRINGS = st.none() | st.dictionaries(KEYS, st.sampled_from(["", "80", "identity"]), max_size=3)
PORTS = st.fixed_dictionaries(
    {"containerPort": st.integers(1, 65535)},
    optional={"name": NAMES, "protocol": st.sampled_from(["TCP", "UDP", "SCTP"])},
)
TOKENS = st.builds(
    lambda name: {"name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}, NAMES
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "ports": st.none() | st.lists(PORTS, max_size=3),
            "env": st.none(),
            "volumeMounts": st.lists(TOKENS, max_size=1),
        },
    ),
    max_size=3,
    unique_by=lambda item: item["name"],
)
PODS = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {}, optional={"labels": STRINGS, "annotations": STRINGS, "name": NAMES}
        ),
        "spec": st.fixed_dictionaries(
            {"containers": CONTAINERS},
            optional={
                "initContainers": st.none() | CONTAINERS,
                "volumes": st.none() | st.lists(st.builds(lambda n: {"name": n}, NAMES)),
                "terminationGracePeriodSeconds": st.none() | st.integers(0, 60),
            },
        ),
    }
)
INSTALLATIONS = st.builds(
    lambda native, cni, ipv6, projected: replace(
        INSTALLATION,
        cni=cni,
        ipv6=ipv6,
        token_projection=projected,
        proxy=replace(INSTALLATION.proxy, native_sidecar=native, wait_before_exit_seconds=50),
    ),
    *[st.booleans()] * 4,
)
THEIRS = namespace(inject="enabled")


def without(document, added):
    """What is left of a patched document when everything that was added is taken away."""
    spec = document["spec"]
    for part in ("containers", "initContainers", "volumes"):
        spec[part] = [x for x in spec.get(part) or () if not x["name"].startswith("linkerd-")]
    for part in ("labels", "annotations"):
        entries = document["metadata"].get(part) or {}
        document["metadata"][part] = {k: v for k, v in entries.items() if k not in added}
    return document


@settings(deadline=None)
@given(PODS, INSTALLATIONS)
def test_every_pod_keeps_what_it_had_and_is_injected_once(before, installation):
    owner = Owner("Job", "x")
    result = patched(before, THEIRS, installation, owner)
    again = operations(before, THEIRS, installation, owner)
    assert jsonpatch.apply_patch(before, again) == result
    twice = decide(decoded(result), THEIRS, installation)
    assert isinstance(twice, Skip)
    assert twice.reason is SkipReason.SIDECAR_EXISTS
    had = {k for part in ("labels", "annotations") for k in before["metadata"].get(part) or ()}
    added = {
        key
        for part in ("labels", "annotations")
        for key in result["metadata"][part]
        if key not in had
    }
    normal = {
        "metadata": {"labels": {}, "annotations": {}, **before["metadata"]},
        "spec": {"initContainers": [], "volumes": [], **before["spec"]},
    }
    assert without(copy.deepcopy(result), added) == without(normal, added)


@settings(deadline=None)
@given(st.lists(PODS, min_size=2, max_size=3), INSTALLATIONS, st.booleans())
def test_what_is_remembered_is_what_would_be_made(documents, installation, here):
    where = "linkerd" if here else "shop"
    for before in documents:
        mine = decoded(before, where)
        remembered = additions(mine, installation.proxy, installation)
        assert additions(mine, replace(installation.proxy), installation) == remembered


HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "--netns=/proc/1/ns/net",
        "25 --simulate",
        "$(_pod_sa)",
        "x:1 --privileged",
        "debug\nLINKERD2_PROXY_IDENTITY_DIR=/",
        '[{"name":"LD_PRELOAD","value":"/x"}]',
        "';exit 1;'",
        "../../etc",
        "\0",
    ]
)
WISH = Inject(DecidedBy.WORKLOAD)
SAFE_ARGUMENT = re.compile(r"--[a-z0-9-]+(=(true|false))?|[0-9,-]*[0-9]|[0-9a-f.:/,]+")
SAFE_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
KNOWN = sorted(
    name
    for known in annotations.ALL
    for name in known.names
    if name.startswith("config.") and name != CONFIG + "proxy-additional-env"
)


def attempt(mine, theirs):
    """The operations, or why there are none."""
    try:
        return patch_pod(mine, decoded(mine), theirs, INSTALLATION, None, WISH)
    except (AnnotationError, InjectorError) as error:
        return error


@pytest.mark.fault(67)
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(KNOWN), HOSTILE, min_size=1, max_size=3), st.booleans())
def test_no_text_of_an_annotation_becomes_an_option_an_image_or_a_variable(texts, on_pod):
    mine = document(**texts) if on_pod else document()
    theirs = Namespace(ObjectMeta(name="shop", annotations={} if on_pod else texts))
    made = attempt(mine, theirs)
    if isinstance(made, AnnotationError):
        assert made.annotation in texts
        assert made.annotation in str(made)
        assert made.where in {"Pod shop/web", "Namespace shop"}
    if isinstance(made, Exception):
        return
    for operation in made:
        if operation.path != "/spec/initContainers":
            continue
        init, proxy = operation.value
        assert all(SAFE_ARGUMENT.fullmatch(argument) for argument in init["args"])
        assert "args" not in proxy
        assert "command" not in proxy
        assert SAFE_IMAGE.fullmatch(init["image"])
        assert proxy["image"] == init["image"]
        values = [item["value"] for item in proxy["env"] if "value" in item]
        assert not any(set(value) & set("\0") for value in values)
        references = {name for value in values for name in re.findall(r"\$\((.*?)\)", value)}
        assert references <= {"_pod_name", "_pod_ns", "_pod_nodeName", "_pod_sa", "_pod_ips"}


def test_without_trust_anchors_the_operator_is_told():
    with pytest.raises(InjectorError, match="no trust anchors"):
        operations(document(), installation=Installation())

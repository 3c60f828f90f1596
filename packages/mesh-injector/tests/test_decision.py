"""Which pods get the sidecar: the whole matrix."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pods import INSTALLATION, namespace, pod

from mesh_core.annotations import Inject as Wish
from mesh_injector import DecidedBy, Inject, Installation, Owner, Skip, SkipReason, decide
from mesh_injector.decision import unsupported

POD, NAMESPACE = DecidedBy.WORKLOAD, DecidedBy.NAMESPACE


@pytest.mark.parametrize(
    "on_pod, on_namespace, expected",
    [
        (None, None, SkipReason.NOT_ENABLED),
        (None, "enabled", Inject(NAMESPACE)),
        (None, "ingress", Inject(NAMESPACE, ingress=True)),
        (None, "disabled", SkipReason.NOT_ENABLED),
        (None, "yes", SkipReason.INVALID_ON_NAMESPACE),
        ("enabled", None, Inject(POD)),
        ("enabled", "disabled", Inject(POD)),
        ("enabled", "enabled", Inject(POD)),
        ("enabled", "yes", Inject(POD)),
        ("ingress", None, Inject(POD, ingress=True)),
        ("ingress", "enabled", Inject(POD, ingress=True)),
        ("disabled", None, SkipReason.DISABLED),
        ("disabled", "enabled", SkipReason.DISABLED),
        ("disabled", "yes", SkipReason.DISABLED),
        ("Enabled", "enabled", SkipReason.INVALID_ON_WORKLOAD),
        ("", "enabled", SkipReason.INVALID_ON_WORKLOAD),
        ("true", None, SkipReason.INVALID_ON_WORKLOAD),
    ],
)
def test_the_pods_word_wins_over_its_namespaces(on_pod, on_namespace, expected):
    mine = {} if on_pod is None else {"inject": on_pod}
    theirs = {} if on_namespace is None else {"inject": on_namespace}
    decision = decide(pod(**mine), namespace(**theirs), INSTALLATION)
    assert (decision.reason if isinstance(decision, Skip) else decision) == expected


@pytest.mark.parametrize(
    "spec, reason, word",
    [
        ({"hostNetwork": True}, SkipReason.HOST_NETWORK, "host's network"),
        ({"containers": [{"name": "linkerd-proxy"}]}, SkipReason.SIDECAR_EXISTS, "linkerd-proxy"),
        ({"containers": [{"name": "istio-proxy"}]}, SkipReason.SIDECAR_EXISTS, "istio-proxy"),
        ({"initContainers": [{"name": "linkerd-init"}]}, SkipReason.SIDECAR_EXISTS, "linkerd-init"),
        (
            {"initContainers": [{"name": "p", "image": "cr.l5d.io/linkerd/proxy:edge-26.6.3"}]},
            SkipReason.SIDECAR_EXISTS,
            "container p",
        ),
        (
            {"containers": [{"name": "p", "image": "localhost/mesh-proxy:0.1.0"}]},
            SkipReason.SIDECAR_EXISTS,
            "container p",
        ),
        (
            {"nodeSelector": {"kubernetes.io/os": "windows"}},
            SkipReason.UNSUPPORTED,
            "runs on windows",
        ),
        ({"os": {"name": "windows"}}, SkipReason.UNSUPPORTED, "runs on windows"),
    ],
)
def test_what_makes_a_sidecar_impossible(spec, reason, word):
    decision = decide(pod(inject="enabled", spec=spec), namespace())
    assert isinstance(decision, Skip)
    assert decision.reason is reason
    assert word in decision.message


def test_obstacles_are_no_news_for_pods_that_nobody_wants_in_the_mesh():
    decision = decide(pod(spec={"hostNetwork": True}), namespace())
    assert decision.reason is SkipReason.NOT_ENABLED


@pytest.mark.parametrize(
    "automount, projection, injected",
    [(False, False, False), (False, True, True), (True, False, True), (None, False, True)],
)
def test_a_proxy_needs_a_token(automount, projection, injected):
    mine = pod(inject="enabled", spec={"automountServiceAccountToken": automount})
    decision = decide(mine, namespace(), Installation(token_projection=projection))
    assert isinstance(decision, Inject) is injected
    if not injected:
        assert decision.reason is SkipReason.NO_TOKEN


def test_a_typo_is_named_with_annotation_object_and_what_is_allowed():
    message = decide(pod(), namespace(inject="enable")).message
    assert message == (
        "annotation linkerd.io/inject of Namespace shop: 'enable' is not allowed; "
        "allowed: enabled or disabled or ingress"
    )


def test_the_owner_is_named_where_users_know_it_better_than_the_pod():
    mine = pod(inject="enabled", spec={"hostNetwork": True})
    assert decide(mine, namespace(), owner=Owner("Deployment", "web")).message.startswith(
        "Deployment web uses"
    )


def test_a_static_pod_has_no_identity_to_carry():
    static = pod(inject="enabled", **{"kubernetes.io/config.mirror": "0123"})
    decision = decide(static, namespace(), INSTALLATION)
    assert decision.reason is SkipReason.UNSUPPORTED
    assert "static pod" in decision.message


def test_linux_is_where_the_proxy_runs():
    mine = pod(inject="enabled", spec={"nodeSelector": {"kubernetes.io/os": "linux"}})
    assert isinstance(decide(mine, namespace(), INSTALLATION), Inject)


def test_other_kinds_say_where_the_sidecar_goes():
    assert unsupported("Deployment") == Skip(
        SkipReason.UNSUPPORTED, "a Deployment gets no sidecar; its pods do"
    )


@settings(deadline=None)
@given(st.none() | st.sampled_from(Wish) | st.text(max_size=12))
def test_only_exact_words_inject(text):
    decision = decide(pod(**({} if text is None else {"inject": text})), namespace())
    wanted = text is not None and text.strip() in {"enabled", "ingress"}
    assert isinstance(decision, Inject) is wanted

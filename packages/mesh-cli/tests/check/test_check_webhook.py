"""The injector's webhook: its certificate, and what it does to a pod."""

import pytest
from authorities import DAY, NOW, make

from mesh_cli.check.categories import linkerd_webhooks as webhooks
from mesh_cli.check.errors import UnusableCertificate
from mesh_cli.check.finding import Level
from mesh_core.kubernetes import ForbiddenError, RejectedError, ServerFailedError
from mesh_core.resources import LabelSelector, Namespace, ObjectMeta, Pod, Secret
from mesh_core.resources.admission_registration import (
    MutatingWebhookConfiguration,
    Webhook,
    WebhookClientConfig,
)
from mesh_core.resources.metadata import LabelSelectorRequirement
from mesh_core.store.errors import NotFoundError
from mesh_injector.pod_metadata import trust_root_fingerprint

HERE = "linkerd"
NAME = "linkerd-proxy-injector.linkerd.svc"


def configuration(bundle, **annotations):
    hook = Webhook("x", WebhookClientConfig(bundle.encode()))
    return MutatingWebhookConfiguration(ObjectMeta("x", annotations=annotations), (hook,))


def serving(pair, key=None):
    data = {"tls.crt": pair.pem.encode(), "tls.key": (key or pair).key_pem.encode()}
    return Secret(ObjectMeta("linkerd-proxy-injector-k8s-tls", HERE), data)


@pytest.fixture(scope="module")
def root():
    return make("root")


@pytest.mark.parametrize("name", [NAME, "*.linkerd.svc"])
def test_a_certificate_below_the_bundle_is_well(root, name):
    leaf = make("leaf", root, authority=False, names=(name,))
    tls = webhooks.read_webhook_tls(HERE, configuration(root.pem), serving(leaf))
    assert webhooks.judge_certificate(tls, NOW) is None
    assert webhooks.judge_certificate_lasts(tls, NOW) is None


def test_a_certificate_that_signed_itself_is_its_own_bundle():
    leaf = make("leaf", names=(NAME,))
    tls = webhooks.read_webhook_tls(HERE, configuration(leaf.pem), serving(leaf))
    assert webhooks.judge_certificate(tls, NOW) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"names": ()}, "is for no name, the API server calls it linkerd-proxy-injector.linkerd"),
        ({"names": ("other",)}, "is for other, the API server calls it"),
        ({"signer": None}, "did not sign the injector's certificate CN=leaf of Secret"),
        ({"ends": NOW - DAY, "begins": NOW - 2 * DAY}, "webhook certificate CN=leaf expired at"),
    ],
)
def test_a_certificate_that_the_api_server_refuses(root, change, said):
    leaf = make("leaf", **{"signer": root, "names": (NAME,), "authority": False, **change})
    tls = webhooks.read_webhook_tls(HERE, configuration(root.pem), serving(leaf))
    assert said in str(webhooks.judge_certificate(tls, NOW))


def test_what_ends_soon_is_a_warning_unless_it_is_renewed(root):
    leaf = make("leaf", root, names=(NAME,), ends=NOW + 30 * DAY)
    renewed = configuration(root.pem, **{"cert-manager.io/inject-ca-from": "a/b"})
    tls = webhooks.read_webhook_tls(HERE, configuration(root.pem), serving(leaf))
    assert "in 30 days" in str(webhooks.judge_certificate_lasts(tls, NOW))
    tls = webhooks.read_webhook_tls(HERE, renewed, serving(leaf))
    assert webhooks.judge_certificate_lasts(tls, NOW) is None


def test_each_missing_part_is_named(root):
    leaf = make("leaf", root, names=(NAME,))
    good = configuration(root.pem)
    empty = Secret(ObjectMeta("x", HERE), {"tls.crt": leaf.pem.encode()})
    for hook, secret, said in (
        (None, serving(leaf), "does not exist or names no webhook: no pod gets a proxy"),
        (configuration(" "), serving(leaf), "is empty: the API server does not trust"),
        (configuration("rubbish"), serving(leaf), "caBundle of MutatingWebhookConfiguration"),
        (good, None, "Secret linkerd/linkerd-proxy-injector-k8s-tls does not exist"),
        (good, empty, "linkerd-proxy-injector-k8s-tls has no tls.key"),
        (good, serving(leaf, key=root), "tls.key is not the key of tls.crt"),
    ):
        with pytest.raises(UnusableCertificate) as problem:
            webhooks.read_webhook_tls(HERE, hook, secret)
        assert said in str(problem.value)


def namespace(name, **labels):
    return Namespace(ObjectMeta(name, labels=labels))


def test_a_pod_is_tried_out_where_a_proxy_would_be_let_in():
    selector = LabelSelector(match_expressions=(LabelSelectorRequirement("off", "DoesNotExist"),))
    hook = Webhook("x", namespace_selector=selector)
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    off, strict = namespace("a", off=""), namespace("b", **enforced)
    choose = webhooks.trial_namespace
    assert choose([off, strict], hook) is None
    assert choose([off, strict, namespace("z"), namespace("c")], hook).name == "c"
    assert choose([namespace("c"), namespace("default")], hook).name == "default"


@pytest.mark.parametrize(
    ("control_plane", "anchors", "said"),
    [
        ("linkerd", "roots\n", None),
        ("other", "roots", "from another control plane, in namespace other"),
        ("linkerd", "old roots", "gets other trust anchors"),
    ],
)
def test_the_proxy_that_a_pod_got(control_plane, anchors, said):
    meta = ObjectMeta(
        "x",
        HERE,
        labels={"linkerd.io/control-plane-ns": control_plane},
        annotations={"linkerd.io/trust-root-sha256": trust_root_fingerprint(anchors)},
    )
    found = webhooks.judge_trial(Pod(meta), HERE, "roots")
    assert (found is None) if said is None else (said in str(found))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (None, "the injector answers"),
        (RejectedError("no AdmissionReview"), "the injector answers"),
        (NotFoundError("x"), "no pod of it is ready"),
        (ForbiddenError("x"), "see the log of linkerd-proxy-injector"),
        (ServerFailedError("no route"), "the API server does not reach it (no route)"),
        (ServerFailedError("no endpoints available for service"), "no pod of it is ready"),
    ],
)
def test_a_pod_without_a_proxy_is_explained(trouble, said):
    found = webhooks.explain_no_proxy("Ignore", trouble)
    assert said in found
    assert "(failurePolicy Ignore)" in found


@pytest.mark.parametrize(
    ("refusal", "level"),
    [
        (RejectedError('Pod "x" is invalid: spec.volumes[2] (422)'), Level.ERROR),
        (
            RejectedError('admission webhook "hook" denied the request: no anchors (400)'),
            Level.ERROR,
        ),
        (RejectedError("exceeded quota: pods (403)"), Level.WARNING),
        (ForbiddenError("eve lacks the permission to create pods"), Level.WARNING),
    ],
)
def test_who_refuses_the_trial_pod_makes_the_difference(refusal, level):
    assert webhooks.judge_refusal(refusal, Webhook("hook")).level is level

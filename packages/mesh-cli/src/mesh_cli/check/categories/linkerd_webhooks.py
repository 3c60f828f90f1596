"""Whether the API server can ask the injector, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mesh_cli.check import certificates, expected
from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.categories.linkerd_identity import now
from mesh_cli.check.certificates import Chain
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import has_proxy
from mesh_cli.check.errors import UnusableCertificate
from mesh_cli.check.finding import Finding, Level, error, errors, warning
from mesh_cli.check.installed import installed
from mesh_core import annotations
from mesh_core.kubernetes import ForbiddenError, RejectedError, ServerFailedError
from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.resources import Namespace, Pod, Secret
from mesh_core.resources.admission_registration import MutatingWebhookConfiguration, Webhook
from mesh_core.store.errors import NotFoundError, StoreError
from mesh_injector.pod_metadata import TRUST_ROOT, trust_root_fingerprint

NAME = "linkerd-webhooks-and-apisvc-tls"

_RENEW = (
    f"delete Secret {expected.WEBHOOK_SECRET} and run `helm upgrade` to have both made anew, "
    "or correct the one that you provide"
)
_ENFORCED = "pod-security.kubernetes.io/enforce"
_INVALID = "(422)"
_NO_ENDPOINTS = "no endpoints available"
_TRIAL = "mesh-check-"
_CERT_MANAGER = "cert-manager.io/inject-ca-from"


@dataclass(frozen=True, slots=True)
class WebhookTls:
    """What the API server trusts, and what the injector shows."""

    bundle: Chain
    serving: Chain
    name: str
    """Under which the API server calls it."""
    renewed: bool = False
    """Whether cert-manager provides the certificate, and renews it."""


def read_webhook_tls(
    control_plane: str, configuration: MutatingWebhookConfiguration | None, secret: Secret | None
) -> WebhookTls:
    """Read both sides; raises UnusableCertificate."""
    webhook = _webhook(configuration)
    where = f"caBundle of MutatingWebhookConfiguration {expected.WEBHOOK}"
    if webhook is None:
        raise UnusableCertificate(
            f"MutatingWebhookConfiguration {expected.WEBHOOK} does not exist or names no webhook: "
            f"no pod gets a proxy; {expected.UPGRADE}"
        )
    if not webhook.client_config.ca_bundle.strip():
        raise UnusableCertificate(
            f"{where} is empty: the API server does not trust the injector. It is filled by "
            "`helm upgrade`, the Job linkerd-provision-… or cert-manager, whichever provides it"
        )
    bundle = certificates.read_certificates(webhook.client_config.ca_bundle, where)
    where = f"Secret {control_plane}/{expected.WEBHOOK_SECRET}"
    data = secret.values() if secret is not None else {}
    for key in ("tls.crt", "tls.key"):
        if not data.get(key, b"").strip():
            what = f"{where} does not exist" if secret is None else f"{where} has no {key}"
            raise UnusableCertificate(f"{what}; {expected.UPGRADE}")
    serving = certificates.read_certificates(data["tls.crt"], f"{where}, key tls.crt,")
    private = certificates.read_key(data["tls.key"], f"{where}, key tls.key,")
    if not certificates.belong_together(private, serving[0]):
        raise UnusableCertificate(f"{where}: tls.key is not the key of tls.crt; {_RENEW}")
    return WebhookTls(
        bundle,
        serving,
        f"{expected.WEBHOOK_SERVICE}.{control_plane}.svc",
        renewed=configuration is not None
        and any(name.startswith(_CERT_MANAGER) for name in configuration.metadata.annotations),
    )


def judge_certificate(tls: WebhookTls, now: datetime) -> Finding | None:
    """Say why the API server would refuse the injector's certificate."""
    leaf = tls.serving[0]
    names = certificates.dns_names(leaf)
    if not any(_covers(name, tls.name) for name in names):
        return error(
            f"the injector's certificate is for {', '.join(names) or 'no name'}, the API server "
            f"calls it {tls.name}; {_RENEW}"
        )
    path = certificates.path_to(tls.serving, tls.bundle, now)
    if path is None:
        return error(
            f"the caBundle of {expected.WEBHOOK} did not sign the injector's certificate "
            f"{certificates.subject(leaf)} of Secret {expected.WEBHOOK_SECRET}: the API server "
            f"does not trust it, and new pods get no proxy; {_RENEW}"
        )
    problems = [problem for each in path if (problem := certificates.invalid_now(each, now))]
    return errors([f"webhook certificate {problem}; {_RENEW}" for problem in problems])


def judge_certificate_lasts(tls: WebhookTls, now: datetime) -> Finding | None:
    """Say that the injector's certificate ends soon."""
    problem = certificates.expiring(tls.serving[0], now, renewed=tls.renewed)
    return warning(f"webhook certificate {problem}; {_RENEW}") if problem else None


def trial_namespace(namespaces: Sequence[Namespace], webhook: Webhook) -> Namespace | None:
    """Choose where a pod is tried out: where the webhook is asked and a proxy is let in."""
    suitable = [
        namespace
        for namespace in namespaces
        if webhook.namespace_selector.matches(namespace.metadata.labels)
        and namespace.metadata.deletion_timestamp is None
        and namespace.metadata.labels.get(_ENFORCED, "privileged") == "privileged"
    ]
    return min(suitable, key=lambda each: (each.name != "default", each.name), default=None)


def trial_pod() -> dict[str, Any]:
    """Make a pod that asks for a proxy; it is reviewed and never created."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": _TRIAL, "annotations": {annotations.INJECT.name: "enabled"}},
        "spec": {
            "serviceAccountName": "default",
            "containers": [{"name": "trial", "image": "localhost/mesh-check"}],
        },
    }


def judge_trial(pod: Pod, control_plane: str, trust_anchors: str) -> Finding | None:
    """Say what is wrong with the proxy that the trial pod got; it has one."""
    labels, written = pod.metadata.labels, pod.metadata.annotations
    owner = labels.get(CONTROL_PLANE_LABEL, "")
    if owner != control_plane:
        return error(
            f"a new pod gets its proxy from another control plane, in namespace {owner or '?'}; "
            "one cluster has one mesh: uninstall one of them"
        )
    if written.get(TRUST_ROOT, "") != trust_root_fingerprint(trust_anchors):
        return error(
            "a new pod's proxy gets other trust anchors than ConfigMap "
            "linkerd-identity-trust-roots holds; if that was changed just now the injector follows "
            "within two minutes, else see its log"
        )
    return None


def judge_refusal(refusal: ForbiddenError | RejectedError, webhook: Webhook) -> Finding:
    """Say why the trial pod would be refused: the injector's fault, or somebody's rule."""
    # The pod itself is valid, so only what the injector adds to it can be invalid (422).
    if webhook.name in str(refusal) or str(refusal).endswith(_INVALID):
        return error(
            f"no pod that asks for a proxy can be created: {refusal}; see the injector's log"
        )
    return warning(f"it cannot be tried out: {refusal}")


def explain_no_proxy(failure_policy: str, trouble: StoreError | None) -> str:
    """Say why the trial pod got no proxy, by what happened when the injector was asked directly."""
    if trouble is None or isinstance(trouble, RejectedError):
        # Any answer at all: it can be reached, and so the API server does not trust it, or the
        # installation's settings are wrong.
        why = "the injector answers, so look at its certificate (above) and at its log"
    elif isinstance(trouble, ForbiddenError):
        why = "see the log of linkerd-proxy-injector, and that of the API server"
    elif isinstance(trouble, NotFoundError) or _NO_ENDPOINTS in str(trouble):
        why = "no pod of it is ready, see above"
    elif isinstance(trouble, ServerFailedError):
        why = f"the API server does not reach it ({trouble})"
    else:
        why = str(trouble)
    return (
        f"a new pod that asks for a proxy gets none (failurePolicy {failure_policy}): {why}. "
        "Restart afterwards what was created meanwhile"
    )


async def _tls(view: ClusterView) -> WebhookTls:
    control_plane = view.settings.control_plane
    return read_webhook_tls(
        control_plane,
        await view.find(MutatingWebhookConfiguration, "", expected.WEBHOOK),
        await view.find(Secret, control_plane, expected.WEBHOOK_SECRET),
    )


async def _certificate(view: ClusterView) -> Finding | None:
    return judge_certificate(await _tls(view), await now(view))


async def _certificate_lasts(view: ClusterView) -> Finding | None:
    return judge_certificate_lasts(await _tls(view), await now(view))


async def _trial(view: ClusterView) -> Finding | None:
    webhook = _webhook(await view.find(MutatingWebhookConfiguration, "", expected.WEBHOOK))
    if webhook is None:
        return error(f"the API server has no webhook to ask; {expected.UPGRADE}")
    namespace = trial_namespace(await view.all(Namespace), webhook)
    if namespace is None:
        return warning("no namespace lets a proxy in, so it cannot be tried out")
    try:
        pod = await view.try_to_create(trial_pod(), namespace.name)
    except (ForbiddenError, RejectedError) as refusal:
        return judge_refusal(refusal, webhook)
    except ServerFailedError as failure:
        return error(f"new pods cannot be created while the injector cannot be asked: {failure}")
    if has_proxy(pod):
        anchors = (await installed(view)).installation.trust_anchors
        return judge_trial(pod, view.settings.control_plane, anchors)
    return error(explain_no_proxy(webhook.failure_policy, await _ask_directly(view)))


async def _ask_directly(view: ClusterView) -> StoreError | None:
    """Post nonsense to the injector, which refuses it, if it hears of it."""
    try:
        await view.ask_service(view.settings.control_plane, expected.WEBHOOK_SERVICE, b"{}")
    except StoreError as trouble:
        return trouble
    return None


def _webhook(configuration: MutatingWebhookConfiguration | None) -> Webhook | None:
    return configuration.webhooks[0] if configuration and configuration.webhooks else None


def _covers(pattern: str, name: str) -> bool:
    """Compare as TLS clients do: an asterisk stands for the first label (RFC 6125 §6.4.3)."""
    head, _, rest = name.partition(".")
    return pattern.lower() in {name, f"*.{rest}"} and bool(head)


CATEGORY = Category(
    NAME,
    (
        Check(
            "proxy-injector webhook has valid cert",
            "l5d-proxy-injector-webhook-cert-valid",
            _certificate,
            retried=True,
        ),
        Check(
            "proxy-injector cert is valid for at least 60 days",
            "l5d-proxy-injector-webhook-cert-not-expiring-soon",
            _certificate_lasts,
            unknown=Level.WARNING,
        ),
        Check(
            "proxy-injector adds a proxy to new pods",
            "l5d-proxy-injector-webhook-answers",
            _trial,
            retried=True,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)

"""Where certificates come from when there is no cluster to ask."""

import re
from base64 import b64decode

import pytest
import yaml
from credentials import (
    CERTIFICATE,
    GIVEN,
    IDENTITY,
    ISSUER,
    KEY,
    WEBHOOK,
    WEBHOOK_CERTIFICATE,
    WEBHOOK_KEY,
)
from helm import HelmError, merged

JOB = {"identity": {"generate": "job"}}
KUBERNETES = {"scheme": "kubernetes.io/tls"}
EXTERNAL = {"identity": {"externalCA": True, "issuer": KUBERNETES}}
EXTERNAL_WEBHOOK = {"proxyInjector": {"externalSecret": True, "injectCaFrom": "linkerd/webhook"}}
ROOTS = "linkerd-identity-trust-roots"
SECRET = "linkerd-identity-issuer"
WEBHOOK_SECRET = "linkerd-proxy-injector-k8s-tls"


def test_given_certificates_are_used(helm):
    rendered = helm.template(GIVEN)
    assert rendered.get("ConfigMap", ROOTS)["data"] == {"ca-bundle.crt": CERTIFICATE.strip()}
    issuer = rendered.get("Secret", SECRET)
    assert issuer["type"] == "Opaque"
    assert decoded(issuer) == {"crt.pem": CERTIFICATE, "key.pem": KEY}
    webhook = rendered.get("Secret", WEBHOOK_SECRET)
    assert webhook["type"] == "kubernetes.io/tls"
    assert decoded(webhook) == {
        "tls.crt": WEBHOOK_CERTIFICATE,
        "tls.key": WEBHOOK_KEY,
    }
    assert bundle(rendered) == WEBHOOK_CERTIFICATE


def test_a_rendering_brings_the_same_each_time(helm):
    assert helm.template(GIVEN).text == helm.template(GIVEN).text
    assert helm.template(JOB).text == helm.template(JOB).text


@pytest.mark.parametrize(
    ("values", "whose", "fix"),
    [
        ({}, "the mesh's identity", "identityTrustAnchorsPEM, identity.issuer.tls.crtPEM and"),
        (WEBHOOK, "the mesh's identity", "identityTrustAnchorsPEM, identity.issuer.tls.crtPEM and"),
        (IDENTITY, "the injector's webhook", "proxyInjector.crtPEM and proxyInjector.keyPEM"),
        (EXTERNAL, "the injector's webhook", "proxyInjector.crtPEM and proxyInjector.keyPEM"),
    ],
)
def test_without_a_cluster_to_ask_nothing_is_generated(helm, values, whose, fix):
    with pytest.raises(HelmError) as refused:
        helm.template(values)
    message = str(refused.value)
    assert f"the certificates of {whose} are not given" in message
    assert (
        f"Set identity.generate=job to have a Job in the cluster make them once, or give {fix}"
        in (message)
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"identityTrustAnchorsPEM": CERTIFICATE}, "roots need an issuer"),
        ({"identity": {"issuer": ISSUER}}, "an issuer needs the roots that signed it"),
        (
            {"identity": {"issuer": {"tls": {"crtPEM": CERTIFICATE}}}},
            "needs both crtPEM and keyPEM",
        ),
        ({"identity": {"externalCA": True}}, "identity.issuer.scheme=kubernetes.io/tls if"),
        (merged(IDENTITY, {"identity": {"externalCA": True}}), "exclude each other"),
        ({"identity": {"issuer": KUBERNETES}}, "needs the roots that signed the issuer"),
        (
            merged(IDENTITY, {"identity": {"issuer": KUBERNETES}}),
            "remove identity.issuer.tls, or set the scheme to linkerd.io/tls",
        ),
    ],
)
def test_an_identity_that_does_not_fit_together_is_refused_with_the_fix(helm, values, message):
    with pytest.raises(HelmError, match=re.escape(message)):
        helm.template(merged(WEBHOOK, values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"crtPEM": WEBHOOK_CERTIFICATE}, "proxyInjector needs both crtPEM and keyPEM"),
        ({"externalSecret": True}, "one of proxyInjector.caBundle, injectCaFrom"),
        (
            {**WEBHOOK["proxyInjector"], "externalSecret": True, "injectCaFrom": "a/b"},
            "remove proxyInjector.crtPEM and keyPEM",
        ),
        ({"injectCaFrom": "a/b"}, "belong to a certificate of your own"),
        ({"injectCaFrom": "a/b", "injectCaFromSecret": "a/b"}, "exclude each other"),
        (
            {"injectCaFrom": "a/b", "caBundle": WEBHOOK_CERTIFICATE},
            "would be overwritten by what cert-manager injects",
        ),
    ],
)
def test_a_webhook_that_does_not_fit_together_is_refused_with_the_fix(helm, values, message):
    with pytest.raises(HelmError, match=re.escape(message)):
        helm.template({**IDENTITY, "proxyInjector": values})


def test_a_job_does_not_make_what_others_will_bring(helm):
    with pytest.raises(HelmError, match=r"identity\.generate=job would make roots of its own"):
        helm.template(merged(JOB, EXTERNAL))


def test_certificates_that_others_keep_are_not_rendered(helm):
    rendered = helm.template(merged(EXTERNAL, EXTERNAL_WEBHOOK))
    assert not rendered.of_kind("Secret")
    assert not rendered.has("ConfigMap", ROOTS)
    webhook = rendered.get("MutatingWebhookConfiguration", "linkerd-proxy-injector-webhook-config")
    assert webhook["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == "linkerd/webhook"
    assert "caBundle" not in webhook["webhooks"][0]["clientConfig"]
    identity = rendered.get("Deployment", "linkerd-identity")["spec"]["template"]["spec"]
    [container] = (c for c in identity["containers"] if c["name"] == "identity")
    assert "--issuer-scheme=kubernetes.io/tls" in container["args"]
    [volume] = (v for v in identity["volumes"] if v["name"] == "identity-issuer")
    # Whole, because whether there is a ca.crt is for others to say.
    assert volume["secret"] == {"secretName": SECRET}


def test_roots_may_be_given_for_an_issuer_that_others_keep(helm):
    scheme = {"identity": {"issuer": KUBERNETES}}
    rendered = helm.template(merged(scheme, {"identityTrustAnchorsPEM": CERTIFICATE}, WEBHOOK))
    assert rendered.get("ConfigMap", ROOTS)["data"] == {"ca-bundle.crt": CERTIFICATE.strip()}
    assert not rendered.has("Secret", SECRET)


def test_a_bundle_beside_a_given_webhook_certificate(helm):
    values = merged(GIVEN, {"proxyInjector": {"caBundle": CERTIFICATE}})
    assert bundle(helm.template(values)) == CERTIFICATE


def test_a_job_fills_what_is_rendered_empty(helm):
    rendered = helm.template(JOB)
    for kind, name in (("ConfigMap", ROOTS), ("Secret", SECRET), ("Secret", WEBHOOK_SECRET)):
        assert "data" not in rendered.get(kind, name)
    webhook = rendered.get("MutatingWebhookConfiguration", "linkerd-proxy-injector-webhook-config")
    assert "caBundle" not in webhook["webhooks"][0]["clientConfig"]
    [job] = rendered.of_kind("Job").values()
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "provision",
        "--namespace=linkerd",
        "--trust-domain=cluster.local",
    ]


def test_the_jobs_name_changes_with_it_because_a_job_cannot(helm):
    names = {
        name
        for version in ("", "0.2.0")
        for name in helm.template(merged(JOB, {"controllerImageVersion": version})).of_kind("Job")
    }
    assert len(names) == 2


def test_there_is_no_job_when_everything_is_given(helm):
    rendered = helm.template(merged(JOB, GIVEN))
    assert not rendered.of_kind("Job")
    assert not rendered.has("ServiceAccount", "linkerd-provision")


def test_the_public_settings_hold_no_private_key(helm):
    config = helm.template(GIVEN).get("ConfigMap", "linkerd-config")["data"]["values"]
    assert "PRIVATE" not in config
    assert "keyPEM" not in config
    assert yaml.safe_load(config)["identityTrustAnchorsPEM"] == CERTIFICATE.strip()


@pytest.mark.parametrize(
    "path",
    [
        "identityTrustAnchorsPEM",
        "identity.issuer.tls.crtPEM",
        "proxyInjector.crtPEM",
        "proxyInjector.caBundle",
    ],
)
def test_a_private_key_among_certificates_is_refused(helm, path):
    values = f"{CERTIFICATE}{KEY}"
    for name in reversed(path.split(".")):
        values = {name: values}
    with pytest.raises(HelmError, match=f"{path} holds a private key, which everybody"):
        helm.template(merged(GIVEN, values))


def bundle(rendered):
    webhook = rendered.get("MutatingWebhookConfiguration", "linkerd-proxy-injector-webhook-config")
    return b64decode(webhook["webhooks"][0]["clientConfig"]["caBundle"]).decode()


def decoded(secret):
    return {name: b64decode(text).decode() for name, text in secret["data"].items()}

"""The certificates of a cluster, made once inside of it: for charts that cannot make them.

Who renders a chart without a cluster (GitOps, `helm template`) would make new certificates with
every rendering. This makes them where they are kept, and keeps whatever is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mesh_core.kubernetes import KubernetesClient
from mesh_core.resources import ConfigMap, Secret
from mesh_identity.access import ISSUER_SECRET, TRUST_ROOTS, WEBHOOK_SECRET
from mesh_identity.authority import CA_SKEW, authority_name, make_root, new_key
from mesh_identity.cluster_objects import Data, Wanted, ensure, find
from mesh_identity.errors import CredentialsError, ProvisionError
from mesh_identity.issuer_secret import (
    ANCHORS,
    AUTHORITIES,
    CERTIFICATE,
    KEY,
    IssuerSecret,
    Scheme,
)
from mesh_identity.pem import (
    read_certificates,
    write_certificates,
    write_key,
)
from mesh_identity.webhook_certificate import WEBHOOK_KEYS, make_webhook_certificate
from mesh_identity.webhook_configuration import trust_webhook

BUNDLE = "ca-bundle.crt"
AUTHORITY = "ca.crt"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What shall be there; the wait is for the webhook configuration, which a chart makes last."""

    namespace: str
    trust_domain: str
    identity: bool = True
    webhook: bool = True
    webhook_wait: timedelta = timedelta(minutes=2)


def run(kubeconfig: Path | None, wishes: Wishes) -> int:
    """Make what is missing, print a line for each object, and give the exit code."""

    async def main() -> None:
        async with await KubernetesClient.connect(kubeconfig, user_agent="mesh-identity") as client:
            async for line in provision(client, wishes, datetime.now(UTC)):
                print(line, flush=True)

    asyncio.run(main())
    return 0


async def provision(client: KubernetesClient, wishes: Wishes, now: datetime) -> AsyncIterator[str]:
    """Complete issuer, trust anchors and webhook certificate; yield what was made or kept.

    May run several times at once. Raises `ProvisionError` where that is impossible without
    replacing something, `CredentialsError` when what is there does not fit together.
    """
    if wishes.webhook:
        wanted = _webhook(wishes.namespace, now)
        webhook = await ensure(client, wanted)
        yield _line(wanted, made=webhook.made)
        wait = wishes.webhook_wait.total_seconds()
        changed = await trust_webhook(client, webhook.data, str(wanted), wait)
        yield f"{'set' if changed else 'kept'} the webhook configuration's caBundle"
    if wishes.identity:
        async for line in _provision_identity(client, wishes, now):
            yield line


async def _provision_identity(
    client: KubernetesClient, wishes: Wishes, now: datetime
) -> AsyncIterator[str]:
    """The issuer's Secret comes first and decides: the trust anchors are taken from it."""
    namespace = wishes.namespace
    # Looked for before the Secret: who makes both makes the Secret first.
    anchors = await find(client, ConfigMap, namespace, TRUST_ROOTS)
    scheme = await _scheme(client, namespace)
    issuer = _issuer(namespace, wishes.trust_domain, scheme, now, may_make=anchors is None)
    made = await ensure(client, issuer)
    yield _line(issuer, made=made.made)
    roots = _roots(namespace, made.data, scheme)
    made_roots = await ensure(client, roots)
    yield _line(roots, made=made_roots.made)
    _check(namespace, made.data, made_roots.data, scheme, now)


async def _scheme(client: KubernetesClient, namespace: str) -> Scheme:
    """The keys that the issuer's Secret has, ours if it is still to be made."""
    data = await find(client, Secret, namespace, ISSUER_SECRET) or {}
    _, key = Scheme.KUBERNETES.keys
    return Scheme.KUBERNETES if key in data else Scheme.LINKERD


def _issuer(
    namespace: str, trust_domain: str, scheme: Scheme, now: datetime, *, may_make: bool
) -> Wanted:
    certificate, key = scheme.keys

    def make() -> Data:
        if not may_make:
            raise ProvisionError(
                f"ConfigMap {namespace}/{TRUST_ROOTS} holds trust anchors, but Secret "
                f"{namespace}/{ISSUER_SECRET} with an issuer below them is missing: add it, or "
                "delete the ConfigMap to have both made anew (all meshed pods must restart then)"
            )
        # One certificate for both roles: with the root's key thrown away, nobody could make the
        # next issuer; kept elsewhere, it would be one more secret to guard.
        private = new_key()
        root = make_root(private, authority_name(f"identity.{namespace}", trust_domain), now)
        return {certificate: write_certificates([root]), key: write_key(private)}

    kind = "kubernetes.io/tls" if scheme is Scheme.KUBERNETES else "Opaque"
    return Wanted(Secret, namespace, ISSUER_SECRET, scheme.keys, make, "identity", kind)


def _roots(namespace: str, issuer: Data, scheme: Scheme) -> Wanted:
    certificate, _ = scheme.keys
    where = f"Secret {namespace}/{ISSUER_SECRET}"

    def make() -> Data:
        chain = list(read_certificates(issuer[certificate], f"{where}: {certificate}"))
        if issuer.get(AUTHORITY, b"").strip():
            chain.extend(read_certificates(issuer[AUTHORITY], f"{where}: {AUTHORITY}"))
        roots = list(dict.fromkeys(item for item in chain if item.issuer == item.subject))
        if not roots:
            raise ProvisionError(
                f"{where} is there without its root: create ConfigMap {namespace}/{TRUST_ROOTS} "
                f"with the trust anchors under the key {BUNDLE}"
            )
        return {BUNDLE: write_certificates(roots)}

    return Wanted(ConfigMap, namespace, TRUST_ROOTS, (BUNDLE,), make, "identity")


def _webhook(namespace: str, now: datetime) -> Wanted:
    return Wanted(
        Secret,
        namespace,
        WEBHOOK_SECRET,
        WEBHOOK_KEYS,
        lambda: make_webhook_certificate(namespace, now),
        "proxy-injector",
        "kubernetes.io/tls",
    )


def _check(namespace: str, issuer: Data, anchors: Data, scheme: Scheme, now: datetime) -> None:
    """Raise what keeps the certificates from being used together."""
    certificate, key = scheme.keys
    secret = IssuerSecret(
        Path(f"Secret {namespace}/{ISSUER_SECRET}"),
        scheme,
        Path(f"ConfigMap {namespace}/{TRUST_ROOTS}/{BUNDLE}"),
        lifetime=timedelta(days=1),
        skew=CA_SKEW,
    )
    contents = {CERTIFICATE: issuer[certificate], KEY: issuer[key], ANCHORS: anchors[BUNDLE]}
    if AUTHORITIES in secret.files:
        contents[AUTHORITIES] = issuer.get(AUTHORITY, b"")
    objection = secret.issuer(contents, now).objection(now)
    if objection is not None:
        raise CredentialsError(f"Secret {namespace}/{ISSUER_SECRET}: {objection}")


def _line(wanted: Wanted, *, made: bool) -> str:
    return f"{'made' if made else 'kept'} {wanted}"

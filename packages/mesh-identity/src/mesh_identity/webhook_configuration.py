"""What the API server is told to trust when it calls the injector."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode

import msgspec

from mesh_core.kubernetes import KubernetesClient
from mesh_core.store.errors import NotFoundError
from mesh_identity.access import WEBHOOK_CONFIGURATION
from mesh_identity.cluster_objects import Data
from mesh_identity.errors import ProvisionError
from mesh_identity.webhook_certificate import bundle_to_set

PATH = (
    f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{WEBHOOK_CONFIGURATION}"
)
_STRATEGIC = "application/strategic-merge-patch+json"
_INJECTED = ("cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret")
_RETRY_SECONDS = 1.0


class _Metadata(msgspec.Struct, rename="camel"):
    annotations: dict[str, str] = {}


class _ClientConfig(msgspec.Struct, rename="camel"):
    ca_bundle: str = ""


class _Webhook(msgspec.Struct, rename="camel"):
    name: str
    client_config: _ClientConfig


class _Configuration(msgspec.Struct, rename="camel"):
    metadata: _Metadata
    webhooks: list[_Webhook] = []


async def trust_webhook(
    client: KubernetesClient, secret: Data, where: str, wait_seconds: float
) -> bool:
    """Make the webhook configuration trust `secret`; say whether that changed anything.

    A chart's objects may come after us: one that is not there yet is waited for.
    """
    configuration = await _configuration(client, wait_seconds)
    if any(name in configuration.metadata.annotations for name in _INJECTED):
        return False  # cert-manager writes it
    changes = []
    for webhook in configuration.webhooks:
        present = b64decode(webhook.client_config.ca_bundle)
        bundle = bundle_to_set(secret, present, where)
        if bundle is not None:
            # Merged by name: what else the webhook says stays.
            config = {"caBundle": b64encode(bundle).decode()}
            changes.append({"name": webhook.name, "clientConfig": config})
    if changes:
        body = msgspec.json.encode({"webhooks": changes})
        await client.request(
            "PATCH", PATH, body=body, content_type=_STRATEGIC, what=f"patch {WEBHOOK_CONFIGURATION}"
        )
    return bool(changes)


async def _configuration(client: KubernetesClient, wait_seconds: float) -> _Configuration:
    what = f"get MutatingWebhookConfiguration {WEBHOOK_CONFIGURATION}"
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_seconds
    while True:
        try:
            body = await client.request("GET", PATH, what=what)
            return msgspec.json.decode(body, type=_Configuration)
        except NotFoundError as error:
            if loop.time() >= until:
                raise ProvisionError(
                    f"MutatingWebhookConfiguration {WEBHOOK_CONFIGURATION} does not appear; "
                    "is the injector's part of the chart installed?"
                ) from error
        await asyncio.sleep(_RETRY_SECONDS)

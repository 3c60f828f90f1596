"""What the API server is told to trust when it calls the injector."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from mesh_core.kubernetes import KubernetesClient
from mesh_core.resources.admission_registration import MutatingWebhookConfiguration
from mesh_core.store.errors import NotFoundError
from mesh_identity.access import WEBHOOK_CONFIGURATION
from mesh_identity.cluster_objects import Data
from mesh_identity.errors import ProvisionError
from mesh_identity.webhook_certificate import bundle_to_set

_STRATEGIC = "application/strategic-merge-patch+json"
_INJECTED = ("cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret")
_RETRY_SECONDS = 1.0


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
        bundle = bundle_to_set(secret, webhook.client_config.ca_bundle, where)
        if bundle is not None:
            # Merged by name: what else the webhook says stays.
            config = {"caBundle": b64encode(bundle).decode()}
            changes.append({"name": webhook.name, "clientConfig": config})
    if changes:
        await client.patch(
            MutatingWebhookConfiguration,
            "",
            WEBHOOK_CONFIGURATION,
            {"webhooks": changes},
            content_type=_STRATEGIC,
        )
    return bool(changes)


async def _configuration(
    client: KubernetesClient, wait_seconds: float
) -> MutatingWebhookConfiguration:
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_seconds
    while True:
        try:
            return await client.get(MutatingWebhookConfiguration, "", WEBHOOK_CONFIGURATION)
        except NotFoundError as error:
            if loop.time() >= until:
                raise ProvisionError(
                    f"MutatingWebhookConfiguration {WEBHOOK_CONFIGURATION} does not appear; "
                    "is the injector's part of the chart installed?"
                ) from error
        await asyncio.sleep(_RETRY_SECONDS)

"""Whom the API server asks before it stores an object."""

from typing import ClassVar

from mesh_core.resources.metadata import LabelSelector
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Resource


class WebhookClientConfig(Part, frozen=True):
    """How the API server reaches a webhook; `ca_bundle` is PEM."""

    ca_bundle: bytes = b""


class Webhook(Part, frozen=True):
    """Whom the API server asks about which objects; `failure_policy` is Ignore or Fail."""

    name: str
    client_config: WebhookClientConfig = WebhookClientConfig()
    failure_policy: str = "Fail"
    namespace_selector: LabelSelector = LabelSelector()


class MutatingWebhookConfiguration(Resource, frozen=True):
    """Webhooks that may change new objects."""

    api_version: ClassVar[str] = "admissionregistration.k8s.io/v1"
    kind: ClassVar[str] = "MutatingWebhookConfiguration"
    plural: ClassVar[str] = "mutatingwebhookconfigurations"
    namespaced: ClassVar[bool] = False

    webhooks: tuple[Webhook, ...] = ()

"""Configuration that pods read, and the accounts that they run as."""

from collections.abc import Mapping
from typing import ClassVar

from mesh_core.resources.metadata import LocalObjectReference
from mesh_core.resources.resource import Resource


class ConfigMap(Resource, frozen=True):
    """Named texts; binary ones are base64 in a document."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "ConfigMap"
    plural: ClassVar[str] = "configmaps"

    data: Mapping[str, str] = {}
    binary_data: Mapping[str, bytes] = {}
    immutable: bool = False


class Secret(Resource, frozen=True):
    """Named secrets; `data` is base64 in a document, `string_data` is plain and wins."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Secret"
    plural: ClassVar[str] = "secrets"

    data: Mapping[str, bytes] = {}
    string_data: Mapping[str, str] = {}
    type: str = "Opaque"
    immutable: bool = False

    def values(self) -> dict[str, bytes]:
        """All keys with their bytes, `string_data` laid over `data`."""
        return {**self.data, **{key: text.encode() for key, text in self.string_data.items()}}


class ServiceAccount(Resource, frozen=True):
    """The identity of a workload."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "ServiceAccount"
    plural: ClassVar[str] = "serviceaccounts"

    automount_service_account_token: bool | None = None
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()

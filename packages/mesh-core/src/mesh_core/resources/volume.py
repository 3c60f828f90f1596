"""Volumes of a pod."""

import msgspec

from mesh_core.resources.container import ObjectFieldSelector, ResourceFieldSelector
from mesh_core.resources.part import Part


class KeyToPath(Part, frozen=True):
    """One key of a ConfigMap or Secret and the file that it becomes."""

    key: str
    path: str
    mode: int | None = None


class EmptyDirVolume(Part, frozen=True):
    """An empty directory that lives as long as the pod; medium `Memory` is a tmpfs."""

    medium: str = ""
    size_limit: str | int = ""


class ConfigMapVolume(Part, frozen=True):
    """The keys of a ConfigMap as files; no items means all keys."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    default_mode: int = 0o644
    optional: bool = False


class SecretVolume(Part, frozen=True):
    """The keys of a Secret as files; no items means all keys."""

    secret_name: str = ""
    items: tuple[KeyToPath, ...] = ()
    default_mode: int = 0o644
    optional: bool = False


class ServiceAccountTokenProjection(Part, frozen=True):
    """A token of the pod's ServiceAccount, renewed before it expires."""

    path: str
    audience: str = ""
    expiration_seconds: int = 3600


class ConfigMapProjection(Part, frozen=True):
    """A ConfigMap among the sources of a projected volume."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool = False


class SecretProjection(Part, frozen=True):
    """A Secret among the sources of a projected volume."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool = False


class DownwardAPIVolumeFile(Part, frozen=True):
    """A file that holds a field of the pod."""

    path: str
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    mode: int | None = None


class DownwardAPIProjection(Part, frozen=True):
    """Fields of the pod among the sources of a projected volume."""

    items: tuple[DownwardAPIVolumeFile, ...] = ()


class VolumeProjection(Part, frozen=True):
    """One source of a projected volume; exactly one field is set."""

    service_account_token: ServiceAccountTokenProjection | None = None
    config_map: ConfigMapProjection | None = None
    secret: SecretProjection | None = None
    downward_api: DownwardAPIProjection | None = msgspec.field(default=None, name="downwardAPI")


class ProjectedVolume(Part, frozen=True):
    """Several sources in one directory."""

    sources: tuple[VolumeProjection, ...] = ()
    default_mode: int = 0o644


class DownwardAPIVolume(Part, frozen=True):
    """Fields of the pod as files."""

    items: tuple[DownwardAPIVolumeFile, ...] = ()
    default_mode: int = 0o644


class Volume(Part, frozen=True):
    """A named volume; a kind of volume that is not listed here shows as an unknown field."""

    name: str
    empty_dir: EmptyDirVolume | None = None
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    projected: ProjectedVolume | None = None
    downward_api: DownwardAPIVolume | None = msgspec.field(default=None, name="downwardAPI")

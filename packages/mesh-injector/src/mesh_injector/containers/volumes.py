"""The volumes of an injected pod, and where its proxy has them."""

from collections.abc import Iterable

from mesh_core.resources import Pod
from mesh_injector.containers.document import Document
from mesh_injector.containers.names import (
    END_ENTITY_VOLUME,
    LOCK_VOLUME,
    POD_INFORMATION_VOLUME,
    TOKEN_VOLUME,
)
from mesh_injector.installation import (
    DEFAULT_TOKEN_DIRECTORY,
    TOKEN_AUDIENCE,
    TOKEN_LIFETIME,
    Installation,
)
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.trace_settings import LABELS_FILE, POD_INFORMATION_DIRECTORY


def volumes(settings: ProxySettings, installation: Installation) -> tuple[Document, ...]:
    """Give the volumes that the added containers mount."""
    return tuple(_volumes(settings, installation))


def _volumes(settings: ProxySettings, installation: Installation) -> Iterable[Document]:
    if not installation.cni:
        yield {"name": LOCK_VOLUME, "emptyDir": {}}
    # The key never touches a disk.
    yield {"name": END_ENTITY_VOLUME, "emptyDir": {"medium": "Memory"}}
    if installation.token_projection:
        token = {
            "path": installation.effective_token_file.rpartition("/")[2],
            "expirationSeconds": TOKEN_LIFETIME,
            "audience": TOKEN_AUDIENCE,
        }
        sources = [{"serviceAccountToken": token}]
        yield {"name": TOKEN_VOLUME, "projected": {"sources": sources}}
    if settings.tracing is not None:
        labels = {"path": LABELS_FILE, "fieldRef": {"fieldPath": "metadata.labels"}}
        yield {"name": POD_INFORMATION_VOLUME, "downwardAPI": {"items": [labels]}}


def proxy_mounts(pod: Pod, settings: ProxySettings, installation: Installation) -> list[Document]:
    """Give the mounts of the proxy's container."""
    mounts: list[Document] = [
        {"name": END_ENTITY_VOLUME, "mountPath": installation.identity_directory}
    ]
    if installation.token_projection:
        directory = installation.effective_token_file.rpartition("/")[0]
        mounts.append({"name": TOKEN_VOLUME, "mountPath": directory})
    elif name := default_token_mount(pod):
        mounts.append({"name": name, "mountPath": DEFAULT_TOKEN_DIRECTORY, "readOnly": True})
    if settings.tracing is not None:
        mounts.append({"name": POD_INFORMATION_VOLUME, "mountPath": POD_INFORMATION_DIRECTORY})
    return mounts


def lock_mount(directory: str) -> Document:
    """Give the mount that lets iptables write its lock in spite of a read-only root."""
    return {"name": LOCK_VOLUME, "mountPath": directory}


def default_token_mount(pod: Pod) -> str | None:
    """Name the volume of the pod's own token, which its containers have when it comes to us."""
    return next(
        (
            mount.name
            for container in pod.spec.containers
            for mount in container.volume_mounts
            if mount.mount_path == DEFAULT_TOKEN_DIRECTORY
        ),
        None,
    )
